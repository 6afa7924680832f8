/* SPDX-License-Identifier: MIT
 * test_store_hours.c - opening hours as sellers write them: read, refused, kept, and what they mean
 * at a given minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../plugins/store-admin/hours.c"

#define ALL(s)  s ";" s ";" s ";" s ";" s ";" s ";" s ";"
#define WEEK(s) s ";" s ";" s ";" s ";" s ";;;"
#define EVERY   ALL("0-1440")

static const struct {
    const char *text;
    const char *kept; /* as hours_write() makes it; NULL: refused with `error` */
    enum hours_error error;
} cases[] = {
    /* days and spans */
    { "senin-jumat 08:00-12:00, 13:00-17:00; sabtu 09.00-14.00; minggu tutup",
      "480-720,780-1020;480-720,780-1020;480-720,780-1020;480-720,780-1020;480-720,780-1020;"
      "540-840;;",
      0 },
    { "08:00-17:00", ALL("480-1020"), 0 },
    { "setiap hari 08:00-17:00", ALL("480-1020"), 0 },
    { "tiap hari 8-17", ALL("480-1020"), 0 },
    { "jam 8-17", ALL("480-1020"), 0 },
    { "buka jam 8.00 sampai 17.00", ALL("480-1020"), 0 },
    { "pukul 08.30 s/d 16.30 WIB", ALL("510-990"), 0 },
    { "0830-1630", ALL("510-990"), 0 },
    { "8 \xE2\x80\x93 17", ALL("480-1020"), 0 },
    { "8 \xE2\x80\x94 17", ALL("480-1020"), 0 },
    { "8\xC2\xA0-\xC2\xA0"
      "17",
      ALL("480-1020"), 0 },
    { "senin-jumat 8-17", WEEK("480-1020"), 0 },
    { "Senin s.d. Jumat 8-17", NULL, HOURS_WORD },
    { "SENIN SD JUMAT 8-17", WEEK("480-1020"), 0 },
    { "senin sampai jum'at 8-17", WEEK("480-1020"), 0 },
    { "senin - jum\xE2\x80\x99"
      "at: 8-17",
      WEEK("480-1020"), 0 },
    { "monday-friday 8:00-17:00", WEEK("480-1020"), 0 },
    { "mon to fri 8am-5pm", WEEK("480-1020"), 0 },
    { "weekdays 8am to 5pm; weekend closed", WEEK("480-1020"), 0 },
    { "hari kerja 8-17", WEEK("480-1020"), 0 },
    { "akhir pekan 9-12", ";;;;;540-720;540-720;", 0 },
    { "sabtu, minggu 9-12", ";;;;;540-720;540-720;", 0 },
    { "sabtu dan minggu 9-12", ";;;;;540-720;540-720;", 0 },
    { "sabtu & ahad 9-12", ";;;;;540-720;540-720;", 0 },
    { "sabtu-senin 9-12", "540-720;;;;;540-720;540-720;", 0 },
    { "setiap senin 9-12", "540-720;;;;;;;", 0 },
    { "senin 8-12, selasa 9-10", "480-720;540-600;;;;;;", 0 },
    { "senin 8-12 selasa 9-10", "480-720;540-600;;;;;;", 0 },
    { "senin 8-12\nselasa 9-10\n", "480-720;540-600;;;;;;", 0 },
    { "senin 13-17; senin 8-12", "480-720,780-1020;;;;;;;", 0 },
    { "senin 13-17, 8-12", "480-720,780-1020;;;;;;;", 0 },
    { "senin-minggu 8-17", ALL("480-1020"), 0 },
    { "8-17; minggu tutup", "480-1020;480-1020;480-1020;480-1020;480-1020;480-1020;;", 0 },
    { "minggu tutup; lainnya 8-17", "480-1020;480-1020;480-1020;480-1020;480-1020;480-1020;;", 0 },
    { "setiap hari 8-17; jumat 8-11, 13-17; minggu libur",
      "480-1020;480-1020;480-1020;480-1020;480-660,780-1020;480-1020;;", 0 },
    { "daily 7-8, 9-10, 11-12, 13-14", ALL("420-480,540-600,660-720,780-840"), 0 },
    /* always, never */
    { "setiap hari 24 jam", EVERY, 0 },
    { "24 jam", EVERY, 0 },
    { "24 hours", EVERY, 0 },
    { "24/7", EVERY, 0 },
    { "nonstop", EVERY, 0 },
    { "00:00-24:00", EVERY, 0 },
    { "tutup", ";;;;;;;", 0 },
    { "setiap hari tutup", ";;;;;;;", 0 },
    { "sabtu 24 jam", ";;;;;0-1440;;", 0 },
    /* midnight */
    { "22:00-02:00", ALL("1320-1560"), 0 },
    { "18:00-24:00", ALL("1080-1440"), 0 },
    { "18:00-00:00", ALL("1080-1440"), 0 },
    { "jumat 22:00-02:00", ";;;;1320-1560;;;", 0 },
    { "17:00-08:00", ALL("1020-1920"), 0 },
    { "minggu 22-2; senin 8-17", "480-1020;;;;;;1320-1560;", 0 },
    /* halves of a day */
    { "8 pagi - 5 sore", ALL("480-1020"), 0 },
    { "jam 9 pagi sampai jam 9 malam", ALL("540-1260"), 0 },
    { "12 siang - 12 malam", ALL("720-1440"), 0 },
    { "12am-12pm", ALL("0-720"), 0 },
    { "10 siang - 1 siang", ALL("600-780"), 0 },
    { "8 malam - 2 pagi", ALL("1200-1560"), 0 },
    /* refused */
    { "", NULL, HOURS_EMPTY },
    { "   \n ", NULL, HOURS_EMPTY },
    { ";;;", NULL, HOURS_EMPTY },
    { "halo", NULL, HOURS_WORD },
    { "senin", NULL, HOURS_NO_TIME },
    { "senin-jumat", NULL, HOURS_NO_TIME },
    { "senin-jumat; sabtu 8-12", NULL, HOURS_NO_TIME },
    { "senin-8 12", NULL, HOURS_WORD },
    { "8", NULL, HOURS_TIME },
    { "senin 8", NULL, HOURS_TIME },
    { "8-", NULL, HOURS_TIME },
    { "-8", NULL, HOURS_TIME },
    { "8-17-20", NULL, HOURS_TIME },
    { "25:00-26:00", NULL, HOURS_TIME },
    { "8:60-9:00", NULL, HOURS_TIME },
    { "8:5-9:00", NULL, HOURS_TIME },
    { "24:30-25:00", NULL, HOURS_TIME },
    { "24:00-08:00", NULL, HOURS_TIME },
    { "830-1630", NULL, HOURS_TIME },
    { "99999999999999999999-1", NULL, HOURS_TIME },
    { "sore 8-9", NULL, HOURS_TIME },
    { "18pm-20", ALL("1080-1200"), 0 },
    { "08:00-08:00", NULL, HOURS_SAME },
    { "00:00-00:00", NULL, HOURS_SAME },
    { "8-12, 11-17", NULL, HOURS_OVERLAP },
    { "8-12, 8-12", NULL, HOURS_OVERLAP },
    { "22:00-09:00, 08:00-12:00", NULL, HOURS_OVERLAP },
    { "24 jam, 8-12", NULL, HOURS_OVERLAP },
    { "minggu 22:00-09:00; senin 8-17", NULL, HOURS_OVERLAP },
    { "1-2,3-4,5-6,7-8,9-10", NULL, HOURS_MANY },
    { "senin tutup; senin 8-12", NULL, HOURS_CONFLICT },
    { "senin 8-12; senin tutup", NULL, HOURS_CONFLICT },
    { "8-12; 13-17", NULL, HOURS_CONFLICT },
    { "senin 8-12 tutup; senin 9-10", NULL, HOURS_OVERLAP },
    { "8-12 'OR 1=1--", NULL, HOURS_WORD },
    { "senin\xF0\x9F\x98\x80 8-12", NULL, HOURS_WORD },
    { "\xFF\xFE", NULL, HOURS_WORD },
    { "buka jam pukul", NULL, HOURS_EMPTY },
    { "supercalifragilisticexpialidocious 8-12", NULL, HOURS_WORD },
};

