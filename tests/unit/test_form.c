/* SPDX-License-Identifier: MIT
 * test_form.c - a product written as lines: read in any order, refused with all that is wrong at
 * once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../plugins/catalog/form.c"
#include "../../plugins/catalog/rupiah.c"
#include "../../plugins/catalog/variant_text.c"
#include "../../plugins/catalog/words.c"

static struct form form;
static struct product product;
static struct variants variants;
static struct form_problem problems[FORM_PROBLEMS];
static char text[8192];

/* Reads and checks `lines` as a whole form; the problems as one string, "name_long price_zero". */
static const char *read_form(const char *lines)
{
    static char said[512];
    memset(&form, 0, sizeof form);
    product = (struct product){ .stock = PRODUCT_UNCOUNTED };
    snprintf(text, sizeof text, "%s", lines);
    form_parse(&form, text);
    size_t n = form_check(&form, 1, &product, &variants, problems);
    said[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (i > 0) strcat(said, " ");
        strcat(said, strchr(problems[i].key, '.') + 1);
    }
    return said;
}

static void a_form_is_read_in_any_order_case_and_spelling(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "Nama: Sepatu Nike Air\nHarga: 500000\nStok: 10\nKategori: Sepatu\nDeskripsi: ringan",
        "deskripsi: ringan\nKATEGORI: Sepatu\nstok=10\nharga=500rb\nnama=Sepatu  Nike Air",
        "  - *Nama*: Sepatu Nike Air\r\n  - *Harga*: Rp 500.000\r\n- stok : 10\r\n- kat: Sepatu\r\n- ket: ringan",
        "\xE2\x80\xA2 Name: Sepatu Nike Air\nPrice: 500k\nStock: 10\nCategory: Sepatu\nDescription: ringan",
        "*Nama:* Sepatu Nike Air\n*Harga:* 0,5jt\n*Stok:* 10\n*Kategori:* Sepatu\n*Deskripsi:* ringan",
        "Sepatu Nike Air\nHarga: 500000\nJumlah: 10\nKategori: Sepatu\nKeterangan: ringan",
        "\n\nNama produk: x\nHarga: 1\nNama: Sepatu Nike Air\nHarga: 500000\nStok: 10\nKategori: Sepatu\n\nDesc: ringan\n",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_string_equal(read_form(forms[i]), "");
        assert_string_equal(product.name, "Sepatu Nike Air");
        assert_int_equal(product.price, 500000);
        assert_int_equal(product.stock, 10);
        assert_string_equal(product.category, "Sepatu");
        assert_string_equal(product.description, "ringan");
    }
}

static void only_name_and_price_are_needed(void **state)
{
    (void)state;
    assert_string_equal(read_form("Nama: Es Teh\nHarga: 5rb"), "");
    assert_int_equal(product.stock, PRODUCT_UNCOUNTED);
    assert_null(product.category);
    assert_string_equal(read_form("Nama: Es Teh\nHarga: 5rb\nStok: -\nKategori: -\nDeskripsi:"),
                        "");
    assert_int_equal(product.stock, PRODUCT_UNCOUNTED);
    assert_string_equal(product.category, "");
    assert_string_equal(read_form("Nama: Es Teh\nHarga: 5rb\nStok: habis"), "");
    assert_int_equal(product.stock, 0);
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    assert_string_equal(read_form("Nama:\nHarga: 1e9\nStok: -5"),
                        "name_missing price_unclear stock");
    assert_string_equal(read_form("Harga: 0\nWarna: merah"), "name_missing price_zero line");
    assert_string_equal(problems[2].value, "Warna: merah");
    assert_string_equal(read_form("Nama: x\nHarga:"), "price_missing");
    assert_string_equal(read_form("Nama: x"), "price_missing");
    assert_string_equal(read_form("Nama: x\nHarga: -500"), "price_zero");
    assert_string_equal(read_form("Nama: x\nHarga: 1,5"), "price_fraction");
    assert_string_equal(read_form("Nama: x\nHarga: 1000001 juta"), "price_large");
    assert_string_equal(read_form("Nma: x\nHarga: 5rb"), "name_missing line");
    assert_string_equal(read_form("Sepatu\n500000"), "price_missing line");
}

static void stocks_are_whole_numbers_within_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t stock; /* -9: refused */
    } cases[] = {
        { "0", 0 },
        { "7", 7 },
        { "1.000", 1000 },
        { "1000000", 1000000 },
        { "-", -1 },
        { "", -1 },
        { "Habis", 0 },
        { "sold out", 0 },
        { "1000001", -9 },
        { "-1", -9 },
        { "1,5", -9 },
        { "1.5", -9 },
        { "1.00.000", -9 },
        { "1e3", -9 },
        { "10 pcs", -9 },
        { "sepuluh", -9 },
        { "1.000.000", 1000000 },
        { "99999999999999999999", -9 },
        { "5.", -9 },
        { ".5", -9 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t stock = -9;
        const char *problem = form_stock_check(cases[i].text, &stock);
        if (stock != cases[i].stock || (problem != NULL) != (stock == -9))
            fail_msg("%s", cases[i].text);
    }
}

