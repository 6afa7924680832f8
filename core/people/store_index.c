/* store_index.c - see store_index.h.
 *
 * One hash table of numbers: the key is a hash of what may be written, the value the store it leads
 * to. A name is in it whole, without the word that only says "shop", and by each of its words; to
 * stand one wrong letter, whole names, words and codes are in it also with each letter left out,
 * and what is looked for is tried the same way (two words that differ in one letter meet where it
 * is left out). Whatever is found is compared with the name itself, so neither a clash of hashes
 * nor an entry of a name that has changed does harm. A store that changes is read again at the next
 * question, when the turn that changed it has been committed or lost.
 *
 * Words are compared folded, with a letter that is doubled counted once. */
#include "store_index.h"

#include <stdlib.h>
#include <string.h>

#include "../base/arena.h"
#include "../base/text.h"
#include "../host.h"
#include "members.h"

enum {
    WORDS_MAX = 16,  /* of a line that are looked at */
    SPAN_MAX = 6,    /* words of a name */
    WORD_MAX = 40,   /* bytes of a word */
    NAME_MAX = 64,   /* letters of a name */
    SAME_MAX = 32,   /* entries under one key: what so many share tells nothing */
    FOUND_MAX = 64,  /* stores that are compared with what is written */
    TYPO_WORD = 5,   /* letters of a word that one may be wrong in */
    TYPO_NAME = 6,   /* ... of a name */
    CHANGED_MAX = 32 /* stores that are waiting to be read again */
};

/* What an entry's key was made of. */
enum entry_kind { NAME_WHOLE = 1, NAME_BARE = 2, NAME_WORD = 3, STORE_CODE = 4, NAME_FIRST = 5 };

struct entry {
    uint32_t hash; /* 0 = free */
    uint32_t at;   /* in `stores` */
};
static const uint32_t ANY_STORE = UINT32_MAX; /* it matters only that there is one */

struct named_store {
    int64_t id;
    const char *code;
    const char *words; /* folded, divided by one space */
};

struct store_index {
    struct entry *entries;
    size_t cap, used;
    struct named_store *stores;
    size_t count, room;
    struct map newest; /* store -> its place in `stores`, plus one */
    int64_t changed[CHANGED_MAX];
    int changed_count;
    struct arena arena;
};

static const char ALL[] = "SELECT id, code, name FROM stores WHERE id > ?1 ORDER BY id";
static const char ONE[] = "SELECT id, code, name FROM stores WHERE id = ?1";

/* What stands before a store's name, and says that it is one. */
static const char *const leads[] = { "ke", "di", "dari", "pindah", "ganti", "to", "at", "from" };
/* What may stand around a name without saying anything. */
static const char *const fillers[] = { "kak",    "kakak", "halo", "hai",    "hi",      "helo",
                                       "min",    "admin", "mau",  "ingin",  "saya",    "aku",
                                       "ya",     "dong",  "nih",  "tolong", "permisi", "pak",
                                       "bu",     "bang",  "mas",  "mbak",   "gan",     "sis",
                                       "please", "i",     "want", "masuk" };

/* ---- words: pure ----------------------------------------------------------------------------- */

struct word {
    size_t at, len; /* in the line */
    char s[WORD_MAX];
    size_t n;
};

static int is_listed(const char *s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(s, list[i])) return 1;
    return 0;
}
#define IS_LISTED(s, list) is_listed((s), (list), BOT_COUNT(list))

static int is_kind(const char *word)
{
    return stores_is_kind(word, strlen(word));
}

static int is_word_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (unsigned char)c >= 0x80;
}

/* "majuu" and "maju" are one; digits are not. */
static size_t squeeze(char *s)
{
    char *to = s;
    for (const char *c = s; *c; c++)
        if (to == s || to[-1] != *c || (*c >= '0' && *c <= '9')) *to++ = *c;
    *to = '\0';
    return (size_t)(to - s);
}

