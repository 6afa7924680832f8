/* SPDX-License-Identifier: MIT
 * sql.c - for tests from outside: what is in a stopped bot's database, and a mark put into it.
 * sql FILE STATEMENT: prints each row as one line, columns divided by '|'. */
#include <sqlite3.h>
#include <stdio.h>

static int print(void *arg, int count, char **values, char **names)
{
    (void)arg;
    (void)names;
    for (int i = 0; i < count; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "");
    putchar('\n');
    return 0;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    char *error = NULL;
    if (argc != 3) return 64;
    int rc = sqlite3_open(argv[1], &db);
    if (rc == SQLITE_OK) sqlite3_busy_timeout(db, 5000);
    if (rc == SQLITE_OK) rc = sqlite3_exec(db, argv[2], print, NULL, &error);
    if (rc != SQLITE_OK) fprintf(stderr, "%s\n", error ? error : sqlite3_errmsg(db));
    sqlite3_free(error);
    sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : 1;
}
