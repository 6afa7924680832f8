/* SPDX-License-Identifier: MIT
 * test_rupiah.c - prices as people write them: read, refused, written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../plugins/catalog/rupiah.c"

static const struct {
    const char *text;
    int64_t rupiah; /* or an enum rupiah_error */
} cases[] = {
    /* plain and grouped */
    { "500000", 500000 },
    { "1", 1 },
    { "999", 999 },
    { "  2500 ", 2500 },
    { "0500", 500 },
    { "500.000", 500000 },
    { "500,000", 500000 },
    { "500 000", 500000 },
    { "500\xC2\xA0"
      "000",
      500000 },
    { "1.500.000", 1500000 },
    { "1,500,000", 1500000 },
    { "1 500 000", 1500000 },
    { "1.000.000.000.000", RUPIAH_MAX },
    { "1000000000000", RUPIAH_MAX },
    /* with the currency */
    { "Rp 500.000", 500000 },
    { "Rp500.000", 500000 },
    { "rp. 500.000", 500000 },
    { "RP500000", 500000 },
    { "IDR 500,000", 500000 },
    { "Rp\xC2\xA0"
      "500.000",
      500000 },
    { "Rp500.000,-", 500000 },
    { "500.000.-", 500000 },
    { "Rp 500.000,--", 500000 },
    { "500.000,00", 500000 },
    { "500,000.00", 500000 },
    { "500000,00", 500000 },
    { "500.000,0", 500000 },
    /* with a multiplier */
    { "500rb", 500000 },
    { "500 rb", 500000 },
    { "500RB", 500000 },
    { "500k", 500000 },
    { "500K", 500000 },
    { "Rp 500 ribu", 500000 },
    { "2 ribu", 2000 },
    { "15rebu", 15000 },
    { "1,5jt", 1500000 },
    { "1.5 juta", 1500000 },
    { "1.5jt", 1500000 },
    { "0,5 jt", 500000 },
    { "1,25 juta", 1250000 },
    { "2,75rb", 2750 },
    { "1,5000rb", 1500 },
    { "7,5k,-", 7500 },
    { "Rp1jt", 1000000 },
    { "3 miliar", INT64_C(3000000000) },
    { "1,5 milyar", INT64_C(1500000000) },
    { "1000 miliar", RUPIAH_MAX },
    /* nothing to read */
    { "", RUPIAH_UNCLEAR },
    { " ", RUPIAH_UNCLEAR },
    { NULL, RUPIAH_UNCLEAR },
    { "murah", RUPIAH_UNCLEAR },
    { "Rp", RUPIAH_UNCLEAR },
    { "rb", RUPIAH_UNCLEAR },
    { "-", RUPIAH_UNCLEAR },
    { ",-", RUPIAH_UNCLEAR },
    { "1e9", RUPIAH_UNCLEAR },
    { "0x10", RUPIAH_UNCLEAR },
    { "+500", RUPIAH_UNCLEAR },
    { "5+5", RUPIAH_UNCLEAR },
    { "NaN", RUPIAH_UNCLEAR },
    { "inf", RUPIAH_UNCLEAR },
    { "500rb/pcs", RUPIAH_UNCLEAR },
    { "500 000rb x", RUPIAH_UNCLEAR },
    { "\xF0\x9F\x92\xB0", RUPIAH_UNCLEAR },
    { "500000; DROP TABLE x", RUPIAH_UNCLEAR },
    /* readable in two ways, or a slip of the finger */
    { "1.500 rb", RUPIAH_UNCLEAR },
    { "1,500jt", RUPIAH_UNCLEAR },
    { "1.5.5 juta", RUPIAH_UNCLEAR },
    { "1,jt", RUPIAH_UNCLEAR },
    { "5.00.000", RUPIAH_UNCLEAR },
    { "500.0000", RUPIAH_UNCLEAR },
    { "5000.000", RUPIAH_UNCLEAR },
    { "500..000", RUPIAH_UNCLEAR },
    { "500.", RUPIAH_UNCLEAR },
    { ".500", RUPIAH_UNCLEAR },
    { "0.500", RUPIAH_UNCLEAR },
    { "500,00", RUPIAH_UNCLEAR },
    { "500.00", RUPIAH_UNCLEAR },
    { "1.000,000", RUPIAH_UNCLEAR },
    { "1 juta 500", RUPIAH_UNCLEAR },
    { "10 20", RUPIAH_UNCLEAR },
    /* not above zero */
    { "0", RUPIAH_NOT_POSITIVE },
    { "Rp0", RUPIAH_NOT_POSITIVE },
    { "000", RUPIAH_NOT_POSITIVE },
    { "0rb", RUPIAH_NOT_POSITIVE },
    { "0,0jt", RUPIAH_NOT_POSITIVE },
    { "-500", RUPIAH_NOT_POSITIVE },
    { "Rp -500.000", RUPIAH_NOT_POSITIVE },
    { "-Rp500", RUPIAH_NOT_POSITIVE },
    { "-5rb", RUPIAH_NOT_POSITIVE },
    /* not whole rupiah */
    { "500,50", RUPIAH_FRACTION },
    { "1,5", RUPIAH_FRACTION },
    { "2.5", RUPIAH_FRACTION },
    { "500.000,75", RUPIAH_FRACTION },
    { "1,2345rb", RUPIAH_FRACTION },
    { "0,0005k", RUPIAH_FRACTION },
    /* too much */
    { "1000000000001", RUPIAH_TOO_LARGE },
    { "1.000.000.000.001", RUPIAH_TOO_LARGE },
    { "9223372036854775807", RUPIAH_TOO_LARGE },
    { "99999999999999999999999999999999", RUPIAH_TOO_LARGE },
    { "99999999999999999999 miliar", RUPIAH_TOO_LARGE },
    { "1001 miliar", RUPIAH_TOO_LARGE },
    { "1000000,1 juta", RUPIAH_TOO_LARGE },
};

static void prices_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t rupiah = -77;
        int rc = rupiah_parse(cases[i].text, &rupiah);
        int64_t got = rc == RUPIAH_OK ? rupiah : rc;
        if (got != cases[i].rupiah)
            fail_msg("\"%s\": %lld, not %lld", cases[i].text ? cases[i].text : "NULL",
                     (long long)got, (long long)cases[i].rupiah);
        if (rc != RUPIAH_OK) assert_int_equal(rupiah, -77);
    }
}

static void a_written_price_reads_back(void **state)
{
    (void)state;
    static const struct {
        int64_t rupiah;
        const char *text;
    } written[] = {
        { 0, "Rp0" },
        { 5, "Rp5" },
        { 999, "Rp999" },
        { 1000, "Rp1.000" },
        { 500000, "Rp500.000" },
        { RUPIAH_MAX, "Rp1.000.000.000.000" },
        { -2500, "-Rp2.500" },
        { INT64_MIN, "-Rp9.223.372.036.854.775.808" },
    };
    char out[32];
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        assert_int_equal(rupiah_write(written[i].rupiah, out), strlen(written[i].text));
        assert_string_equal(out, written[i].text);
    }
    for (int64_t price = 1; price <= RUPIAH_MAX; price = price * 7 + 3) {
        int64_t back = 0;
        rupiah_write(price, out);
        assert_int_equal(rupiah_parse(out, &back), RUPIAH_OK);
        assert_int_equal(back, price);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prices_are_read_or_refused),
        cmocka_unit_test(a_written_price_reads_back),
    };
    return cmocka_run_group_tests_name("rupiah", tests, NULL, NULL);
}
