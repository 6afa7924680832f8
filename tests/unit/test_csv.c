/* SPDX-License-Identifier: MIT
 * test_csv.c - tables as spreadsheets write them: every spelling is read, nothing hostile is read
 * out of bounds, and what is written is read again as it was. And a file of products: each line
 * with its number and what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../../plugins/catalog/csv.c"
#include "../../plugins/catalog/form.c"
#include "../../plugins/catalog/import_read.c"
#include "../../plugins/catalog/rupiah.c"
#include "../../plugins/catalog/variant_text.c"
#include "../../plugins/catalog/words.c"

/* All rows as one text: cells between "|", rows end with "/"; "!N" an open quote of line N. The
 * bytes are read from a block of exactly their size, so that a sanitizer sees what is outside. */
static const char *read_table(const void *bytes, size_t len)
{
    static char shown[65536];
    char *copy = malloc(len ? len : 1), *text = malloc(csv_text_cap(len));
    struct csv csv;
    struct csv_row row;
    size_t n = 0, text_len;
    enum csv_status status;
    memcpy(copy, bytes, len);
    shown[0] = '\0';
    if (csv_text(copy, len, text, &text_len) == CSV_EBINARY) {
        strcpy(shown, "binary");
    } else {
        char *exact = malloc(text_len + 1);
        memcpy(exact, text, text_len + 1);
        csv_open(&csv, exact, text_len);
        while ((status = csv_next(&csv, &row)) == CSV_ROW) {
            size_t cells = row.count < CSV_CELLS ? row.count : CSV_CELLS;
            for (size_t i = 0; i < cells && n < sizeof shown - 100; i++)
                n += (size_t)snprintf(shown + n, sizeof shown - n, "%s%.2000s", i ? "|" : "",
                                      row.cell[i]);
            if (n < sizeof shown - 100) n += (size_t)snprintf(shown + n, sizeof shown - n, "/");
        }
        if (status == CSV_EQUOTE && n < sizeof shown - 100)
            snprintf(shown + n, sizeof shown - n, "!%ld", csv.line);
        free(exact);
    }
    free(text);
    free(copy);
    return shown;
}

static void tables_are_read_in_every_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *file, *rows;
    } cases[] = {
        { "a,b\n1,2\n", "a|b/1|2/" },
        { "a;b\r\n1;2\r\n", "a|b/1|2/" },
        { "a\tb\r1\t2", "a|b/1|2/" },
        { "\xEF\xBB\xBF"
          "a,b\n",
          "a|b/" },
        { "sep=;\r\na;b\n1,5;2\n", "a|b/1,5|2/" },
        { "a;b\n1,5;2\n", "a|b/1,5|2/" },
        { "\"a,x\";b\n1;2\n", "a,x|b/1|2/" },
        { "a,b\n\"x\r\ny\",\"say \"\"hi\"\"\"\n", "a|b/x\r\ny|say \"hi\"/" },
        { "a,b\n \"x\" ,2\n", "a|b/x |2/" },
        { "a,b\n15\" monitor,2\n", "a|b/15\" monitor|2/" },
        { "a,b\n\"\",\n", "a|b/" },
        { "a,b\n\n , \n1,\n", "a|b/1|/" },
        { "a,b\n1,2,3\n", "a|b/1|2|3/" },
        { "a", "a/" },
        { "", "" },
        { "\n\n", "" },
        { "a,b\n\"open,2\n3,4\n", "a|b/!2" },
        { "a,b\n1,\"", "a|b/!2" },
        { "\"", "!1" },
        { "Caf\xE9,\x93x\x94,\x80", "Caf\xC3\xA9|\xE2\x80\x9Cx\xE2\x80\x9D|\xE2\x82\xAC/" },
        { "Caf\xC3\xA9", "Caf\xC3\xA9/" },
        { "\xFF\xFE"
          "a",
          "binary" },
        { "PK\x03\x04zip", "binary" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *rows = read_table(cases[i].file, strlen(cases[i].file));
        if (strcmp(rows, cases[i].rows) != 0)
            fail_msg("case %zu, \"%s\": %s", i, cases[i].file, rows);
    }
    assert_string_equal(read_table("a,b\n1\0,2\n", 9), "binary");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    static const char *const texts[] = { "",     "Es Teh", "a,b",        "a;b",
                                         "a\"b", "\"",     " a ",        "a\nb",
                                         "=1+1", "+62",    "-5",         "@x",
                                         "\tx",  "\rx",    "'",          "'=1",
                                         "''-",  "'a",     "a=b",        "=HYPERLINK(\"x\",\"y\")",
                                         "\r\n", "a\tb",   "Caf\xC3\xA9" };
    char line[1000];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = csv_write_cell(texts[i], NULL);
        assert_int_equal(csv_write_cell(texts[i], line + 2), n);
        memcpy(line, "x,", 2);
        memcpy(line + 2 + n, ",y\r\n", 5);
        struct csv csv;
        struct csv_row row;
        csv_open(&csv, line, n + 6);
        assert_int_equal(csv_next(&csv, &row), CSV_ROW);
        assert_int_equal(row.count, 3);
        assert_string_equal(csv_cell(row.cell[1]), texts[i]);
        const char *seen = row.cell[1]; /* by a spreadsheet: never a formula */
        assert_true(*seen == '\0' || !strchr("=+-@\t\r", *seen));
        assert_int_equal(csv_next(&csv, &row), CSV_END);
    }
}

