/* SPDX-License-Identifier: MIT
 * test_week.c - a week of three stores on one number, with the real plugins: 200 customers, some of
 * two or three stores, and who runs the stores write whatever they like, while the bot is
 * restarted, killed and reloaded in between.
 *
 * Whatever belongs to a store carries its mark: products are called ALFA, BRAVO or CARLI, prices
 * are multiples of a prime of its own, and so are all sums of them, stocks begin with 1, 2 or 3,
 * and so are its customers, their addresses and its account called. Everything that is sent is
 * looked at: an answer has the marks of the store that it should be for, and its name above it;
 * which store that is, a model of its own here knows (struct person). WEEK_SEED=7 plays another
 * week, WEEK_VERBOSE=1 tells it. The sabotages at the end must be found.
 *
 * What people do is the table `acts`: one line and a function for each. */
#include "host_fixture.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../sim/chance.h"
#include "core/base/clock.h"
#include "core/people/members.h"
#include "core/people/people.h"

enum {
    STORES = 3,
    CUSTOMERS = 200,
    ADMINS = 2 * STORES,
    PERSONS = CUSTOMERS + ADMINS,
    DAYS = 7,
    ROUNDS = 800,
    TOGETHER = 4,
    FINDINGS = 8,
    ROWS_MAX = 100000
};
enum { NOWHERE = -1, ASKED = -2 }; /* instead of a store */
enum { MIXED = 1 << STORES };      /* a mark of no store alone */

#define REAL_PLUGINS FIXTURE_PLUGINS "/../../plugins/"

static const struct mark {
    const char *name, *code, *word;
    int digit;
    long prime;
} marks[STORES] = {
    { "Melati Jaya", "MELA2", "ALFA", 1, 10007 },
    { "Kenanga Abadi", "KENA3", "BRAVO", 2, 10009 },
    { "Dahlia Sentosa", "DAHL4", "CARLI", 3, 10037 },
};
static const char *const goods[] = {
    "Sepatu", "Sandal", "Kemeja", "Tas", "Topi", "Sarung", "Jaket"
};

struct person {
    char phone[20], name[40];
    int runs;         /* the store that he runs, or NOWHERE */
    int goes[STORES]; /* stores that he may go to */
    /* The model: where he is, and what he is asked. */
    int at, is_asked;
    int talks, talk_ended;   /* the store to whose admins he talks, or NOWHERE */
    char *question;          /* the list of stores that he was shown */
    char open[200];          /* how he will answer what he is asked; "" */
    int leaves;              /* that is, whether he is to be forgotten */
    char native[STORES][40]; /* the last answer that he had from each */
    /* His message that is being answered. */
    int waits, wanted, answers;
};

/* A message to be sent. */
struct line {
    char text[300];
    const char *quoted;
    int store; /* that it names: by code, name, quote; or NOWHERE */
};

static struct week {
    struct chance chance;
    struct person persons[PERSONS];
    int done[64]; /* how often each act was played */
    int messages, sent, restarts, reloads, products;
    int findings;
    char found[FINDINGS][400];
    char was_sent[ROWS_MAX]; /* by the row's id */
    int swap;                /* sabotage: so many rows go to somebody else */
    int verbose;
} wk;

static int dice(int from, int to)
{
    return (int)chance_range(&wk.chance, from, to);
}

static const char *good(void)
{
    return goods[dice(0, (int)BOT_COUNT(goods) - 1)];
}

/* ---- what was sent --------------------------------------------------------------------------- */

static void finding(const struct person *p, const char *what, const char *text)
{
    if (wk.findings < FINDINGS)
        snprintf(wk.found[wk.findings], sizeof wk.found[0], "%s to %s (%s): %.250s", what, p->phone,
                 p->name, text);
    wk.findings++;
}

/* A sum of rupiah is made of the prices of one store, one of `own`. What is divided by no prime is
 * of several, or nobody's. */
static unsigned marks_of_sum(long sum, unsigned own)
{
    unsigned set = 0;
    for (int i = 0; i < STORES; i++)
        if (sum % marks[i].prime == 0) set |= 1u << i;
    return !sum ? 0 : set & own ? set & own : set ? set : MIXED;
}

/* "MELA2-12": an order of the store. */
static int has_order_code(const char *text, const char *code)
{
    for (size_t n = strlen(code); (text = strstr(text, code)); text++)
        if (text[n] == '-' && isdigit((unsigned char)text[n + 1])) return 1;
    return 0;
}

/* The stores whose marks a text bears, as a set; *names: those whose names it has. `own`: the
 * stores that it may be of. */
static unsigned marks_in(const char *text, unsigned own, unsigned *names)
{
    unsigned set = 0;
    *names = 0;
    for (int i = 0; i < STORES; i++) {
        if (strstr(text, marks[i].word)) set |= 1u << i;
        if (has_order_code(text, marks[i].code)) set |= 1u << i;
        if (strstr(text, marks[i].name)) *names |= 1u << i;
    }
    for (const char *s = text; (s = strstr(s, "Rp")); s += 2) {
        long sum = 0;
        for (const char *d = s + 2; isdigit((unsigned char)*d) || *d == '.'; d++)
            if (*d != '.') sum = sum * 10 + (*d - '0');
        set |= marks_of_sum(sum, own);
    }
    for (const char *s = text; (s = strstr(s, "Stok: ")); s += 6) {
        long stock = strtol(s + 6, NULL, 10);
        if (stock >= 1000 && stock < 4000) set |= 1u << (stock / 1000 - 1);
    }
    return set;
}

