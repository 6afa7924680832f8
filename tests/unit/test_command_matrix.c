/* SPDX-License-Identifier: MIT
 * test_command_matrix.c - every command of every real plugin, by everybody, in his own store and in
 * another one: who may run it is what the table says, and a refusal changes nothing.
 *
 * The commands are read from what is loaded, so a new one without a row fails. A new command is one
 * line in `rows`; a new plugin is found by its file. A row whose command is not there is passed
 * over. */
#include "host_fixture.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/people/members.h"

#define REAL_PLUGINS FIXTURE_PLUGINS "/../../plugins"

#define STAFF       "6281100000041" /* of store 1 */
#define OWNER       "6281100000042" /* of store 1 */
#define OTHER_OWNER "6281100000043" /* of store 2 */

enum { CUSTOMERS = BOT_ANYONE, ADMINS = BOT_STORE_ADMIN, OWNERS = BOT_OWNER, SUPERS = BOT_SUPER };

/* What an id in the arguments is of. */
enum id_of {
    NO_ID,
    STORE_ID,
    PRODUCT_ID,
    CUSTOMER_ID,
    ORDER_ID, /* its number within the store */
    TALK_ID   /* a customer's, of whom nothing is said but whether an admin talks to him */
};

static const struct row {
    const char *command;
    unsigned roles;   /* who may run it */
    enum id_of id;    /* what its first argument is; one of another store's must not be found */
    const char *args; /* behind the id */
} rows[] = {
    /* catalog */
    { "lihat_produk", CUSTOMERS, NO_ID, "" },
    { "tambah_produk", ADMINS, NO_ID, "\nNama: Teh\nHarga: 5000" },
    { "edit_produk", ADMINS, PRODUCT_ID, "\nHarga: 7000" },
    { "hapus_produk", ADMINS, PRODUCT_ID, "" },
    { "stok", ADMINS, PRODUCT_ID, "=9" },
    { "stok_menipis", ADMINS, NO_ID, "5" },
    { "varian", ADMINS, PRODUCT_ID, "tambah M = 7000, 3" },
    { "foto", CUSTOMERS, PRODUCT_ID, "" },
    { "kategori", CUSTOMERS, NO_ID, "" },
    { "ekspor", ADMINS, NO_ID, "" },
    { "impor", ADMINS, NO_ID, "" },
    /* orders */
    { "pesan", CUSTOMERS, NO_ID, "1 sepatu" },
    { "keranjang", CUSTOMERS, NO_ID, "" },
    { "checkout", CUSTOMERS, NO_ID, "" },
    { "pesanan", CUSTOMERS, ORDER_ID, "" },
    { "batal_pesanan", CUSTOMERS, ORDER_ID, "" },
    { "lunas", ADMINS, ORDER_ID, "" },
    { "proses", ADMINS, ORDER_ID, "" },
    { "kirim", ADMINS, ORDER_ID, "JNE 0123" },
    { "selesai", ADMINS, ORDER_ID, "" },
    { "batalkan", ADMINS, ORDER_ID, "habis" },
    /* store-admin */
    { "toko", ADMINS, NO_ID, "" },
    { "profil_toko", ADMINS, NO_ID, "nama Toko Hebat" },
    { "set_salam", ADMINS, NO_ID, "Halo Kak" },
    { "pembayaran", ADMINS, NO_ID, "BCA 1234567890 a.n. Toko Maju" },
    { "set_jam", ADMINS, NO_ID, "senin-jumat 08.00-17.00" },
    { "libur", ADMINS, NO_ID, "17 Agustus" },
    { "jam", CUSTOMERS, NO_ID, "" },
    { "qr_toko", ADMINS, NO_ID, "" },
    { "tambah_admin", OWNERS, NO_ID, "6281100000098" },
    { "hapus_admin", OWNERS, NO_ID, STAFF },
    { "daftar_admin", ADMINS, NO_ID, "" },
    { "lihat_customer", ADMINS, NO_ID, "" },
    { "blokir", ADMINS, CUSTOMER_ID, "" },
    { "buka_blokir", ADMINS, CUSTOMER_ID, "" },
    { "balas", ADMINS, CUSTOMER_ID, "Siap Kak" },
    { "bot", ADMINS, TALK_ID, "" },
    { "stats_toko", ADMINS, NO_ID, "" },
    { "laporan", ADMINS, NO_ID, "20.00" },
    /* super-admin */
    { "daftar_toko", SUPERS, NO_ID, "" },
    { "set_admin_toko", SUPERS, STORE_ID, "6281100000099" },
    { "lihat_toko", SUPERS, STORE_ID, "" },
    { "setujui", SUPERS, STORE_ID, "" },
    { "tolak", SUPERS, STORE_ID, "alasan" },
    { "tangguhkan", SUPERS, STORE_ID, "" },
    { "pulihkan", SUPERS, STORE_ID, "" },
    { "limit", SUPERS, STORE_ID, "7" },
    { "stats_global", SUPERS, NO_ID, "" },
    { "pengumuman", SUPERS, NO_ID, "Halo" },
    { "plugin", SUPERS, NO_ID, "" },
    { "muat_ulang", SUPERS, NO_ID, "" },
    /* waha */
    { "wa", SUPERS, NO_ID, "" },
};

