/* test_transcript.c - *.chat files are read as the grammar says, errors name their line, and
 * patterns match. */
#include "core/cli/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct transcript parsed;

static const struct step *parse(const char *content, size_t count)
{
    char error[400] = "";
    if (transcript_parse(&parsed, content, error, sizeof error) != 0) fail_msg("%s", error);
    assert_int_equal(parsed.count, count);
    return parsed.steps;
}

static void done(void)
{
    transcript_free(&parsed);
}

static void every_line_of_the_grammar_is_read(void **state)
{
    (void)state;
    const struct step *s =
        parse("# a comment\n"
              "\n"
              "as admin 6281100000012 of \"Toko Maju\"      # who speaks from here\n"
              "> /tambah_produk\n"
              "+ Nama: Sepatu Nike Air\n"
              "+\n"
              "+ Harga: 500000\n"
              "< *Sepatu Nike Air*Rp500.000*\n"
              "<6281100000031 *pesanan baru*\n"
              "<none\n"
              "> [image proof.png] caption\n"
              "> [location -6.2,106.8]\n"
              ">reply 2 1\n"
              "wait 10m\r\n"
              "restart\n"
              "crash\n"
              "reload\n"
              "http POST */generateContent -> 200 answer.json\n"
              "http GET */x -> timeout\n"
              "! tokobot plugin list",
              15);
    assert_int_equal(s[0].kind, STEP_AS);
    assert_int_equal(s[0].line, 3);
    assert_int_equal(s[0].role, SPEAKER_ADMIN);
    assert_string_equal(s[0].phone, "6281100000012");
    assert_string_equal(s[0].store, "Toko Maju");
    assert_int_equal(s[1].kind, STEP_SAY);
    assert_string_equal(s[1].text, "/tambah_produk\nNama: Sepatu Nike Air\n\nHarga: 500000");
    assert_int_equal(s[2].kind, STEP_EXPECT);
    assert_null(s[2].phone);
    assert_string_equal(s[2].text, "*Sepatu Nike Air*Rp500.000*");
    assert_string_equal(s[3].phone, "6281100000031");
    assert_string_equal(s[3].text, "*pesanan baru*");
    assert_int_equal(s[4].kind, STEP_NONE);
    assert_string_equal(s[5].attachment, "image");
    assert_string_equal(s[5].attached, "proof.png");
    assert_string_equal(s[5].text, "caption");
    assert_string_equal(s[6].attachment, "location");
    assert_string_equal(s[6].attached, "-6.2,106.8");
    assert_string_equal(s[6].text, "");
    assert_int_equal(s[7].kind, STEP_REPLY);
    assert_int_equal(s[7].number, 2);
    assert_string_equal(s[7].text, "1");
    assert_int_equal(s[8].number, 600000);
    assert_int_equal(s[9].kind, STEP_RESTART);
    assert_int_equal(s[10].kind, STEP_CRASH);
    assert_int_equal(s[11].kind, STEP_RELOAD);
    assert_string_equal(s[12].method, "POST");
    assert_string_equal(s[12].glob, "*/generateContent");
    assert_int_equal(s[12].status, 200);
    assert_string_equal(s[12].file, "answer.json");
    assert_int_equal(s[13].status, HTTP_STATUS_TIMEOUT);
    assert_null(s[13].file);
    assert_int_equal(s[14].kind, STEP_CONTROL);
    assert_string_equal(s[14].text, "plugin list");
    done();
}

static void the_four_roles_and_other_spellings_of_a_phone(void **state)
{
    (void)state;
    const struct step *s = parse("as customer 0811-0000-0031\nas staff 6281100000013 of \"A\"\n"
                                 "as super 6281100000001\nas customer 6281100000032 of \"B C\"",
                                 4);
    assert_int_equal(s[0].role, SPEAKER_CUSTOMER);
    assert_string_equal(s[0].phone, "6281100000031");
    assert_int_equal(s[1].role, SPEAKER_STAFF);
    assert_int_equal(s[2].role, SPEAKER_SUPER);
    assert_null(s[2].store);
    assert_string_equal(s[3].store, "B C");
    done();
}

static void a_message_is_taken_as_it_is(void **state)
{
    (void)state;
    const struct step *s =
        parse("> ada #1 *tebal* \\* \n>   spasi\n>\n> [bukan lampiran] ya\n> [image x\n"
              "< a # b",
              6);
    assert_string_equal(s[0].text, "ada #1 *tebal* \\*");
    assert_string_equal(s[1].text, "  spasi");
    assert_string_equal(s[2].text, "");
    assert_string_equal(s[3].text, "[bukan lampiran] ya");
    assert_null(s[3].attachment);
    assert_string_equal(s[4].text, "[image x");
    assert_string_equal(s[5].text, "a # b");
    done();
}

static void a_pattern_may_have_several_lines(void **state)
{
    (void)state;
    const struct step *s = parse("< satu\n+ dua*\n# in between\n+ tiga", 1);
    assert_string_equal(s[0].text, "satu\ndua*\ntiga");
    done();
}