/* The store whose name is the first line, or NOWHERE. */
static int header_of(const char *text)
{
    char line[80];
    for (int i = 0; i < STORES; i++) {
        snprintf(line, sizeof line, "*%s*\n", marks[i].name);
        if (!strncmp(text, line, strlen(line))) return i;
    }
    return NOWHERE;
}

/* How he answers what a shop asks; "" when it asks nothing. His address has the store's mark. */
static void will_answer(struct person *p, const char *text, int store)
{
    static const char *const confirms[] = {
        "YA", "YA", "YA", "ya", "TIDAK", "BATAL", "catatan: tanpa kantong"
    };
    *p->open = '\0';
    if (strstr(text, "Balas dengan nomor"))
        snprintf(p->open, sizeof p->open, "%d", dice(1, 2));
    else if (strstr(text, "Ketik *checkout*"))
        snprintf(p->open, sizeof p->open, "%s", dice(0, 2) ? "checkout" : "");
    else if (strstr(text, "diantar atau diambil"))
        snprintf(p->open, sizeof p->open, "%d", dice(1, 2));
    else if (strstr(text, "Diantar ke alamat mana"))
        snprintf(p->open, sizeof p->open,
                 strstr(text, "Ketik *sama*") && dice(0, 1) ? "sama" : "Gang %s 5",
                 marks[store].word);
    else if (strstr(text, "Bayarnya bagaimana"))
        snprintf(p->open, sizeof p->open, "%d", dice(1, 2));
    else if (strstr(text, "Sudah benar?"))
        snprintf(p->open, sizeof p->open, "%s", confirms[dice(0, (int)BOT_COUNT(confirms) - 1)]);
    else if ((p->leaves = strstr(text, "Balas YA untuk menghapus") != NULL))
        snprintf(p->open, sizeof p->open, "%s", dice(0, 2) ? "YA" : "TIDAK");
}

static void is_forgotten(struct person *p)
{
    p->at = NOWHERE;
    for (int i = 0; i < STORES; i++) *p->native[i] = '\0';
}

static void check_answer(struct person *p, const char *text, const char *native)
{
    int store = p->wanted, header = header_of(text);
    unsigned names, set = marks_in(text, store >= 0 ? 1u << store : 0, &names);
    if (strstr(text, "bot yang menjawab lagi")) p->talk_ended = 1;
    if (p->talks != NOWHERE && (p->talk_ended || !p->waits)) {
        set = marks_in(text, 1u << p->talks, &names);
        if ((set | names) & ~(1u << p->talks)) finding(p, "another store's mark in a talk", text);
        return;
    }
    if (!p->waits) finding(p, "an answer that nobody waits for", text);
    if (++p->answers > 1) finding(p, "a second answer", text);
    if (store == ASKED) {
        if (set) finding(p, "a question with a store's goods", text);
        if (!strstr(text, marks[0].name)) finding(p, "no question which store", text);
        free(p->question);
        p->question = strdup(text);
        return;
    }
    will_answer(p, text, store);
    if (strstr(text, "Data Kakak dihapus.")) is_forgotten(p);
    if (store == NOWHERE) {
        if (set) finding(p, "goods of a store where there is none", text);
        return;
    }
    unsigned own = 1u << store;
    if (set & ~own) finding(p, "another store's mark in an answer", text);
    if (names & ~own) finding(p, "another store's name in an answer", text);
    if (header != store && p->runs != store) finding(p, "the wrong store's name above", text);
    snprintf(p->native[store], sizeof p->native[store], "%s", native);
}

/* What nobody asked for: to those who run a store, of their store; to customers, of theirs. */
static void check_notice(struct person *p, const char *text)
{
    unsigned names, set, own = 0;
    if (strstr(text, "bot yang menjawab lagi")) p->talk_ended = 1;
    for (int i = 0; i < STORES; i++)
        if (p->runs == i || (p->runs == NOWHERE && p->goes[i])) own |= 1u << i;
    set = marks_in(text, own, &names);
    if ((set | names) & ~own) finding(p, "another store's mark in a notice", text);
}

static struct person *person_of_chat(const char *chat)
{
    for (int i = 0; i < PERSONS; i++)
        if (!strncmp(wk.persons[i].phone, chat, strlen(wk.persons[i].phone))) return &wk.persons[i];
    return NULL;
}

static int week_send(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    struct person *p = person_of_chat(row->chat);
    char native[40];
    snprintf(native, sizeof native, "N%lld", (long long)row->id);
    if (p && wk.swap > 0 && chance_percent(&wk.chance, 5)) {
        wk.swap--;
        p = &wk.persons[dice(0, PERSONS - 1)];
    }
    wk.sent++;
    if (wk.verbose) printf("%s < %s\n", row->chat, row->text);
    if (p && row->flags & BOT_OUTGOING_ANSWER)
        check_answer(p, row->text, native);
    else if (p)
        check_notice(p, row->text);
    else if (strncmp(row->chat, SUPER, strlen(SUPER)) != 0)
        fail_msg("to nobody: %s", row->chat);
    assert_true(row->id < ROWS_MAX);
    wk.was_sent[row->id] = 1;
    outcome(ctx, row->id, BOT_SENT, native, NULL);
    return BOT_HANDLED;
}

