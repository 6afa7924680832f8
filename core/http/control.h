/* control.h - the control socket, data_dir/tokobot.sock: JSON lines in, JSON lines out, mode 0600.
 * Runs on the loop's thread, on descriptors that the loop polls; never blocks. */
#ifndef TOKOBOT_CONTROL_H
#define TOKOBOT_CONTROL_H

#include <stddef.h>
#include <stdint.h>

/* What an unknown verb is answered; the command line knows by it that nobody serves one. */
#define CONTROL_NO_SUCH_COMMAND "this bot knows no such command"

struct control;
struct control_conf {
    const char
        *path; /* at most 107 bytes; a stale socket is replaced (the caller holds data_dir/lock) */
    int epoll_fd; /* the control socket adds its descriptors here; data.ptr = struct control_source*
                   */
    /* One line that is a JSON object; `verb` is its "cmd". `connection` is never used again. */
    void (*line)(void *ctx, uint64_t connection, const char *verb, const char *json, size_t len);
    void (*closed)(void *ctx, uint64_t connection);
    void *ctx;
};
/* What epoll's data.ptr points to for our descriptors; first member of our own structs. */
struct control_source {
    void (*ready)(struct control_source *self, uint32_t events);
};

struct control *control_start(const struct control_conf *conf, char *error, size_t cap);
/* Sends one line (the newline is added). close != 0: closes once it is written. A connection that
 * has gone is ignored; one that does not read 4 MiB is closed. */
void control_send(struct control *c, uint64_t connection, const char *json, size_t len, int close);
void control_stop(struct control *c); /* writes what it can, removes the socket; NULL-safe */

/* The client side, for the command line: connects, or -1 with a sentence (exit 69). Blocking. */
int control_connect(const char *path, char *error, size_t cap);
/* Sends one line / reads one line into *line (malloc'ed, caller frees). 1 line, 0 end, -1 error. */
int control_write_line(int fd, const char *json);
int control_read_line(int fd, char **line, int timeout_ms); /* -1 timeout_ms = wait */

#endif
