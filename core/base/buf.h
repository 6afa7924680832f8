/* buf.h - a growable byte buffer, always NUL-terminated once something was added.
 * Allocation failure aborts: the host has no useful way on without memory. */
#ifndef TOKOBOT_BUF_H
#define TOKOBOT_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data; /* NULL until something was added */
    size_t len;
    size_t cap;
};

void buf_free(struct buf *b);  /* NULL-safe; leaves an empty, usable buffer */
void buf_clear(struct buf *b); /* keeps the memory */
void buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *s); /* NULL adds nothing */
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addi(struct buf *b, int64_t n); /* decimal, without printf's cost */
/* A JSON string literal with quotes; invalid UTF-8 becomes U+FFFD; NULL becomes "". */
void buf_add_json(struct buf *b, const char *s, size_t len);
char *buf_take(struct buf *b); /* the caller frees; "" when empty; leaves an empty buffer */
const char *buf_str(const struct buf *b); /* "" when empty */

/* malloc and friends that abort with a log line instead of returning NULL. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p,
              size_t n); /* all n bytes, NULs too, and a NUL behind them; NULL gives NULL */

#endif