/* The bot died when a row was on its way: the network knows whether it came so far. */
static int week_resolve(struct bot_ctx *ctx, const struct bot_outgoing *row)
{
    int is_sent = wk.was_sent[row->id];
    resolved(ctx, row->id, is_sent ? BOT_RESOLVED_SENT : BOT_RESOLVED_NOT_SENT, NULL);
    return BOT_HANDLED;
}

/* ---- what people do -------------------------------------------------------------------------- */

typedef int act_fn(struct person *p, struct line *out); /* 0: he cannot do it now */

static int a_store_of_his(const struct person *p)
{
    int store = dice(0, STORES - 1);
    while (!p->goes[store]) store = (store + 1) % STORES;
    return store;
}

static int browse(struct person *p, struct line *out)
{
    static const char *const ways[] = { "/lihat_produk", "/produk", "/LIHAT_PRODUK", "/katalog" };
    (void)p;
    snprintf(out->text, sizeof out->text, "%s", ways[dice(0, 3)]);
    return 1;
}

static int next_page(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "lanjut");
    return p->at >= 0;
}

static int search(struct person *p, struct line *out)
{
    static const char *const ways[] = { "ada %s?", "%s", "/lihat_produk %s", "harga %s berapa ya" };
    char lower[20];
    (void)p;
    snprintf(lower, sizeof lower, "%s", good());
    lower[0] = (char)tolower((unsigned char)lower[0]);
    snprintf(out->text, sizeof out->text, ways[dice(0, 3)], lower);
    return 1;
}

static int small_talk(struct person *p, struct line *out)
{
    static const char *const words[] = { "halo", "terima kasih ya", "selamat pagi", "mau tanya",
                                         "ok" };
    (void)p;
    snprintf(out->text, sizeof out->text, "%s", words[dice(0, 4)]);
    return 1;
}

static int by_code(struct person *p, struct line *out)
{
    out->store = a_store_of_his(p);
    snprintf(out->text, sizeof out->text, dice(0, 1) ? "#%s" : "#%s ada sepatu?",
             marks[out->store].code);
    return 1;
}

static int by_code_in_a_command(struct person *p, struct line *out)
{
    out->store = a_store_of_his(p);
    snprintf(out->text, sizeof out->text, "/lihat_produk #%s", marks[out->store].code);
    return 1;
}

static int by_name(struct person *p, struct line *out)
{
    out->store = a_store_of_his(p);
    snprintf(out->text, sizeof out->text, "%s, ada %s?", marks[out->store].name, good());
    return 1;
}

/* An order of his waits for money where he is: a quote of another store's message is answered
 * there, and he stays. */
static int is_held(const struct person *p)
{
    char sql[300];
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM orders_orders WHERE store = %d AND state = 1 AND person ="
             " (SELECT person FROM aliases WHERE alias = 'p:%s')",
             p->at + 1, p->phone);
    return p->at >= 0 && registry_command(w.host->registry, "pesan") && number(sql) > 0;
}

static int by_quote(struct person *p, struct line *out)
{
    out->store = a_store_of_his(p);
    out->quoted = p->native[out->store];
    snprintf(out->text, sizeof out->text, "ini ada %s?", good());
    return *out->quoted && (out->store == p->at || !is_held(p));
}

static int switches(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "GANTI");
    p->wanted = ASKED;
    return 1;
}

static int wants_a_person(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "ADMIN");
    if (p->at >= 0 && registry_command(w.host->registry, "balas")) p->talks = p->at;
    return p->at >= 0;
}

static int wants_the_menu(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, dice(0, 1) ? "MENU" : "BANTUAN");
    if (p->at < 0) p->wanted = NOWHERE;
    return 1;
}

static int a_strange_command(struct person *p, struct line *out)
{
    static const char *const lines[] = { "/tambah_produk\nNama: X\nHarga: 5",
                                         "/stok 1 =5",
                                         "/hapus_produk 1",
                                         "/lihat_toko",
                                         "/tangguhkan 1",
                                         "/pengumuman halo" };
    if (p->at < 0) p->wanted = NOWHERE;
    snprintf(out->text, sizeof out->text, "%s", lines[dice(0, 5)]);
    return 1;
}

/* ---- buying ---------------------------------------------------------------------------------- */

static int buys(struct person *p, struct line *out)
{
    static const char *const ways[] = { "pesan %d %s", "mau beli %d %s kak", "/pesan %d %s",
                                        "pesan %d %s dan 1 tas" };
    (void)p;
    snprintf(out->text, sizeof out->text, ways[dice(0, 3)], dice(1, 4), good());
    return 1;
}

static int checks_out(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, dice(0, 3) ? "checkout" : "bayar");
    return p->at >= 0;
}

static int looks_at_his_cart(struct person *p, struct line *out)
{
    static const char *const ways[] = { "keranjang", "/keranjang", "hapus 1", "ubah 1 2" };
    snprintf(out->text, sizeof out->text, "%s", ways[dice(0, 3)]);
    return p->at >= 0;
}

static int looks_at_his_orders(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, dice(0, 1) ? "pesanan" : "/status");
    return p->at >= 0;
}

