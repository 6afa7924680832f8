/* SPDX-License-Identifier: MIT
 * test_store_words.c - dates, telephone numbers and complaints as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../plugins/store-admin/dates.c"
#include "../../plugins/store-admin/handover_words.c"
#include "../../plugins/store-admin/phones.c"

static const int64_t TODAY = 20458; /* Monday 2026-01-05 */

static const struct {
    const char *text;
    enum dates_error error;
    int first, last; /* days from today */
    const char *rest;
} dates[] = {
    { "2026-01-05", 0, 0, 0, "" },
    { "2026-12-25 [Natal]", 0, 354, 354, "Natal]" },
    { "25/12", 0, 354, 354, "" },
    { "25-12", 0, 354, 354, "" },
    { "25.12.2026 Natal", 0, 354, 354, "Natal" },
    { "25/12/26", 0, 354, 354, "" },
    { "25 Des", 0, 354, 354, "" },
    { "25 Desember 2026 Natal", 0, 354, 354, "Natal" },
    { "25 december natal", 0, 354, 354, "natal" },
    { "5/1", 0, 0, 0, "" },
    { "4/1", 0, 364, 364, "" },
    { "25/12 \xE2\x80\x93 27/12", 0, 354, 356, "" },
    { "25/12 - 27/12 Natal", 0, 354, 356, "Natal" },
    { "25/12-27/12", 0, 354, 356, "" },
    { "25-27 Desember", 0, 354, 356, "" },
    { "25 - 27/12", 0, 354, 356, "" },
    { "25-12-2026", 0, 354, 354, "" },
    { "25-12-26", 0, 354, 354, "" },
    { "25 des sampai 27 des Natal", 0, 354, 356, "Natal" },
    { "2026-12-25 s/d 2026-12-27", 0, 354, 356, "" },
    { "31/12 - 2/1", 0, 360, 362, "" },
    { "10/1 - Cuti bersama", 0, 5, 5, "Cuti bersama" },
    { "", DATES_UNCLEAR, 0, 0, NULL },
    { "besok", DATES_UNCLEAR, 0, 0, NULL },
    { "31/2", DATES_UNCLEAR, 0, 0, NULL },
    { "31/2/2026", DATES_UNCLEAR, 0, 0, NULL },
    { "0/1", DATES_UNCLEAR, 0, 0, NULL },
    { "1/13", DATES_UNCLEAR, 0, 0, NULL },
    { "25", DATES_UNCLEAR, 0, 0, NULL },
    { "25/12x", DATES_UNCLEAR, 0, 0, NULL },
    { "99999/12", DATES_UNCLEAR, 0, 0, NULL },
    { "'; DROP TABLE", DATES_UNCLEAR, 0, 0, NULL },
    { "2025-12-25", DATES_PAST, 0, 0, NULL },
    { "1/1/2020 - 2/1/2020", DATES_PAST, 0, 0, NULL },
    { "2029-01-01", DATES_FAR, 0, 0, NULL },
    { "2026-12-27 - 2026-12-25", DATES_ORDER, 0, 0, NULL },
    { "1/2 - 1/6", DATES_LONG, 0, 0, NULL },
    { "27/12 - 25/12", DATES_LONG, 0, 0, NULL },
};

static void dates_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        int64_t first = 0, last = 0;
        const char *rest = "";
        enum dates_error rc = dates_parse(dates[i].text, TODAY, &first, &last, &rest);
        if (rc != dates[i].error) fail_msg("\"%s\" gave %d", dates[i].text, rc);
        if (rc != DATES_OK) continue;
        if (first - TODAY != dates[i].first || last - TODAY != dates[i].last)
            fail_msg("\"%s\" is %d..%d", dates[i].text, (int)(first - TODAY), (int)(last - TODAY));
        assert_string_equal(rest, dates[i].rest);
    }
}

static void leap_days_are_known(void **state)
{
    (void)state;
    assert_int_equal(dates_day(1970, 1, 1), 0);
    assert_int_equal(dates_day(2026, 1, 5), TODAY);
    assert_int_equal(dates_day(2028, 2, 29), 21243);
    assert_int_equal(dates_day(2027, 2, 29), -1);
    assert_int_equal(dates_day(2100, 2, 29), -1);
}

static const struct {
    const char *text;
    int complains;
} texts[] = {
    { "saya mau komplain", 1 },
    { "KOMPLAIN!!!", 1 },
    { "barangnya rusak kak", 1 },
    { "Kecewa banget sama toko ini", 1 },
    { "ini penipuan", 1 },
    { "kok nipu sih", 1 },
    { "minta refund", 1 },
    { "uang kembali dong", 1 },
    { "pesanan saya belum sampai", 1 },
    { "paket blm sampai juga", 1 },
    { "it is broken", 1 },
    { "I want my money back", 1 },
    { "my order hasn't arrived", 1 },
    { "my order hasn\xE2\x80\x99t arrived", 1 },
    { "I am disappointed", 1 },
    { "barang tidak sampai", 1 },
    { "halo", 0 },
    { "ada sepatu?", 0 },
    { "", 0 },
    { "tidak rusak kan?", 0 },
    { "ini anti rusak ya", 0 },
    { "gak kecewa kok", 0 },
    { "kalau rusak bisa refund?", 0 },
    { "apakah bisa refund", 0 },
    { "if it is broken can I return it", 0 },
    { "rusakan", 0 },
    { "refundable", 0 },
    { "sampai jam berapa?", 0 },
    { "belum sampaikan", 0 },
    { "uang", 0 },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0 },
    { "\xFF\xFE\x80", 0 },
};

static void complaints_are_heard_and_questions_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (words_complain(texts[i].text) != texts[i].complains) fail_msg("\"%s\"", texts[i].text);
}

static void numbers_are_shown_as_they_are_said(void **state)
{
    (void)state;
    char out[32];
    phone_show("6281100000012", out, sizeof out);
    assert_string_equal(out, "0811-0000-0012");
    phone_show("12025550123", out, sizeof out);
    assert_string_equal(out, "+12025550123");
    phone_show("", out, sizeof out);
    assert_string_equal(out, "");
    phone_show(NULL, out, sizeof out);
    assert_string_equal(out, "");
}

static void what_is_wrong_with_a_number_is_said(void **state)
{
    (void)state;
    assert_string_equal(phone_problem("0811-abc"), "phone.letters");
    assert_string_equal(phone_problem("0811"), "phone.short");
    assert_string_equal(phone_problem("08110000001200000000"), "phone.long");
    assert_string_equal(phone_problem("9911-0000-0012"), "phone.bad");
    assert_true(phone_like("081100000012"));
    assert_true(phone_like("+62 811"));
    assert_false(phone_like("12"));
    assert_false(phone_like("#12"));
    assert_false(phone_like("0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read_or_refused),
        cmocka_unit_test(leap_days_are_known),
        cmocka_unit_test(complaints_are_heard_and_questions_are_not),
        cmocka_unit_test(numbers_are_shown_as_they_are_said),
        cmocka_unit_test(what_is_wrong_with_a_number_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
