/* search_words.c - see search_words.h: stop words, misspellings, words written as one. */
#include "search_words.h"

#include <string.h>
#include <tokobot/plugin.h>

#include "../base/buf.h"
#include "../base/text.h"

/* Words that say nothing about what somebody looks for; folded. Not here: "the", which is a
 * common way to mistype "teh". */
static const char *const stop_words[] = {
    "abang",   "ada",    "adakah",   "aja",      "aku",
    "any",     "apa",    "apakah",   "aq",       "assalamualaikum",
    "atau",    "bang",   "banget",   "banyak",   "bayar",
    "beli",    "berapa", "berapaan", "bisa",     "boleh",
    "bos",     "brapa",  "bro",      "brp",      "bu",
    "buat",    "buy",    "can",      "cari",     "cariin",
    "dan",     "dari",   "deh",      "dengan",   "dgn",
    "di",      "dlu",    "do",       "dong",     "dongs",
    "donk",    "dulu",   "for",      "g",        "ga",
    "gak",     "gan",    "gimana",   "gk",       "gmn",
    "hai",     "hallo",  "halo",     "harga",    "harganya",
    "have",    "hello",  "hi",       "how",      "hrg",
    "i",       "ini",    "is",       "itu",      "jual",
    "jualan",  "ka",     "kah",      "kak",      "kaka",
    "kakak",   "kalau",  "kalo",     "kan",      "kasih",
    "ke",      "klo",    "ko",       "kok",      "lagi",
    "lah",     "lho",    "liat",     "lihat",    "loh",
    "makasih", "malam",  "mas",      "masih",    "mau",
    "mba",     "mbak",   "mimin",    "min",      "minta",
    "mohon",   "msh",    "much",     "ngga",     "nggak",
    "nih",     "nya",    "of",       "om",       "order",
    "pagi",    "pak",    "pengen",   "permisi",  "pesan",
    "pesen",   "pingin", "please",   "price",    "punya",
    "ready",   "saja",   "saya",     "selamat",  "siang",
    "sih",     "sis",    "sore",     "stock",    "stok",
    "stoknya", "sy",     "tanya",    "terima",   "thanks",
    "thx",     "tidak",  "tolong",   "transfer", "trims",
    "tuh",     "udah",   "ukuran",   "untuk",    "utk",
    "want",    "ya",     "yaa",      "yah",      "yang",
    "yg",      "you",    "yuk",
};

/* Endings that are typed onto a name: "sepatunya". */
static const char *const endings[] = { "nya", "kah", "lah", "pun", "2" };

static int is_stop_word(const char *word)
{
    for (size_t i = 0; i < BOT_COUNT(stop_words); i++)
        if (stop_words[i][0] == word[0] && strcmp(stop_words[i], word) == 0) return 1;
    return 0;
}

/* Folds at most BODY_BYTES of text, without the space at either end. */
void search_fold(const char *text, size_t max, char out[BODY_CAP])
{
    char cut[BODY_BYTES + 1];
    size_t len = text ? text_prefix(text, strnlen(text, max + 4), max) : 0;
    memcpy(cut, text ? text : "", len);
    cut[len] = '\0';
    size_t n = text_fold(out, BODY_CAP, cut);
    while (n > 0 && out[n - 1] == ' ') out[--n] = '\0';
    size_t lead = strspn(out, " ");
    if (lead > 0) memmove(out, out + lead, n - lead + 1);
}

/* ---- the query ------------------------------------------------------------------------------- */

static void word_set(struct word *w, const char *text, size_t len)
{
    if (len > WORD_BYTES) len = text_prefix(text, len, WORD_BYTES);
    memcpy(w->text, text, len);
    w->text[len] = '\0';
    w->len = (uint8_t)len;
    w->letters = 0;
    w->digits = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 'a' && c <= 'z')
            w->letters |= 1u << (c - 'a');
        else if (c >= '0' && c <= '9')
            w->digits++;
        else
            w->letters |= 1u << 26;
    }
}