/* Somebody's of a store that he may go to, perhaps his. */
static int asks_for_an_order(struct person *p, struct line *out)
{
    out->store = a_store_of_his(p);
    snprintf(out->text, sizeof out->text, "%s-%d", marks[out->store].code, dice(1, 30));
    return 1;
}

static int cancels_his_order(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "/batal_pesanan");
    return p->at >= 0;
}

static int wants_to_be_forgotten(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "hapus data");
    p->wanted = NOWHERE;
    return 1;
}

/* The answer to the question which store, as he reads it. */
static void choose(struct person *p, struct line *out)
{
    char *at = NULL;
    int store = out->store = a_store_of_his(p), way = dice(0, 2);
    if (way == 0 && p->question && (at = strstr(p->question, marks[store].name))) {
        while (at > p->question && at[-1] != '\n') at--;
        snprintf(out->text, sizeof out->text, "%d", atoi(at));
    } else {
        snprintf(out->text, sizeof out->text, "%s",
                 way == 1 ? marks[store].code : marks[store].name);
    }
}

/* ---- what those who run a store do ----------------------------------------------------------- */

static int says(struct person *p, struct line *out, const char *text);

static int64_t a_product(int store)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT id FROM catalog_products WHERE store = %d AND archived = 0"
             " ORDER BY (id * 7919 + %d) %% 101 LIMIT 1",
             store + 1, dice(0, 1000));
    return number(sql);
}

static int price_of(int store)
{
    return (int)marks[store].prime * dice(1, 90);
}

/* So many that it begins with the store's digit however much is bought. */
static int stock_of(int store)
{
    return marks[store].digit * 1000 + dice(500, 900);
}

static int adds(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text,
             "/tambah_produk\nNama: %s %s %d\nHarga: %d\nStok: %d\nKategori: %s", good(),
             marks[p->runs].word, ++wk.products, price_of(p->runs), stock_of(p->runs),
             marks[p->runs].word);
    return 1;
}

static int restocks(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "/stok %lld =%d", (long long)a_product(p->runs),
             stock_of(p->runs));
    return 1;
}

static int reprices(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "/edit_produk %lld\nHarga: %d",
             (long long)a_product(p->runs), price_of(p->runs));
    return 1;
}

static int removes(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "/hapus_produk %lld", (long long)a_product(p->runs));
    p->is_asked = 1; /* YA or TIDAK comes next */
    return 1;
}

static int says_yes(struct person *p, struct line *out)
{
    (void)p;
    snprintf(out->text, sizeof out->text, dice(0, 3) ? "YA" : "TIDAK");
    return 1;
}

static int looks(struct person *p, struct line *out)
{
    (void)p;
    snprintf(out->text, sizeof out->text, dice(0, 1) ? "/lihat_produk" : "ada sepatu?");
    return 1;
}

/* With an id of another store. */
static int reaches_over(struct person *p, struct line *out)
{
    static const char *const lines[] = { "/stok %lld =5", "/stok %lld",
                                         "/edit_produk %lld\nHarga: 5", "/hapus_produk %lld",
                                         "/edit_produk %lld" };
    int other = (p->runs + dice(1, STORES - 1)) % STORES;
    snprintf(out->text, sizeof out->text, lines[dice(0, 4)], (long long)a_product(other));
    return 1;
}

/* By another store's code: there he is a customer like all others. */
static int goes_over(struct person *p, struct line *out)
{
    out->store = (p->runs + dice(1, STORES - 1)) % STORES;
    snprintf(out->text, sizeof out->text, "/stok #%s %lld =5", marks[out->store].code,
             (long long)a_product(out->store));
    return (p - wk.persons) % 2 == 0;
}

/* Of his store; 0: there is none in this state. */
static int64_t an_order(const struct person *p, int state)
{
    char sql[200];
    snprintf(sql, sizeof sql,
             "SELECT number FROM orders_orders WHERE store = %d AND state = %d"
             " ORDER BY (number * 7919 + %d) %% 101 LIMIT 1",
             p->runs + 1, state, dice(0, 1000));
    int64_t n = number(sql);
    return n > 0 ? n : 0;
}

/* What may be said to an order in each state. */
static const char *step_of(int state)
{
    static const char *const steps[] = { "lunas", "proses", "kirim", "selesai" };
    return dice(0, 9) ? steps[state - 1] : "batalkan";
}

static int works_off(struct person *p, struct line *out)
{
    int state = dice(1, 4);
    int64_t n = an_order(p, state);
    snprintf(out->text, sizeof out->text, "/%s %lld %s", step_of(state), (long long)n,
             state == 3 ? marks[p->runs].word : "");
    return n > 0;
}

/* Answering the message that told him of it. */
static int works_off_by_quoting(struct person *p, struct line *out)
{
    static char quoted[40];
    char sql[300];
    int state = dice(1, 4);
    int64_t n = an_order(p, state);
    snprintf(
        sql, sizeof sql,
        "SELECT COALESCE(max(id), 0) FROM outbox WHERE chat LIKE '%s%%' AND tag = 'order:%d:%lld'",
        p->phone, p->runs + 1, (long long)n);
    int64_t row = n ? number(sql) : 0;
    snprintf(quoted, sizeof quoted, "N%lld", (long long)row);
    snprintf(out->text, sizeof out->text, "%s", step_of(state));
    out->quoted = quoted;
    return row > 0;
}

