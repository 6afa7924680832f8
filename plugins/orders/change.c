/* SPDX-License-Identifier: MIT
 *
 * change.c - an order goes on: what those who run the store do with it (/lunas, /proses, /kirim,
 * /selesai, /batalkan, or the same word as an answer to a message about it), what its customer may
 * still do, and what time does. Which states an order may leave by which action is one table. */
#include <stdlib.h>

#include "order.h"

#define RECEIPT_CHARS 100
#define REASON_CHARS  200

#define IN(state) (1u << (state))

enum action { PAID, PROCESS, SEND, FINISH, CANCEL, ACTIONS };

/* From these states; to that one (0: it stays, only the payment is noted); what is said to whom. */
static const struct {
    uint32_t from;
    enum order_state to;
    int pays; /* the money is there afterwards */
    const char *customer, *customer_pickup, *admin, *how;
} actions[ACTIONS] = {
    [PAID] = { IN(ORDER_UNPAID), ORDER_PROCESSING, 1, "told.paid", "told.paid", "done.paid",
               "next.paid" },
    [PROCESS] = { IN(ORDER_NEW), ORDER_PROCESSING, 0, "told.processing", "told.processing",
                  "done.processing", "next.process" },
    [SEND] = { IN(ORDER_NEW) | IN(ORDER_PROCESSING), ORDER_SENT, 0, "told.sent", "told.ready",
               "done.sent", "next.send" },
    [FINISH] = { IN(ORDER_NEW) | IN(ORDER_PROCESSING) | IN(ORDER_SENT), ORDER_DONE, 1, "told.done",
                 "told.done", "done.done", "next.done" },
    [CANCEL] = { IN(ORDER_UNPAID) | IN(ORDER_NEW) | IN(ORDER_PROCESSING) | IN(ORDER_SENT),
                 ORDER_CANCELED, 0, "told.canceled", "told.canceled", "done.canceled",
                 "next.cancel" },
};

/* Cash may come before the goods go. */
static int is_cash_open(const struct order *o)
{
    return !o->paid_at && o->state > ORDER_UNPAID && o->state < ORDER_DONE;
}

/* ---- saying ---------------------------------------------------------------------------------- */

static const char *text_of(struct bot_ctx *ctx, const char *key, const struct order *o)
{
    const struct bot_arg args[] = {
        bot_text("store", bot_field(ctx, "store.name")),
        bot_text("code", order_code(ctx, o->number)),
        bot_text("state", order_state_word(ctx, o)),
        bot_text("name", *o->name ? o->name : bot_words(ctx, "order.gone")),
        bot_int("total", o->total),
    };
    return ctx->api->text(ctx, key, args, BOT_COUNT(args));
}

/* With the receipt or the reason on a line of its own. */
static const char *text_with(struct bot_ctx *ctx, const char *key, const struct order *o)
{
    struct bot_lines l = { .ctx = ctx };
    bot_lines_add(&l, text_of(ctx, key, o));
    const char *value = o->state == ORDER_CANCELED ? o->reason
                        : o->state == ORDER_SENT   ? o->receipt
                                                   : "";
    const struct bot_arg args[] = { bot_text("value", value) };
    if (*value)
        bot_lines_add(
            &l, ctx->api->text(ctx, o->state == ORDER_CANCELED ? "order.reason" : "order.receipt",
                               args, 1));
    return l.s;
}

static int audit(struct bot_ctx *ctx, const struct order *o)
{
    return ctx->api->audit(ctx, "order.change",
                           bot_format(ctx, "number=%lld state=%d paid=%d", (long long)o->number,
                                      (int)o->state, o->paid_at > 0));
}

const char *order_next_steps(struct bot_ctx *ctx, const struct order *o)
{
    const struct bot_arg number[] = { bot_int("number", o->number) };
    struct bot_lines l = { .ctx = ctx };
    for (size_t i = 0; i < ACTIONS; i++) {
        if (!(actions[i].from & IN(o->state)) && !(i == PAID && is_cash_open(o))) continue;
        if (l.len) bot_lines_join(&l, ", ");
        bot_lines_join(&l, ctx->api->text(ctx, actions[i].how, number, 1));
    }
    const struct bot_arg list[] = { bot_text("list", l.s) };
    return l.len ? ctx->api->text(ctx, "next.steps", list, 1) : "";
}

/* ---- the admins ------------------------------------------------------------------------------ */