/* Who writes. `elsewhere`: his roles in store 2. */
static const struct writer {
    const char *name, *phone;
    unsigned roles, elsewhere;
    int owns; /* SUPER is made the owner of store 1 first */
} writers[] = {
    { "a customer", BUDI, BOT_CUSTOMER, BOT_CUSTOMER, 0 },
    { "staff", STAFF, BOT_CUSTOMER | BOT_STAFF, BOT_CUSTOMER, 0 },
    { "an owner", OWNER, BOT_CUSTOMER | BOT_OWNER, BOT_CUSTOMER, 0 },
    { "another store's owner", OTHER_OWNER, BOT_CUSTOMER, BOT_CUSTOMER | BOT_OWNER, 0 },
    { "a super admin", SUPER, BOT_CUSTOMER | BOT_SUPER, BOT_CUSTOMER | BOT_SUPER, 0 },
    { "a super admin who is the owner", SUPER, BOT_CUSTOMER | BOT_SUPER | BOT_OWNER,
      BOT_CUSTOMER | BOT_SUPER, 1 },
};

static const char *const refusals[] = { "hanya untuk super admin", "hanya untuk admin toko",
                                        "hanya untuk pemilik toko" };

/* ---- the world ------------------------------------------------------------------------------- */

/* "NAME = FILE" of all plugins that are delivered. */
static const char *plugin_lines(void)
{
    static char lines[4000];
    struct dirent **files = NULL;
    size_t at = 0;
    int n = scandir(REAL_PLUGINS, &files, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = files[i]->d_name, *dot = strrchr(name, '.');
        int is_plugin = dot && !strcmp(dot, ".so") && strncmp(name, "sim", 3) != 0;
        if (is_plugin)
            at += (size_t)snprintf(lines + at, sizeof lines - at, "%.*s = %s/%s\n",
                                   (int)(dot - name), name, REAL_PLUGINS, name);
        free(files[i]);
    }
    free(files);
    return lines;
}

static int64_t person_of(const char *phone)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT person FROM aliases WHERE alias = 'p:%s'", phone);
    return number(sql);
}

static void give_role(const char *phone, int store, int role)
{
    char sql[200];
    int64_t person = person_of(phone);
    assert_true(person > 0);
    snprintf(sql, sizeof sql,
             "INSERT INTO roles(store, person, role, created_at) VALUES (%d, %lld, %d, 1);"
             "DELETE FROM members WHERE person = %lld AND store = %d",
             store, (long long)person, role, (long long)person, store);
    script(sql);
    people_has_roles(w.host, person);
}

/* What was said meanwhile, and nothing is open any more. Threads and the network fail. */
static void settle(void)
{
    for (int i = 0; i < 20; i++) {
        run();
        while (w.http_count) network_fails(HTTP_EIO);
        jobs_run();
    }
}

