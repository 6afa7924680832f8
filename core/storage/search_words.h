/* search_words.h - the words of a query and of a text, and how well they fit. Pure; shared by
 * search.c and search_words.c only. */
#ifndef TOKOBOT_SEARCH_WORDS_H
#define TOKOBOT_SEARCH_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum {
    BODY_BYTES = 500, /* of a text, before folding; the rest is not searched */
    BODY_CAP = 1024,  /* of a folded text */
    QUERY_BYTES = 200,
    QUERY_WORDS = 12,
    BODY_WORDS = 32, /* of a text that are compared word by word */
    WORD_BYTES = 63, /* what text_distance takes */
    CANDIDATES = 50,
    GRAM_MAX = BODY_CAP * 3, /* a byte is in at most three bigrams */
    JOIN_WORDS = 3,          /* so many words of a text may have been typed as one */
    CANDIDATE_OF_BEST = 10,  /* per cent of the best candidate's score: below it none is compared */
    SCORE_MIN = 300,         /* below it a text is no answer at all */
    SCORE_WORD_MIN = 600,    /* a word that is less near is another word */
    SCORE_OF_BEST = 50       /* per cent of the best answer's score */
};

struct word {
    char text[WORD_BYTES + 1];
    uint32_t letters; /* a bit for each letter that it has, one more for all else */
    uint8_t len;
    uint8_t digits; /* how many of its bytes are digits */
};

struct query {
    struct word words[QUERY_WORDS];
    size_t count;
    int literal; /* nothing but stop words: they must be there as they are */
};

/* A folded text, cut up: its words, and its neighbouring words written as one. */
struct piece {
    struct word word;
    uint8_t first, count; /* which of the text's words it is made of */
};
struct body {
    struct piece pieces[BODY_WORDS * JOIN_WORDS];
    size_t piece_count, word_count;
    unsigned letters; /* of all its words */
};

/* Folds at most max bytes of a text. */
void search_fold(const char *text, size_t max, char out[BODY_CAP]);
/* Cuts a query into words; stop words are left out unless there is nothing else. */
void query_read(const char *text, struct query *q);
/* Cuts a folded text into words and joined words. */
void body_read(const char *folded, struct body *b);
/* How well a text answers the query, 0..1000; 0 when it does not. */
int body_score(const struct body *b, const struct query *q);

#endif