/* Splits a folded text at its spaces; the words of `skip` are left out. */
static size_t words_split(const char *folded, struct word *words, size_t cap, int skip)
{
    size_t n = 0;
    const char *p = folded;
    while (*p && n < cap) {
        size_t len = strcspn(p, " ");
        if (len > 0) {
            word_set(&words[n], p, len);
            if (!skip || !is_stop_word(words[n].text)) n++;
        }
        p += len;
        while (*p == ' ') p++;
    }
    return n;
}

void query_read(const char *text, struct query *q)
{
    char folded[BODY_CAP];
    search_fold(text, QUERY_BYTES, folded);
    q->literal = 0;
    q->count = words_split(folded, q->words, QUERY_WORDS, 1);
    if (q->count > 0) return;
    q->literal = 1;
    q->count = words_split(folded, q->words, QUERY_WORDS, 0);
}

/* ---- word by word ---------------------------------------------------------------------------- */

/* How many mistakes a word of this length may have. */
static unsigned mistakes_allowed(const struct word *w)
{
    if (w->len <= 2) return 0;
    if (w->len <= 5) return 1;
    return w->len <= 8 ? 2 : 3;
}

/* The same digits in the same order: "a12" is no misspelling of "a13". */
static int same_digits(const struct word *a, const struct word *b)
{
    if (a->digits != b->digits) return 0;
    if (a->digits == 0) return 1;
    const char *p = a->text, *q = b->text;
    for (;;) {
        while (*p && (*p < '0' || *p > '9')) p++;
        while (*q && (*q < '0' || *q > '9')) q++;
        if (*p != *q) return 0;
        if (!*p) return 1;
        p++;
        q++;
    }
}

static int score_typo(const struct word *asked, const struct word *is)
{
    unsigned limit = mistakes_allowed(asked);
    unsigned longer = asked->len > is->len ? asked->len : is->len;
    unsigned shorter = asked->len > is->len ? is->len : asked->len;
    if (limit == 0 || longer - shorter > limit || !same_digits(asked, is)) return 0;
    if ((unsigned)__builtin_popcount(asked->letters ^ is->letters) > 2 * limit) return 0;
    int same_start = asked->text[0] == is->text[0];
    if (shorter <= 3 && !same_start) return 0;
    unsigned distance = text_distance(asked->text, is->text, limit);
    if (distance > limit) return 0;
    /* clang-tidy 14 forgets here that longer >= shorter, and that limit > 0 means three letters. */
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    int score = 1000 - (int)(1000 * distance / longer) - (distance > 1 ? 80 : 0);
    return same_start ? score : score - 50;
}

/* How near a typed word is to a word of a text, 0..1000. */
static int score_word(const struct word *asked, const struct word *is)
{
    if (asked->len == is->len && memcmp(asked->text, is->text, is->len) == 0) return 1000;
    if (asked->digits == asked->len) return 0; /* a number is that number or another */
    if (asked->len >= 2 && asked->len < is->len && memcmp(asked->text, is->text, asked->len) == 0)
        return 650 + 300 * asked->len / is->len;
    int score = score_typo(asked, is);
    if (score == 0 && asked->len >= 4 && asked->len < is->len && strstr(is->text, asked->text))
        return 700;
    return score;
}

/* The same, also without an ending such as "-nya". */
static int score_word_or_stem(const struct word *asked, const struct word *is)
{
    int best = score_word(asked, is);
    if (best == 1000 || asked->len < 5) return best;
    for (size_t i = 0; i < BOT_COUNT(endings); i++) {
        size_t len = strlen(endings[i]);
        if (asked->len < len + 3 || strcmp(asked->text + asked->len - len, endings[i]) != 0)
            continue;
        struct word stem;
        word_set(&stem, asked->text, asked->len - len);
        int score = score_word(&stem, is) - 30;
        if (score > best) best = score;
    }
    return best;
}