static void what_sellers_write_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hours h, again;
        char quoted[HOURS_QUOTED], kept[HOURS_BYTES];
        enum hours_error rc = hours_parse(cases[i].text, &h, quoted);
        if (!cases[i].kept) {
            if (rc != cases[i].error)
                fail_msg("\"%s\" gave %d, not %d", cases[i].text, rc, cases[i].error);
            assert_true(strlen(quoted) < HOURS_QUOTED);
            continue;
        }
        if (rc != HOURS_OK)
            fail_msg("\"%s\" was refused: %d, at \"%s\"", cases[i].text, rc, quoted);
        hours_write(&h, kept);
        if (strcmp(kept, cases[i].kept) != 0) fail_msg("\"%s\" became %s", cases[i].text, kept);
        assert_int_equal(hours_read(kept, &again), 0);
        assert_memory_equal(h.count, again.count, sizeof h.count);
    }
}

static void a_text_without_end_is_refused(void **state)
{
    (void)state;
    char text[20000], quoted[HOURS_QUOTED];
    struct hours h;
    for (size_t i = 0; i + 4 < sizeof text; i += 4) memcpy(text + i, "1-2,", 5);
    assert_true(hours_parse(text, &h, quoted) < 0);
    memset(text, '-', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(hours_parse(text, &h, quoted) < 0);
}

static void what_was_kept_wrongly_is_not_read(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", ";", "1-2;", "a-b;;;;;;;", "5-4;;;;;;;", "1;;;;;;;", "1-2,3-4,5-6,7-8,9-10;;;;;;;"
    };
    struct hours h;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(hours_read(bad[i], &h), -1);
}

