/* listen.c - "host:port" to a listening socket, with sentences for what goes wrong. Any thread. */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTEN_BACKLOG 1024

struct address {
    struct sockaddr_storage sa;
    socklen_t len;
    unsigned port;
    char host[INET6_ADDRSTRLEN];
};

static int port_parse(const char *text, unsigned *port)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0') return -1;
    unsigned long n = strtoul(text, NULL, 10);
    if (n > 65535) return -1;
    *port = (unsigned)n;
    return 0;
}

/* Splits "127.0.0.1:5000", "[::1]:5000", "localhost:5000" and fills the socket address. */
static int address_parse(const char *text, struct address *a)
{
    memset(a, 0, sizeof *a);
    const char *colon = strrchr(text, ':');
    if (!colon || port_parse(colon + 1, &a->port) != 0) return -1;
    const char *host = text;
    size_t len = (size_t)(colon - text);
    int bracketed = len >= 2 && host[0] == '[' && host[len - 1] == ']';
    if (bracketed) {
        host++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof a->host) return -1;
    memcpy(a->host, host, len);
    if (!bracketed && strcmp(a->host, "localhost") == 0)
        snprintf(a->host, sizeof a->host, "127.0.0.1");

    struct sockaddr_in *v4 = (struct sockaddr_in *)&a->sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a->sa;
    if (!bracketed && inet_pton(AF_INET, a->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)a->port);
        a->len = sizeof *v4;
        return 0;
    }
    if (bracketed && inet_pton(AF_INET6, a->host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)a->port);
        a->len = sizeof *v6;
        return 0;
    }
    return -1;
}

static void bind_error(const struct address *a, int err, char *error, size_t cap)
{
    switch (err) {
    case EADDRINUSE:
        snprintf(error, cap,
                 "port %u is in use: stop the program that has it, or choose another port for "
                 "`listen` in [core]",
                 a->port);
        break;
    case EACCES:
        snprintf(error, cap,
                 "port %u may only be opened by root: choose one above 1023 for `listen` in [core]",
                 a->port);
        break;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        snprintf(error, cap,
                 "this machine has no address %s: use 127.0.0.1 or 0.0.0.0 for `listen` in [core]",
                 a->host);
        break;
    default:
        snprintf(error, cap, "cannot listen on %s port %u: %s", a->host, a->port, strerror(err));
    }
}

int http_listen(const char *listen_on, char *error, size_t cap)
{
    struct address a;
    if (!listen_on || address_parse(listen_on, &a) != 0) {
        snprintf(error, cap,
                 "\"%s\" is no address to listen on: write it as 127.0.0.1:5000 or [::1]:5000",
                 listen_on ? listen_on : "");
        return -1;
    }
    int on = 1, off = 0;
    int fd = socket(a.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) goto failed;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) goto failed;
    /* "[::]" takes IPv4 too, whatever the system's default is. */
    if (a.sa.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&a.sa, a.len) != 0) goto failed;
    if (listen(fd, LISTEN_BACKLOG) != 0) goto failed;
    return fd;

failed:
    bind_error(&a, errno, error, cap);
    if (fd >= 0) close(fd);
    return -1;
}
