/* SPDX-License-Identifier: MIT
 * test_route_cases.c - which store a message goes to, as one table: what somebody wrote before,
 * what he writes now, where it arrives and what is left of the text. */
#include "host_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tokobot/services/stores.h>

#include "core/base/clock.h"
#include "core/people/members.h"
#include "core/people/people.h"
#include "core/people/store_index.h"

#define DAY (INT64_C(24) * 3600 * 1000)

static const struct bot_api *api;

/* Says where a message has arrived. "tahan" makes the store wait for this person. */
static int on_text(struct bot_ctx *ctx)
{
    char told[400];
    const char *text = api->field(ctx, "text");
    if (!api->number(ctx, "store")) return BOT_PASS;
    if (!strcmp(text, "tahan")) {
        const struct bot_stores *stores = api->service(api->self(ctx), "stores/0", NULL);
        stores->hold(ctx, api->number(ctx, "person"), "order", api->now(ctx) + 30 * DAY);
    }
    snprintf(told, sizeof told, "[%s]<%s>", api->field(ctx, "store.code"), text);
    return bot_reply(ctx, told);
}

static int ask_name(struct bot_ctx *ctx)
{
    int rc = api->dialog_start(ctx, "ask", NULL, 0);
    return rc < 0 ? rc : BOT_HANDLED;
}

static int asked(struct bot_ctx *ctx)
{
    char told[400];
    snprintf(told, sizeof told, "[%s]<named %s>", api->field(ctx, "store.code"),
             api->field(ctx, "slot.name"));
    return bot_reply(ctx, told);
}

static int search_command(struct bot_ctx *ctx)
{
    char told[400];
    const char *word = api->field(ctx, "arg.kata");
    snprintf(told, sizeof told, "[%s]</cari %s>", api->field(ctx, "store.code"), word ? word : "");
    return bot_reply(ctx, told);
}

static int alpha_init(const struct bot_api *a, struct bot_plugin *self)
{
    static const struct bot_dialog_step steps[] = { { .slot = "name", .prompt = "name?" } };
    static const struct bot_dialog_spec dialogs[] = { { .name = "ask",
                                                        .version = 1,
                                                        .steps = steps,
                                                        .step_count = 1,
                                                        .step_size = sizeof steps[0],
                                                        .done = asked } };
    static const struct bot_command_spec commands[] = {
        { .name = "tanya", .role = BOT_ANYONE, .run = ask_name },
        { .name = "cari", .role = BOT_ANYONE, .args = "[kata]", .run = search_command },
    };
    api = a;
    int rc = BOT_DIALOGS(a, self, dialogs);
    if (rc >= 0) rc = BOT_COMMANDS(a, self, commands);
    return rc < 0 ? rc : hook_text(a, self, on_text);
}

static const struct delegate alpha = { alpha_init, NULL, NULL };

static const char STORES[] =
    "INSERT INTO stores(code, name, state, created_at) VALUES"
    " ('MAJU7', 'Toko Maju', 0, 1), ('SRW4', 'Warung Bu Sri', 0, 1),"
    " ('KPKN3', 'Kopi Kenangan', 0, 1), ('JAYA2', 'Toko Maju Jaya', 0, 1),"
    " ('SEPAT5', 'Sepatu', 0, 1), ('SUSP6', 'Toko Senja', 1, 1), ('LAMA8', 'Kedai Lama', 2, 1),"
    " ('BAK4', 'Toko Bakso', 0, 1), ('BAK5', 'Warung Bakso', 0, 1),"
    " ('MAJU9', 'Toko Maju', 3, 1), ('MENU4', 'Menu', 0, 1), ('KARYA2', 'Toko Karya 22', 0, 1);";

static int open_street(void **state)
{
    (void)state;
    world_open(&(struct world_conf){ .alpha = &alpha });
    assert_int_equal(db_script(&w.host->db, STORES), 0);
    stores_changed(w.host);
    return 0;
}