/* What is not possible, and why. */
static int refuse(struct bot_ctx *ctx, enum action action, const struct order *o)
{
    const char *key = o->state == ORDER_UNPAID && action != CANCEL ? "refused.unpaid"
                      : action == PAID && o->paid_at               ? "refused.paid"
                                                                   : "refused.state";
    return bot_reply(ctx, text_of(ctx, key, o));
}

static int tell_all(struct bot_ctx *ctx, enum action action, const struct order *o)
{
    const char *key =
        o->delivery == DELIVERY_PICKUP ? actions[action].customer_pickup : actions[action].customer;
    int is_his = o->person == person_of(ctx); /* who runs the store has bought there himself */
    int rc = is_his ? BOT_OK : tell_customer(ctx, o, text_with(ctx, key, o));
    if (rc < 0 || (rc = audit(ctx, o)) < 0) return rc;
    if ((rc = ctx->api->reply(ctx, text_with(ctx, actions[action].admin, o))) < 0) return rc;
    if (action == CANCEL && o->paid_at) rc = ctx->api->reply(ctx, text_of(ctx, "done.refund", o));
    return rc < 0 ? rc : BOT_HANDLED;
}

/* Cash that came before the goods did: only that is noted. */
static int note_cash(struct bot_ctx *ctx, struct order *o)
{
    const struct order_move move = { .to = o->state, .paid = 1 };
    int rc = order_move(ctx, o, &move);
    if (rc >= 0) rc = audit(ctx, o);
    return rc < 0 ? rc : bot_reply(ctx, text_of(ctx, "done.cash", o));
}

static int act(struct bot_ctx *ctx, enum action action, int64_t number, const char *words)
{
    struct order o;
    int rc = order_get(ctx, number, &o);
    if (rc == BOT_ENOENT) return say_no_order(ctx, order_code(ctx, number));
    if (rc < 0) return rc;
    if (action == PAID && is_cash_open(&o)) return note_cash(ctx, &o);
    if (!(actions[action].from & IN(o.state))) return refuse(ctx, action, &o);
    const char *receipt = action == SEND ? one_line(ctx, words, RECEIPT_CHARS) : "";
    const char *reason = action == CANCEL ? one_line(ctx, words, REASON_CHARS) : "";
    const struct order_move move = {
        .to = actions[action].to,
        .paid = actions[action].pays,
        .receipt = *receipt ? receipt : NULL,
        .reason = *reason ? reason : NULL,
    };
    rc = order_move(ctx, &o, &move);
    return rc < 0 ? rc : tell_all(ctx, action, &o);
}

/* "/kirim 12 JNE 123": by its number, or as the answer to a message about it. Both, and not the
 * same: nobody knows whether the number is of an order or of a receipt. */
static int act_command(struct bot_ctx *ctx, enum action action)
{
    const char *text = bot_field(ctx, "rest"), *rest = text;
    int64_t number = order_number_at(ctx, text, &rest);
    int64_t quoted = order_quoted(ctx);
    if (number && quoted && number != quoted) return bot_say_words(ctx, "change.usage");
    if (number) return act(ctx, action, number, rest);
    if (quoted) return act(ctx, action, quoted, text);
    return *text ? say_no_order(ctx, text) : bot_say_words(ctx, "change.usage");
}

int mark_paid(struct bot_ctx *ctx)
{
    return act_command(ctx, PAID);
}

int mark_processing(struct bot_ctx *ctx)
{
    return act_command(ctx, PROCESS);
}

int mark_sent(struct bot_ctx *ctx)
{
    return act_command(ctx, SEND);
}

int mark_done(struct bot_ctx *ctx)
{
    return act_command(ctx, FINISH);
}

int mark_canceled(struct bot_ctx *ctx)
{
    return act_command(ctx, CANCEL);
}

/* ---- a word as an answer --------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum action action;
} words[] = {
    { "lunas", PAID },      { "paid", PAID },      { "sudah bayar", PAID }, { "proses", PROCESS },
    { "process", PROCESS }, { "terima", PROCESS }, { "kirim", SEND },       { "ship", SEND },
    { "siap", SEND },       { "selesai", FINISH }, { "done", FINISH },      { "batalkan", CANCEL },
    { "tolak", CANCEL },    { "reject", CANCEL },
};

/* Behind the word, or NULL. */
static const char *behind(const char *text, const char *word)
{
    static const char ends[] = " .,!*:\n";
    const char *rest = bot_behind(text + strspn(text, " /*"), word);
    return rest && (*rest == '\0' || strchr(ends, *rest)) ? rest + strspn(rest, ends) : NULL;
}

