/* search.c - a typo-tolerant index per (plugin, index, store).
 *
 * Two steps. First the candidates: a text is folded and cut into bigrams of bytes, within its words
 * (with a space as boundary mark) and across the joint of two words, so that "esteh" shares all its
 * bigrams with "Es Teh Manis". search_grams maps each bigram to the ids that have it, as one blob
 * of ascending ids, delta-coded as varints; a query is some dozen point lookups. Second, the best
 * candidates are compared with the query word by word, with a Damerau-Levenshtein distance.
 *
 * Invariant: search_grams holds exactly the bigrams of search_docs.body, whatever happened in
 * between; both change in one savepoint of the caller. Nothing is cached in memory, so a rollback
 * needs no help from here.
 *
 * Thread: the loop only. The caller sees to it that these statements may touch the core's tables
 * (also when SQLite prepares them again after a change of the schema). */
#include "search.h"
#include "search_words.h"

#include "../base/buf.h"
#include "../base/text.h"

#include <stdlib.h>
#include <string.h>
#include <tokobot/plugin.h>

const char SEARCH_SCHEMA[] =
    "CREATE TABLE IF NOT EXISTS search_indexes ("
    " id INTEGER PRIMARY KEY, plugin TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (plugin, name)) STRICT;"
    "CREATE TABLE IF NOT EXISTS search_docs ("
    " ix INTEGER NOT NULL, store INTEGER NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY (ix, store, id)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS search_grams ("
    " ix INTEGER NOT NULL, store INTEGER NOT NULL, gram INTEGER NOT NULL, ids BLOB NOT NULL,"
    " PRIMARY KEY (ix, store, gram)) STRICT, WITHOUT ROWID;";

enum statement {
    INDEX_FIND,
    INDEX_ADD,
    DOC_GET,
    DOC_SET,
    DOC_DELETE,
    GRAM_GET,
    GRAM_SET,
    GRAM_DELETE,
    STATEMENT_COUNT
};

static const char *const statement_sql[STATEMENT_COUNT] = {
    [INDEX_FIND] = "SELECT id FROM search_indexes WHERE plugin = ?1 AND name = ?2",
    [INDEX_ADD] = "INSERT INTO search_indexes (plugin, name) VALUES (?1, ?2)",
    [DOC_GET] = "SELECT body FROM search_docs WHERE ix = ?1 AND store = ?2 AND id = ?3",
    [DOC_SET] = "INSERT INTO search_docs (ix, store, id, body) VALUES (?1, ?2, ?3, ?4)"
                " ON CONFLICT (ix, store, id) DO UPDATE SET body = excluded.body",
    [DOC_DELETE] = "DELETE FROM search_docs WHERE ix = ?1 AND store = ?2 AND id = ?3",
    [GRAM_GET] = "SELECT ids FROM search_grams WHERE ix = ?1 AND store = ?2 AND gram = ?3",
    [GRAM_SET] = "INSERT INTO search_grams (ix, store, gram, ids) VALUES (?1, ?2, ?3, ?4)"
                 " ON CONFLICT (ix, store, gram) DO UPDATE SET ids = excluded.ids",
    [GRAM_DELETE] = "DELETE FROM search_grams WHERE ix = ?1 AND store = ?2 AND gram = ?3",
};

struct search {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* ---- opening --------------------------------------------------------------------------------- */

struct search *search_open(sqlite3 *db)
{
    struct search *s = xcalloc(1, sizeof *s);
    s->db = db;
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        int rc = sqlite3_prepare_v3(db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &s->statements[i], NULL);
        if (rc != SQLITE_OK) {
            search_close(s);
            return NULL;
        }
    }
    return s;
}

void search_close(struct search *s)
{
    if (!s) return;
    for (int i = 0; i < STATEMENT_COUNT; i++) sqlite3_finalize(s->statements[i]);
    free(s);
}

/* ---- small pieces of SQL --------------------------------------------------------------------- */