/* One word, folded. 0: it is too long, or nothing is left of it. */
static int word_read(struct word *w, const char *s, size_t len)
{
    char raw[WORD_MAX];
    if (len >= sizeof raw) return 0;
    memcpy(raw, s, len);
    raw[len] = '\0';
    if (!text_fold(w->s, sizeof w->s, raw) || strchr(w->s, ' ')) return 0;
    w->n = squeeze(w->s);
    return 1;
}

static int words_read(const char *line, size_t len, struct word words[WORDS_MAX])
{
    int n = 0;
    for (size_t i = 0; i < len && n < WORDS_MAX;) {
        size_t end = i;
        while (end < len && is_word_byte(line[end])) end++;
        if (end > i && word_read(&words[n], line + i, end - i)) {
            words[n].at = i;
            words[n++].len = end - i;
        }
        i = end + 1;
    }
    return n;
}

/* The letters of words[from..to] in one, into out; 0 when they are too many. */
static size_t join(const struct word *words, int from, int to, char out[NAME_MAX])
{
    size_t n = 0;
    for (int i = from; i <= to; i++) {
        if (n + words[i].n >= NAME_MAX) return 0;
        memcpy(out + n, words[i].s, words[i].n);
        n += words[i].n;
    }
    out[n] = '\0';
    return n;
}

/* Hashes of a word, whole and with any one letter left out, each in a few steps: prefix[i] is the
 * polynomial of its first i bytes. */
struct hashed {
    size_t n;
    uint64_t prefix[NAME_MAX + 1], power[NAME_MAX + 1];
};

static void hash_read(struct hashed *x, const char *s, size_t n)
{
    static const uint64_t base = UINT64_C(0x9E3779B97F4A7C15);
    x->n = n;
    x->prefix[0] = 1; /* so that the length counts */
    x->power[0] = 1;
    for (size_t i = 0; i < n; i++) {
        x->prefix[i + 1] = x->prefix[i] * base + (unsigned char)s[i];
        x->power[i + 1] = x->power[i] * base;
    }
}

