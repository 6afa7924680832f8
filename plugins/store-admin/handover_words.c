/* SPDX-License-Identifier: MIT
 *
 * handover_words.c - see handover_words.h. A text is cut into small words; a complaint is one of a
 * few phrases, and neither denied ("tidak rusak") nor only thought of ("kalau rusak bisa refund?").
 */
#include "handover_words.h"

#include <string.h>

#define WORDS_MAX 120
#define WORD_MAX  24

struct word_list {
    char word[WORDS_MAX][WORD_MAX];
    int count;
};

static const char *const phrases[] = {
    "komplain",
    "komplen",
    "complain",
    "complaint",
    "complaining",
    "keluhan",
    "mengeluh",
    "kecewa",
    "mengecewakan",
    "disappointed",
    "penipuan",
    "penipu",
    "nipu",
    "ditipu",
    "tertipu",
    "scam",
    "scammed",
    "scammer",
    "fraud",
    "refund",
    "refunds",
    "uang kembali",
    "kembalikan uang",
    "balikin uang",
    "uang saya kembali",
    "uang dikembalikan",
    "pengembalian dana",
    "money back",
    "rusak",
    "broken",
    "damaged",
    "defective",
    "belum sampai",
    "blm sampai",
    "belum nyampe",
    "blm nyampe",
    "belum sampe",
    "blm sampe",
    "tidak sampai",
    "gak sampai",
    "ga sampai",
    "not arrived",
    "hasn t arrived",
    "never arrived",
    "haven t received",
    "not received",
    "salah kirim",
    "barang salah",
    "wrong item",
};

/* Before it, up to two words: then it is no complaint. */
static const char *const denials[] = {
    "tidak", "tdk",    "gak",   "ga",    "gk",  "nggak", "ngga", "enggak", "bukan",
    "anti",  "jangan", "takut", "tanpa", "not", "isn",   "no",   "never",  "don",
};
static const char *const thoughts[] = {
    "kalau", "kalo",     "klo",     "kl",     "jika", "bila", "apabila",
    "misal", "misalnya", "semisal", "apakah", "if",   "case",
};

/* ---- words ----------------------------------------------------------------------------------- */

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static void words_read(struct word_list *list, const char *text)
{
    list->count = 0;
    while (*text && list->count < WORDS_MAX) {
        size_t n = 0, kept = 0;
        char *word = list->word[list->count];
        while (is_letter(text[n]) && strncmp(text + n, "\xE2\x80\x99", 3) != 0) {
            char c = text[n++];
            if (kept + 1 < WORD_MAX) word[kept++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        word[kept] = '\0';
        if (n + 1 > WORD_MAX) word[0] = '\0'; /* too long to be one of ours */
        if (n) list->count++;
        text += n                                       ? n
                : strncmp(text, "\xE2\x80\x99", 3) == 0 ? 3 /* an apostrophe */
                                                        : 1;
    }
}

static int is_among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], word) == 0) return 1;
    return 0;
}

/* The words of the phrase stand at `at`: how many, or 0. */
static int phrase_at(const struct word_list *list, int at, const char *phrase)
{
    int n = 0;
    while (*phrase) {
        size_t len = strcspn(phrase, " ");
        if (at + n >= list->count) return 0;
        const char *word = list->word[at + n];
        if (strncmp(word, phrase, len) != 0 || word[len]) return 0;
        phrase += len + (phrase[len] == ' ');
        n++;
    }
    return n;
}

static int is_only_thought(const struct word_list *list, int at)
{
    for (int i = at > 2 ? at - 2 : 0; i < at; i++)
        if (is_among(list->word[i], denials, sizeof denials / sizeof *denials)) return 1;
    for (int i = at > 4 ? at - 4 : 0; i < at; i++)
        if (is_among(list->word[i], thoughts, sizeof thoughts / sizeof *thoughts)) return 1;
    return 0;
}

int words_complain(const char *text)
{
    struct word_list list;
    words_read(&list, text);
    for (int at = 0; at < list.count; at++)
        for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
            if (phrase_at(&list, at, phrases[i]) && !is_only_thought(&list, at)) return 1;
    return 0;
}
