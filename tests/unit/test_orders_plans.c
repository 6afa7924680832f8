/* SPDX-License-Identifier: MIT
 * test_orders_plans.c - every statement of the plugin orders finds its rows by an index: they are
 * read out of the plugin's file, so none is forgotten, and SQLite is asked how it would run them.
 */
#include "shop_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/cli/fragments.h"

/* What looks like too much and is not: a part of the statement, a part of its plan. */
static const struct {
    const char *sql, *plan;
} bounded[] = {
    /* a page of them, in the order of the index */
    { "state + 0 < 5 ORDER BY number LIMIT", "USING INDEX orders_orders_open (store=?)" },
    /* products sold in thirty days */
    { "FROM orders_sold", "USE TEMP B-TREE" },
    { "FROM orders_sold", "SCAN b" }, /* the five best of them */
    /* six rows */
    { "FROM orders_counts", "USING PRIMARY KEY (store=?)" },
    /* one person's in one store */
    { "WHERE person = $person AND store = $store AND state = 1", "USE TEMP B-TREE FOR" },
};

static int is_bounded(const char *sql, const char *plan)
{
    for (size_t i = 0; i < BOT_COUNT(bounded); i++)
        if (strstr(sql, bounded[i].sql) && strstr(plan, bounded[i].plan)) return 1;
    return 0;
}

/* All rows of a table, all of a store, or all that were found are gone through. "SCAN CONSTANT ROW"
 * and "SCAN (subquery)" are no tables. */
static int is_long(const char *plan)
{
    if (!strncmp(plan, "SCAN ", 5))
        return strncmp(plan, "SCAN CONSTANT", 13) != 0 && strncmp(plan, "SCAN (", 6) != 0;
    return strstr(plan, "TEMP B-TREE") || strstr(plan, "AUTOMATIC") || strstr(plan, "(store=?)");
}

/* 1: it goes through more than it should. */
static int explain(const char *sql, int *explained)
{
    char *query = malloc(strlen(sql) + 40);
    int found = 0;
    sqlite3_stmt *st = NULL;
    sprintf(query, "EXPLAIN QUERY PLAN %s", sql);
    if (sqlite3_prepare_v2(w.host->db.sql, query, -1, &st, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(w.host->db.sql));
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *plan = (const char *)sqlite3_column_text(st, 3);
        if (getenv("PLANS_VERBOSE")) print_message("%.100s\n    %s\n", sql, plan);
        if (!is_long(plan) || is_bounded(sql, plan)) continue;
        print_error("%s\n    %s\n", sql, plan);
        found = 1;
    }
    sqlite3_finalize(st);
    free(query);
    ++*explained;
    return found;
}

static int is_statement(const char *s)
{
    static const char *const verbs[] = { "SELECT ", "INSERT ", "UPDATE ", "DELETE " };
    for (size_t i = 0; i < BOT_COUNT(verbs); i++)
        if (!strncmp(s, verbs[i], 7) && strstr(s, " orders_")) return 1;
    return 0;
}

static void no_statement_goes_through_more_than_it_should(void **state)
{
    (void)state;
    struct buf file = { 0 };
    int explained = 0, found = 0;
    shop_open(1, NULL, NULL);
    assert_int_equal(file_slurp(FIXTURE_PLUGINS "/../../plugins/orders.so", &file), 0);
    buf_addc(&file, '\0');
    for (size_t i = 0; i + 1 < file.len; i++) {
        const char *s = (const char *)file.data + i;
        if ((i == 0 || s[-1] == '\0') && is_statement(s)) found += explain(s, &explained);
    }
    buf_free(&file);
    assert_true(explained >= 35);
    assert_int_equal(found, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(no_statement_goes_through_more_than_it_should, world_close),
    };
    return cmocka_run_group_tests_name("statements of orders", tests, NULL, NULL);
}