static uint32_t hash_end(enum entry_kind kind, uint64_t h)
{
    h = (h ^ (uint64_t)kind << 56 ^ h >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    h ^= h >> 32;
    return (uint32_t)h ? (uint32_t)h : 1;
}

static uint32_t hash_whole(enum entry_kind kind, const struct hashed *x)
{
    return hash_end(kind, x->prefix[x->n]);
}

/* Without the byte at `hole`. */
static uint32_t hash_without(enum entry_kind kind, const struct hashed *x, size_t hole)
{
    uint64_t rest = x->power[x->n - hole - 1];
    return hash_end(kind, x->prefix[hole] * rest + x->prefix[x->n] - x->prefix[hole + 1] * rest);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void entries_grow(struct store_index *x)
{
    struct entry *old = x->entries;
    size_t old_cap = x->cap;
    x->cap = x->cap ? x->cap * 2 : 256;
    x->entries = xcalloc(x->cap, sizeof *x->entries);
    for (size_t i = 0; i < old_cap; i++) {
        if (!old[i].hash) continue;
        size_t at = old[i].hash & (x->cap - 1);
        while (x->entries[at].hash) at = (at + 1) & (x->cap - 1);
        x->entries[at] = old[i];
    }
    free(old);
}

/* What it was made of is the name of no store any more. */
static int is_stale(const struct store_index *x, const struct entry *e)
{
    return e->at != ANY_STORE && !*x->stores[e->at].words && !*x->stores[e->at].code;
}

static void entry_add(struct store_index *x, uint32_t hash, uint32_t store)
{
    int same = 0;
    if (2 * (x->used + 1) > x->cap) entries_grow(x);
    size_t at = hash & (x->cap - 1);
    for (; x->entries[at].hash; at = (at + 1) & (x->cap - 1)) {
        if (x->entries[at].hash != hash) continue;
        if (x->entries[at].at == store) return;
        if (is_stale(x, &x->entries[at])) { /* or old names crowd out who is called so now */
            x->entries[at].at = store;
            return;
        }
        if (++same >= SAME_MAX) return;
    }
    x->entries[at] = (struct entry){ hash, store };
    x->used++;
}

/* Whole, and when it is long enough to stand a typo, with each letter left out. */
static void key_add(struct store_index *x, enum entry_kind kind, const char *s, size_t n,
                    size_t typo_from, uint32_t store)
{
    struct hashed h;
    hash_read(&h, s, n);
    entry_add(x, hash_whole(kind, &h), store);
    for (size_t i = 0; n >= typo_from && i < n; i++) entry_add(x, hash_without(kind, &h, i), store);
}

struct found {
    uint32_t at[FOUND_MAX];
    int count;
};

static void look_up(const struct store_index *x, uint32_t hash, struct found *f)
{
    if (!x->cap) return;
    for (size_t at = hash & (x->cap - 1); x->entries[at].hash; at = (at + 1) & (x->cap - 1)) {
        if (x->entries[at].hash != hash) continue;
        int known = 0;
        for (int i = 0; i < f->count; i++) known |= f->at[i] == x->entries[at].at;
        if (!known && f->count < FOUND_MAX) f->at[f->count++] = x->entries[at].at;
    }
}

static void look_up_near(const struct store_index *x, enum entry_kind kind, const char *s, size_t n,
                         struct found *f)
{
    struct hashed h;
    hash_read(&h, s, n);
    look_up(x, hash_whole(kind, &h), f);
    for (size_t i = 0; i < n; i++) look_up(x, hash_without(kind, &h, i), f);
}

/* ---- filling it ------------------------------------------------------------------------------ */

static void index_words(struct store_index *x, const struct word *words, int n, uint32_t store)
{
    char letters[NAME_MAX];
    size_t len = n <= SPAN_MAX ? join(words, 0, n - 1, letters) : 0;
    if (len) key_add(x, NAME_WHOLE, letters, len, TYPO_NAME, store);
    if (n > 1 && is_kind(words[0].s) && (len = join(words, 1, n - 1, letters)))
        key_add(x, NAME_BARE, letters, len, TYPO_NAME, store);
    for (int i = 0; i < n; i++) {
        int says_shop = is_kind(words[i].s);
        size_t typo_from = says_shop ? 1 : TYPO_WORD;
        if (!says_shop) key_add(x, NAME_WORD, words[i].s, words[i].n, typo_from, store);
        if (i == 0 || (i == 1 && is_kind(words[0].s)))
            key_add(x, NAME_FIRST, words[i].s, words[i].n, typo_from, ANY_STORE);
    }
}

/* What the store was called before leads nowhere any more. */
static void forget_older(struct store_index *x, int64_t store, size_t at)
{
    size_t older = (size_t)map_get_id(&x->newest, (uint64_t)store);
    if (older) x->stores[older - 1].words = x->stores[older - 1].code = "";
    map_put_id(&x->newest, (uint64_t)store, (void *)(at + 1));
}

static void store_add(struct store_index *x, sqlite3_stmt *st)
{
    struct word words[WORDS_MAX];
    const char *name = db_text(st, 2), *code = db_text(st, 1);
    int n = words_read(name, strlen(name), words);
    if (x->count == x->room) {
        x->room = x->room ? x->room * 2 : 16;
        x->stores = xrealloc(x->stores, x->room * sizeof *x->stores);
    }
    char *folded = arena_printf(&x->arena, "%s", "");
    for (int i = 0; i < n; i++)
        folded = arena_printf(&x->arena, "%s%s%s", folded, i ? " " : "", words[i].s);
    x->stores[x->count] =
        (struct named_store){ sqlite3_column_int64(st, 0), arena_strdup(&x->arena, code), folded };
    forget_older(x, x->stores[x->count].id, x->count);
    uint32_t at = (uint32_t)x->count++;
    if (n) index_words(x, words, n, at);
    key_add(x, STORE_CODE, code, strlen(code), 4, at);
}

static void read_changed(struct host *h, struct store_index *x)
{
    while (x->changed_count) {
        sqlite3_stmt *st = db_query(&h->db, ONE, "i", x->changed[--x->changed_count]);
        if (db_step(&h->db, st) == 1) store_add(x, st);
        db_done(st);
    }
}

static struct store_index *index_of(struct host *h)
{
    if (h->store_index) {
        read_changed(h, h->store_index);
        return h->store_index;
    }
    struct store_index *x = xcalloc(1, sizeof *x);
    int rc;
    sqlite3_stmt *st = db_query(&h->db, ALL, "i", INT64_C(0));
    while ((rc = db_step(&h->db, st)) == 1) store_add(x, st);
    h->store_index = x;
    if (rc == 0) return x;
    store_index_free(h);
    return NULL;
}

void store_index_changed(struct host *h, int64_t store)
{
    struct store_index *x = h->store_index;
    if (!x) return;
    if (x->changed_count == CHANGED_MAX)
        store_index_free(h); /* it is read anew */
    else
        x->changed[x->changed_count++] = store;
}

void store_index_free(struct host *h)
{
    struct store_index *x = h->store_index;
    if (!x) return;
    free(x->entries);
    free(x->stores);
    map_free(&x->newest);
    arena_free(&x->arena);
    free(x);
    h->store_index = NULL;
}

/* ---- is it that name? ------------------------------------------------------------------------ */

enum fit { FIT_NOT = 0, FIT_NEAR = 1, FIT_EXACT = 2 };

/* One letter may be wrong in a word that is long enough, two neighbours may be swapped. */
static enum fit word_fits(const char *written, const char *word)
{
    size_t n = strlen(word), m = strlen(written);
    if (!strcmp(written, word)) return FIT_EXACT;
    if (n < TYPO_WORD && !is_kind(word) && n != m) return FIT_NOT;
    if (text_distance(written, word, 1) > 1) return FIT_NOT;
    if (n >= TYPO_WORD || is_kind(word)) return FIT_NEAR;
    size_t i = 0;
    while (written[i] == word[i]) i++;
    return n >= 4 && written[i] == word[i + 1] && written[i + 1] == word[i] ? FIT_NEAR : FIT_NOT;
}

/* words[from..to] against the store's name from its word `skip` on; at most one word may be near.
 */
static enum fit name_fits(const struct named_store *s, int skip, const struct word *words, int from,
                          int to)
{
    char name[NAME_MAX * 2], letters[NAME_MAX], joined[NAME_MAX], *save = NULL;
    size_t len = 0;
    int at = from, near = 0, spelled = 1;
    if (strlen(s->words) >= sizeof name) return FIT_NOT;
    strcpy(name, s->words);
    for (char *w = strtok_r(name, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        if (skip-- > 0) continue;
        size_t n = strlen(w);
        if (len + n >= sizeof letters) return FIT_NOT;
        memcpy(letters + len, w, n + 1);
        len += n;
        enum fit fit = at <= to ? word_fits(words[at++].s, w) : FIT_NOT;
        near += fit == FIT_NEAR;
        spelled = spelled && fit != FIT_NOT;
    }
    if (!len) return FIT_NOT;
    if (spelled && at > to && near <= 1) return near ? FIT_NEAR : FIT_EXACT;
    /* written in one, or divided elsewhere */
    if (!join(words, from, to, joined)) return FIT_NOT;
    if (!strcmp(joined, letters)) return FIT_EXACT;
    return len >= 8 && to == from && text_distance(joined, letters, 1) <= 1 ? FIT_NEAR : FIT_NOT;
}

/* ---- a line ---------------------------------------------------------------------------------- */

/* The plainest so far. Of names that overlap the longest counts; those that do not are both meant.
 */
enum { BEST_MAX = 16 };

struct best {
    struct store_named *out;
    int cap, count; /* count may be more than are kept */
    enum fit fit;
    size_t letters[BEST_MAX];
};

static int overlap(const struct store_named *a, size_t at, size_t end)
{
    return a->at < end && at < a->at + a->len;
}

/* 0: a longer name is there already. Shorter ones go. */
static int make_room(struct best *b, size_t at, size_t end, size_t letters)
{
    int kept = 0;
    if (b->count > b->cap) return 1;
    for (int i = 0; i < b->count; i++)
        if (overlap(&b->out[i], at, end) && b->letters[i] > letters) return 0;
    for (int i = 0; i < b->count; i++) {
        if (overlap(&b->out[i], at, end) && b->letters[i] < letters) continue;
        b->out[kept] = b->out[i];
        b->letters[kept++] = b->letters[i];
    }
    b->count = kept;
    return 1;
}

/* Only words that say nothing stand around words[from..to]. */
static int is_alone(const struct word *words, int n, int from, int to)
{
    for (int i = 0; i < n; i++) {
        if (i >= from && i <= to) continue;
        if (!IS_LISTED(words[i].s, fillers) && !IS_LISTED(words[i].s, leads) &&
            !is_kind(words[i].s))
            return 0;
    }
    return 1;
}

static int leads_to(const char *line, const struct word *words, int from)
{
    size_t at = words[from].at;
    if (at && line[at - 1] == '@') return 1;
    return from > 0 && (is_kind(words[from - 1].s) || IS_LISTED(words[from - 1].s, leads));
}

/* "Toko 1" is not named by "1". */
static int says_enough(const char *letters, size_t n)
{
    return n >= 3 && strspn(letters, "0123456789") < n;
}

static int words_in(const char *s)
{
    int n = *s != '\0';
    for (; *s; s++) n += *s == ' ';
    return n;
}

static void best_add(struct best *b, const char *line, const struct word *words, int n, int from,
                     int to, int64_t store, enum fit fit, size_t letters)
{
    if (fit < b->fit) return;
    if (fit > b->fit) b->count = 0;
    b->fit = fit;
    int first = from;
    while (first > 0 && (is_kind(words[first - 1].s) || IS_LISTED(words[first - 1].s, leads)))
        first--;
    size_t at = words[first].at, end = words[to].at + words[to].len;
    if (at && line[at - 1] == '@') at--;
    if (!make_room(b, at, end, letters)) return;
    for (int i = 0; i < b->count && i < b->cap; i++)
        if (b->out[i].store == store) return;
    if (b->count < b->cap) {
        b->out[b->count] =
            (struct store_named){ store, at, end - at, is_alone(words, n, from, to) };
        b->letters[b->count] = letters;
    }
    b->count++;
}

static void try_span(struct store_index *x, const char *line, const struct word *words, int n,
                     int from, int to, struct best *best)
{
    char letters[NAME_MAX];
    struct hashed h;
    size_t len = join(words, from, to, letters);
    if (len) hash_read(&h, letters, len);
    for (int bare = 0; len && bare < 2; bare++) {
        struct found f = { .count = 0 };
        enum entry_kind kind = bare ? NAME_BARE : NAME_WHOLE;
        look_up(x, hash_whole(kind, &h), &f);
        for (size_t i = 0; !f.count && len >= TYPO_NAME - 1 && i < len; i++)
            look_up(x, hash_without(kind, &h, i), &f);
        for (int i = 0; i < f.count; i++) {
            const struct named_store *s = &x->stores[f.at[i]];
            enum fit fit = name_fits(s, bare, words, from, to);
            if (!fit) continue;
            int strong = !bare && words_in(s->words) > 1;
            if (!strong && !says_enough(letters, len)) continue;
            if (!strong && !is_alone(words, n, from, to) && !leads_to(line, words, from)) continue;
            best_add(best, line, words, n, from, to, s->id, fit, len);
        }
    }
}

static int is_there(const struct store_index *x, uint32_t hash)
{
    if (!x->cap) return 0;
    size_t at = hash & (x->cap - 1);
    while (x->entries[at].hash && x->entries[at].hash != hash) at = (at + 1) & (x->cap - 1);
    return x->entries[at].hash != 0;
}

/* 1 when a store's name begins so, or nearly. */
static int begins_name(const struct store_index *x, const struct word *w)
{
    struct hashed h;
    hash_read(&h, w->s, w->n);
    int is = is_there(x, hash_whole(NAME_FIRST, &h));
    for (size_t i = 0; !is && w->n >= TYPO_WORD - 1 && i < w->n; i++)
        is = is_there(x, hash_without(NAME_FIRST, &h, i));
    return is;
}

int store_index_named(struct host *h, const char *line, size_t len, struct store_named *out,
                      int cap)
{
    struct word words[WORDS_MAX];
    struct store_index *x = index_of(h);
    struct best best = { .out = out, .cap = cap < BEST_MAX ? cap : BEST_MAX };
    if (!x) return -1;
    int n = words_read(line, len, words);
    for (int from = 0; from < n; from++) {
        int last = begins_name(x, &words[from]) ? from + SPAN_MAX - 1 : from;
        for (int to = from; to < n && to <= last; to++)
            try_span(x, line, words, n, from, to, &best);
    }
    return best.count;
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* One letter more, less, other, or two swapped; what is a digit in both must be the same. */
static int code_is_near(const char *a, const char *b)
{
    if (text_distance(a, b, 1) != 1) return 0;
    if (strlen(a) != strlen(b)) return 1;
    size_t i = 0;
    while (a[i] == b[i]) i++;
    int digits = a[i] >= '0' && a[i] <= '9' && b[i] >= '0' && b[i] <= '9';
    return !digits;
}

int store_index_near_code(struct host *h, const char *code, int64_t *out, int cap)
{
    struct store_index *x = index_of(h);
    struct found f = { .count = 0 };
    int n = 0;
    if (!x) return -1;
    look_up_near(x, STORE_CODE, code, strlen(code), &f);
    for (int i = 0; i < f.count; i++) {
        const struct named_store *s = &x->stores[f.at[i]];
        int known = 0;
        for (int k = 0; k < n && k < cap; k++) known |= out[k] == s->id;
        if (known || !code_is_near(code, s->code)) continue;
        if (n < cap) out[n] = s->id;
        n++;
    }
    return n;
}

/* ---- looking for one ------------------------------------------------------------------------- */

static int has_word(const struct named_store *s, const char *word)
{
    char name[NAME_MAX * 2], *save = NULL;
    if (strlen(s->words) >= sizeof name) return 0;
    strcpy(name, s->words);
    for (char *w = strtok_r(name, " ", &save); w; w = strtok_r(NULL, " ", &save))
        if (word_fits(word, w)) return 1;
    return 0;
}

static int has_all_words(const struct named_store *s, const struct word *words, int n)
{
    for (int i = 0; i < n; i++)
        if (!is_kind(words[i].s) && !IS_LISTED(words[i].s, fillers) &&
            !IS_LISTED(words[i].s, leads) && strcmp(words[i].s, "cari") != 0 &&
            !has_word(s, words[i].s))
            return 0;
    return 1;
}

int store_index_search(struct host *h, const char *text, int64_t *out, int cap)
{
    struct word words[WORDS_MAX];
    struct store_index *x = index_of(h);
    struct found f = { .count = 0 };
    int count = 0;
    if (!x) return -1;
    int n = words_read(text, strcspn(text, "\n"), words);
    for (int i = 0; i < n; i++)
        if (!is_kind(words[i].s)) look_up_near(x, NAME_WORD, words[i].s, words[i].n, &f);
    for (int i = 0; i < f.count; i++) {
        const struct named_store *s = &x->stores[f.at[i]];
        int known = 0;
        for (int k = 0; k < count && k < cap; k++) known |= out[k] == s->id;
        if (known || !has_all_words(s, words, n)) continue;
        if (count < cap) out[count] = s->id;
        count++;
    }
    return count;
}
