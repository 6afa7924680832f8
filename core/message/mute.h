/* mute.h - a session that takes messages and whose network never confirms them: mute. On the loop;
 * the inside of the outbox. Kept in memory: a restart begins to watch anew. */
#ifndef TOKOBOT_MUTE_H
#define TOKOBOT_MUTE_H

#include <stdint.h>

struct outbox;
struct session;

enum { MUTE_WATCHED = 32 };

struct mute {
    struct {
        uint64_t id; /* hash of the network's */
        int64_t at;
        int confirmed;
    } sent[MUTE_WATCHED]; /* the last ones, in a ring */
    unsigned next;
    int hears_acks; /* one has come since the start: a network that sends none says nothing */
    int is_mute;
};

void mute_sent(struct outbox *o, struct session *s, const char *native_id);
void mute_ack(struct outbox *o, struct session *s, const char *native_id, int ack);

#endif
