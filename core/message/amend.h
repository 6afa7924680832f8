/* amend.h - what happens to a message after it came: it is edited, or taken back. Only its record
 * changes; it is not answered again, and an answer that is under way stays as it is. On the loop,
 * in a turn. */
#ifndef TOKOBOT_AMEND_H
#define TOKOBOT_AMEND_H

struct arrival; /* loop.h */
struct host;

/* 0, also when the message is not known; -1 on a database error. One indexed lookup. */
int amend_edit(struct host *h, const struct arrival *a);
int amend_revoke(struct host *h, const struct arrival *a);

#endif