/* "lunas belum", "terima kasih", "kirim ke mana?": it begins with the word, and does not mean it.
 */
static int is_talk(enum action action, const char *rest)
{
    static const char *const not_meant[] = { "belum", "kasih", "nanti", "kapan", "jangan",
                                             "bukan", "not",   "yet",   "when",  "later" };
    int takes_words = action == SEND || action == CANCEL;
    if (strchr(rest, '?')) return 1;
    for (size_t i = 0; !takes_words && i < BOT_COUNT(not_meant); i++)
        if (behind(rest, not_meant[i])) return 1;
    return 0;
}

int admin_said(struct bot_ctx *ctx, const char *text)
{
    int64_t number = order_quoted(ctx);
    if (!number) return BOT_PASS;
    for (size_t i = 0; i < BOT_COUNT(words); i++) {
        const char *rest = behind(text, words[i].word);
        if (rest && !is_talk(words[i].action, rest)) return act(ctx, words[i].action, number, rest);
    }
    return bot_say_with(ctx, "change.words", "code", order_code(ctx, number));
}

/* ---- its customer ---------------------------------------------------------------------------- */

static int cancel(struct bot_ctx *ctx, struct order *o)
{
    const struct order_move move = { .to = ORDER_CANCELED };
    if (o->state != ORDER_UNPAID && o->state != ORDER_NEW)
        return bot_reply(
            ctx, text_of(ctx, o->state < ORDER_DONE ? "refused.mine" : "refused.mine_over", o));
    int has_proof = o->state == ORDER_UNPAID && !o->expires_at;
    int rc = order_move(ctx, o, &move);
    struct bot_lines l = { .ctx = ctx };
    bot_lines_add(&l, text_of(ctx, "canceled.admin", o));
    if (o->paid_at) bot_lines_add(&l, text_of(ctx, "done.refund", o));
    if (has_proof) bot_lines_add(&l, text_of(ctx, "canceled.proof", o));
    if (rc >= 0) rc = tell_admins(ctx, o->number, l.s, 0);
    return rc < 0 ? rc : bot_reply(ctx, text_of(ctx, "canceled.mine", o));
}

/* /batal_pesanan 12; without a number the last one, when that can still be canceled. */
int cancel_mine(struct bot_ctx *ctx)
{
    const char *text = bot_field(ctx, "rest"), *rest = "";
    int64_t number = order_number_at(ctx, text, &rest);
    struct order o;
    if (in_group(ctx)) return bot_say_words(ctx, "group");
    if (!number) number = order_quoted(ctx);
    int rc = *text && !number ? BOT_ENOENT
             : number         ? order_get(ctx, number, &o)
                              : order_last(ctx, &o);
    if (rc < 0 && rc != BOT_ENOENT) return rc;
    if (rc == BOT_ENOENT || o.person != person_of(ctx))
        return *text ? say_no_order(ctx, text) : bot_say_words(ctx, "mine.none");
    return cancel(ctx, &o);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Unpaid orders whose time is over, all of this store's, so that none is missed. One of which a
 * proof came waits for the admins. */
int unpaid_over(struct bot_ctx *ctx)
{
    static const char sql[] = "SELECT " ORDER_COLUMNS " FROM orders_orders"
                              " WHERE store = $store AND expires_at <= $now AND state = 1"
                              " ORDER BY expires_at LIMIT 50";
    static const struct order_move move = { .to = ORDER_CANCELED, .by_time = 1 };
    const struct bot_arg args[] = { bot_int("now", ctx->api->now(ctx)) };
    struct bot_rows *rows = NULL;
    struct order due[50];
    int n = 0, rc = ctx->api->db(ctx, sql, args, 1, &rows);
    if (rc < 0) return rc;
    while (n < 50 && (rc = ctx->api->row_next(rows)) == BOT_ROW) order_of_row(ctx, rows, &due[n++]);
    for (int i = 0; rc >= 0 && i < n; i++) {
        rc = order_move(ctx, &due[i], &move);
        if (rc >= 0) rc = tell_customer(ctx, &due[i], text_of(ctx, "told.expired", &due[i]));
    }
    return rc < 0 ? rc : BOT_HANDLED;
}