static void nothing_hostile_is_read_out_of_bounds(void **state)
{
    (void)state;
    unsigned seed = 7;
    static const char pieces[] = "\"\",;\t\r\n ab='=\xC3\xA9\xE2\x80\xFF\xEF\xBB\xBF"
                                 "5rb";
    for (int round = 0; round < 20000; round++) {
        char file[300];
        size_t n = 0;
        while (n < sizeof file && (seed = seed * 1103515245u + 12345u) % 97u > 0)
            file[n++] = pieces[(seed >> 8) % (sizeof pieces - 1)];
        read_table(file, n);
    }
    char wide[3000];
    memset(wide, ',', sizeof wide);
    read_table(wide, sizeof wide);
}

/* ---- products -------------------------------------------------------------------------------- */

static unsigned char *out;
static struct import_head *head;
static int64_t out_len;

static void read_file(const char *file, size_t len)
{
    size_t cap = import_out_cap(len);
    free(out);
    out = malloc(cap);
    head = (struct import_head *)(void *)out;
    out_len = import_read(file, len, out, cap);
    assert_true(out_len >= (int64_t)sizeof *head);
}

/* The rows as "LINE name price stock|", and what is wrong as "LINE key|". */
static const char *read_products(const char *file)
{
    static char shown[8000];
    size_t n = 0, len;
    struct import_row row;
    read_file(file, strlen(file));
    shown[0] = '\0';
    if (head->problem) {
        snprintf(shown, sizeof shown, "problem %d %s", (int)head->problem, head->key);
        return shown;
    }
    const unsigned char *end = out + out_len, *at = out + sizeof *head;
    while ((at = import_chunk(at, end, &len))) {
        const unsigned char *r = at;
        while ((r = import_row(r, at + len, &row)))
            n += (size_t)snprintf(shown + n, sizeof shown - n, "%lld %lld %s %lld %lld %s|",
                                  (long long)row.line, (long long)row.id, row.product.name,
                                  (long long)row.product.price, (long long)row.product.stock,
                                  row.variants);
        at += len;
    }
    for (uint32_t i = 0; i < head->told; i++)
        n +=
            (size_t)snprintf(shown + n, sizeof shown - n, "%lld %s|",
                             (long long)head->errors[i].line, strchr(head->errors[i].key, '.') + 1);
    return shown;
}

static void a_file_of_products_is_read_by_the_rules_of_the_form(void **state)
{
    (void)state;
    assert_string_equal(read_products("nama,harga,stok\nEs Teh,5rb,\nKopi,\"1,5jt\",3\n"),
                        "2 0 Es Teh 5000 -1 |3 0 Kopi 1500000 3 |");
    assert_string_equal(read_products("Stock;PRICE;Name;ID\n3;Rp 5.000;Es Teh;7\n"),
                        "2 7 Es Teh 5000 3 |");
    assert_string_equal(read_products("id,stok\n7,3\n"), "2 7  0 3 |");
    assert_string_equal(read_products("nama,varian\nKaos,\"M = 5rb, 1; L\"\n"),
                        "2 0 Kaos 0 -1 M = 5rb, 1; L|");
    assert_string_equal(read_products("nama,harga\nA,x\n,5rb\n\nB,0\nb,5rb\nB,6rb\n"),
                        "6 0 b 5000 -1 |2 price_unclear|3 name_missing|5 price_zero|7 name_twice|");
    assert_string_equal(read_products("id,nama\n7,A\n#7,B\n07,C\nx,D\n0,E\n"),
                        "2 7 A 0 -1 |3 id_twice|4 id_twice|5 id|6 id|");
    assert_string_equal(read_products("nama,varian,stok\nA,M; m,\nB,M,5\nC,M = x,\n"),
                        "2 variant_twice|3 stock_of_variants|4 price_unclear|");
    assert_string_equal(read_products("nama,harga\nA,5rb,B,6rb\nC,5rb,,\n"),
                        "3 0 C 5000 -1 |2 cells|");
}