/* The answer to `phone`, or NULL when it has not come. */
static const char *ask(const char *phone, const char *text)
{
    char chat[80];
    const char *answer = NULL;
    size_t before = w.sent_count;
    snprintf(chat, sizeof chat, "%s@c", phone);
    say(phone, text);
    pass(2000);
    settle();
    for (size_t i = before; i < w.sent_count && !answer; i++)
        if (!strcmp(w.sents[i].chat, chat)) answer = w.sents[i].text;
    return answer;
}

/* Two stores, a product and a customer each; everybody has written once, so that what a message
 * leaves of itself is there. */
static void open_world(int super_owns)
{
    static const char *const everybody[] = { BUDI, STAFF, OWNER, OTHER_OWNER, SUPER };
    const struct world_conf conf = { .plugins = plugin_lines(),
                                     .ini = "[waha]\nmanage_session = no\n",
                                     .stores = 2 };
    world_open(&conf);
    settle();
    for (size_t i = 0; i < BOT_COUNT(everybody); i++) {
        ask(everybody[i], "#MAJU3 halo");
        ask(everybody[i], "#MAJU2 halo");
    }
    ask(CITRA, "#MAJU3 halo");
    give_role(STAFF, 1, BOT_STAFF);
    give_role(OWNER, 1, BOT_OWNER);
    give_role(OTHER_OWNER, 2, BOT_OWNER);
    ask(OWNER, "/tambah_produk\nNama: Sepatu\nHarga: 500000\nStok: 3");
    ask(OTHER_OWNER, "/tambah_produk\nNama: Batik\nHarga: 300000\nStok: 3");
    assert_int_equal(number("SELECT count(*) FROM catalog_products"), 2);
    if (super_owns) give_role(SUPER, 1, BOT_OWNER);
}

static void place_order(const char *phone, const char *store, const char *wish)
{
    char first[80];
    int64_t before = number("SELECT count(*) FROM orders_orders");
    snprintf(first, sizeof first, "%s %s", store, wish);
    ask(phone, first);
    ask(phone, "checkout");
    ask(phone, "2");
    ask(phone, "Budi Santoso"); /* no answer to what is asked when his name is known */
    ask(phone, "ya");
    assert_int_equal(number("SELECT count(*) FROM orders_orders"), before + 1);
}

/* BUDI's order 1 in store 1, CITRA's orders 1 and 2 in store 2. */
static void place_orders(void)
{
    place_order(BUDI, "#MAJU2", "pesan sepatu");
    place_order(CITRA, "#MAJU3", "pesan batik");
    place_order(CITRA, "#MAJU3", "pesan batik");
    for (int i = 0; i < 2; i++) ask(BUDI, i ? "#MAJU2 halo" : "#MAJU3 halo");
}

/* What the row's id is of is there. */
static void open_world_for(const struct row *row, int super_owns)
{
    open_world(super_owns);
    if (row->id == ORDER_ID && registry_command(w.host->registry, row->command)) place_orders();
}

/* ---- what is in the database ----------------------------------------------------------------- */

/* A message leaves something of itself here, whatever it says. */
static int is_traffic(const char *table)
{
    static const char *const tables[] = { "inbox", "outbox", "outbox_extras", "persons", "members",
                                          "kv",    "tally",  "schedules",     "sessions" };
    for (size_t i = 0; i < BOT_COUNT(tables); i++)
        if (!strcmp(tables[i], table)) return 1;
    return !strncmp(table, "sqlite_", 7) || !strncmp(table, "waha_", 5);
}

static void dump_table(const char *table, struct buf *out)
{
    char sql[160];
    sqlite3_stmt *st = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
    assert_int_equal(sqlite3_prepare_v2(w.host->db.sql, sql, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        buf_addf(out, "%s:", table);
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            const char *value = (const char *)sqlite3_column_text(st, i);
            buf_addf(out, " %s", value ? value : "NULL");
        }
        buf_addc(out, '\n');
    }
    sqlite3_finalize(st);
}