/* Binds (ix, store, key), the three keys that most statements begin with. */
static sqlite3_stmt *bind_key(struct search *s, enum statement which, int64_t ix, int64_t store,
                              int64_t key)
{
    sqlite3_stmt *st = s->statements[which];
    sqlite3_bind_int64(st, 1, ix);
    sqlite3_bind_int64(st, 2, store);
    sqlite3_bind_int64(st, 3, key);
    return st;
}

/* Runs a statement that gives no rows. */
static int run(sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return rc == SQLITE_DONE ? BOT_OK : BOT_EIO;
}

/* The number of (plugin, index): > 0, 0 when there is none, or BOT_EIO. */
static int64_t index_find(struct search *s, const char *plugin, const char *index)
{
    sqlite3_stmt *st = s->statements[INDEX_FIND];
    sqlite3_bind_text(st, 1, plugin, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, index, -1, SQLITE_STATIC);
    int rc = sqlite3_step(st);
    int64_t id = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : rc == SQLITE_DONE ? 0 : BOT_EIO;
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return id;
}

static int64_t index_make(struct search *s, const char *plugin, const char *index)
{
    int64_t id = index_find(s, plugin, index);
    if (id != 0) return id;
    sqlite3_stmt *st = s->statements[INDEX_ADD];
    sqlite3_bind_text(st, 1, plugin, -1, SQLITE_STATIC);
    sqlite3_bind_text(st, 2, index, -1, SQLITE_STATIC);
    if (run(st) != BOT_OK) return BOT_EIO;
    return sqlite3_last_insert_rowid(s->db);
}

/* The folded text of a document, "" when there is none. */
static int doc_get(struct search *s, int64_t ix, int64_t store, int64_t id, char body[BODY_CAP])
{
    sqlite3_stmt *st = bind_key(s, DOC_GET, ix, store, id);
    int rc = sqlite3_step(st);
    body[0] = '\0';
    if (rc == SQLITE_ROW) {
        const void *text = sqlite3_column_text(st, 0);
        size_t len = (size_t)sqlite3_column_bytes(st, 0);
        if (len >= BODY_CAP) len = BODY_CAP - 1;
        if (text) memcpy(body, text, len);
        body[text ? len : 0] = '\0';
    }
    sqlite3_reset(st);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? BOT_OK : BOT_EIO;
}

/* ---- bigrams --------------------------------------------------------------------------------- */

static int compare_grams(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Sorts and makes unique; returns the new count. */
static size_t grams_sort(uint16_t *grams, size_t n)
{
    qsort(grams, n, sizeof *grams, compare_grams);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || grams[kept - 1] != grams[i]) grams[kept++] = grams[i];
    return kept;
}

/* The bigrams of a folded text, sorted, each once: of each word with a space at both ends, and
 * across each joint without its space. At most GRAM_MAX. */
static size_t grams_of(const char *folded, uint16_t grams[GRAM_MAX])
{
    size_t n = 0;
    unsigned char before = ' ';  /* the byte before this one, a space at the start of a word */
    unsigned char last_word = 0; /* the last byte of the word before this one */
    for (const unsigned char *p = (const unsigned char *)folded;; p++) {
        unsigned char c = *p ? *p : ' ';
        if (before != ' ' || c != ' ') grams[n++] = (uint16_t)(before << 8 | c);
        if (before == ' ' && c != ' ' && last_word) grams[n++] = (uint16_t)(last_word << 8 | c);
        if (c != ' ') last_word = c;
        before = c;
        if (!*p || n + 3 > GRAM_MAX) break;
    }
    return grams_sort(grams, n);
}

/* ---- posting lists --------------------------------------------------------------------------- */

static const unsigned char *varint_get(const unsigned char *p, const unsigned char *end,
                                       uint64_t *out)
{
    uint64_t value = 0;
    unsigned shift = 0;
    while (p < end && shift < 64) {
        unsigned char c = *p++;
        value |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) break;
        shift += 7;
    }
    *out = value;
    return p;
}

