/* peers.h - the server's connections as seen from outside: who is too slow, and who is still
 * talking after we refused. Used by server.c only. */
#ifndef TOKOBOT_HTTP_PEERS_H
#define TOKOBOT_HTTP_PEERS_H

#include <stdint.h>

struct peers;
struct peer;

enum peer_phase {
    PEER_WAITING, /* between requests, or a request's head is arriving */
    PEER_BODY,    /* a request's body is arriving */
    PEER_ANSWER   /* ours to act */
};

/* A head or a body that takes longer than patience_ms to arrive ends its connection. NULL: no
 * resources. */
struct peers *peers_start(unsigned patience_ms);
void peers_stop(struct peers *p);            /* after the last peer_remove(); NULL-safe */
uint64_t peers_count(const struct peers *p); /* any thread */

struct peer *peer_add(struct peers *p, int fd); /* fd stays the caller's */
/* Before fd is closed. A peer that lingers is read (and forgotten) for a moment longer. */
void peer_remove(struct peers *p, struct peer *peer);
void peer_phase(struct peer *peer, enum peer_phase phase);
/* The answer went out before the body was read: closing at once would reset the connection and
 * could take the answer with it. */
void peer_linger(struct peer *peer);

#endif