static char *dump(void)
{
    struct buf out = { 0 };
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(w.host->db.sql,
                                        "SELECT name FROM sqlite_master WHERE type = 'table'"
                                        " ORDER BY name",
                                        -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *table = (const char *)sqlite3_column_text(st, 0);
        if (!is_traffic(table)) dump_table(table, &out);
    }
    sqlite3_finalize(st);
    buf_addc(&out, '\n');
    return out.data;
}

/* The first line of `after` that `before` has not, or the other way round. */
static void same_dump(const char *before, const char *after, const char *what)
{
    size_t at = 0;
    if (!strcmp(before, after)) return;
    while (before[at] == after[at]) at++;
    while (at && before[at - 1] != '\n') at--;
    fail_msg("%s changed the database:\n- %.*s\n+ %.*s", what, (int)strcspn(before + at, "\n"),
             before + at, (int)strcspn(after + at, "\n"), after + at);
}

/* ---- one cell -------------------------------------------------------------------------------- */

static int is_refusal(const char *answer)
{
    for (size_t i = 0; answer && i < BOT_COUNT(refusals); i++)
        if (strstr(answer, refusals[i])) return 1;
    return 0;
}

static void command_line(char *out, size_t cap, const struct row *row, int64_t id, const char *code)
{
    char number_text[24] = "";
    if (row->id != NO_ID) snprintf(number_text, sizeof number_text, " %lld", (long long)id);
    snprintf(out, cap, "/%s%s%s%s%s%s", row->command, *code ? " " : "", code, number_text,
             *row->args && *row->args != '\n' ? " " : "", row->args);
}

/* In store 2 something that store 1 has not. */
static int64_t id_in(const struct row *row, int store)
{
    return row->id == CUSTOMER_ID || row->id == TALK_ID ? person_of(store == 1 ? BUDI : CITRA)
                                                        : store;
}

/* `who` writes the command for `store`: it is run, or refused and nothing has changed. */
static void try_cell(const struct row *row, const struct writer *who, int store, int allowed)
{
    char line[200], what[400];
    command_line(line, sizeof line, row, id_in(row, store), store == 1 ? "" : "#MAJU3");
    snprintf(what, sizeof what, "%s, writing \"%s\",", who->name, line);
    char *before = dump();
    const char *answer = ask(who->phone, line);
    char *after = dump();
    if (allowed && (!answer || is_refusal(answer)))
        fail_msg("%s was refused: %s", what, answer ? answer : "(nothing)");
    if (!allowed) {
        if (!is_refusal(answer))
            fail_msg("%s was not refused: %s", what, answer ? answer : "(nothing)");
        same_dump(before, after, what);
    }
    free(before);
    free(after);
    ask(who->phone, "BATAL");
}

static void try_row(const struct row *row, const struct writer *who)
{
    const struct command *c = registry_command(w.host->registry, row->command);
    if (!c) return;
    int of_store = c->spec.scope == BOT_THIS_STORE;
    int anybody = (row->roles & BOT_CUSTOMER) != 0;
    /* First where it may be refused, so that what it does cannot be mistaken for that. */
    if (of_store && (anybody || !((who->roles | who->elsewhere) & row->roles)))
        try_cell(row, who, 2, anybody);
    if (anybody) ask(who->phone, "#MAJU2 MENU");
    int runs = (who->roles & row->roles) != 0;
    int somewhere = ((who->roles | who->elsewhere) & row->roles) != 0;
    if (runs || !somewhere) try_cell(row, who, 1, runs);
}

/* ---- the tests ------------------------------------------------------------------------------- */

static const struct row *row_of(const char *command)
{
    for (size_t i = 0; i < BOT_COUNT(rows); i++)
        if (!strcmp(rows[i].command, command)) return &rows[i];
    return NULL;
}

static void every_command_has_a_row(void **state)
{
    (void)state;
    open_world(0);
    const struct registry *r = w.host->registry;
    for (size_t i = 0; i < r->command_count; i++)
        if (!row_of(r->command_list[i]->spec.name))
            fail_msg("/%s has no row in the table", r->command_list[i]->spec.name);
}