static void varint_add(struct buf *b, uint64_t value)
{
    unsigned char out[10];
    size_t n = 0;
    while (value >= 0x80) {
        out[n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    out[n++] = (unsigned char)value;
    buf_add(b, out, n);
}

/* Writes the list `ids` with `id` put in (add) or left out into `out`. Ids are taken as unsigned,
 * so any int64_t will do. Returns 1 when that changes the list. */
static int posting_edit(const unsigned char *ids, size_t len, uint64_t id, int add, struct buf *out)
{
    const unsigned char *p = ids, *end = ids + len;
    uint64_t at = 0, written = 0;
    while (p < end) {
        const unsigned char *here = p;
        uint64_t delta;
        p = varint_get(p, end, &delta);
        uint64_t next = at + delta;
        if (next < id) {
            at = next;
            continue;
        }
        if ((next == id) == add) return 0; /* it is as it should be */
        buf_add(out, ids, (size_t)(here - ids));
        written = at;
        if (add) {
            varint_add(out, id - written);
            written = id;
            varint_add(out, next - written);
        } else if (p < end) {
            uint64_t after;
            p = varint_get(p, end, &after);
            varint_add(out, next + after - written);
        }
        buf_add(out, p, (size_t)(end - p));
        return 1;
    }
    if (!add) return 0;
    buf_add(out, ids, len);
    varint_add(out, id - at);
    return 1;
}

static int gram_edit(struct search *s, int64_t ix, int64_t store, uint16_t gram, int64_t id,
                     int add, struct buf *scratch)
{
    sqlite3_stmt *st = bind_key(s, GRAM_GET, ix, store, gram);
    int rc = sqlite3_step(st);
    const unsigned char *ids = rc == SQLITE_ROW ? sqlite3_column_blob(st, 0) : NULL;
    size_t len = ids ? (size_t)sqlite3_column_bytes(st, 0) : 0;
    buf_clear(scratch);
    int changed =
        posting_edit(ids ? ids : (const unsigned char *)"", len, (uint64_t)id, add, scratch);
    sqlite3_reset(st);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return BOT_EIO;
    if (!changed) return BOT_OK;
    if (scratch->len == 0) return run(bind_key(s, GRAM_DELETE, ix, store, gram));
    st = bind_key(s, GRAM_SET, ix, store, gram);
    sqlite3_bind_blob(st, 4, scratch->data, (int)scratch->len, SQLITE_STATIC);
    return run(st);
}

/* ---- putting --------------------------------------------------------------------------------- */

/* Brings search_grams from the bigrams of `old` to those of `body`: only what differs is touched.
 */
static int grams_change(struct search *s, int64_t ix, int64_t store, int64_t id, const char *old,
                        const char *body)
{
    uint16_t before[GRAM_MAX], after[GRAM_MAX];
    size_t nb = grams_of(old, before), na = grams_of(body, after), b = 0, a = 0;
    struct buf scratch = { 0 };
    int rc = BOT_OK;
    while (rc == BOT_OK && (b < nb || a < na)) {
        if (b < nb && a < na && before[b] == after[a]) {
            b++;
            a++;
        } else if (a == na || (b < nb && before[b] < after[a])) {
            rc = gram_edit(s, ix, store, before[b++], id, 0, &scratch);
        } else {
            rc = gram_edit(s, ix, store, after[a++], id, 1, &scratch);
        }
    }
    buf_free(&scratch);
    return rc;
}

int search_put(struct search *s, const char *plugin, const char *index, int64_t store, int64_t id,
               const char *text)
{
    char old[BODY_CAP], body[BODY_CAP];
    search_fold(text, BODY_BYTES, body);
    int64_t ix = body[0] ? index_make(s, plugin, index) : index_find(s, plugin, index);
    if (ix <= 0) return ix < 0 ? BOT_EIO : BOT_OK;

    if (doc_get(s, ix, store, id, old) != BOT_OK) return BOT_EIO;
    if (strcmp(old, body) == 0) return BOT_OK;
    if (grams_change(s, ix, store, id, old, body) != BOT_OK) return BOT_EIO;
    if (!body[0]) return run(bind_key(s, DOC_DELETE, ix, store, id));
    sqlite3_stmt *st = bind_key(s, DOC_SET, ix, store, id);
    sqlite3_bind_text(st, 4, body, -1, SQLITE_STATIC);
    return run(st);
}

/* ---- candidates ------------------------------------------------------------------------------ */

/* A bigram of the query and which of its words have it. */
struct query_gram {
    uint16_t gram;
    uint16_t words;
};

struct candidate {
    uint64_t id;
    uint8_t hits[QUERY_WORDS]; /* bigrams shared, by word of the query */
    uint8_t used;
};

/* A hash table of candidates by id; grows, never shrinks, lives for one query. */
struct tally {
    struct candidate *slots;
    size_t cap; /* a power of two */
    size_t count;
};

struct ranked {
    uint64_t id;
    int32_t score;
};

static int compare_query_grams(const void *a, const void *b)
{
    return (int)((const struct query_gram *)a)->gram - (int)((const struct query_gram *)b)->gram;
}

/* All bigrams of the query's words, each once; `totals` says how many each word has. */
static size_t query_grams(const struct query *q, struct query_gram *out,
                          uint8_t totals[QUERY_WORDS])
{
    size_t n = 0;
    for (size_t w = 0; w < q->count; w++) {
        uint16_t grams[GRAM_MAX];
        size_t count = grams_of(q->words[w].text, grams);
        totals[w] = (uint8_t)count; /* a word has at most WORD_BYTES + 1 */
        for (size_t i = 0; i < count; i++)
            out[n++] = (struct query_gram){ grams[i], (uint16_t)(1u << w) };
    }
    qsort(out, n, sizeof *out, compare_query_grams);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && out[kept - 1].gram == out[i].gram)
            out[kept - 1].words |= out[i].words;
        else
            out[kept++] = out[i];
    }
    return kept;
}

