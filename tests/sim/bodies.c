/* bodies.c - see bodies.h. The shapes are those of the contract's samples, with what the bot reads
 * of them. */
#include "bodies.h"

#include <sodium.h>
#include <string.h>

const char *const engine_names[ENGINE_COUNT] = { "NOWEB", "GOWS", "WEBJS" };

void body_envelope(struct buf *b, enum engine engine, const char *evt, int64_t at,
                   const char *event)
{
    buf_addf(b,
             "{\"id\":\"%s\",\"timestamp\":%lld,\"event\":\"%s\",\"session\":\"default\","
             "\"engine\":\"%s\",\"me\":{\"id\":\"6281100000001@c.us\"},\"payload\":",
             evt, (long long)at, event, engine_names[engine]);
}

/* The part in which each engine tells the sender in its own way. */
static void add_raw(struct buf *b, const struct body_message *m)
{
    const char *mine = m->ours ? "true" : "false";
    switch (m->engine) {
    case ENGINE_NOWEB:
        buf_addf(b, "{\"key\":{\"remoteJid\":\"%s\",\"fromMe\":%s,\"id\":\"%s\"", m->chat, mine,
                 m->id);
        if (m->alt) buf_addf(b, ",\"remoteJidAlt\":\"%s\"", m->alt);
        buf_adds(b, "},\"pushName\":\"Pelanggan\"}");
        break;
    case ENGINE_GOWS:
        buf_addf(b,
                 "{\"Info\":{\"Chat\":\"%s\",\"Sender\":\"%s\",\"ID\":\"%s\",\"SenderAlt\":\"%s\",",
                 m->chat, m->chat, m->id, m->alt && !m->ours ? m->alt : "");
        buf_adds(b, "\"PushName\":\"Pelanggan\"}}");
        break;
    default:
        buf_addf(
            b,
            "{\"id\":{\"fromMe\":%s,\"remote\":\"%s\",\"id\":\"%s\"},\"notifyName\":\"Pelanggan\"}",
            mine, m->chat, m->id);
        break;
    }
}

void body_message(struct buf *b, const struct body_message *m)
{
    body_envelope(b, m->engine, m->evt, m->at, m->event);
    buf_addf(b, "{\"id\":\"%s_%s_%s\",\"timestamp\":%lld,\"from\":\"%s\",\"fromMe\":%s,",
             m->ours ? "true" : "false", m->chat, m->id, (long long)(m->sent_at / 1000), m->chat,
             m->ours ? "true" : "false");
    buf_addf(b, "\"source\":\"%s\",\"hasMedia\":%s,\"media\":null,\"ack\":2,",
             m->source ? m->source : "app", m->has_media ? "true" : "false");
    if (m->edits) buf_addf(b, "\"editedMessageId\":\"%s\",", m->edits);
    buf_adds(b, "\"body\":");
    if (m->raw) {
        buf_addc(b, '"');
        buf_add(b, m->text, m->len);
        buf_addc(b, '"');
    } else {
        buf_add_json(b, m->text, m->len);
    }
    buf_adds(b, ",\"_data\":");
    add_raw(b, m);
    buf_adds(b, "}}");
}

static const char *ack_name(int ack)
{
    static const char *const names[] = { "ERROR", "PENDING", "SERVER", "DEVICE", "READ", "PLAYED" };
    return ack >= -1 && ack <= 4 ? names[ack + 1] : "UNKNOWN";
}

void body_ack(struct buf *b, enum engine engine, const char *evt, int64_t at, const char *chat,
              const char *id, int ack)
{
    body_envelope(b, engine, evt, at, "message.ack");
    buf_addf(
        b,
        "{\"id\":\"true_%s_%s\",\"from\":\"%s\",\"fromMe\":true,\"source\":\"api\",\"ack\":%d,\"ackName\":\"%s\"}}",
        chat, id, chat, ack, ack_name(ack));
}

void body_sent(struct buf *b, enum engine engine, const char *chat, const char *id)
{
    switch (engine) {
    case ENGINE_NOWEB:
        buf_addf(
            b,
            "{\"key\":{\"remoteJid\":\"%s\",\"fromMe\":true,\"id\":\"%s\"},\"status\":\"PENDING\"}",
            chat, id);
        break;
    case ENGINE_GOWS:
        buf_addf(b, "{\"id\":\"true_%s_%s\",\"_data\":{}}", chat, id);
        break;
    default:
        buf_addf(
            b,
            "{\"id\":{\"fromMe\":true,\"remote\":\"%s\",\"id\":\"%s\",\"_serialized\":\"true_%s_%s\"},"
            "\"ack\":0,\"fromMe\":true}",
            chat, id, chat, id);
        break;
    }
}

void body_sign(const char *key, const char *body, size_t len, char hmac[129])
{
    unsigned char mac[crypto_auth_hmacsha512_BYTES];
    crypto_auth_hmacsha512_state state;
    crypto_auth_hmacsha512_init(&state, (const unsigned char *)key, strlen(key));
    crypto_auth_hmacsha512_update(&state, (const unsigned char *)body, len);
    crypto_auth_hmacsha512_final(&state, mac);
    sodium_bin2hex(hmac, 129, mac, sizeof mac);
}