static int lists_orders(struct person *p, struct line *out)
{
    static const char *const ways[] = { "/pesanan",         "/pesanan",       "/pesanan",
                                        "/pesanan selesai", "/pesanan batal", "/pesanan belum" };
    if (dice(0, 3)) return says(p, out, ways[dice(0, 5)]);
    snprintf(out->text, sizeof out->text, "/pesanan %d", dice(1, 30));
    return 1;
}

/* With another store's code: there he is a customer like all others. */
static int reaches_over_for_an_order(struct person *p, struct line *out)
{
    static const char *const ways[] = { "/pesanan %s-%d", "/lunas %s-%d", "%s-%d",
                                        "/batalkan %s-%d" };
    out->store = (p->runs + dice(1, STORES - 1)) % STORES;
    snprintf(out->text, sizeof out->text, ways[dice(0, 3)], marks[out->store].code, dice(1, 20));
    return (p - wk.persons) % 2 == 0;
}

static int wants_the_report(struct person *p, struct line *out)
{
    char text[40];
    snprintf(text, sizeof text, "/laporan %02d:00", dice(8, 20));
    return says(p, out, dice(0, 1) ? text : "/laporan");
}

/* Commands that show what a store has, and need nothing said. */
static int says(struct person *p, struct line *out, const char *text)
{
    (void)p;
    snprintf(out->text, sizeof out->text, "%s", text);
    return 1;
}

static int asks_hours(struct person *p, struct line *out)
{
    return says(p, out, "/jam");
}

static int asks_categories(struct person *p, struct line *out)
{
    return says(p, out, "/kategori");
}

static int asks_for_a_picture(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "/foto %d", dice(1, wk.products));
    return p->at >= 0;
}

static int lists_customers(struct person *p, struct line *out)
{
    return says(p, out, "/lihat_customer");
}

static int lists_admins(struct person *p, struct line *out)
{
    return says(p, out, "/daftar_admin");
}

static int asks_figures(struct person *p, struct line *out)
{
    return says(p, out, "/stats_toko");
}

static int looks_what_runs_out(struct person *p, struct line *out)
{
    return says(p, out, dice(0, 1) ? "/stok_menipis" : "/stok_menipis 4000");
}

static int sets_a_greeting(struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "/set_salam Selamat datang, %s siap melayani",
             marks[p->runs].word);
    return 1;
}

/* A customer of another store, by his number. */
static int looks_for_a_stranger(struct person *p, struct line *out)
{
    int i = dice(0, CUSTOMERS - 1);
    while (wk.persons[i].goes[p->runs]) i = (i + 1) % CUSTOMERS;
    snprintf(out->text, sizeof out->text, "/lihat_customer %s", wk.persons[i].phone);
    return 1;
}

/* To a customer who talks to a person; 0 when nobody does in this store. */
static int to_one_who_talks(const struct person *p, struct line *out, const char *format, int ends)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        char sql[100];
        const struct person *c = &wk.persons[i];
        if (c->talks != p->runs || c->talk_ended || c->waits) continue;
        wk.persons[i].talk_ended = ends;
        snprintf(sql, sizeof sql, "SELECT person FROM aliases WHERE alias = 'p:%s'",
                 wk.persons[i].phone);
        snprintf(out->text, sizeof out->text, format, (long long)number(sql), marks[p->runs].word);
        return 1;
    }
    return 0;
}

static int replies(struct person *p, struct line *out)
{
    return to_one_who_talks(p, out, "/balas %lld Siap Kak, ini %s", 0);
}

static int ends_a_talk(struct person *p, struct line *out)
{
    return to_one_who_talks(p, out, "/bot %lld", 1);
}

/* What he says is not answered, but told to those who run the store. */
static void talk(const struct person *p, struct line *out)
{
    snprintf(out->text, sizeof out->text, "masih ada %s, Kak?", marks[p->talks].word);
}

enum { BY_CUSTOMERS = 1, BY_ADMINS = 2 };