/* Two or more words written as one; 0 when that is too long to be compared. */
static int words_join(const struct word *words, size_t n, struct word *out)
{
    char text[WORD_BYTES + 1];
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (len + words[i].len > WORD_BYTES) return 0;
        memcpy(text + len, words[i].text, words[i].len);
        len += words[i].len;
    }
    word_set(out, text, len);
    return 1;
}

void body_read(const char *folded, struct body *b)
{
    struct word words[BODY_WORDS];
    b->word_count = words_split(folded, words, BODY_WORDS, 0);
    b->piece_count = 0;
    b->letters = 0;
    for (size_t i = 0; i < b->word_count; i++) b->letters += words[i].len;
    for (size_t n = 1; n <= JOIN_WORDS; n++) {
        for (size_t i = 0; i + n <= b->word_count; i++) {
            struct piece *p = &b->pieces[b->piece_count];
            if (!words_join(&words[i], n, &p->word)) continue;
            p->first = (uint8_t)i;
            p->count = (uint8_t)n;
            b->piece_count++;
        }
    }
}

/* The piece that is nearest to a typed word. Of pieces equally near the one of fewer words. */
static int body_nearest(const struct body *b, const struct word *asked, int words_only,
                        const struct piece **nearest)
{
    int best = 0;
    for (size_t i = 0; i < b->piece_count; i++) {
        const struct piece *p = &b->pieces[i];
        if (words_only && p->count > 1) break;
        /* Words written as one need as many letters: a prefix of them is the first word's prefix.
         */
        if (p->count > 1 && (unsigned)p->word.len > (unsigned)asked->len + mistakes_allowed(asked))
            continue;
        int score = score_word_or_stem(asked, &p->word);
        if (p->count > 1) score -= 20;
        if (score <= best || score < SCORE_WORD_MIN) continue;
        best = score;
        *nearest = p;
    }
    return best;
}

static int word_weight(const struct word *w)
{
    if (w->digits == w->len) return 2;
    return w->len > 10 ? 10 : w->len;
}

/* How well a text answers the query, 0..1000; 0 when it does not. A word that was not found counts
 * half: people write more than a thing's name. What the text has besides counts a little, so that
 * the shorter of two that match is first. */
int body_score(const struct body *b, const struct query *q)
{
    int scores[QUERY_WORDS] = { 0 };
    const struct piece *where[QUERY_WORDS] = { NULL };
    for (size_t i = 0; i < q->count; i++)
        scores[i] = body_nearest(b, &q->words[i], q->literal, &where[i]);
    for (size_t i = 0; i + 1 < q->count; i++) { /* one word that was typed as two */
        struct word joined;
        const struct piece *piece = NULL;
        if (!words_join(&q->words[i], 2, &joined)) continue;
        int score = body_nearest(b, &joined, 1, &piece) - 20;
        if (score * 2 <= scores[i] + scores[i + 1]) continue;
        scores[i] = scores[i + 1] = score;
        where[i] = where[i + 1] = piece;
    }

    int sum = 0, total = 0;
    uint32_t covered = 0;
    for (size_t i = 0; i < q->count; i++) {
        int weight = 2 * word_weight(&q->words[i]);
        if (q->literal && scores[i] < 1000) return 0;
        sum += weight * scores[i];
        total += scores[i] > 0 ? weight : weight / 2;
        for (unsigned k = 0; where[i] && k < where[i]->count; k++)
            covered |= 1u << (where[i]->first + k);
    }
    if (sum == 0) return 0;

    int letters = 0;
    for (size_t i = 0; i < b->word_count; i++)
        if (covered & 1u << i) letters += b->pieces[i].word.len;
    return sum / total * (880 + 120 * letters / (b->letters ? (int)b->letters : 1)) / 1000;
}