static struct candidate *tally_slot(const struct tally *t, uint64_t id)
{
    size_t at = (size_t)((id * 0x9E3779B97F4A7C15u) >> 20) & (t->cap - 1);
    while (t->slots[at].used && t->slots[at].id != id) at = (at + 1) & (t->cap - 1);
    return &t->slots[at];
}

static void tally_grow(struct tally *t)
{
    struct tally larger = { NULL, t->cap ? t->cap * 4 : 1024, t->count };
    larger.slots = xcalloc(larger.cap, sizeof *larger.slots);
    for (size_t i = 0; i < t->cap; i++)
        if (t->slots[i].used) *tally_slot(&larger, t->slots[i].id) = t->slots[i];
    free(t->slots);
    *t = larger;
}

static void tally_posting(struct tally *t, const unsigned char *ids, size_t len, uint16_t words)
{
    const unsigned char *p = ids, *end = ids + len;
    uint64_t id = 0;
    while (p < end) {
        uint64_t delta;
        p = varint_get(p, end, &delta);
        id += delta;
        if (t->count * 2 >= t->cap) tally_grow(t);
        struct candidate *c = tally_slot(t, id);
        if (!c->used) {
            c->used = 1;
            c->id = id;
            t->count++;
        }
        for (uint32_t left = words; left; left &= left - 1) c->hits[__builtin_ctz(left)]++;
    }
}

/* A word that shares few of its bigrams counts nothing; the more it shares, the more each counts.
 */
static int32_t candidate_score(const struct candidate *c, const struct query *q,
                               const uint8_t totals[QUERY_WORDS])
{
    int32_t score = 0;
    for (size_t w = 0; w < q->count; w++) {
        int32_t share = totals[w] ? 1000 * c->hits[w] / totals[w] : 0;
        if (share >= 300) score += share * share / 1000 * (q->words[w].len + 2);
    }
    return score;
}