static const struct act {
    const char *name;
    int by, weight;
    act_fn *run;
    const char *needs; /* a command, without which it is not played */
} acts[] = {
    { "browse", BY_CUSTOMERS, 20, browse, NULL },
    { "next page", BY_CUSTOMERS, 8, next_page, NULL },
    { "search", BY_CUSTOMERS, 30, search, NULL },
    { "small talk", BY_CUSTOMERS, 8, small_talk, NULL },
    { "by code", BY_CUSTOMERS, 12, by_code, NULL },
    { "by code in a command", BY_CUSTOMERS, 5, by_code_in_a_command, NULL },
    { "by name", BY_CUSTOMERS, 8, by_name, NULL },
    { "by quote", BY_CUSTOMERS, 10, by_quote, NULL },
    { "switch", BY_CUSTOMERS, 8, switches, NULL },
    { "a person", BY_CUSTOMERS, 8, wants_a_person, NULL },
    { "menu", BY_CUSTOMERS, 4, wants_the_menu, NULL },
    { "strange command", BY_CUSTOMERS, 4, a_strange_command, NULL },
    { "buy", BY_CUSTOMERS, 25, buys, "pesan" },
    { "checkout", BY_CUSTOMERS, 12, checks_out, "pesan" },
    { "cart", BY_CUSTOMERS, 6, looks_at_his_cart, "pesan" },
    { "orders", BY_CUSTOMERS, 8, looks_at_his_orders, "pesan" },
    { "an order", BY_CUSTOMERS, 6, asks_for_an_order, "pesan" },
    { "cancel an order", BY_CUSTOMERS, 3, cancels_his_order, "pesan" },
    { "be forgotten", BY_CUSTOMERS, 2, wants_to_be_forgotten, "balas" },
    { "add", BY_ADMINS, 12, adds, NULL },
    { "restock", BY_ADMINS, 20, restocks, NULL },
    { "reprice", BY_ADMINS, 15, reprices, NULL },
    { "remove", BY_ADMINS, 5, removes, NULL },
    { "yes", BY_ADMINS, 5, says_yes, NULL },
    { "look", BY_ADMINS, 10, looks, NULL },
    { "reach over", BY_ADMINS, 12, reaches_over, NULL },
    { "go over", BY_ADMINS, 8, goes_over, NULL },
    { "hours", BY_CUSTOMERS, 4, asks_hours, "jam" },
    { "categories", BY_CUSTOMERS, 4, asks_categories, "kategori" },
    { "a picture", BY_CUSTOMERS, 4, asks_for_a_picture, "foto" },
    { "customers", BY_ADMINS, 8, lists_customers, "lihat_customer" },
    { "a stranger", BY_ADMINS, 6, looks_for_a_stranger, "lihat_customer" },
    { "admins", BY_ADMINS, 3, lists_admins, "daftar_admin" },
    { "figures", BY_ADMINS, 12, asks_figures, "stats_toko" },
    { "running out", BY_ADMINS, 4, looks_what_runs_out, "stok_menipis" },
    { "greeting", BY_ADMINS, 8, sets_a_greeting, "set_salam" },
    { "reply", BY_ADMINS, 40, replies, "balas" },
    { "end of a talk", BY_ADMINS, 60, ends_a_talk, "bot" },
    { "work off", BY_ADMINS, 50, works_off, "lunas" },
    { "work off by quoting", BY_ADMINS, 50, works_off_by_quoting, "lunas" },
    { "list orders", BY_ADMINS, 25, lists_orders, "lunas" },
    { "reach over for an order", BY_ADMINS, 8, reaches_over_for_an_order, "lunas" },
    { "report", BY_ADMINS, 4, wants_the_report, "laporan" },
};

/* ---- the week -------------------------------------------------------------------------------- */

static int is_played(const struct act *act)
{
    return !act->needs || registry_command(w.host->registry, act->needs);
}

static const struct act *pick(int by)
{
    int all = 0;
    for (size_t i = 0; i < BOT_COUNT(acts); i++)
        all += acts[i].by == by && is_played(&acts[i]) ? acts[i].weight : 0;
    int at = dice(0, all - 1);
    for (size_t i = 0;; i++)
        if (acts[i].by == by && is_played(&acts[i]) && (at -= acts[i].weight) < 0) return &acts[i];
}

/* What the message is for, by the model; and where that leaves him. */
static void decide(struct person *p, const struct line *line)
{
    if (p->wanted == ASKED || p->wanted == NOWHERE) { /* the act knows it */
        p->is_asked = p->wanted == ASKED;
        return;
    }
    if (p->runs != NOWHERE) {
        p->wanted = line->store >= 0 ? line->store : p->runs;
        return;
    }
    if (line->store >= 0) p->at = line->store;
    p->wanted = p->at >= 0 ? p->at : ASKED;
    p->is_asked = p->wanted == ASKED;
}

static void write_message(struct person *p, const struct line *line)
{
    char native[32];
    snprintf(native, sizeof native, "W%d", ++wk.messages);
    if (wk.verbose) printf("%s (%s) > %s\n", p->phone, p->name, line->text);
    p->waits = 1;
    p->answers = 0;
    post_in((struct bot_incoming){ .kind = BOT_IN_MESSAGE,
                                   .native_id = native,
                                   .phone = p->phone,
                                   .name = p->name,
                                   .text = line->text,
                                   .quoted_id = line->quoted });
}

/* One act of one person; 0 when he had none. */
static int act_of(struct person *p)
{
    struct line line = { .store = NOWHERE };
    p->wanted = 0;
    if (p->talks != NOWHERE) {
        talk(p, &line);
        *p->open = '\0';
        write_message(p, &line);
        p->waits = 0;
        return 1;
    }
    if (*p->open && p->runs == NOWHERE) {
        if (p->leaves) p->wanted = NOWHERE;
        p->leaves = 0;
        snprintf(line.text, sizeof line.text, "%s", p->open);
        *p->open = '\0';
    } else if (p->is_asked) {
        p->is_asked = 0;
        if (p->runs == NOWHERE)
            choose(p, &line);
        else
            says_yes(p, &line);
    } else {
        const struct act *act = pick(p->runs == NOWHERE ? BY_CUSTOMERS : BY_ADMINS);
        if (!act->run(p, &line)) return 0;
        wk.done[act - acts]++;
    }
    decide(p, &line);
    write_message(p, &line);
    return 1;
}

static void everybody_was_answered(void)
{
    for (int i = 0; i < PERSONS; i++) {
        struct person *p = &wk.persons[i];
        if (p->waits && !p->answers) finding(p, "no answer", "");
        p->waits = 0;
        if (p->talk_ended) p->talks = NOWHERE;
        p->talk_ended = 0;
    }
}

