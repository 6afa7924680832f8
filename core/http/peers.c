/* peers.c - one thread that watches the server's connections.
 *
 * libmicrohttpd's own timeout starts anew with every byte, so a client that sends one byte a minute
 * would hold its connection for ever (and with enough of them, all connections). This thread ends a
 * connection whose request does not arrive in time, by shutting its socket down: the server then
 * sees an end of file and cleans up as for any client that left.
 *
 * It also reads on for a moment after a request was refused before its body was read: closing a
 * socket with unread bytes sends a reset, and many clients then never see the refusal.
 *
 * Invariant: a peer's fd is open while the peer is in `live` (peer_remove() takes it out, under the
 * lock, before libmicrohttpd closes it), so a descriptor that was reused is never shut down. */
#include "peers.h"

#include "../base/buf.h"
#include "../base/clock.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MAX   64          /* sockets read on at the same time; more are closed at once */
#define LINGER_US    2000000     /* for so long */
#define LINGER_BYTES (16u << 20) /* and so much each */
#define SWEEP_MAX_MS 2000

struct peer {
    struct peer *prev, *next;
    int fd;
    int linger; /* the server's thread only */
    atomic_int phase;
    atomic_llong since_us; /* when the body began */
    atomic_uint requests;  /* finished ones, to see that a new wait began */
    /* the watching thread only, while PEER_WAITING */
    unsigned seen_requests;
    uint64_t base_bytes;   /* received in all, when this wait was first looked at */
    int64_t head_since_us; /* since when the head is arriving, 0 = nothing arrived yet */
};

struct straggler {
    int fd;
    int64_t until_us;
    size_t left;
};

struct peers {
    pthread_t thread;
    pthread_mutex_t lock; /* live, live_count, late, late_count, stop */
    struct peer *live;
    atomic_ullong live_count;
    struct straggler late[LINGER_MAX];
    unsigned late_count;
    int stop;
    int wake_fd;
    int64_t patience_us;
    int sweep_ms;
};

static void peers_wake(struct peers *p)
{
    uint64_t one = 1;
    ssize_t n = write(p->wake_fd, &one, sizeof one);
    (void)n; /* full means it is awake already */
}

static uint64_t bytes_received(int fd)
{
    struct tcp_info info = { 0 };
    socklen_t len = sizeof info;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return 0;
    return info.tcpi_bytes_received;
}

/* Is a request's head taking too long? The first look at each wait notes how much had come. */
static int head_is_late(struct peers *p, struct peer *peer, int64_t now)
{
    unsigned requests = atomic_load(&peer->requests);
    uint64_t bytes = bytes_received(peer->fd);
    if (requests != peer->seen_requests) {
        peer->seen_requests = requests;
        peer->base_bytes = bytes;
        peer->head_since_us = 0;
        return 0;
    }
    if (bytes == peer->base_bytes) return 0; /* idle: libmicrohttpd's timeout is for that */
    if (peer->head_since_us == 0) peer->head_since_us = now;
    return now - peer->head_since_us > p->patience_us;
}

static void sweep(struct peers *p)
{
    int64_t now = clock_mono();
    pthread_mutex_lock(&p->lock);
    for (struct peer *peer = p->live; peer; peer = peer->next) {
        int late = 0;
        switch (atomic_load(&peer->phase)) {
        case PEER_WAITING:
            late = head_is_late(p, peer, now);
            break;
        case PEER_BODY:
            late = now - atomic_load(&peer->since_us) > p->patience_us;
            break;
        default:
            break;
        }
        if (late) shutdown(peer->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&p->lock);
}

/* Reads what a straggler still sends; 1 when it is done with. */
static int straggler_read(struct straggler *s, int64_t now)
{
    char trash[16384];
    for (int round = 0; round < 16; round++) {
        ssize_t n = recv(s->fd, trash, sizeof trash, MSG_DONTWAIT);
        if (n < 0) return now > s->until_us;
        if (n == 0 || (size_t)n >= s->left) return 1;
        s->left -= (size_t)n;
    }
    return now > s->until_us;
}

static void read_stragglers(struct peers *p)
{
    int64_t now = clock_mono();
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < p->late_count;) {
        if (straggler_read(&p->late[i], now)) {
            close(p->late[i].fd);
            p->late[i] = p->late[--p->late_count];
        } else {
            i++;
        }
    }
    pthread_mutex_unlock(&p->lock);
}