/* Keeps the CANDIDATES best, as a list sorted by falling score (of one score: the oldest id first).
 */
static size_t ranked_insert(struct ranked *list, size_t n, size_t cap, struct ranked r)
{
    if (n == cap) {
        const struct ranked *last = &list[n - 1];
        if (r.score < last->score || (r.score == last->score && r.id > last->id)) return n;
        n--;
    }
    size_t at = n;
    while (at > 0 && (list[at - 1].score < r.score ||
                      (list[at - 1].score == r.score && list[at - 1].id > r.id))) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = r;
    return n + 1;
}

static int candidates(struct search *s, int64_t ix, int64_t store, const struct query *q,
                      struct ranked list[CANDIDATES], size_t *count)
{
    struct query_gram grams[QUERY_WORDS * (WORD_BYTES + 1)];
    uint8_t totals[QUERY_WORDS];
    size_t n = query_grams(q, grams, totals);
    struct tally t = { 0 };
    int rc = BOT_OK;
    *count = 0;
    for (size_t i = 0; i < n && rc == BOT_OK; i++) {
        sqlite3_stmt *st = bind_key(s, GRAM_GET, ix, store, grams[i].gram);
        int step = sqlite3_step(st);
        if (step == SQLITE_ROW)
            tally_posting(&t, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0),
                          grams[i].words);
        else if (step != SQLITE_DONE)
            rc = BOT_EIO;
        sqlite3_reset(st);
    }
    for (size_t i = 0; i < t.cap && rc == BOT_OK; i++) {
        if (!t.slots[i].used) continue;
        struct ranked r = { t.slots[i].id, candidate_score(&t.slots[i], q, totals) };
        if (r.score > 0) *count = ranked_insert(list, *count, CANDIDATES, r);
    }
    while (*count > 0 && list[*count - 1].score < list[0].score / 100 * CANDIDATE_OF_BEST)
        (*count)--;
    free(t.slots);
    return rc;
}

/* ---- finding --------------------------------------------------------------------------------- */

static int rerank(struct search *s, int64_t ix, int64_t store, const struct query *q,
                  struct ranked list[CANDIDATES], size_t *count)
{
    struct ranked best[CANDIDATES];
    struct body *b = xmalloc(sizeof *b);
    size_t n = 0;
    int rc = BOT_OK;
    for (size_t i = 0; i < *count && rc == BOT_OK; i++) {
        char folded[BODY_CAP];
        rc = doc_get(s, ix, store, (int64_t)list[i].id, folded);
        body_read(folded, b);
        struct ranked r = { list[i].id, body_score(b, q) };
        if (rc == BOT_OK && r.score >= SCORE_MIN) n = ranked_insert(best, n, CANDIDATES, r);
    }
    while (n > 0 && best[n - 1].score < best[0].score * SCORE_OF_BEST / 100) n--;
    memcpy(list, best, n * sizeof *best);
    *count = n;
    free(b);
    return rc;
}

int search_find(struct search *s, const char *plugin, const char *index, int64_t store,
                const char *query, struct bot_found *found, size_t cap)
{
    struct query q;
    struct ranked list[CANDIDATES];
    size_t count = 0;
    if (cap == 0) return 0;
    query_read(query, &q);
    if (q.count == 0) return 0;
    int64_t ix = index_find(s, plugin, index);
    if (ix <= 0) return ix < 0 ? BOT_EIO : 0;
    int rc = candidates(s, ix, store, &q, list, &count);
    if (rc == BOT_OK) rc = rerank(s, ix, store, &q, list, &count);
    if (rc != BOT_OK) return rc;
    if (count > cap) count = cap;
    for (size_t i = 0; i < count; i++)
        found[i] = (struct bot_found){ .id = (int64_t)list[i].id, .score = list[i].score };
    return (int)count;
}