static void mistakes_name_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *content, *error;
    } cases[] = {
        { "> hai\nbogus", "line 2: \"bogus\"" },
        { "+ more", "line 1: + continues" },
        { "wait 5m\n+ x", "line 2: + continues" },
        { "as king 6281100000001", "line 1: \"as\" needs a role" },
        { "as", "line 1: \"as\" needs a role" },
        { "as customer", "line 1: \"\" is no phone" },
        { "as customer abc", "line 1: \"abc\" is no phone" },
        { "as admin 6281100000001", "line 1: \"as admin\" needs a store" },
        { "as admin 6281100000001 of Toko", "line 1: after \"of\"" },
        { "as admin 6281100000001 of \"Toko", "line 1: after \"of\"" },
        { "as customer 6281100000001 for \"x\"", "line 1: after the phone" },
        { "as customer 6281100000001 of \"x\" y", "line 1: \"y\" is one word too many" },
        { "\n\nwait", "line 3: write a time" },
        { "wait 5", "line 1: write a time" },
        { "wait 5 m", "line 1: write a time" },
        { "wait -5m", "line 1: write a time" },
        { "wait 99999999999999999999m", "line 1: write a time" },
        { "restart now", "line 1: \"now\" is one word too many" },
        { "<", "line 1: the pattern is missing" },
        { "<6281100000031", "line 1: the pattern is missing" },
        { "<halo", "line 1: after < comes" },
        { ">halo", "line 1: after > comes" },
        { ">reply x ya", "line 1: write >reply" },
        { ">reply 0 ya", "line 1: write >reply" },
        { "http POST */x 200", "line 1: write http" },
        { "http POST */x ->", "line 1: write http" },
        { "http POST */x -> 999", "line 1: \"999\" is no HTTP status" },
        { "http POST */x -> 200 a b", "line 1: \"b\" is one word too many" },
        { "! rm -rf", "line 1: write ! tokobot" },
        { "! tokobot", "line 1: write ! tokobot" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char error[400] = "";
        struct transcript t;
        assert_int_equal(transcript_parse(&t, cases[i].content, error, sizeof error), -1);
        if (strncmp(error, cases[i].error, strlen(cases[i].error)) != 0)
            fail_msg("\"%s\": \"%s\" instead of \"%s\"", cases[i].content, error, cases[i].error);
    }
}

static void patterns_match_the_whole_text(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        int fits;
    } cases[] = {
        { "halo", "halo", 1 },
        { "halo", "halo \n", 1 },
        { "halo", "halo Kak", 0 },
        { "halo*", "halo Kak", 1 },
        { "*Kak", "halo Kak", 1 },
        { "*", "", 1 },
        { "*", "satu\ndua", 1 },
        { "*dua*", "satu\ndua\ntiga", 1 },
        { "satu*tiga", "satu\ndua\ntiga", 1 },
        { "*a*b*c*", "xaybzc", 1 },
        { "*a*b*c*", "xaycb", 0 },
        { "a*a", "a", 0 },
        { "a*a", "aa", 1 },
        { "*ab", "abab", 1 },
        { "*ab*ab", "ab", 0 },
        { "ab*ba", "aba", 0 },
        { "**x**", "x", 1 },
        { "\\*Toko\\* *", "*Toko* halo", 1 },
        { "\\*Toko\\* *", "Toko halo", 0 },
        { "a\\b", "a\\b", 1 },
        { "a\\\\*", "a\\bcd", 1 },
        { "*Sepatu Nike Air*Rp500.000*", "Siap Kak!\n\n*Sepatu Nike Air*\nRp500.000 - Stok: 10",
          1 },
        { "", "", 1 },
        { "", "x", 0 },
    };
    struct arena arena = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (transcript_match(cases[i].pattern, cases[i].text, &arena, NULL) != cases[i].fits)
            fail_msg("\"%s\" against \"%s\" should be %d", cases[i].pattern, cases[i].text,
                     cases[i].fits);
    arena_free(&arena);
}

static void a_mismatch_says_which_part_is_missing(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    const char *missing = NULL;
    assert_int_equal(transcript_match("*Sepatu*Rp\\*5*ada*", "Sepatu Rp4 ada", &arena, &missing),
                     0);
    assert_string_equal(missing, "Rp*5");
    assert_int_equal(transcript_match("*Sepatu*", "Sepatu", &arena, &missing), 1);
    assert_null(missing);
    arena_free(&arena);
}

static void globs_match_urls(void **state)
{
    (void)state;
    assert_true(
        transcript_glob("*/generateContent", "https://x.test/v1/models/a:b/generateContent"));
    assert_false(transcript_glob("*/generateContent", "https://x.test/generateContent?key=1"));
    assert_true(
        transcript_glob("http://127.0.0.1:*/api/sendText", "http://127.0.0.1:3000/api/sendText"));
    assert_true(transcript_glob("*", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_grammar_is_read),
        cmocka_unit_test(the_four_roles_and_other_spellings_of_a_phone),
        cmocka_unit_test(a_message_is_taken_as_it_is),
        cmocka_unit_test(a_pattern_may_have_several_lines),
        cmocka_unit_test(mistakes_name_their_line),
        cmocka_unit_test(patterns_match_the_whole_text),
        cmocka_unit_test(a_mismatch_says_which_part_is_missing),
        cmocka_unit_test(globs_match_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