/* "NAME = FILE" of those that are there. */
static const char *plugin_lines(void)
{
    static const char *const names[] = { "super-admin", "catalog", "store-admin", "orders" };
    static char lines[1000];
    size_t at = 0;
    for (size_t i = 0; i < BOT_COUNT(names); i++) {
        char file[300];
        snprintf(file, sizeof file, REAL_PLUGINS "%s.so", names[i]);
        if (access(file, R_OK)) continue;
        at += (size_t)snprintf(lines + at, sizeof lines - at, "%s = %s\n", names[i], file);
    }
    return lines;
}

/* Another generation of every plugin whose section has changed. */
static void week_reload(void)
{
    static char ini[80];
    snprintf(ini, sizeof ini, "[catalog]\npage_size = %d\n", 5 + ++wk.reloads % 7);
    edit_ini(plugin_lines(), ini);
    assert_int_equal(reload(), 1);
}

/* Before he forgets: which store, which product, where to, YA. How many there were. */
static int who_was_asked_answers(void)
{
    int n = 0;
    for (int i = 0; i < PERSONS; i++) {
        struct person *p = &wk.persons[i];
        if (!p->is_asked && (!*p->open || p->runs != NOWHERE)) continue;
        n += act_of(p);
    }
    return n;
}

/* Customers of several stores write more often than others. */
static struct person *somebody(void)
{
    if (dice(0, 3) == 0) return &wk.persons[dice(CUSTOMERS, PERSONS - 1)];
    return &wk.persons[dice(0, 1) ? 4 * dice(0, 7) : dice(0, CUSTOMERS - 1)];
}

/* Some write at the same moment; now and then the bot dies or is renewed just then. */
static void round_of_acts(void)
{
    int trouble = dice(0, 99), together = dice(1, TOGETHER);
    for (int i = 0; i < together; i++) {
        struct person *p = somebody();
        if (!p->waits) act_of(p);
    }
    if (trouble < 2) {
        loop_turn(&w.host->loop); /* they are in the journal, and nothing else has happened */
        if (wk.verbose) printf("-- restart %d\n", trouble);
        world_reopen(trouble);
        wk.restarts++;
    } else if (trouble == 2) {
        week_reload();
    }
    run();
    pass(2000);
    everybody_was_answered();
    while (who_was_asked_answers()) {
        if (dice(0, 99) == 0) {
            loop_turn(&w.host->loop);
            world_reopen(0);
        }
        run();
        pass(2000);
        everybody_was_answered();
    }
    pass(dice(0, 2 * (DAYS * 86400000LL / ROUNDS)));
}

static void people_come(void)
{
    for (int i = 0; i < PERSONS; i++) {
        struct person *p = &wk.persons[i];
        int home = i % STORES, of_several = i % 4 == 0;
        snprintf(p->phone, sizeof p->phone, "6281100000%03u", (unsigned)(100 + i) % 1000);
        snprintf(p->name, sizeof p->name, "Kak %s%d", of_several ? "UMUM" : marks[home].word, i);
        p->runs = NOWHERE;
        p->at = p->talks = NOWHERE;
        p->goes[home] = 1;
        if (of_several) p->goes[(home + 1) % STORES] = p->goes[(home + 2) % STORES] = 1;
        if (i < CUSTOMERS) continue;
        p->runs = (i - CUSTOMERS) / 2;
        /* Owners go over to other stores, where they are customers; their staff does not. */
        snprintf(p->name, sizeof p->name, "Admin %s", i % 2 ? marks[p->runs].word : "UMUM");
    }
}

static void stores_open(void)
{
    for (int i = 0; i < STORES; i++) {
        char sql[200];
        snprintf(sql, sizeof sql,
                 "INSERT INTO stores(code, name, created_at) VALUES ('%s', '%s', 1)", marks[i].code,
                 marks[i].name);
        script(sql);
    }
    stores_changed(w.host);
    for (int i = CUSTOMERS; i < PERSONS; i++) {
        const struct person *p = &wk.persons[i];
        char line[80];
        snprintf(line, sizeof line, "/set_admin_toko %d %s", p->runs + 1, p->phone);
        say(SUPER, line);
    }
    for (int n = 0; n < 30; n++) {
        struct person *p = &wk.persons[CUSTOMERS + n % ADMINS];
        struct line line = { .store = NOWHERE };
        p->wanted = 0;
        adds(p, &line);
        decide(p, &line);
        write_message(p, &line);
        run();
        everybody_was_answered();
    }
    assert_int_equal(number("SELECT count(*) FROM catalog_products"), 30);
    assert_true(BOT_COUNT(acts) <= BOT_COUNT(wk.done));
    for (int i = 0; i < STORES && registry_command(w.host->registry, "pembayaran"); i++) {
        struct person *p = &wk.persons[CUSTOMERS + 2 * i];
        struct line line = { .store = NOWHERE };
        snprintf(line.text, sizeof line.text, "/pembayaran BCA 123456789 a.n. %s", marks[i].word);
        p->wanted = p->runs;
        write_message(p, &line);
        run();
        everybody_was_answered();
    }
}

typedef void sabotage_fn(void);

static int is_found(const char *one, const char *other)
{
    for (int i = 0; i < wk.findings && i < FINDINGS; i++)
        if (strstr(wk.found[i], one) || strstr(wk.found[i], other)) return 1;
    return 0;
}

