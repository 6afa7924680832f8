/* statement.h - plugins' SQL: prepared once a generation, parameters bound by name, and the scope
 * rule (I7). On the loop. */
#ifndef TOKOBOT_STATEMENT_H
#define TOKOBOT_STATEMENT_H

#include <sqlite3.h>

#include "../base/map.h"
#include "../event.h"

struct plugin;
struct rowset;

/* A plugin's prepared statement. */
struct statement {
    sqlite3_stmt *st;
    const char *sql;
    int params;
    int store_param, person_param; /* 0 = not used */
    int scoped;                    /* touches a table with a `store` column */
    int readonly;
    int busy; /* a cursor is open on it */
    struct {
        const char *name;
        const char *seen;
        int arg;
    } * names; /* [params]; seen: address of the arg's name last time */
};

/* Result rows: a live cursor, or a finished set from a reader thread. */
struct bot_rows {
    struct bot_rows *next; /* open cursors of the running callback */
    struct event *ev;
    struct statement *stmt;
    sqlite3_stmt *st; /* live; may be a second copy of stmt's */
    int own;          /* finalize st */
    int state;        /* 0 before or on a row, 1 at the end */
    struct rowset *set;
    int64_t at; /* row in set; -1 before the first */
};

/* What the guard sees of a migration, statement by statement (migrate.c). */
struct migrating {
    struct host *host;
    int drops, alters, adds_trigger;
    int changes_rows;   /* of a table that was there before this step */
    int on_new_table;   /* what is altered, indexed or dropped was made by this step */
    struct map created; /* tables, over all statements of the step */
};
void migrating_begin(struct migrating *m, struct host *h); /* the next statement */
void migrating_end(struct migrating *m);

/* Sets the authorizer on the writing connection, once. It reads host->sql_owner. */
void statement_guard(struct host *h);
/* The statement for `sql`, checked for `plugin`; NULL with *rc: BOT_EINVAL or BOT_ESCOPE, logged.
 */
struct statement *statement_get(struct host *h, struct plugin *plugin, const char *sql, int *rc);
/* Whether the event's scope allows it and every parameter has a value; binds nothing. BOT_OK or an
 * error. */
int statement_check(struct event *ev, struct statement *stmt, const struct bot_arg *args, size_t n);
/* The same, and binds. */
int statement_bind(struct event *ev, struct statement *stmt, sqlite3_stmt *st,
                   const struct bot_arg *args, size_t n, int copy);
int statement_run(struct event *ev, const char *sql, const struct bot_arg *args, size_t n,
                  struct bot_rows **rows);
void statements_free(struct plugin *plugin);
int statement_error(int sqlite_rc); /* BOT_E... */
/* 1: the word ROLLBACK stands in it outside of texts, quoted names and comments. */
int statement_has_rollback(const char *sql);
/* Past a text, a quoted name or a comment that begins at s; s itself when none does. */
const char *statement_skip_quoted(const char *s);
/* Past white space and comments. */
const char *statement_skip_blank(const char *s);

int rows_next(struct bot_rows *rows);
void rows_close(struct bot_rows *rows); /* resets; the memory is the step's arena */
/* Closes what was opened since `mark` (ev->rows as it was). */
void rows_close_since(struct event *ev, struct bot_rows *mark);

#endif