static void *peers_run(void *arg)
{
    struct peers *p = arg;
    int64_t next_sweep = 0;
    for (;;) {
        struct pollfd fds[LINGER_MAX + 1] = { { .fd = p->wake_fd, .events = POLLIN } };
        nfds_t count = 1;
        pthread_mutex_lock(&p->lock);
        int stop = p->stop;
        for (unsigned i = 0; i < p->late_count; i++)
            fds[count++] = (struct pollfd){ .fd = p->late[i].fd, .events = POLLIN };
        int idle = !p->live && p->late_count == 0;
        pthread_mutex_unlock(&p->lock);
        if (stop) return NULL;

        poll(fds, count, idle ? -1 : p->sweep_ms);
        if (fds[0].revents) {
            uint64_t n;
            ssize_t got = read(p->wake_fd, &n, sizeof n);
            (void)got;
        }
        read_stragglers(p);
        if (clock_mono() >= next_sweep) {
            sweep(p);
            next_sweep = clock_mono() + (int64_t)p->sweep_ms * 1000;
        }
    }
}

struct peers *peers_start(unsigned patience_ms)
{
    struct peers *p = xcalloc(1, sizeof *p);
    p->patience_us = (int64_t)patience_ms * 1000;
    p->sweep_ms = (int)(patience_ms / 4);
    if (p->sweep_ms > SWEEP_MAX_MS) p->sweep_ms = SWEEP_MAX_MS;
    if (p->sweep_ms < 10) p->sweep_ms = 10;
    p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->wake_fd < 0) {
        free(p);
        return NULL;
    }
    pthread_mutex_init(&p->lock, NULL);
    if (pthread_create(&p->thread, NULL, peers_run, p) != 0) {
        close(p->wake_fd);
        pthread_mutex_destroy(&p->lock);
        free(p);
        return NULL;
    }
    return p;
}

void peers_stop(struct peers *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stop = 1;
    pthread_mutex_unlock(&p->lock);
    peers_wake(p);
    pthread_join(p->thread, NULL);
    for (unsigned i = 0; i < p->late_count; i++) close(p->late[i].fd);
    for (struct peer *peer = p->live, *next; peer; peer = next) {
        next = peer->next;
        free(peer);
    }
    close(p->wake_fd);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

uint64_t peers_count(const struct peers *p)
{
    return atomic_load(&p->live_count);
}

struct peer *peer_add(struct peers *p, int fd)
{
    struct peer *peer = xcalloc(1, sizeof *peer);
    peer->fd = fd;
    atomic_init(&peer->phase, PEER_WAITING);
    pthread_mutex_lock(&p->lock);
    int first = !p->live;
    peer->next = p->live;
    if (p->live) p->live->prev = peer;
    p->live = peer;
    atomic_fetch_add(&p->live_count, 1);
    pthread_mutex_unlock(&p->lock);
    if (first) peers_wake(p);
    return peer;
}

void peer_remove(struct peers *p, struct peer *peer)
{
    int lingering = 0;
    pthread_mutex_lock(&p->lock);
    if (peer->prev)
        peer->prev->next = peer->next;
    else
        p->live = peer->next;
    if (peer->next) peer->next->prev = peer->prev;
    atomic_fetch_sub(&p->live_count, 1);
    if (peer->linger && !p->stop && p->late_count < LINGER_MAX) {
        int fd = fcntl(peer->fd, F_DUPFD_CLOEXEC, 0);
        if (fd >= 0) {
            shutdown(fd, SHUT_WR);
            p->late[p->late_count++] =
                (struct straggler){ fd, clock_mono() + LINGER_US, LINGER_BYTES };
            lingering = 1;
        }
    }
    pthread_mutex_unlock(&p->lock);
    if (lingering) peers_wake(p);
    free(peer);
}

void peer_phase(struct peer *peer, enum peer_phase phase)
{
    if (phase == PEER_BODY) atomic_store(&peer->since_us, clock_mono());
    if (phase == PEER_WAITING) atomic_fetch_add(&peer->requests, 1);
    atomic_store(&peer->phase, (int)phase);
}

void peer_linger(struct peer *peer)
{
    peer->linger = 1;
}