static void names_have_a_limit_in_characters(void **state)
{
    (void)state;
    char name[2100];
    memset(name, 'a', 2000);
    name[2000] = '\0';
    assert_string_equal(form_name_check(name), "problem.name_long");
    name[120] = '\0';
    assert_null(form_name_check(name));
    memset(name, 'a', 121);
    name[121] = '\0';
    assert_string_equal(form_name_check(name), "problem.name_long");
    name[0] = '\0';
    for (int i = 0; i < 120; i++) strcat(name, "\xF0\x9F\x91\x9F"); /* a shoe, four bytes */
    assert_null(form_name_check(name));
    assert_int_equal(strlen(name), 480);
}

static void names_are_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *written, *clean, *folded;
    } cases[] = {
        { "  Es\t Teh \n Manis ", "Es Teh Manis", "es teh manis" },
        { "Es\xC2\xA0Teh", "Es Teh", "es teh" },
        { "\xEF\xBB\xBF"
          "Es\xE2\x80\x8BTeh\xE2\x80\xAE",
          "EsTeh", "esteh" },
        { "Es\x01\x1BTeh", "Es Teh", "es teh" },
        { "CAF\xC3\x89", "CAF\xC3\x89", "caf\xC3\xA9" },
        { "Es\xFF\xC3Teh", "EsTeh", "esteh" },
        { "\xE2\x80\x8B\xE2\x80\x8F", "", "" },
        { "'; DROP TABLE catalog_products; --", "'; DROP TABLE catalog_products; --",
          "'; drop table catalog_products; --" },
        { "\xD8\xAD\xD9\x84\xD9\x88\xD9\x89", "\xD8\xAD\xD9\x84\xD9\x88\xD9\x89",
          "\xD8\xAD\xD9\x84\xD9\x88\xD9\x89" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, "%s", cases[i].written);
        words_clean(text, 0);
        assert_string_equal(text, cases[i].clean);
        words_fold(text);
        assert_string_equal(text, cases[i].folded);
    }
}

static void a_description_may_have_lines(void **state)
{
    (void)state;
    assert_string_equal(
        read_form("Nama: x\nHarga: 5rb\nDeskripsi: satu\n\n  dua: tiga \nempat\nStok: 3"), "");
    assert_string_equal(product.description, "satu\ndua: tiga\nempat");
    assert_int_equal(product.stock, 3);
    assert_string_equal(read_form("Nama: x\nHarga: 5rb\nDeskripsi:\nsatu\ndua"), "");
    assert_string_equal(product.description, "satu\ndua");
}

static void mended_lines_win_over_the_first_form(void **state)
{
    (void)state;
    char again[64] = "harga: 500rb";
    read_form("Nama: Es Teh\nHarga: banyak\nWarna: merah\nStok: 4");
    form_parse(&form, again);
    assert_int_equal(form_check(&form, 1, &product, &variants, problems), 0);
    assert_string_equal(product.name, "Es Teh");
    assert_int_equal(product.price, 500000);
    assert_int_equal(product.stock, 4);
}

static void a_lone_line_is_a_name(void **state)
{
    (void)state;
    read_form("Kopi: Susu");
    assert_int_equal(form.lines, 0);
    assert_null(form.unknown);
    assert_string_equal(form.value[FIELD_NAME], "Kopi: Susu");
}

/* What the line says, written as the product writes it; or the problem. */
static const char *read_variants(const char *line)
{
    static char written[4000];
    const char *value = "";
    snprintf(text, sizeof text, "%s", line);
    variants.n = 0;
    const char *problem = variants_parse(text, &variants, &value);
    if (problem)
        snprintf(written, sizeof written, "%s %s", problem + 8, value);
    else
        assert_true(variants_write(&variants, written, sizeof written) >= 0);
    return written;
}

