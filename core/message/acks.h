/* acks.h - what the network confirms of what a session has sent, as far as that is kept in memory:
 * a restart begins to watch anew. On the loop; the inside of the outbox.
 *
 * An ack may come before the answer to its send: it is kept until the row has its id. A session
 * that takes messages and whose network confirms none of them is mute. */
#ifndef TOKOBOT_ACKS_H
#define TOKOBOT_ACKS_H

#include <stdint.h>

struct outbox;
struct session;

enum { ACKS_WATCHED = 32, ACKS_EARLY = 64 };

struct acks {
    struct {
        uint64_t id; /* hash of the network's */
        int64_t at;
        int confirmed;
    } sent[ACKS_WATCHED]; /* the last ones, in a ring */
    struct {
        uint64_t id;
        int ack;
    } early[ACKS_EARLY]; /* of what is not known yet, in a ring */
    unsigned next, next_early;
    int are_heard; /* one has come since the start: a network that sends none says nothing */
    int is_mute;
};

void acks_sent(struct outbox *o, struct session *s, const char *native_id);
/* `known`: a row has this id. */
void acks_came(struct outbox *o, struct session *s, const char *native_id, int ack, int known);
/* The ack that came before its row had this id: the highest, -1 for good; 0 = none. */
int acks_early(const struct session *s, const char *native_id);

#endif
