/* routing.h - which store a message is for. On the loop, in a turn. */
#ifndef TOKOBOT_ROUTING_H
#define TOKOBOT_ROUTING_H

#include "../event.h"
#include "dialog.h"

/* A store's code in a text. Pure. */
struct code_found {
    char code[12];  /* upper case, without '#' */
    size_t at, len; /* where it stands, with its '#' */
    int alone;      /* nothing else is in the text */
    int is_order;   /* a number follows: "MAJU7-12" */
};
/* The first "#CODE" or "@code" of the first line, in any case, or a text that is only a code with a
 * digit in it. `from` says where to go on looking; 0 first. 1 found, 0 none. */
int routing_code(const char *text, size_t from, struct code_found *out);
/* The same for a word of the first line that may be a code: it has a digit and four letters or
 * more, or it is an order's. */
int routing_word_code(const char *text, size_t from, struct code_found *out);
/* The text without the code. */
const char *routing_without(const char *text, const struct code_found *code, struct arena *arena);

enum route_result {
    ROUTE_STORE = 0,   /* ev->store is set */
    ROUTE_NONE = 1,    /* there is no store to go to */
    ROUTE_ASK = 2,     /* only the sender knows: routing_ask() */
    ROUTE_CLOSED = 3,  /* ev->store is set, but it does not take customers now */
    ROUTE_NO_CODE = 4, /* the message is only a code, of no store */
    ROUTE_FAILED = 5,
    ROUTE_FULL = 6 /* ev->store is set, and has as many customers as it may */
};
/* Decides the store of ev and loads it, and the roles in it. `managing`: a command of those who run
 * a store; is_command: only codes name a store, other words are arguments. Takes what names the
 * store out of ev->text. ROUTE_ASK with ev->choices: only these are in question. */
enum route_result routing_decide(struct event *ev, int managing, int is_command);
/* Takes this store: loads it and the roles. ROUTE_STORE, ROUTE_CLOSED, ROUTE_NONE when it has gone.
 */
enum route_result routing_take(struct event *ev, int64_t store);
/* The same for a store that the sender named: remembered for those who are no customers of it. */
enum route_result routing_choose(struct event *ev, int64_t store);

enum { ROUTING_CHOICES = 10, ROUTING_MANAGED = 64 };
int routing_among(int64_t store, const int64_t *stores, int n);

/* 1: the message is not for the store of the dialog that is open: it quotes a message of another
 * one. 2: it says nothing but another one's code. */
int routing_leaves(struct event *ev, int64_t store);

/* Asks which store - of those he manages when there are several - and keeps the text until it is
 * known. 0 or -1. */
int routing_ask(struct event *ev);
/* ev->text as the answer: the store; 0 = it is none of them, or, with ev->choices, one of these;
 * -1 = error. */
int64_t routing_answer(struct event *ev, const struct dialog *d);
/* The question again, for an open DIALOG_STORE. In ev->arena. */
const char *routing_question(struct event *ev, const struct dialog *d);

#endif