static void a_file_that_is_none_is_refused_as_a_whole(void **state)
{
    (void)state;
    assert_string_equal(read_products(""), "problem 2 ");
    assert_string_equal(read_products("nama,harga\n"), "problem 2 ");
    assert_string_equal(read_products("Sepatu,5rb\n"), "problem 3 problem.header_missing");
    assert_string_equal(read_products("harga\n5rb\n"), "problem 3 problem.header_missing");
    assert_string_equal(read_products("id\n5\n"), "problem 3 problem.header_missing");
    assert_string_equal(read_products("nama,Name,harga\na,b,1\n"),
                        "problem 3 problem.column_twice");
    assert_string_equal(read_products("nama\n\"a\n"), "problem 4 ");
    assert_int_equal(head->line, 2);
    read_file("nama\0,harga\n", 12);
    assert_int_equal(head->problem, IMPORT_BINARY);
}

/* A line of each, `n` times. */
static char *many(const char *first, const char *line, int n, size_t *len)
{
    char *file = malloc(strlen(first) + (size_t)n * (strlen(line) + 12) + 1);
    *len = (size_t)sprintf(file, "%s", first);
    for (int i = 0; i < n; i++) *len += (size_t)sprintf(file + *len, "%s%d,5rb\n", line, i);
    return file;
}

static void ten_thousand_lines_are_taken_and_more_are_counted(void **state)
{
    (void)state;
    size_t len;
    char *file = many("nama,harga\n", "Barang ", 10000, &len);
    read_file(file, len);
    assert_int_equal(head->problem, IMPORT_OK);
    assert_int_equal(head->rows, 10000);
    assert_int_equal(head->bad, 0);
    assert_int_equal(head->chunks, (10000 + IMPORT_CHUNK - 1) / IMPORT_CHUNK);
    free(file);
    file = many("nama,harga\n", "Barang ", 50000, &len);
    read_file(file, len);
    assert_int_equal(head->problem, IMPORT_TOO_MANY);
    assert_int_equal(head->rows, 50000);
    free(file);
}

static void only_the_first_bad_lines_are_told_and_all_are_counted(void **state)
{
    (void)state;
    size_t len;
    char *file = many("nama,harga,stok\n", ",x", 600, &len);
    read_file(file, len);
    assert_int_equal(head->rows, 600);
    assert_int_equal(head->bad, 600);
    assert_int_equal(head->told, IMPORT_TOLD);
    free(file);
}

static void a_cell_of_five_megabytes_is_only_a_bad_line(void **state)
{
    (void)state;
    size_t big = 5 << 20;
    char *file = malloc(big + 100);
    size_t len = (size_t)sprintf(file, "nama,harga\nKopi,5rb\n\"");
    memset(file + len, 'a', big);
    len += big;
    len += (size_t)sprintf(file + len, "\",5rb\n");
    read_file(file, len);
    assert_int_equal(head->problem, IMPORT_OK);
    assert_int_equal(head->bad, 1);
    assert_string_equal(head->errors[0].key, "problem.name_long");
    free(file);
}

static void a_file_of_any_bytes_gives_rows_or_problems(void **state)
{
    (void)state;
    unsigned seed = 3;
    static const char pieces[] = "\"\",;\n\nab M=5rb;-'=\xC3\xA9\xFF";
    for (int round = 0; round < 3000; round++) {
        char file[400] = "nama,harga,stok,varian,id\n";
        size_t n = strlen(file);
        while (n < sizeof file && (seed = seed * 1103515245u + 12345u) % 199u > 0)
            file[n++] = pieces[(seed >> 8) % (sizeof pieces - 1)];
        read_file(file, n);
        size_t len;
        struct import_row row;
        const unsigned char *end = out + out_len, *at = out + sizeof *head;
        uint32_t rows = 0;
        while ((at = import_chunk(at, end, &len))) {
            for (const unsigned char *r = at; (r = import_row(r, at + len, &row));) rows++;
            at += len;
        }
        if (head->problem == IMPORT_OK) assert_int_equal(rows + head->bad, head->rows);
    }
    free(out);
    out = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read_in_every_spelling),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(nothing_hostile_is_read_out_of_bounds),
        cmocka_unit_test(a_file_of_products_is_read_by_the_rules_of_the_form),
        cmocka_unit_test(a_file_that_is_none_is_refused_as_a_whole),
        cmocka_unit_test(ten_thousand_lines_are_taken_and_more_are_counted),
        cmocka_unit_test(only_the_first_bad_lines_are_told_and_all_are_counted),
        cmocka_unit_test(a_cell_of_five_megabytes_is_only_a_bad_line),
        cmocka_unit_test(a_file_of_any_bytes_gives_rows_or_problems),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