struct route_case {
    const char *what;
    const char *before; /* messages, divided by '|'; "+8d" lets days go by */
    const char *text;
    const char *answer; /* a part of it */
    int quote;          /* 1: quotes the first message that he received, 2 the second ... */
};

#define ASKED  "Kakak mau ke toko yang mana?"
#define NOCODE "Kode toko itu tidak ditemukan"

static const struct route_case cases[] = {
    /* nothing is known of him */
    { "a stranger is asked", NULL, "halo", ASKED, 0 },
    { "a stranger is asked, whatever he wants", NULL, "ada sepatu merah?", ASKED, 0 },
    { "the answer is a number", "ada merah?", "2", "[SRW4]<ada merah?>", 0 },
    { "the answer is a code", "ada merah?", "#kpkn3", "[KPKN3]<ada merah?>", 0 },
    { "the answer is a name with a typo", "ada merah?", "toko mjau", "[MAJU7]<ada merah?>", 0 },
    { "the answer is a word of one name", "ada merah?", "kenangan", "[KPKN3]<ada merah?>", 0 },
    { "the answer fits two: which of them?", "ada merah?", "cari bakso", "2. Warung Bakso", 0 },
    { "... and then one", "ada merah?|cari bakso", "2", "[BAK5]<ada merah?>", 0 },

    /* codes */
    { "a code alone", NULL, "#MAJU7", "[MAJU7]<>", 0 },
    { "a code in small letters", NULL, "#maju7 halo", "[MAJU7]<halo>", 0 },
    { "an @ instead", NULL, "@maju7 halo", "[MAJU7]<halo>", 0 },
    { "the prefilled text", NULL, "Halo Toko Maju, saya mau pesan #MAJU7",
      "[MAJU7]<Halo Toko Maju, saya mau pesan>", 0 },
    { "the prefilled text, edited", NULL, "ada sepatu?(#maju7)", "[MAJU7]<ada sepatu?( )>", 0 },
    { "the prefilled text without its sign", NULL, "MAJU7 ada sepatu?", "[MAJU7]<ada sepatu?>", 0 },
    { "a space behind the sign", NULL, "# MAJU7 halo", "[MAJU7]<halo>", 0 },
    { "a letter is missing", NULL, "#MAU7 halo", "[MAJU7]<halo>", 0 },
    { "a letter is too many", NULL, "#MAAJU7 halo", "[MAJU7]<halo>", 0 },
    { "two letters are swapped", NULL, "#MJAU7 halo", "[MAJU7]<halo>", 0 },
    { "another digit is another store", NULL, "#MAJU8 halo", ASKED, 0 },
    { "two codes are near: which?", NULL, "#BAK halo", "1. Toko Bakso (#BAK4)", 0 },
    { "a code inside a word", NULL, "xMAJU7x halo", ASKED, 0 },
    { "a code at the end of a word", NULL, "halo#MAJU7", ASKED, 0 },
    { "a code that goes on", NULL, "#MAJU7an halo", ASKED, 0 },
    { "a code in the second line", NULL, "halo\n#MAJU7", ASKED, 0 },
    { "a code of nobody", NULL, "#SALAH9", NOCODE, 0 },
    { "two codes: which?", NULL, "#MAJU7 atau #SRW4?", "2. Warung Bu Sri (#SRW4)", 0 },
    { "a code before the last store", "#SRW4 halo", "#MAJU7 halo", "[MAJU7]<halo>", 0 },
    { "a code of four letters among words", NULL, "ada BAK4 kg?", "[BAK4]<ada kg?>", 0 },

    /* orders */
    { "an order's code", NULL, "maju7-12 sudah dikirim?", "[MAJU7]<maju7-12 sudah dikirim?>", 0 },
    { "an order's code with a sign", NULL, "#MAJU7-12", "[MAJU7]<#MAJU7-12>", 0 },
    { "an order before the last store", "#SRW4 halo", "MAJU7-3", "[MAJU7]<MAJU7-3>", 0 },

    /* names */
    { "a name", NULL, "toko maju ada sepatu?", "[MAJU7]<ada sepatu?>", 0 },
    { "a name alone", NULL, "Toko Maju", "[MAJU7]<>", 0 },
    { "a name with a wish to go there", NULL, "kak mau ke toko maju dong", "[MAJU7]<>", 0 },
    { "a name without its first word, alone", NULL, "maju", "[MAJU7]<>", 0 },
    { "a name without its first word, behind one that says so", NULL, "di maju ada apa",
      "[MAJU7]<ada apa>", 0 },
    { "a name's word among others is no name", NULL, "ayo maju terus", ASKED, 0 },
    { "the longer name", NULL, "toko maju jaya ada sepatu?", "[JAYA2]<ada sepatu?>", 0 },
    { "a name with a letter too many", NULL, "tokoo majuu ada sepatu?", "[MAJU7]<ada sepatu?>", 0 },
    { "a name with two letters swapped", NULL, "kopi kenagnan ada?", "[KPKN3]<ada?>", 0 },
    { "a name with a wrong letter", NULL, "kopi kenanqan ada?", "[KPKN3]<ada?>", 0 },
    { "a name in one word", NULL, "warungbusri buka?", "[SRW4]<buka?>", 0 },
    { "a name in capitals", NULL, "WARUNG BU SRI buka?", "[SRW4]<buka?>", 0 },
    { "a name with signs", NULL, "*Warung Bu-Sri*: buka?", "[SRW4]<buka?>", 0 },
    { "a short word with a wrong letter is another word", NULL, "toko baju ada?", ASKED, 0 },
    { "a store called like a product", "#MAJU7 halo", "ada sepatu merah?",
      "[MAJU7]<ada sepatu merah?>", 0 },
    { "... is found behind a word that says so", "#MAJU7 halo", "ke toko sepatu", "[SEPAT5]<>", 0 },
    { "a store called like a word of ours", "#MAJU7 halo", "menu", "yang bisa Kakak ketik", 0 },
    { "one that waits for approval is nobody's", NULL, "toko maju", "[MAJU7]<>", 0 },
    { "two of one name: which?", NULL, "bakso", "2. Warung Bakso", 0 },
    { "two of one name: the one he knows", "#BAK5 halo", "bakso", "[BAK5]<>", 0 },
    { "a name with a number", NULL, "toko karya 22 buka?", "[KARYA2]<buka?>", 0 },
    { "another number is another store", NULL, "toko karya 23 buka?", ASKED, 0 },
    { "a name in the second line", NULL, "halo\ntoko maju", ASKED, 0 },

    /* quotes */
    { "a quote", "#MAJU7 a|#SRW4 b", "yang ini", "[MAJU7]<yang ini>", 1 },
    { "a quote before a code", "#MAJU7 a|#SRW4 b", "#SRW4 yang ini", "[MAJU7]<#SRW4 yang ini>", 1 },
    { "a quote before a name", "#MAJU7 a|#SRW4 b", "warung bu sri?", "[MAJU7]<warung bu sri?>", 1 },

    /* what waits for him */
    { "an order that waits", "#MAJU7 a|tahan|+8d", "halo", "[MAJU7]<halo>", 0 },
    { "... not once he has gone elsewhere", "#MAJU7 a|tahan|#SRW4 b", "halo", "[SRW4]<halo>", 0 },
    { "... but a code comes first", "#MAJU7 a|tahan", "#SRW4 halo", "[SRW4]<halo>", 0 },

    /* dialogs */
    { "an answer to an open question", "#MAJU7 a|/tanya", "Toko Bakso", "[MAJU7]<named Toko Bakso>",
      0 },
    { "another store's code leaves it", "#MAJU7 a|/tanya", "#SRW4", "[SRW4]<>", 0 },
    { "... for good", "#MAJU7 a|/tanya|#SRW4", "Budi", "[SRW4]<Budi>", 0 },
    { "a quote of another store goes there", "#SRW4 b|#MAJU7 a|/tanya", "yang ini",
      "[SRW4]<yang ini>", 1 },
    { "... and the question stays", "#SRW4 b|#MAJU7 a|/tanya", "Budi", "[MAJU7]<named Budi>", 0 },

    /* the last store */
    { "the last store", "#MAJU7 a|#SRW4 b", "halo", "[SRW4]<halo>", 0 },
    { "the last store after six days", "#MAJU7 a|#SRW4 b|+6d", "halo", "[SRW4]<halo>", 0 },
    { "stale: which?", "#MAJU7 a|#SRW4 b|+8d", "halo", "1. Warung Bu Sri (#SRW4)\n2. Toko Maju",
      0 },
    { "stale, but his only one", "#MAJU7 a|+40d", "halo", "[MAJU7]<halo>", 0 },
    { "GANTI asks", "#MAJU7 a", "ganti", ASKED, 0 },
    { "GANTI and a number", "#MAJU7 a|ganti|2", "halo", "[SRW4]<halo>", 0 },

    /* stores that are not open */
    { "a suspended one says so", NULL, "#SUSP6 halo", "Toko Senja sedang tutup sementara", 0 },
    { "a closed one says so", NULL, "#LAMA8", "Kedai Lama sudah tutup", 0 },
    { "a suspended one by its name", NULL, "toko senja buka?", "Toko Senja sedang tutup", 0 },

    /* commands */
    { "a command with a code", "#MAJU7 a", "/cari kopi #SRW4", "[SRW4]</cari kopi>", 0 },
    { "a command's words name no store", "#MAJU7 a", "/cari toko bakso",
      "[MAJU7]</cari toko bakso>", 0 },
    { "a command with an order's code", "#SRW4 a", "/cari MAJU7-12", "[MAJU7]</cari MAJU7-12>", 0 },
};