/* Monday 2026-01-05 is day 20458. */
#define AT(day, hour, minute) ((20458 + (day)) * INT64_C(1440) + (hour)*60 + (minute))

static struct hours parsed(const char *text)
{
    struct hours h;
    char quoted[HOURS_QUOTED];
    assert_int_equal(hours_parse(text, &h, quoted), HOURS_OK);
    return h;
}

static void open_and_closed_have_sharp_edges(void **state)
{
    (void)state;
    struct hours h = parsed("senin-jumat 08:00-12:00, 13:00-17:00; sabtu 9-14");
    int64_t until = 0;
    assert_int_equal(hours_weekday(20458), 0);
    assert_int_equal(hours_weekday(0), 3);
    assert_int_equal(hours_weekday(-1), 2);
    assert_false(hours_open(&h, NULL, AT(0, 7, 59), &until));
    assert_true(hours_open(&h, NULL, AT(0, 8, 0), &until));
    assert_int_equal(until, AT(0, 12, 0));
    assert_false(hours_open(&h, NULL, AT(0, 12, 0), &until));
    assert_int_equal(hours_next(&h, NULL, AT(0, 12, 0)), AT(0, 13, 0));
    assert_int_equal(hours_next(&h, NULL, AT(0, 17, 0)), AT(1, 8, 0));
    assert_int_equal(hours_next(&h, NULL, AT(5, 14, 0)), AT(7, 8, 0));
}

static void a_night_belongs_to_the_day_it_began(void **state)
{
    (void)state;
    struct hours h = parsed("jumat 22:00-02:00");
    int64_t until = 0;
    assert_true(hours_open(&h, NULL, AT(5, 1, 59), &until));
    assert_int_equal(until, AT(5, 2, 0));
    assert_false(hours_open(&h, NULL, AT(5, 2, 0), &until));
    assert_false(hours_open(&h, NULL, AT(4, 1, 0), &until));
    const int64_t friday[] = { 20458 + 4 }, saturday[] = { 20458 + 5 };
    struct hours_holidays on_friday = { friday, 1 }, on_saturday = { saturday, 1 };
    assert_false(hours_open(&h, &on_friday, AT(5, 1, 0), &until));
    assert_true(hours_open(&h, &on_saturday, AT(5, 1, 0), &until));
    assert_int_equal(hours_next(&h, &on_friday, AT(0, 0, 0)), AT(11, 22, 0));
}

static void spans_that_touch_are_one(void **state)
{
    (void)state;
    struct hours h = parsed("8-12, 12-17");
    int64_t until = 0;
    assert_true(hours_open(&h, NULL, AT(0, 11, 0), &until));
    assert_int_equal(until, AT(0, 17, 0));
    h = parsed("24 jam");
    assert_true(hours_open(&h, NULL, AT(0, 0, 0), &until));
    assert_int_equal(until, AT(7, 0, 0));
}

static void a_store_that_never_opens_has_no_next_time(void **state)
{
    (void)state;
    struct hours h = parsed("tutup");
    int64_t until = 0;
    assert_false(hours_open(&h, NULL, AT(0, 12, 0), &until));
    assert_int_equal(hours_next(&h, NULL, AT(0, 12, 0)), -1);
}

static void days_that_are_the_same_are_seen(void **state)
{
    (void)state;
    struct hours h = parsed("senin-jumat 8-17; sabtu 9-14");
    assert_true(hours_same(&h, 0, 4));
    assert_false(hours_same(&h, 4, 5));
    assert_false(hours_same(&h, 5, 6));
    hours_always(&h);
    assert_true(hours_same(&h, 0, 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_sellers_write_is_read_or_refused),
        cmocka_unit_test(a_text_without_end_is_refused),
        cmocka_unit_test(what_was_kept_wrongly_is_not_read),
        cmocka_unit_test(open_and_closed_have_sharp_edges),
        cmocka_unit_test(a_night_belongs_to_the_day_it_began),
        cmocka_unit_test(spans_that_touch_are_one),
        cmocka_unit_test(a_store_that_never_opens_has_no_next_time),
        cmocka_unit_test(days_that_are_the_same_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