static void run_writer(const struct writer *who)
{
    for (size_t i = 0; i < BOT_COUNT(rows); i++) {
        open_world_for(&rows[i], who->owns);
        try_row(&rows[i], who);
        world_close(NULL);
    }
}

#define WRITER(name, at)                                                                           \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        run_writer(&writers[at]);                                                                  \
    }
WRITER(a_customer, 0)
WRITER(staff, 1)
WRITER(an_owner, 2)
WRITER(another_stores_owner, 3)
WRITER(a_super_admin, 4)
WRITER(a_super_admin_who_is_the_owner, 5)

/* A code in a command of those who run a store never brings them into one that they do not run. */
static void a_foreign_code_opens_no_store(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(rows); i++) {
        char line[200];
        if (rows[i].roles & BOT_CUSTOMER || !(rows[i].roles & BOT_STORE_ADMIN)) continue;
        open_world_for(&rows[i], 1);
        for (size_t k = 0; k < 3 && registry_command(w.host->registry, rows[i].command); k++) {
            const char *phone = k == 0 ? STAFF : k == 1 ? OWNER : SUPER;
            command_line(line, sizeof line, &rows[i], id_in(&rows[i], 2), "#MAJU3");
            char *before = dump();
            const char *answer = ask(phone, line);
            char *after = dump();
            same_dump(before, after, line);
            if (!is_refusal(answer) && !(answer && strstr(answer, "tidak ditemukan")))
                fail_msg("\"%s\" was not refused: %s", line, answer ? answer : "-");
            if (answer && strstr(answer, "Batik")) fail_msg("\"%s\" shows: %s", line, answer);
            free(before);
            free(after);
            ask(phone, "BATAL");
        }
        world_close(NULL);
    }
}

/* What is said of an id that is another store's, and of one that is nobody's, but for the id. */
static void says_the_same(const struct row *row, const char *phone)
{
    char line[200];
    struct buf said[2] = { { 0 }, { 0 } };
    for (int k = 0; k < 2; k++) {
        command_line(line, sizeof line, row, k ? 4711 : id_in(row, 2), "");
        const char *answer = ask(phone, line);
        if (!answer || (row->id != TALK_ID && !strstr(answer, "tidak ditemukan")))
            fail_msg("\"%s\" is answered: %s", line, answer ? answer : "(nothing)");
        for (const char *c = answer; *c; c++)
            if (!isdigit((unsigned char)*c)) buf_addc(&said[k], *c);
    }
    assert_string_equal(buf_str(&said[0]), buf_str(&said[1]));
    buf_free(&said[0]);
    buf_free(&said[1]);
}

/* By those who may run it, in their own store. */
static void an_id_of_another_store_is_not_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(rows); i++) {
        if (rows[i].id == NO_ID || rows[i].id == STORE_ID) continue;
        open_world_for(&rows[i], 1);
        for (size_t k = 0; k < 3 && registry_command(w.host->registry, rows[i].command); k++) {
            const char *phone = k == 0 ? STAFF : k == 1 ? OWNER : SUPER;
            unsigned role = k == 0 ? BOT_STAFF : BOT_OWNER;
            if (!(rows[i].roles & role)) continue;
            char *before = dump();
            says_the_same(&rows[i], phone);
            char *after = dump();
            same_dump(before, after, rows[i].command);
            free(before);
            free(after);
        }
        world_close(NULL);
    }
}