/* Plays the week; with a sabotage on the third day, until it is found as one or the other. */
static void play(sabotage_fn *sabotage, const char *one, const char *other)
{
    const char *seed = getenv("WEEK_SEED");
    const struct world_conf conf = { .plugins = plugin_lines() };
    world_open(&conf);
    memset(&wk, 0, sizeof wk);
    wk.chance.state = seed ? strtoull(seed, NULL, 10) : 1;
    wk.verbose = getenv("WEEK_VERBOSE") != NULL;
    w.send = week_send;
    w.resolve = week_resolve;
    people_come();
    stores_open();
    for (int i = 0; i < ROUNDS; i++) {
        if (sabotage && i == ROUNDS * 2 / DAYS) sabotage();
        round_of_acts();
        if (sabotage ? is_found(one, other) || wk.findings > FINDINGS : wk.findings) break;
    }
}

static int week_close(void **state)
{
    for (int i = 0; i < PERSONS; i++) free(wk.persons[i].question);
    return world_close(state);
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void three_stores_never_mix(void **state)
{
    (void)state;
    play(NULL, NULL, NULL);
    for (int i = 0; i < wk.findings && i < FINDINGS; i++) print_error("%s\n", wk.found[i]);
    if (wk.findings) fail_msg("%d findings after %d messages", wk.findings, wk.messages);
    for (size_t i = 0; i < BOT_COUNT(acts); i++)
        if (is_played(&acts[i]) && !wk.done[i]) fail_msg("\"%s\" did not happen", acts[i].name);
    assert_true(wk.messages > 2000 && wk.restarts > 2 && wk.reloads > 0);
    print_message("%d messages, %d sent, %d products, %d orders, %d restarts, %d reloads\n",
                  wk.messages, wk.sent, wk.products,
                  (int)number("SELECT count(*) FROM orders_orders"), wk.restarts, wk.reloads);
}

/* A product of the first store that is the second one's all of a sudden. */
static void leak_products(void)
{
    script("UPDATE OR IGNORE catalog_products SET store = 2 WHERE store = 1 AND id % 2 = 0");
}

/* Customers are remembered where they have never been. */
static void lose_memory(void)
{
    script("UPDATE members SET store = 1 + store % 3, last_seen = last_seen + 1000000000"
           " WHERE person IN (SELECT person FROM members GROUP BY person HAVING count(*) = 1)");
}

/* Who runs a store runs another one instead. */
static void mix_up_admins(void)
{
    script("UPDATE roles SET store = 1 + store % 3");
}

/* As if a statement had forgotten its store: what one sells is in every store's figures. */
static void share_the_sales(void)
{
    script("CREATE TRIGGER share AFTER UPDATE OF rupiah ON orders_days BEGIN"
           " UPDATE orders_days SET rupiah = rupiah + new.rupiah - old.rupiah"
           " WHERE day = new.day AND store <> new.store; END");
}

/* The same: each order is in the next store's lists, too. */
static void share_the_orders(void)
{
    script(
        "CREATE TRIGGER share AFTER INSERT ON orders_orders BEGIN"
        " INSERT INTO orders_orders (store, number, person, state, delivery, payment, name,"
        " address, note, total, placed_at, changed_at)"
        " VALUES (1 + new.store % 3, -new.id, new.person, 2, new.delivery, new.payment, new.name,"
        " new.address, new.note, new.total, new.placed_at, new.changed_at); END");
}

static void mix_up_envelopes(void)
{
    wk.swap = 1000;
}

static void must_find(sabotage_fn *sabotage, const char *one, const char *other)
{
    play(sabotage, one, other);
    if (!wk.findings) fail_msg("a whole week, and nothing was found");
    if (!is_found(one, other)) fail_msg("found for something else: %s", wk.found[0]);
}

static void leaked_products_are_found(void **state)
{
    (void)state;
    must_find(leak_products, "another store's mark in an answer",
              "another store's mark in an answer");
}

static void a_lost_memory_is_found(void **state)
{
    (void)state;
    must_find(lose_memory, "another store's mark in an answer", "the wrong store's name above");
}

static void mixed_up_admins_are_found(void **state)
{
    (void)state;
    must_find(mix_up_admins, "another store's mark in a", "another store's name in a");
}

static void shared_orders_are_found(void **state)
{
    (void)state;
    must_find(share_the_orders, "another store's mark in a", "another store's mark in a");
}

static void shared_sales_are_found(void **state)
{
    (void)state;
    must_find(share_the_sales, "Penjualan", "penjualan");
}

static void mixed_up_envelopes_are_found(void **state)
{
    (void)state;
    must_find(mix_up_envelopes, "an", "an"); /* it shows in many ways */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(three_stores_never_mix, week_close),
        cmocka_unit_test_teardown(leaked_products_are_found, week_close),
        cmocka_unit_test_teardown(a_lost_memory_is_found, week_close),
        cmocka_unit_test_teardown(mixed_up_admins_are_found, week_close),
        cmocka_unit_test_teardown(shared_orders_are_found, week_close),
        cmocka_unit_test_teardown(shared_sales_are_found, week_close),
        cmocka_unit_test_teardown(mixed_up_envelopes_are_found, week_close),
    };
    return cmocka_run_group_tests_name("a week of three stores", tests, NULL, NULL);
}
