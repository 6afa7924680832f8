/* SPDX-License-Identifier: MIT
 * test_command.c - what is a command, what is a word, and how arguments are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/command.h"
#include "core/dispatch.h"

static struct arena arena;

static void is_command(const char *text, const char *name, const char *rest)
{
    struct command_line line;
    if (!command_parse(text, &line)) fail_msg("\"%s\" is no command", text);
    assert_string_equal(line.name, name);
    assert_string_equal(arena_strndup(&arena, line.rest, line.rest_len), rest);
}

static void is_text(const char *text)
{
    struct command_line line;
    if (command_parse(text, &line)) fail_msg("\"%s\" is a command", text);
}

static void a_slash_and_a_name_is_a_command(void **state)
{
    (void)state;
    is_command("/lihat_produk", "lihat_produk", "");
    is_command("  /Lihat_Produk  sepatu nike \n", "lihat_produk", "sepatu nike");
    is_command("/tambah_produk\nNama: A\nHarga: 1", "tambah_produk", "Nama: A\nHarga: 1");
    is_command("/edit_produk\t7", "edit_produk", "7");
    is_command("/stok\xc2\xa0"
               "7",
               "stok", "7"); /* a no-break space */
    is_command("/7", "7", "");
}

static void anything_else_is_text(void **state)
{
    (void)state;
    is_text("");
    is_text("/");
    is_text("/ lihat");
    is_text("lihat_produk");
    is_text("/Lihat_Produk@bot");
    is_text("/edit-produk 7");
    is_text("//lihat");
    is_text("\xef\xbc\x8flihat"); /* full-width slash */
    is_text("/\xc3\xa9t\xc3\xa9");
    is_text("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    is_text("1/2 lusin");
}

static void words_stand_alone_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(command_word("BATAL"), WORD_CANCEL);
    assert_int_equal(command_word(" batal! "), WORD_CANCEL);
    assert_int_equal(command_word("Kembali."), WORD_BACK);
    assert_int_equal(command_word("menu"), WORD_HELP);
    assert_int_equal(command_word("Bantuan"), WORD_HELP);
    assert_int_equal(command_word("ADMIN"), WORD_ADMIN);
    assert_int_equal(command_word("ganti"), WORD_SWITCH);
    assert_int_equal(command_word("Ganti toko!"), WORD_SWITCH);
    assert_int_equal(command_word("ganti toko maju"), WORD_NONE);
    assert_int_equal(command_word("batal dong"), WORD_NONE);
    assert_int_equal(command_word("menu makanan apa saja ya kak hari ini"), WORD_NONE);
    assert_int_equal(command_word(""), WORD_NONE);
    assert_int_equal(command_word("!!!"), WORD_NONE);
    assert_int_equal(command_core_word("start"), WORD_HELP);
    assert_int_equal(command_core_word("bantuan"), WORD_HELP);
    assert_int_equal(command_core_word("batal"), WORD_CANCEL);
    assert_int_equal(command_core_word("lihat"), WORD_NONE);
}

static enum args_problem take(const char *spec, uint32_t required, const char *rest,
                              const char ***args, uint32_t *n, const char **bad)
{
    static const char *names[4];
    struct command c = { .arg_names = names, .arg_required = required };
    char *save, *s = arena_strdup(&arena, spec);
    for (char *name = strtok_r(s, " []", &save); name; name = strtok_r(NULL, " []", &save))
        names[c.arg_count++] = name;
    *bad = NULL;
    return command_args(&c, rest, strlen(rest), &arena, args, n, bad);
}

static void arguments_are_taken_in_order(void **state)
{
    (void)state;
    const char **args, *bad;
    uint32_t n;
    assert_int_equal(take("id [isi]", 1, "7\nHarga: 5000\nStok: 1", &args, &n, &bad), ARGS_OK);
    assert_int_equal(n, 2);
    assert_string_equal(args[0], "7");
    assert_string_equal(args[1], "Harga: 5000\nStok: 1");
    assert_int_equal(take("[kata]", 0, "sepatu nike air", &args, &n, &bad), ARGS_OK);
    assert_int_equal(n, 1);
    assert_string_equal(args[0], "sepatu nike air");
    assert_int_equal(take("[kata]", 0, "", &args, &n, &bad), ARGS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(take("id", 1, "#7 yang merah", &args, &n, &bad), ARGS_OK);
    assert_string_equal(args[0], "7");
}

static void what_is_missing_or_no_id_is_named(void **state)
{
    (void)state;
    const char **args, *bad;
    uint32_t n;
    assert_int_equal(take("id", 1, "", &args, &n, &bad), ARGS_MISSING);
    assert_string_equal(bad, "id");
    assert_int_equal(take("id jumlah", 2, "7", &args, &n, &bad), ARGS_MISSING);
    assert_string_equal(bad, "jumlah");
    const char *const no_ids[] = { "0", "-1", "1.5", "tujuh", "7x", "99999999999999999999", "#" };
    for (size_t i = 0; i < BOT_COUNT(no_ids); i++) {
        assert_int_equal(take("id", 1, no_ids[i], &args, &n, &bad), ARGS_NO_ID);
        assert_string_equal(bad, no_ids[i]);
    }
}

static int overtakes(const char *text)
{
    struct event ev = { .kind = EVENT_MESSAGE, .text = text };
    return dispatch_overtakes(&ev);
}

static void commands_and_words_overtake_what_only_waits(void **state)
{
    (void)state;
    assert_int_equal(overtakes("/lihat_produk"), 1);
    assert_int_equal(overtakes("menu"), 1);
    assert_int_equal(overtakes("BATAL"), 2);
    assert_int_equal(overtakes("/batal"), 2);
    assert_int_equal(overtakes("admin"), 2);
    assert_int_equal(overtakes("ada sepatu?"), 0);
    struct event other = { .kind = EVENT_INTERNAL };
    assert_int_equal(dispatch_overtakes(&other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slash_and_a_name_is_a_command),
        cmocka_unit_test(anything_else_is_text),
        cmocka_unit_test(words_stand_alone_in_any_case),
        cmocka_unit_test(arguments_are_taken_in_order),
        cmocka_unit_test(what_is_missing_or_no_id_is_named),
        cmocka_unit_test(commands_and_words_overtake_what_only_waits),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