static void quote(const char *phone, const char *text, int which, size_t first)
{
    char id[40];
    for (size_t i = first; i < w.sent_count; i++) {
        if (strncmp(w.sents[i].chat, phone, strlen(phone)) != 0 || --which) continue;
        snprintf(id, sizeof id, "N%lld", (long long)w.sents[i].id);
        post_as(phone, NULL, text, id, 0);
        run();
        return;
    }
    fail_msg("there is no such message to quote");
}

static void before(const char *phone, const char *steps)
{
    char copy[400], *save = NULL;
    snprintf(copy, sizeof copy, "%s", steps ? steps : "");
    for (char *s = strtok_r(copy, "|", &save); s; s = strtok_r(NULL, "|", &save)) {
        if (*s == '+')
            pass(atoi(s + 1) * DAY);
        else
            say(phone, s);
        pass(1000);
    }
}

static void a_message_goes_where_it_is_meant(void **state)
{
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        char phone[20];
        snprintf(phone, sizeof phone, "6281100000%03zu", 100 + i);
        forget_sent();
        before(phone, cases[i].before);
        if (cases[i].quote)
            quote(phone, cases[i].text, cases[i].quote, 0);
        else
            say(phone, cases[i].text);
        const char *said = w.sent_count ? last_sent()->text : "";
        if (strstr(said, cases[i].answer)) continue;
        print_error("%s: \"%s\"\n  wanted: %s\n  was: %s\n", cases[i].what, cases[i].text,
                    cases[i].answer, said);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    assert_true(BOT_COUNT(cases) >= 60);
}

static void a_renamed_store_is_found_by_its_new_name_only(void **state)
{
    (void)state;
    say(BUDI, "toko maju");
    expect_like(BUDI, "[MAJU7]<>");
    assert_int_equal(db_script(&w.host->db, "UPDATE stores SET name = 'Toko Terang' WHERE id = 1"),
                     0);
    store_index_changed(w.host, 1);
    say(CITRA, "toko terang ada?");
    expect_like(CITRA, "[MAJU7]<ada?>");
    say(DEWI, "toko maju halo");
    expect_like(DEWI, ASKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_goes_where_it_is_meant, open_street, world_close),
        cmocka_unit_test_setup_teardown(a_renamed_store_is_found_by_its_new_name_only, open_street,
                                        world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