static void variants_are_read_as_sellers_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *is;
    } cases[] = {
        { "M merah = 150rb, 5; L merah = 160rb, 3", "M merah = 150000, 5; L merah = 160000, 3" },
        { "M", "M" },
        { "-", "- =" },
        { "- =", "- =" },
        { " M ;; L ; ", "M; L" },
        { "M = 150rb", "M = 150000" },
        { "M = , 5", "M =, 5" },
        { "M =, 5", "M =, 5" },
        { "M = -, 5", "M =, 5" },
        { "M = 150rb, -", "M = 150000" },
        { "M = 150rb, habis", "M = 150000, 0" },
        { "M = 150rb, stok 5", "M = 150000, 5" },
        { "M = 150rb, Stok: 5", "M = 150000, 5" },
        { "M: 150rb, 5", "M = 150000, 5" },
        { "M = 1,5jt", "M = 1500000" },
        { "M = 1,5jt, 2", "M = 1500000, 2" },
        { "M = Rp 150.000,5", "M = 150000, 5" },
        { "M = 500,000", "M = 500000" },
        { "M / Merah, tua = 5rb, 1.000", "M / Merah, tua = 5000, 1000" },
        { "*M* = 5rb", "M = 5000" },
        { "M = 5rb\nL = 6rb", "M = 5000; L = 6000" },
        { "A: B = 5rb, 2", "A: B = 5000, 2" },
        { "= 5rb", "variant_label " },
        { "M = banyak", "price_unclear banyak" },
        { "M = 5rb, banyak", "stock banyak" },
        { "M = 0, 5", "price_zero 0" },
        { "M = 5rb, -5", "stock -5" },
        { "M = 5rb, 5, 5", "stock 5, 5" },
        { "M; L; m", "variant_twice m" },
        { "S  besar; s besar", "variant_twice s besar" },
        { "1234567890123456789012345678901234567890123456789012345678901",
          "variant_long 1234567890123456789012345678901234567890123456789012345678901" },
        { "", "" },
        { ";", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char first[4000];
        snprintf(first, sizeof first, "%s", read_variants(cases[i].typed));
        if (strcmp(first, cases[i].is) != 0)
            fail_msg("\"%s\": %s, not %s", cases[i].typed, first, cases[i].is);
        if (strncmp(first, "variant_", 8) == 0 || strchr(first, ' ') == NULL) continue;
        if (strstr(first, "price_") == first || strstr(first, "stock ") == first) continue;
        assert_string_equal(read_variants(first), first); /* what is written is read again */
    }
}

static void a_label_with_a_colon_is_written_so_that_it_is_read_again(void **state)
{
    (void)state;
    assert_string_equal(read_variants("A: B ="), "A: B =");
    assert_int_equal(variants.n, 1);
    assert_string_equal(variants.item[0].label, "A: B");
}

static void a_product_has_at_most_fifty_variants(void **state)
{
    (void)state;
    char many[1000] = "";
    for (int i = 0; i < 50; i++) snprintf(many + strlen(many), 10, "v%d;", i);
    read_variants(many);
    assert_int_equal(variants.n, 50);
    strcat(many, "v50");
    assert_string_equal(read_variants(many), "variant_many v50");
}

static void variants_stand_in_one_line_or_in_many(void **state)
{
    (void)state;
    assert_string_equal(
        read_form("Nama: x\nHarga: 5rb\nVarian: M = 5rb, 1; L\nKategori: a\nvariasi: XL = 7rb"),
        "");
    assert_int_equal(variants.n, 3);
    assert_string_equal(variants.item[2].label, "XL");
    assert_string_equal(product.category, "a");
    assert_string_equal(read_form("Nama: x\nHarga: 5rb\nStok: 4\nVarian: M"), "stock_of_variants");
    assert_string_equal(read_form("Nama: x\nHarga: 5rb\nStok: -\nVarian: M"), "");
    assert_string_equal(read_form("Nama: x\nHarga: 5rb\nVarian: M\nVarian: m"), "variant_twice");
    /* a bug: lines that mended the form were added to those that were wrong */
    assert_string_equal(read_form("Nama: x\nHarga: 5rb\nVarian: M; m\n\f\nVarian: M = 5rb; L"), "");
    assert_int_equal(variants.n, 2);
}

static void nothing_written_is_read_out_of_bounds(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",          "\n\n",    ":",         "=",     ":=:=",          "Nama:\n:",
        "*:*",       "\xE2",    "Nama\xE2:", "- : 5", "\xE2\x80\xA2:", "Deskripsi:\n\n\n",
        "Deskripsi", "Harga:::"
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) read_form(odd[i]);
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        static const char pieces[] =
            "Nama:Harga=\n\nVarian:;,=Stok: -1.0\xE2\x80\xA2*_ Deskripsi\xFF\xF0\x9F";
        char lines[200];
        size_t n = 0;
        while (n < sizeof lines - 1 && (seed = seed * 1103515245u + 12345u) % 61u > 0)
            lines[n++] = pieces[(seed >> 8) % (sizeof pieces - 1)];
        lines[n] = '\0';
        read_form(lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_read_in_any_order_case_and_spelling),
        cmocka_unit_test(only_name_and_price_are_needed),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(stocks_are_whole_numbers_within_bounds),
        cmocka_unit_test(names_have_a_limit_in_characters),
        cmocka_unit_test(names_are_cleaned),
        cmocka_unit_test(a_description_may_have_lines),
        cmocka_unit_test(mended_lines_win_over_the_first_form),
        cmocka_unit_test(a_lone_line_is_a_name),
        cmocka_unit_test(variants_are_read_as_sellers_write_them),
        cmocka_unit_test(a_label_with_a_colon_is_written_so_that_it_is_read_again),
        cmocka_unit_test(a_product_has_at_most_fifty_variants),
        cmocka_unit_test(variants_stand_in_one_line_or_in_many),
        cmocka_unit_test(nothing_written_is_read_out_of_bounds),
    };
    return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