/* A customer's own orders are his: another's in the same store is as good as missing. */
static void a_customer_finds_only_his_own_orders(void **state)
{
    (void)state;
    static const char *const lines[] = { "/pesanan %d",       "/batal_pesanan %d",
                                         "/pesanan MAJU2-%d", "/batal_pesanan #MAJU2-%d",
                                         "MAJU2-%d",          "maju2-%d ?",
                                         "pesanan %d",        "status MAJU2-%d" };
    open_world(0);
    place_orders();
    ask(CITRA, "#MAJU2 halo");
    char *before = dump();
    for (size_t i = 0; i < BOT_COUNT(lines); i++) {
        struct buf said[2] = { { 0 }, { 0 } };
        for (int k = 0; k < 2; k++) {
            char line[80];
            snprintf(line, sizeof line, lines[i], k ? 4711 : 1);
            const char *answer = ask(CITRA, line);
            if (!answer || !strstr(answer, "tidak ditemukan"))
                fail_msg("\"%s\" is answered: %s", line, answer ? answer : "(nothing)");
            for (const char *c = answer; *c; c++)
                if (!isdigit((unsigned char)*c)) buf_addc(&said[k], *c);
        }
        assert_string_equal(buf_str(&said[0]), buf_str(&said[1]));
        buf_free(&said[0]);
        buf_free(&said[1]);
    }
    char *after = dump();
    same_dump(before, after, "another customer");
    free(before);
    free(after);
    assert_non_null(strstr(ask(BUDI, "maju2-1 sudah dikirim?"), "*Pesanan MAJU2-1* · baru"));
    assert_non_null(strstr(ask(BUDI, "status maju2-1"), "*Pesanan MAJU2-1* · baru"));
}

/* A code of another store's order brings its customer there, and shows nobody else anything. */
static void a_code_says_which_store(void **state)
{
    (void)state;
    open_world(0);
    place_orders();
    ask(CITRA, "#MAJU2 halo");
    assert_non_null(strstr(ask(CITRA, "MAJU3-2"), "*Pesanan MAJU3-2* · baru"));
    const char *answer = ask(BUDI, "MAJU3-2");
    assert_non_null(strstr(answer, "\"MAJU3-2\" tidak ditemukan"));
    assert_null(strstr(answer, "Batik"));
    ask(BUDI, "#MAJU2 halo");
    answer = ask(BUDI, "/pesanan MAJU3-2");
    assert_non_null(strstr(answer, "tidak ditemukan"));
    answer = ask(OWNER, "/pesanan MAJU3-2");
    assert_non_null(strstr(answer, "tidak ditemukan"));
    assert_non_null(ask(OWNER, "/batalkan MAJU3-1"));
    assert_non_null(ask(OWNER, "/batalkan #MAJU3-1"));
    assert_non_null(ask(OWNER, "/batalkan #MAJU3 1"));
    assert_int_equal(number("SELECT count(*) FROM orders_orders WHERE state = 6"), 0);
}

/* A command with an id must say in the table what it is of. */
static void ids_are_declared(void **state)
{
    (void)state;
    open_world(0);
    const struct registry *r = w.host->registry;
    for (size_t i = 0; i < r->command_count; i++) {
        const struct command *c = r->command_list[i];
        const struct row *row = row_of(c->spec.name);
        int takes_id = c->arg_count && !strcmp(c->arg_names[0], "id");
        if (row && takes_id && row->id == NO_ID)
            fail_msg("/%s takes an id, its row does not say of what", c->spec.name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_command_has_a_row, world_close),
        cmocka_unit_test_teardown(ids_are_declared, world_close),
        cmocka_unit_test_teardown(a_customer, world_close),
        cmocka_unit_test_teardown(staff, world_close),
        cmocka_unit_test_teardown(an_owner, world_close),
        cmocka_unit_test_teardown(another_stores_owner, world_close),
        cmocka_unit_test_teardown(a_super_admin, world_close),
        cmocka_unit_test_teardown(a_super_admin_who_is_the_owner, world_close),
        cmocka_unit_test_teardown(a_foreign_code_opens_no_store, world_close),
        cmocka_unit_test_teardown(an_id_of_another_store_is_not_found, world_close),
        cmocka_unit_test_teardown(a_customer_finds_only_his_own_orders, world_close),
        cmocka_unit_test_teardown(a_code_says_which_store, world_close),
    };
    return cmocka_run_group_tests_name("commands by role and store", tests, NULL, NULL);
}
