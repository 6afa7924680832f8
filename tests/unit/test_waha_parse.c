/* test_waha_parse.c - the pure half of the WAHA gateway: webhook bodies in, answers judged, strings
 * escaped. The files are compiled into this program, so that static functions count as tested, too.
 * When the folder of contract samples lies beside the repository, every sample passes through as
 * well. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/waha/json.c"
#include "../../plugins/waha/escape.c"
#include "../../plugins/waha/answer.c"
#include "../../plugins/waha/parse_media.c"
#include "../../plugins/waha/webhooks.c"
#include "../../plugins/waha/parse.c"

#define CONTRACT "../shared/contracts/waha"

/* ---- a sink that remembers one incoming ------------------------------------------------------ */

struct seen {
    struct bot_incoming_sink sink;
    int count;
    struct bot_incoming in;
    char session[64], event[64], native[160], chat[160], phone[64], lid[160], name[160],
        quoted[160];
    char text[512];
    char media[32], url[200], type[80], file[80], error[120], place[60], place_name[120],
        contact[400];
};

static char *keep(char *out, size_t cap, const char *s)
{
    if (!s) return NULL;
    snprintf(out, cap, "%s", s);
    return out;
}

static void seen_add(struct bot_incoming_sink *sink, const struct bot_incoming *in)
{
    struct seen *s = (struct seen *)sink;
    s->count++;
    s->in = *in;
    assert_int_equal(in->size, sizeof *in);
    s->in.session = keep(s->session, sizeof s->session, in->session);
    s->in.event = keep(s->event, sizeof s->event, in->event);
    s->in.native_id = keep(s->native, sizeof s->native, in->native_id);
    s->in.chat = keep(s->chat, sizeof s->chat, in->chat);
    s->in.phone = keep(s->phone, sizeof s->phone, in->phone);
    s->in.lid = keep(s->lid, sizeof s->lid, in->lid);
    s->in.name = keep(s->name, sizeof s->name, in->name);
    s->in.quoted_id = keep(s->quoted, sizeof s->quoted, in->quoted_id);
    s->in.media = keep(s->media, sizeof s->media, in->media);
    s->in.media_url = keep(s->url, sizeof s->url, in->media_url);
    s->in.media_type = keep(s->type, sizeof s->type, in->media_type);
    s->in.media_name = keep(s->file, sizeof s->file, in->media_name);
    s->in.media_error = keep(s->error, sizeof s->error, in->media_error);
    s->in.place = keep(s->place, sizeof s->place, in->place);
    s->in.place_name = keep(s->place_name, sizeof s->place_name, in->place_name);
    s->in.contact = keep(s->contact, sizeof s->contact, in->contact);
    if (!in->text) return; /* it may end without a NUL, as a part of the body */
    int len = (int)(in->text_len ? in->text_len : strlen(in->text));
    snprintf(s->text, sizeof s->text, "%.*s", len, in->text);
    s->in.text = s->text;
}

static int parse_bytes(const char *body, size_t len, struct seen *s)
{
    memset(s, 0, sizeof *s);
    s->sink.size = sizeof s->sink;
    s->sink.add = seen_add;
    /* In a block of its very size, so that a sanitizer sees a byte too far. */
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, body, len);
    int rc = waha_parse(copy, len, &s->sink);
    free(copy);
    return rc;
}

static int parse_text(const char *body, struct seen *s)
{
    return parse_bytes(body, strlen(body), s);
}

/* ---- one row a body -------------------------------------------------------------------------- */

#define ENVELOPE(event, engine, payload)                                                           \
    "{\"id\":\"evt_1\",\"timestamp\":1784970007321,\"event\":\"" event "\",\"session\":\"toko\","  \
    "\"me\":null,\"payload\":" payload ",\"engine\":\"" engine "\"}"
#define NOWEB(rest)                                                                                \
    ENVELOPE("message", "NOWEB",                                                                   \
             "{\"timestamp\":1784970007,\"source\":\"app\",\"fromMe\":false," rest "}")

struct row {
    const char *what, *body;
    int kind;
    const char *event, *native, *chat, *phone, *lid, *name, *text, *quoted;
    int64_t sent_at;
    int ack, state;
};

static const struct row rows[] = {
    { "a text of NOWEB by phone",
      NOWEB(
          "\"id\":\"false_6281100000011@c.us_AA01\",\"from\":\"6281100000011@c.us\","
          "\"body\":\"Halo\",\"hasMedia\":false,\"location\":null,\"vCards\":null,\"replyTo\":null,"
          "\"_data\":{\"key\":{\"remoteJid\":\"6281100000011@s.whatsapp.net\",\"id\":\"AA01\"},"
          "\"pushName\":\"Budi\"}"),
      BOT_IN_MESSAGE, "message", "AA01", "6281100000011@c.us", "6281100000011", NULL, "Budi",
      "Halo", NULL, 1784970007000, 0, 0 },
    { "NOWEB by hidden id, the phone beside it",
      NOWEB("\"id\":\"false_100000000000011@lid_AA02\",\"body\":\"Halo\",\"_data\":{\"key\":{"
            "\"remoteJidAlt\":\"6281100000011@s.whatsapp.net\"},\"pushName\":\"Budi\"}"),
      BOT_IN_MESSAGE, "message", "AA02", "100000000000011@lid", "6281100000011",
      "100000000000011@lid", "Budi", "Halo", NULL, 1784970007000, 0, 0 },
    { "NOWEB by phone, the hidden id beside it",
      NOWEB("\"id\":\"false_6281100000011@c.us_AA03\",\"body\":\"Halo\",\"_data\":{\"key\":{"
            "\"remoteJidAlt\":\"100000000000011@lid\"}}"),
      BOT_IN_MESSAGE, "message", "AA03", "6281100000011@c.us", "6281100000011",
      "100000000000011@lid", NULL, "Halo", NULL, 1784970007000, 0, 0 },
    { "an older NOWEB says senderPn",
      NOWEB("\"id\":\"false_100000000000011@lid_AA04\",\"body\":\"Halo\",\"_data\":{\"key\":{"
            "\"senderPn\":\"6281100000011@s.whatsapp.net\"}}"),
      BOT_IN_MESSAGE, "message", "AA04", "100000000000011@lid", "6281100000011",
      "100000000000011@lid", NULL, "Halo", NULL, 1784970007000, 0, 0 },
    { "GOWS by hidden id, the phone with a device",
      ENVELOPE(
          "message", "GOWS",
          "{\"id\":\"false_100000000000011@lid_3AC2\",\"timestamp\":1768580591,\"fromMe\":false,"
          "\"from\":\"100000000000011@lid\",\"to\":null,\"participant\":null,\"body\":\"Kak\","
          "\"_data\":{\"Info\":{\"SenderAlt\":\"6281100000011:7@s.whatsapp.net\","
          "\"PushName\":\"Siti\"}}}"),
      BOT_IN_MESSAGE, "message", "3AC2", "100000000000011@lid", "6281100000011",
      "100000000000011@lid", "Siti", "Kak", NULL, 1768580591000, 0, 0 },
    { "GOWS with an empty SenderAlt",
      ENVELOPE(
          "message", "GOWS",
          "{\"id\":\"false_100000000000011@lid_3AC3\",\"timestamp\":1768580591,\"body\":\"Kak\","
          "\"_data\":{\"Info\":{\"SenderAlt\":\"\"}}}"),
      BOT_IN_MESSAGE, "message", "3AC3", "100000000000011@lid", NULL, "100000000000011@lid", NULL,
      "Kak", NULL, 1768580591000, 0, 0 },
    { "WEBJS by hidden id",
      ENVELOPE(
          "message", "WEBJS",
          "{\"id\":\"false_100000000000011@lid_3A01\",\"timestamp\":1784970307,\"fromMe\":false,"
          "\"from\":\"100000000000011@lid\",\"to\":\"6281100000001@c.us\",\"body\":\"bisa?\","
          "\"location\":null,\"vCards\":[],\"_data\":{\"id\":{\"id\":\"3A01\"},"
          "\"notifyName\":\"Ani\"}}"),
      BOT_IN_MESSAGE, "message", "3A01", "100000000000011@lid", NULL, "100000000000011@lid", "Ani",
      "bisa?", NULL, 1784970307000, 0, 0 },
    { "message.any of somebody else is a message",
      ENVELOPE(
          "message.any", "NOWEB",
          "{\"id\":\"false_6281100000011@c.us_AA05\",\"timestamp\":1784970007,\"fromMe\":false,"
          "\"source\":\"app\",\"body\":\"Halo\"}"),
      BOT_IN_MESSAGE, "message.any", "AA05", "6281100000011@c.us", "6281100000011", NULL, NULL,
      "Halo", NULL, 1784970007000, 0, 0 },
    { "ours from a phone, GOWS",
      ENVELOPE("message.any", "GOWS",
               "{\"id\":\"true_100000000000011@lid_3A04\",\"timestamp\":1784970626,\"fromMe\":true,"
               "\"source\":\"app\",\"body\":\"Saya balas\",\"ack\":1,\"_data\":{\"Info\":{"
               "\"RecipientAlt\":\"6281100000011@s.whatsapp.net\",\"PushName\":\"Toko\"}}}"),
      BOT_IN_OWN, "message.any", "3A04", "100000000000011@lid", "6281100000011",
      "100000000000011@lid", NULL, "Saya balas", NULL, 1784970626000, 0, 0 },
    { "ours from a phone, WEBJS: from is our own number",
      ENVELOPE("message.any", "WEBJS",
               "{\"id\":\"true_6281100000011@c.us_3A05\",\"fromMe\":true,\"source\":\"app\","
               "\"from\":\"6281100000001@c.us\",\"to\":\"6281100000011@c.us\",\"body\":\"ya\"}"),
      BOT_IN_OWN, "message.any", "3A05", "6281100000011@c.us", "6281100000011", NULL, NULL, "ya",
      NULL, 0, 0, 0 },
    { "ours through us is an ack",
      ENVELOPE("message.any", "GOWS",
               "{\"id\":\"true_6281100000011@c.us_3EB02\",\"timestamp\":1784970612,\"fromMe\":true,"
               "\"source\":\"api\",\"body\":\"Halo!\",\"ack\":1}"),
      BOT_IN_ACK, "message", "3EB02", "6281100000011@c.us", NULL, NULL, NULL, NULL, NULL,
      1784970612000, 1, 0 },
    { "an ack",
      ENVELOPE("message.ack", "NOWEB",
               "{\"id\":\"true_6281100000011@c.us_3EB01\",\"from\":\"6281100000011@c.us\","
               "\"fromMe\":true,\"ack\":3,\"ackName\":\"READ\"}"),
      BOT_IN_ACK, "message.ack", "3EB01", "6281100000011@c.us", NULL, NULL, NULL, NULL, NULL, 0, 3,
      0 },
    { "a failed ack",
      ENVELOPE("message.ack", "WEBJS",
               "{\"id\":\"true_6281100000011@c.us_3EB09\",\"fromMe\":true,\"ack\":-1}"),
      BOT_IN_ACK, "message.ack", "3EB09", "6281100000011@c.us", NULL, NULL, NULL, NULL, NULL, 0, -1,
      0 },
    { "an ack of theirs",
      ENVELOPE("message.ack", "NOWEB",
               "{\"id\":\"false_6281100000011@c.us_A1\",\"fromMe\":false,\"ack\":3}"),
      BOT_IN_OTHER, "message.ack", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "an unknown ack",
      ENVELOPE("message.ack", "WEBJS",
               "{\"id\":\"true_6281100000011@c.us_3EB0\",\"fromMe\":true,\"ack\":null}"),
      BOT_IN_OTHER, "message.ack", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "acks of groups are counted",
      ENVELOPE(
          "message.ack.group", "NOWEB",
          "{\"id\":\"true_120363000000000001@g.us_AC_6281100000001@c.us\",\"fromMe\":true,\"ack\":3}"),
      BOT_IN_OTHER, "message.ack.group", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "a quote, bare",
      NOWEB("\"id\":\"false_6281100000011@c.us_AA06\",\"body\":\"ok\",\"replyTo\":{"
            "\"id\":\"3EB05\",\"body\":\"x\"}"),
      BOT_IN_MESSAGE, "message", "AA06", "6281100000011@c.us", "6281100000011", NULL, NULL, "ok",
      "3EB05", 1784970007000, 0, 0 },
    { "a quote, full",
      NOWEB("\"id\":\"false_6281100000011@c.us_AA07\",\"body\":\"ok\",\"replyTo\":{"
            "\"id\":\"true_6281100000011@c.us_3EB06\"}"),
      BOT_IN_MESSAGE, "message", "AA07", "6281100000011@c.us", "6281100000011", NULL, NULL, "ok",
      "3EB06", 1784970007000, 0, 0 },
    { "a picture with a caption",
      NOWEB(
          "\"id\":\"false_6281100000011@c.us_AA08\",\"body\":\"Bukti\",\"hasMedia\":true,\"media\":null"),
      BOT_IN_MESSAGE, "message", "AA08", "6281100000011@c.us", "6281100000011", NULL, NULL, "Bukti",
      NULL, 1784970007000, 0, 0 },
    { "a voice note",
      NOWEB(
          "\"id\":\"false_6281100000011@c.us_AA09\",\"body\":null,\"hasMedia\":true,\"media\":{}"),
      BOT_IN_MESSAGE, "message", "AA09", "6281100000011@c.us", "6281100000011", NULL, NULL, "",
      NULL, 1784970007000, 0, 0 },
    { "a location whose body is a thumbnail",
      NOWEB(
          "\"id\":\"false_6281100000011@c.us_AA10\",\"body\":\"/9j/4AAQSkZJRg\",\"hasMedia\":false,"
          "\"location\":{\"latitude\":-6.1,\"longitude\":106.8}"),
      BOT_IN_MESSAGE, "message", "AA10", "6281100000011@c.us", "6281100000011", NULL, NULL, "",
      NULL, 1784970007000, 0, 0 },
    { "a contact",
      NOWEB("\"id\":\"false_6281100000011@c.us_AA11\",\"body\":null,\"vCards\":[\"BEGIN:VCARD\"]"),
      BOT_IN_MESSAGE, "message", "AA11", "6281100000011@c.us", "6281100000011", NULL, NULL, "",
      NULL, 1784970007000, 0, 0 },
    { "nothing written and nothing sent",
      NOWEB(
          "\"id\":\"false_6281100000011@c.us_AA12\",\"body\":\"\",\"vCards\":[],\"hasMedia\":false"),
      BOT_IN_OTHER, "message.empty", "AA12", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0,
      0 },
    { "a group",
      NOWEB("\"id\":\"false_120363000000000001@g.us_AA13_6281100000011@c.us\",\"body\":\"x\""),
      BOT_IN_OTHER, "message.group", "AA13", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0,
      0 },
    { "a command in a group, NOWEB",
      NOWEB("\"id\":\"false_120363000000000001@g.us_AA13_100000000000011@lid\",\"body\":"
            "\"/lihat_produk\",\"_data\":{\"key\":{\"participantAlt\":"
            "\"6281100000011:4@s.whatsapp.net\"}}"),
      BOT_IN_MESSAGE, "message.group", "AA13", "120363000000000001@g.us", "6281100000011",
      "100000000000011@lid", NULL, "/lihat_produk", NULL, 1784970007000, 0, 0 },
    { "a command in a group, GOWS",
      NOWEB("\"id\":\"false_120363000000000001@g.us_AA13_100000000000011@lid\",\"to\":"
            "\"100000000000011@lid\",\"body\":\"/lihat_produk\",\"_data\":{\"Info\":{\"SenderAlt\":"
            "\"6281100000011@s.whatsapp.net\"}}"),
      BOT_IN_MESSAGE, "message.group", "AA13", "120363000000000001@g.us", "6281100000011",
      "100000000000011@lid", NULL, "/lihat_produk", NULL, 1784970007000, 0, 0 },
    { "a command in a group, its writer hidden",
      NOWEB("\"id\":\"false_120363000000000001@g.us_AA13_100000000000011@lid\",\"body\":"
            "\"/lihat_produk\""),
      BOT_IN_MESSAGE, "message.group", "AA13", "120363000000000001@g.us", NULL,
      "100000000000011@lid", NULL, "/lihat_produk", NULL, 1784970007000, 0, 0 },
    { "a command in a group, of nobody",
      NOWEB("\"id\":\"false_120363000000000001@g.us_AA13\",\"body\":\"/lihat_produk\""),
      BOT_IN_OTHER, "message.group", "AA13", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0,
      0 },
    { "our own command in a group",
      NOWEB("\"id\":\"true_120363000000000001@g.us_AA13_6281100000001@c.us\",\"fromMe\":true,"
            "\"source\":\"app\",\"body\":\"/lihat_produk\""),
      BOT_IN_OTHER, "message.group", "AA13", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0,
      0 },
    { "a status post",
      NOWEB("\"id\":\"false_status@broadcast_AA14_6281100000011@c.us\",\"body\":\"x\""),
      BOT_IN_OTHER, "message.status", "AA14", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0,
      0 },
    { "a channel", NOWEB("\"id\":\"false_120363@newsletter_AA15\",\"body\":\"x\""), BOT_IN_OTHER,
      "message.newsletter", "AA15", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0, 0 },
    { "a broadcast list", NOWEB("\"id\":\"false_1784970007@broadcast_AA16\",\"body\":\"x\""),
      BOT_IN_OTHER, "message.broadcast", "AA16", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000,
      0, 0 },
    { "WhatsApp's own notice", NOWEB("\"id\":\"false_0@c.us_AA17\",\"body\":\"x\""), BOT_IN_OTHER,
      "message.strange", "AA17", NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0, 0 },
    { "the inner form of a chat id is rewritten",
      NOWEB("\"id\":\"false_6281100000011:3@s.whatsapp.net_AA18\",\"body\":\"x\""), BOT_IN_MESSAGE,
      "message", "AA18", "6281100000011@c.us", "6281100000011", NULL, NULL, "x", NULL,
      1784970007000, 0, 0 },
    { "the id as an object of whatsapp-web.js",
      ENVELOPE("message", "WEBJS",
               "{\"id\":{\"_serialized\":\"false_6281100000011@c.us_3A06\"},\"body\":\"x\"}"),
      BOT_IN_MESSAGE, "message", "3A06", "6281100000011@c.us", "6281100000011", NULL, NULL, "x",
      NULL, 0, 0, 0 },
    { "no payload.id, but the raw key",
      NOWEB("\"from\":\"6281100000011@c.us\",\"body\":\"x\",\"_data\":{\"key\":{\"id\":\"AA19\"}}"),
      BOT_IN_MESSAGE, "message", "AA19", "6281100000011@c.us", "6281100000011", NULL, NULL, "x",
      NULL, 1784970007000, 0, 0 },
    { "no id at all", NOWEB("\"from\":\"6281100000011@c.us\",\"body\":\"x\""), BOT_IN_OTHER,
      "message.noid", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1784970007000, 0, 0 },
    { "everything of a wrong type",
      ENVELOPE(
          "message", "NOWEB",
          "{\"id\":7,\"timestamp\":[],\"from\":{},\"fromMe\":\"ja\",\"body\":[],\"hasMedia\":1,"
          "\"vCards\":{},\"location\":\"x\",\"replyTo\":4,\"_data\":{\"key\":[1],\"Info\":\"x\"}}"),
      BOT_IN_OTHER, "message.strange", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "WORKING",
      ENVELOPE("session.status", "NOWEB",
               "{\"name\":\"toko\",\"status\":\"WORKING\",\"data\":null}"),
      BOT_IN_SESSION, "session.status", NULL, NULL, NULL, NULL, NULL, "WORKING", NULL, 0, 0,
      BOT_SESSION_CONNECTED },
    { "SCAN_QR_CODE",
      ENVELOPE("session.status", "NOWEB", "{\"name\":\"toko\",\"status\":\"SCAN_QR_CODE\"}"),
      BOT_IN_SESSION, "session.status", NULL, NULL, NULL, NULL, NULL, "SCAN_QR_CODE", NULL, 0, 0,
      BOT_SESSION_QR },
    { "FAILED", ENVELOPE("session.status", "GOWS", "{\"name\":\"toko\",\"status\":\"FAILED\"}"),
      BOT_IN_SESSION, "session.status", NULL, NULL, NULL, NULL, NULL, "FAILED", NULL, 0, 0,
      BOT_SESSION_DISCONNECTED },
    { "a status without one", ENVELOPE("session.status", "GOWS", "{}"), BOT_IN_OTHER,
      "session.status", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "our own, though fromMe is of a wrong type",
      ENVELOPE(
          "message.any", "NOWEB",
          "{\"id\":\"true_6281100000011@c.us_A1\",\"fromMe\":7,\"source\":\"api\",\"body\":\"x\",\"ack\":1}"),
      BOT_IN_ACK, "message", "A1", "6281100000011@c.us", NULL, NULL, NULL, NULL, NULL, 0, 1, 0 },
    { "an edit",
      ENVELOPE(
          "message.edited", "NOWEB",
          "{\"id\":\"false_6281100000011@c.us_D4\",\"body\":\"x\",\"editedMessageId\":\"A1\"}"),
      BOT_IN_EDIT, "message.edited", "A1", "6281100000011@c.us", "6281100000011", NULL, NULL, "x",
      NULL, 0, 0, 0 },
    { "an edit that could not be decrypted",
      ENVELOPE("message.edited", "NOWEB",
               "{\"id\":\"false_6281100000011@c.us_D4\",\"body\":\"\",\"editedMessageId\":\"A1\"}"),
      BOT_IN_OTHER, "message.edited", "A1", "6281100000011@c.us", "6281100000011", NULL, NULL, NULL,
      NULL, 0, 0, 0 },
    { "an edit of nothing",
      ENVELOPE("message.edited", "NOWEB",
               "{\"id\":\"false_6281100000011@c.us_D4\",\"body\":\"x\"}"),
      BOT_IN_OTHER, "message.edited", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "an edit in a group",
      ENVELOPE(
          "message.edited", "NOWEB",
          "{\"id\":\"false_1@g.us_D4_6281100000011@c.us\",\"body\":\"x\",\"editedMessageId\":\"A1\"}"),
      BOT_IN_OTHER, "message.edited", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "taken back",
      ENVELOPE("message.revoked", "NOWEB",
               "{\"after\":{\"id\":\"false_100000000000011@lid_D7\",\"timestamp\":1,\"body\":null},"
               "\"before\":null,\"revokedMessageId\":\"A1\",\"_data\":{\"key\":"
               "{\"remoteJidAlt\":\"6281100000011@s.whatsapp.net\"}}}"),
      BOT_IN_REVOKE, "message.revoked", "A1", "100000000000011@lid", "6281100000011",
      "100000000000011@lid", NULL, NULL, NULL, 0, 0, 0 },
    { "taken back, and nobody knows by whom",
      ENVELOPE("message.revoked", "NOWEB", "{\"after\":7,\"revokedMessageId\":\"A1\"}"),
      BOT_IN_OTHER, "message.revoked", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "a reaction",
      ENVELOPE(
          "message.reaction", "WEBJS",
          "{\"id\":\"false_6281100000011@c.us_D2\",\"timestamp\":1784970007.5,\"fromMe\":false,"
          "\"reaction\":{\"text\":\"\\ud83d\\udc4d\",\"messageId\":\"true_6281100000011@c.us_B1\"}}"),
      BOT_IN_REACTION, "message.reaction", "D2", "6281100000011@c.us", "6281100000011", NULL, NULL,
      "\xf0\x9f\x91\x8d", "B1", 1784970007500, 0, 0 },
    { "a reaction taken back",
      ENVELOPE("message.reaction", "GOWS",
               "{\"id\":\"false_6281100000011@c.us_D3\",\"timestamp\":1784970007,"
               "\"reaction\":{\"text\":\"\",\"messageId\":\"true_6281100000011@c.us_B1\"}}"),
      BOT_IN_REACTION, "message.reaction", "D3", "6281100000011@c.us", "6281100000011", NULL, NULL,
      "", "B1", 1784970007000, 0, 0 },
    { "our own reaction",
      ENVELOPE("message.reaction", "GOWS",
               "{\"id\":\"true_6281100000011@c.us_D3\",\"fromMe\":true,"
               "\"reaction\":{\"text\":\"x\",\"messageId\":\"false_6281100000011@c.us_B1\"}}"),
      BOT_IN_OTHER, "message.reaction", NULL, "6281100000011@c.us", "6281100000011", NULL, NULL,
      NULL, NULL, 0, 0, 0 },
    { "a vote",
      ENVELOPE("poll.vote", "NOWEB",
               "{\"vote\":{\"id\":\"false_6281100000011@c.us_83\",\"fromMe\":false,"
               "\"selectedOptions\":[\"Enak\", \"Murah\"],\"timestamp\":1784970007},"
               "\"poll\":{\"id\":\"true_6281100000011@c.us_BA\"}}"),
      BOT_IN_POLL_VOTE, "poll.vote", "83", "6281100000011@c.us", "6281100000011", NULL, NULL,
      "[\"Enak\", \"Murah\"]", "BA", 1784970007000, 0, 0 },
    { "our own vote",
      ENVELOPE("poll.vote", "NOWEB",
               "{\"vote\":{\"id\":\"true_6281100000011@c.us_83\",\"fromMe\":true,"
               "\"selectedOptions\":[]},\"poll\":{\"id\":\"true_6281100000011@c.us_BA\"}}"),
      BOT_IN_OTHER, "poll.vote", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
    { "an event of next year", ENVELOPE("call.received", "NOWEB", "null"), BOT_IN_OTHER,
      "call.received", NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0 },
};

static void same(const char *what, const char *field, const char *got, const char *want)
{
    if ((!got && !want) || (got && want && strcmp(got, want) == 0)) return;
    fail_msg("%s: %s is '%s', not '%s'", what, field, got ? got : "NULL", want ? want : "NULL");
}

static void every_body_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        struct seen s;
        if (parse_text(r->body, &s) != BOT_OK) fail_msg("%s: refused", r->what);
        if (s.count != 1) fail_msg("%s: %d incoming", r->what, s.count);
        if ((int)s.in.kind != r->kind) fail_msg("%s: kind %u", r->what, s.in.kind);
        same(r->what, "session", s.in.session, "toko");
        same(r->what, "event", s.in.event, r->event);
        same(r->what, "native_id", s.in.native_id, r->native);
        same(r->what, "chat", s.in.chat, r->chat);
        same(r->what, "phone", s.in.phone, r->phone);
        same(r->what, "lid", s.in.lid, r->lid);
        same(r->what, "name", s.in.name, r->name);
        same(r->what, "text", s.in.text, r->text);
        same(r->what, "quoted_id", s.in.quoted_id, r->quoted);
        if (s.in.sent_at != r->sent_at)
            fail_msg("%s: sent_at %lld", r->what, (long long)s.in.sent_at);
        if (s.in.ack != r->ack) fail_msg("%s: ack %d", r->what, s.in.ack);
        if (s.in.state != r->state) fail_msg("%s: state %d", r->what, s.in.state);
    }
}

/* ---- what comes along ------------------------------------------------------------------------ */

#define MEDIA(rest) NOWEB("\"id\":\"false_6281100000011@c.us_M1\",\"hasMedia\":true," rest)
#define PLACE(rest)                                                                                \
    NOWEB("\"id\":\"false_6281100000011@c.us_M1\",\"body\":\"/9j/4AAQ\",\"location\":{" rest "}")
#define RAW(message) ",\"_data\":{\"message\":{\"" message "\":{}}}"

struct media_row {
    const char *what, *body;
    const char *media, *url, *type, *file, *error, *place, *place_name, *contact, *text;
};
static const struct media_row media_rows[] = {
    { "a plain text brings nothing",
      NOWEB("\"id\":\"false_6281100000011@c.us_M1\",\"body\":\"x\","
            "\"hasMedia\":false,\"media\":null,\"vCards\":[ ]"),
      .text = "x" },
    { "a text that quotes a picture",
      NOWEB("\"id\":\"false_6281100000011@c.us_M1\",\"body\":\"x\",\"_data\":{\"message\":{"
            "\"extendedTextMessage\":{\"contextInfo\":{\"imageMessage\":{}}}}}"),
      .text = "x" },
    { "a picture and its caption",
      MEDIA("\"body\":\"Bukti\",\"media\":{\"url\":\"http://localhost:3000/api/files/a.jpeg\","
            "\"filename\":null,\"mimetype\":\"image/jpeg\"}" RAW("imageMessage")),
      "image", "http://localhost:3000/api/files/a.jpeg", "image/jpeg", .text = "Bukti" },
    { "a sticker is no picture",
      MEDIA("\"media\":{\"url\":\"u\",\"mimetype\":\"image/webp\"}" RAW("stickerMessage")),
      "sticker", "u", "image/webp", .text = "" },
    { "a picture that was not downloaded",
      MEDIA("\"body\":\"Bukti\",\"media\":null" RAW("imageMessage")), "image",
      .error = "WAHA has not downloaded it", .text = "Bukti" },
    { "nothing is known of it", MEDIA("\"body\":null,\"media\":null"), "document",
      .error = "WAHA has not downloaded it", .text = "" },
    { "an error is an object",
      MEDIA("\"media\":{\"url\":null,\"mimetype\":\"image/jpeg\",\"error\":{\"code\":403,"
            "\"details\":\"media \\\"gone\\\"\"}}"),
      "image", .type = "image/jpeg", .error = "403: media \"gone\"", .text = "" },
    { "its code is a word",
      MEDIA("\"media\":{\"url\":null,\"error\":{\"code\":\"EGONE\",\"details\":{}}}"), "document",
      .error = "EGONE", .text = "" },
    { "details alone",
      MEDIA("\"media\":{\"url\":null,\"error\":{\"code\":\"\",\"details\":\"x\"}}"), "document",
      .error = "x", .text = "" },
    { "an error that is none", MEDIA("\"media\":{\"url\":\"\",\"error\":[1]}"), "document",
      .error = "WAHA could not download it", .text = "" },
    { "a voice note",
      MEDIA("\"body\":null,\"media\":{\"url\":\"u\",\"mimetype\":\"audio/OGG; codecs=opus\"},"
            "\"_data\":{\"message\":{\"audioMessage\":{\"ptt\":true}}}"),
      "voice", "u", "audio/ogg", .text = "" },
    { "a song", MEDIA("\"media\":{\"url\":\"u\",\"mimetype\":\"audio/mpeg\"}" RAW("audioMessage")),
      "audio", "u", "audio/mpeg", .text = "" },
    { "a voice note of GOWS",
      MEDIA("\"media\":{\"url\":\"u\"},\"_data\":{\"Message\":{\"audioMessage\":{\"PTT\":true}}}"),
      "voice", "u", .text = "" },
    { "a voice note of WEBJS", MEDIA("\"media\":{\"url\":\"u\"},\"_data\":{\"type\":\"ptt\"}"),
      "voice", "u", .text = "" },
    { "a video of WEBJS", MEDIA("\"media\":null,\"_data\":{\"type\":\"video\"}"), "video",
      .error = "WAHA has not downloaded it", .text = "" },
    { "a round video", MEDIA("\"media\":{\"url\":\"u\"}" RAW("ptvMessage")), "video", "u",
      .text = "" },
    { "kinds by the type alone", MEDIA("\"media\":{\"url\":\"u\",\"mimetype\":\"video/mp4\"}"),
      "video", "u", "video/mp4", .text = "" },
    { "a document and its name",
      MEDIA("\"media\":{\"url\":\"u\",\"filename\":\"faktur \\u0031.pdf\",\"mimetype\":"
            "\"application/pdf\"}" RAW("documentMessage")),
      "document", "u", "application/pdf", "faktur 1.pdf", .text = "" },
    { "a document with a caption",
      MEDIA("\"media\":{\"url\":\"u\"}" RAW("documentWithCaptionMessage")), "document", "u",
      .text = "" },
    { "types that are none",
      MEDIA("\"media\":{\"url\":\"u\",\"mimetype\":\"image/<b>\"}" RAW("imageMessage")), "image",
      "u", .text = "" },
    { "a type in three parts", MEDIA("\"media\":{\"url\":\"u\",\"mimetype\":\"a/b/c\"}"),
      "document", "u", .text = "" },
    { "everything of a wrong type",
      MEDIA("\"media\":{\"url\":7,\"mimetype\":{},\"filename\":[],\"error\":true},\"_data\":{"
            "\"message\":7,\"type\":{}}"),
      "document", .error = "WAHA could not download it", .text = "" },
    { "a place in strings",
      PLACE("\"latitude\":\"-6.1753924\",\"longitude\":\"106.8271528\",\"name\":\"Monas\","
            "\"address\":\"Gambir\""),
      "location", .place = "-6.1753924,106.8271528", .place_name = "Monas, Gambir", .text = "" },
    { "a place in numbers",
      PLACE("\"latitude\":-6.10,\"longitude\":1.068e2,\"address\":\"Gambir\""), "location",
      .place = "-6.1,106.8", .place_name = "Gambir", .text = "" },
    { "the middle of the world", PLACE("\"latitude\":-0,\"longitude\":\"0\",\"name\":\"x\""),
      "location", .place = "0,0", .place_name = "x", .text = "" },
    { "the edge", PLACE("\"latitude\":\"90\",\"longitude\":-180"), "location", .place = "90,-180",
      .text = "" },
    { "beyond the edge", PLACE("\"latitude\":90.1,\"longitude\":0"), "location",
      .error = "its coordinates are none", .text = "" },
    { "half a place", PLACE("\"latitude\":\"1\""), "location", .error = "its coordinates are none",
      .text = "" },
    { "no numbers", PLACE("\"latitude\":\"nan\",\"longitude\":\"0x10\""), "location",
      .error = "its coordinates are none", .text = "" },
    { "not quite numbers", PLACE("\"latitude\":\"1-2\",\"longitude\":\"1 \""), "location",
      .error = "its coordinates are none", .text = "" },
    { "two contacts",
      NOWEB(
          "\"id\":\"false_6281100000011@c.us_M1\",\"body\":\"BEGIN\",\"vCards\":[ \"BEGIN:VCARD\\nA\","
          " {\"x\":[1]},\"B\" ]"),
      "contact", .contact = "BEGIN:VCARD\nA\nB", .text = "" },
    { "no card in it", NOWEB("\"id\":\"false_6281100000011@c.us_M1\",\"vCards\":[null,7,\"\"]"),
      "contact", .error = "it holds no card", .text = "" },
    { "ours from a phone",
      ENVELOPE(
          "message.any", "NOWEB",
          "{\"id\":\"true_6281100000011@c.us_M1\",\"source\":\"app\",\"hasMedia\":true,\"media\":"
          "{\"url\":\"u\",\"mimetype\":\"image/png\"}}"),
      "image", "u", "image/png", .text = "" },
};

static void what_comes_along_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(media_rows); i++) {
        const struct media_row *r = &media_rows[i];
        struct seen s;
        if (parse_text(r->body, &s) != BOT_OK || s.count != 1) fail_msg("%s: refused", r->what);
        if (s.in.kind != BOT_IN_MESSAGE && s.in.kind != BOT_IN_OWN)
            fail_msg("%s: kind %u", r->what, s.in.kind);
        same(r->what, "media", s.in.media, r->media);
        same(r->what, "media_url", s.in.media_url, r->url);
        same(r->what, "media_type", s.in.media_type, r->type);
        same(r->what, "media_name", s.in.media_name, r->file);
        same(r->what, "media_error", s.in.media_error, r->error);
        same(r->what, "place", s.in.place, r->place);
        same(r->what, "place_name", s.in.place_name, r->place_name);
        same(r->what, "contact", s.in.contact, r->contact);
        same(r->what, "text", s.in.text, r->text);
        if (r->contact) assert_int_equal(s.in.contact_len, strlen(r->contact));
    }
}

static int is_json(const char *text)
{
    struct json_slice slots[1];
    enum json_kind root;
    static const struct json_wanted none[] = { { NULL, 0, 0, NULL } };
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    int rc = json_pick(copy, len, none, slots, &root);
    free(copy);
    return rc == 0;
}

static void the_grammar_of_json_is_kept(void **state)
{
    static const char *const good[] = { "0",
                                        "-0",
                                        "1",
                                        "-12.5",
                                        "1e9",
                                        "1E+9",
                                        "0.1e-2",
                                        "\"\"",
                                        "\"\\u00e9\\\"\"",
                                        "[]",
                                        "[ ]",
                                        "{ }",
                                        "[1,[2,[3]]]",
                                        "{\"a\":{\"b\":[null,true,false]}}",
                                        "\t[\r\n1 , 2\n]",
                                        "{\"\":0}",
                                        "\"\x7f\"" };
    static const char *const bad[] = { "",
                                       " ",
                                       "01",
                                       "-",
                                       "1.",
                                       ".5",
                                       "1e",
                                       "1e+",
                                       "+1",
                                       "0x1",
                                       "1 2",
                                       "tru",
                                       "nulll",
                                       "True",
                                       "[1,]",
                                       "[,1]",
                                       "[1 2]",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       "{\"a\"}",
                                       "{\"a\":}",
                                       "{\"a\":1,}",
                                       "{a:1}",
                                       "{'a':1}",
                                       "{1:1}",
                                       "\"",
                                       "\"\\x\"",
                                       "\"\\u12\"",
                                       "\"\\u12g4\"",
                                       "\"\\",
                                       "\"a\nb\"",
                                       "\"\x01\"",
                                       "'a'",
                                       "NaN",
                                       "Infinity",
                                       "[1}",
                                       "{\"a\":1]",
                                       "// x\n1",
                                       "\xEF\xBB\xBF{}" };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(good); i++)
        if (!is_json(good[i])) fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < BOT_COUNT(bad); i++)
        if (is_json(bad[i])) fail_msg("taken: %s", bad[i]);
}

static void depth_is_bounded(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 8];
    (void)state;
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(is_json(text), depth == JSON_DEPTH_MAX);
    }
}

static void an_escaped_key_and_the_last_of_equal_ones_count(void **state)
{
    struct seen s;
    (void)state;
    assert_int_equal(
        parse_text("{\"event\":\"a\",\"\\u0065vent\":\"b\",\"session\":\"x\",\"session\":\"toko\"}",
                   &s),
        BOT_OK);
    assert_string_equal(s.in.event, "b");
    assert_string_equal(s.in.session, "toko");
}

static void what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = { "",
                                       " ",
                                       "{",
                                       "{\"event\":",
                                       "halo",
                                       "<html></html>",
                                       "{\"a\":1}x",
                                       "{\"a\":1,}",
                                       "\"",
                                       "[1,2",
                                       "{not json}",
                                       "{a:1}",
                                       "{\"a\":}",
                                       "{\"a\" 1}",
                                       "{\"a\":1 \"b\":2}" };
    struct seen s;
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(bad); i++)
        if (parse_text(bad[i], &s) != BOT_EINVAL || s.count) fail_msg("taken: %s", bad[i]);
    assert_int_equal(parse_bytes("{\"a\":\"\0\"}", 9, &s), BOT_EINVAL);
    assert_int_equal(parse_bytes("\0", 1, &s), BOT_EINVAL);
}

static void json_that_is_no_event_is_only_counted(void **state)
{
    static const char *const odd[] = { "{}",
                                       "[]",
                                       "null",
                                       "1",
                                       "12",
                                       "true",
                                       "\"x\"",
                                       " {} \n",
                                       "{\"event\":null}",
                                       "{\"event\":\"\"}",
                                       "{\"event\":\"message\"}",
                                       "{\"event\":\"message\",\"payload\":[]}",
                                       "{\"event\":\"message\",\"payload\":{}}" };
    struct seen s;
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(odd); i++)
        if (parse_text(odd[i], &s) != BOT_OK || s.count != 1 || s.in.kind != BOT_IN_OTHER ||
            !s.in.event)
            fail_msg("not counted: %s", odd[i]);
}

static void a_depth_bomb_is_refused(void **state)
{
    static char bomb[200000];
    struct seen s;
    (void)state;
    memset(bomb, '[', sizeof bomb);
    assert_int_equal(parse_bytes(bomb, sizeof bomb, &s), BOT_EINVAL);
    assert_int_equal(s.count, 0);
}

static void text_of_any_kind_arrives_whole(void **state)
{
    static const struct {
        const char *json, *text;
        size_t len;
    } cases[] = {
        { "a\\u0000b", "a\0b", 3 },
        { "\\ud83d\\ude00 \xF0\x9F\x91\x8B\xF0\x9F\x8F\xBD",
          "\xF0\x9F\x98\x80 \xF0\x9F\x91\x8B\xF0\x9F\x8F\xBD", 13 },
        { "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7", "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7",
          10 },
        { "x\xFFy\xC3", "x\xFFy\xC3", 4 }, /* the host mends what is not UTF-8 */
        { "\\ud83d!\\uDE00\\u00e9\\u20AC", "\xEF\xBF\xBD!\xEF\xBF\xBD\xC3\xA9\xE2\x82\xAC", 12 },
        { "\\ud83d\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 7 },
        { "\\\"\\\\\\/\\n\\t\\r\\b\\f", "\"\\/\n\t\r\b\f", 8 },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        char body[512];
        struct seen s;
        snprintf(body, sizeof body,
                 "{\"event\":\"message\",\"session\":\"toko\",\"payload\":{\"id\":"
                 "\"false_6281100000011@c.us_A\",\"body\":\"%s\"}}",
                 cases[i].json);
        assert_int_equal(parse_text(body, &s), BOT_OK);
        assert_int_equal(s.in.kind, BOT_IN_MESSAGE);
        assert_int_equal(s.in.text_len, cases[i].len);
        if (!memchr(cases[i].text, 0, cases[i].len)) assert_string_equal(s.in.text, cases[i].text);
    }
}

static void a_text_of_100_kb_arrives_whole(void **state)
{
    size_t n = 100000;
    char *body = malloc(n + 200);
    struct seen s;
    (void)state;
    assert_non_null(body);
    int at =
        sprintf(body, "{\"event\":\"message\",\"payload\":{\"id\":\"false_6281100000011@c.us_A\","
                      "\"body\":\"");
    memset(body + at, 'x', n);
    strcpy(body + at + n, "\"}}");
    assert_int_equal(parse_text(body, &s), BOT_OK);
    assert_int_equal(s.in.text_len, n);
    free(body);
}

/* Every cut and every changed byte of a body: an answer, never a crash. */
static void mangled_bodies_do_no_harm(void **state)
{
    struct seen s;
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(rows) + BOT_COUNT(media_rows); i += 3) {
        const char *body =
            i < BOT_COUNT(rows) ? rows[i].body : media_rows[i - BOT_COUNT(rows)].body;
        size_t len = strlen(body);
        char *copy = strdup(body);
        assert_non_null(copy);
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(parse_bytes(copy, cut, &s), BOT_EINVAL);
            char old = copy[cut];
            copy[cut] = "\"{}[],:0\\\xff"[cut % 10];
            (void)parse_bytes(copy, len, &s);
            copy[cut] = old;
        }
        free(copy);
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

static struct bot_result answer(int http, const char *body)
{
    struct bot_result r = { .size = sizeof r,
                            .status = BOT_OK,
                            .http_status = http,
                            .sent = 1,
                            .body = body,
                            .body_len = body ? strlen(body) : 0,
                            .error = "" };
    return r;
}

static void the_id_is_found_in_the_answer_of_every_engine(void **state)
{
    static const struct {
        const char *body, *id;
        int rc;
    } cases[] = {
        { "{\"key\":{\"remoteJid\":\"x\",\"fromMe\":true,\"id\":\"3EB01\"},\"status\":\"PENDING\"}",
          "3EB01", 1 },
        { "{\"id\":\"true_6281100000011@c.us_3EB02\",\"_data\":{}}", "3EB02", 1 },
        { "{\"id\":\"true_1@g.us_3EB03_6281100000011@c.us\"}", "3EB03", 1 },
        { "{\"_data\":{},\"id\":{\"fromMe\":true,\"id\":\"3EB04\",\"$1\":\"true_x_3EB04\"}}",
          "3EB04", 1 },
        { "{\"id\":\"BBBB\"}", "BBBB", 1 },
        { "{}", "", 0 },
        { "{\"id\":null}", "", 0 },
        { "{\"id\":\"a_b_\"}", "", 0 },
        { "<html>", "", -1 },
        { "", "", -1 },
        { "null", "", -1 },
        { "[]", "", -1 },
    };
    char id[WAHA_ID_BYTES];
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        assert_int_equal(waha_answer_id(cases[i].body, strlen(cases[i].body), id), cases[i].rc);
        assert_string_equal(id, cases[i].id);
    }
}

#define FAILED_500(message)                                                                        \
    "{\"statusCode\":500,\"exception\":{\"message\":\"" message "\",\"name\":\"Error\"},"          \
    "\"request\":{\"body\":{\"text\":\"RAHASIA no LID found\"}}}"

static void every_answer_has_its_outcome(void **state)
{
    static const struct {
        int http;
        const char *body;
        int outcome;
    } cases[] = {
        { 201, "{\"id\":\"true_a_B\"}", BOT_SENT },
        { 200, "{}", BOT_SENT },
        { 200, "<html>", BOT_SEND_UNKNOWN },
        { 302, "", BOT_SEND_HOLD },
        { 400, "{\"message\":\"Session name is required\",\"statusCode\":400}", BOT_SEND_REFUSED },
        { 400, "<html>plain HTTP to an HTTPS port</html>", BOT_SEND_HOLD },
        { 401, "{\"message\":\"Unauthorized\",\"statusCode\":401}", BOT_SEND_HOLD },
        { 403, "{}", BOT_SEND_HOLD },
        { 404, "<html>", BOT_SEND_HOLD },
        { 422, "{\"error\":\"Session status is not as expected\"}", BOT_SEND_HOLD },
        { 429, "", BOT_SEND_HOLD },
        { 500, FAILED_500("2 UNKNOWN: no LID found for 6281100000099@s.whatsapp.net from server"),
          BOT_SEND_REFUSED },
        { 500, FAILED_500("Lid is missing in chat table"), BOT_SEND_REFUSED },
        { 500, FAILED_500("No LID for user"), BOT_SEND_REFUSED },
        { 500, FAILED_500("2 UNKNOWN: server returned error 463"), BOT_SEND_NO_NEW_CHATS },
        { 500, FAILED_500("server returned error 475"), BOT_SEND_NO_NEW_CHATS },
        { 500, FAILED_500("Session closed"),
          BOT_SEND_RETRY }, /* what the request said is not asked */
        { 500, "{\"statusCode\":500}", BOT_SEND_RETRY },
        { 500, "oops", BOT_SEND_HOLD },
        { 502, "<html>", BOT_SEND_UNKNOWN },
        { 503, "", BOT_SEND_HOLD },
        { 504, "", BOT_SEND_UNKNOWN },
    };
    char id[WAHA_ID_BYTES];
    const char *reason;
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        struct bot_result r = answer(cases[i].http, cases[i].body);
        int got = waha_judge_send(&r, id, &reason);
        if (got != cases[i].outcome) fail_msg("%d %s: %d", cases[i].http, cases[i].body, got);
        if (got != BOT_SENT) assert_true(reason[0] != '\0');
        assert_null(strstr(reason, "RAHASIA"));
    }
}

static void no_answer_is_held_only_when_nothing_was_sent(void **state)
{
    char id[WAHA_ID_BYTES];
    const char *reason;
    (void)state;
    struct bot_result r = { .size = sizeof r, .status = BOT_EIO };
    assert_int_equal(waha_judge_send(&r, id, &reason), BOT_SEND_HOLD);
    r.status = BOT_ETIMEDOUT;
    assert_int_equal(waha_judge_send(&r, id, &reason), BOT_SEND_HOLD);
    r.sent = 1;
    assert_int_equal(waha_judge_send(&r, id, &reason), BOT_SEND_UNKNOWN);
    r.status = BOT_EIO;
    assert_int_equal(waha_judge_send(&r, id, &reason), BOT_SEND_UNKNOWN);
    r.http_status = 201; /* the answer broke off */
    r.sent = 0;
    assert_int_equal(waha_judge_send(&r, id, &reason), BOT_SEND_UNKNOWN);
}

static void a_look_up_by_id_decides(void **state)
{
    static const struct {
        int http;
        const char *body;
        int outcome;
    } cases[] = {
        { 200, "{\"id\":\"true_6281100000011@c.us_3EB01\"}", BOT_RESOLVED_SENT },
        { 200, "{\"id\":\"true_6281100000011@c.us_OTHER\"}", BOT_RESOLVED_NOT_SENT },
        { 200, "null", BOT_RESOLVED_NOT_SENT },
        { 200, "", BOT_RESOLVED_NOT_SENT },
        { 200, "<html>", BOT_RESOLVED_LATER },
        { 404, "{\"statusCode\":404}", BOT_RESOLVED_NOT_SENT },
        { 404, "<html>", BOT_RESOLVED_LATER },
        { 400, "{}", BOT_RESOLVED_NOT_SENT },
        { 501, "{}", BOT_RESOLVED_NOT_SENT },
        { 500, FAILED_500("sql: no rows in result set"), BOT_RESOLVED_NOT_SENT },
        { 500, FAILED_500("boom"), BOT_RESOLVED_LATER },
        { 401, "{}", BOT_RESOLVED_LATER },
        { 422, "{}", BOT_RESOLVED_LATER },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        struct bot_result r = answer(cases[i].http, cases[i].body);
        assert_int_equal(waha_judge_lookup(&r, "3EB01"), cases[i].outcome);
    }
    struct bot_result r = { .size = sizeof r, .status = BOT_EIO };
    assert_int_equal(waha_judge_lookup(&r, "3EB01"), BOT_RESOLVED_LATER);
}

static void a_list_of_our_messages_decides(void **state)
{
    static const char list[] =
        "[{\"id\":\"true_a_OLD\",\"timestamp\":900,\"fromMe\":true,\"body\":\"Halo Kak\"},"
        "{\"id\":\"false_a_X\",\"timestamp\":1001,\"fromMe\":false,\"body\":\"Halo Kak\"},"
        "{\"id\":\"true_a_NEW\",\"timestamp\":1002,\"fromMe\":true,\"body\":\"Halo Kak \"}]";
    char id[WAHA_ID_BYTES];
    (void)state;
    struct bot_result r = answer(200, list);
    assert_int_equal(waha_judge_list(&r, " Halo Kak", 1000, id), BOT_RESOLVED_SENT);
    assert_string_equal(id, "NEW");
    assert_int_equal(waha_judge_list(&r, "Halo Kak", 1003, id), BOT_RESOLVED_NOT_SENT);
    assert_int_equal(waha_judge_list(&r, "lain", 1000, id), BOT_RESOLVED_NOT_SENT);
    static const struct {
        int http;
        const char *body;
        int outcome;
    } cases[] = { { 200, "{}", BOT_RESOLVED_LATER },
                  { 200, "<html>", BOT_RESOLVED_LATER },
                  { 200, "[null,1,{}]", BOT_RESOLVED_NOT_SENT },
                  { 404, "{}", BOT_RESOLVED_UNKNOWN },
                  { 404, "<html>", BOT_RESOLVED_LATER },
                  { 400, "{}", BOT_RESOLVED_UNKNOWN },
                  { 501, "{}", BOT_RESOLVED_UNKNOWN },
                  { 422, "{}", BOT_RESOLVED_LATER },
                  { 500, "{}", BOT_RESOLVED_LATER } };
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        r = answer(cases[i].http, cases[i].body);
        assert_int_equal(waha_judge_list(&r, "x", 0, id), cases[i].outcome);
    }
}

static void the_session_is_judged(void **state)
{
    static const struct {
        int http;
        const char *body, *word;
        int state;
    } cases[] = {
        { 200, "{\"status\":\"WORKING\"}", "WORKING", BOT_SESSION_CONNECTED },
        { 200, "{\"status\":\"SCAN_QR_CODE\"}", "SCAN_QR_CODE", BOT_SESSION_QR },
        { 200, "{\"status\":\"PASSKEY_REQUIRED\"}", "PASSKEY_REQUIRED", BOT_SESSION_DISCONNECTED },
        { 200, "<html>", "not WAHA: is base_url right?", BOT_SESSION_DISCONNECTED },
        { 401, "{}", "WAHA answers 401", BOT_SESSION_DISCONNECTED },
    };
    char word[48];
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(cases); i++) {
        struct bot_result r = answer(cases[i].http, cases[i].body);
        assert_int_equal(waha_judge_session(&r, word), cases[i].state);
        assert_string_equal(word, cases[i].word);
    }
}

/* ---- escaping -------------------------------------------------------------------------------- */

static void strings_are_escaped(void **state)
{
    static const char text[] = "a\"b\\c\n\r\t\x01/\xC3\xA9";
    static const char want[] = "\"a\\\"b\\\\c\\n\\r\\t\\u0001/\xC3\xA9\"";
    char out[64];
    (void)state;
    *waha_json_put(out, text) = '\0';
    assert_string_equal(out, want);
    assert_int_equal(waha_json_size(text), strlen(want));
    assert_int_equal(waha_url_put(out, sizeof out, "a b@c.us/\xC3\xA9"), 21);
    assert_string_equal(out, "a%20b%40c.us%2F%C3%A9");
    waha_url_put(out, 4, "abcdef");
    assert_string_equal(out, "abc");
}

/* ---- the settings of WAHA's webhooks --------------------------------------------------------- */

#define HOOK(url, events, rest)                                                                    \
    "{\"config\":{\"webhooks\":[{\"url\":\"" url "\",\"events\":[" events "]" rest "}]}}"
#define ALL "\"message.any\",\"message.ack\",\"session.status\""

static void a_wrong_webhook_is_told_with_its_remedy(void **state)
{
    static const struct {
        const char *body, *key, *says;
        int verdict;
    } sessions[] = {
        { HOOK("http://bot:5000/webhook/waha", ALL, ",\"hmac\":{\"key\":\"kunci\"}"), "kunci", NULL,
          0 },
        { HOOK("http://bot:5000/webhook/waha?x=1", "\"*\"", ""), "", NULL, 0 },
        { HOOK("http://bot:5000/webhook/waha", "\"message\",\"message.ack\",\"session.status\"",
               ""),
          "", NULL, 0 },
        { HOOK("http://bot:5000/webhook/waha", ALL, ""), "kunci", "does not sign", 1 },
        { HOOK("http://bot:5000/webhook/waha", ALL, ",\"hmac\":{\"key\":\"lain\"}"), "kunci",
          "another key", 1 },
        { HOOK("http://bot:5000/webhook/waha", "\"message.any\",\"session.status\"", ""), "",
          "does not send the event message.ack", 1 },
        { HOOK("http://bot:5000/webhook/waha", "\"message.ack\"", ""), "", "the event message.any",
          1 },
        { HOOK("http://bot:5000/webhook/waha", "\"message.any\",\"message.ack\"", ""), "",
          "session.status to the bot", 1 },
        { HOOK("http://bot:5000/webhook/waha", "1,{},null", ""), "", "message.any", 1 },
        { HOOK("http://other:1/webhook", ALL, ""), "", "no webhook of its own", -1 },
        { HOOK("http://other:1/webhook/wahana", ALL, ""), "", "no webhook of its own", -1 },
        { "{\"config\":{\"webhooks\":null}}", "", "no webhook of its own", -1 },
        { "{\"config\":7}", "", "no webhook of its own", -1 },
        { "[]", "", "no webhook of its own", -1 },
        { "", "", "no webhook of its own", -1 },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(sessions); i++) {
        char line[400] = "";
        struct bot_result r = { .http_status = 200,
                                .body = sessions[i].body,
                                .body_len = strlen(sessions[i].body) };
        int verdict = waha_judge_webhooks(&r, "", sessions[i].key, line, sizeof line);
        if (verdict != sessions[i].verdict) fail_msg("%zu: %d, \"%s\"", i, verdict, line);
        if (sessions[i].says && !strstr(line, sessions[i].says)) fail_msg("%zu: \"%s\"", i, line);
        assert_null(strstr(line, "kunci"));
    }
}

/* ---- whose a hidden id is -------------------------------------------------------------------- */

static void only_a_phone_number_is_a_phone_number(void **state)
{
    static const struct {
        int http_status;
        const char *body, *phone;
    } answers[] = {
        { 200, "{\"lid\":\"1@lid\",\"pn\":\"628110000011@c.us\"}", "628110000011" },
        { 200, "{\"lid\":\"1@lid\",\"pn\":\"628110000011@s.whatsapp.net\"}", "628110000011" },
        { 200, "{\"lid\":\"1@lid\",\"pn\":null}", "" },
        { 200, "{\"lid\":\"1@lid\"}", "" },
        { 200, "{\"pn\":\"628110000011\"}", "" },
        { 200, "{\"pn\":\"100000000000011@lid\"}", "" },
        { 200, "{\"pn\":\"1234567890123456@c.us\"}", "" },
        { 200, "{\"pn\":628110000011}", "" },
        { 200, "[]", "" },
        { 200, "<html>", "" },
        { 200, "", "" },
        { 200, NULL, "" },
        { 404, "{\"pn\":\"628110000011@c.us\"}", "" },
        { 0, NULL, "" },
    };
    (void)state;
    for (size_t i = 0; i < BOT_COUNT(answers); i++) {
        const char *body = answers[i].body;
        struct bot_result r = { .http_status = answers[i].http_status,
                                .body = body,
                                .body_len = body ? strlen(body) : 0 };
        char phone[20] = "?";
        int is_known = waha_answer_phone(&r, phone);
        assert_string_equal(phone, answers[i].phone);
        assert_int_equal(is_known, *answers[i].phone != '\0');
    }
}

/* ---- the samples of the contract, when they are there ---------------------------------------- */

static char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *all = malloc(1 << 20);
    assert_non_null(all);
    *len = fread(all, 1, 1 << 20, f);
    fclose(f);
    return all;
}

/* Calls fn with each sample, parsed; how many there are. Skips the test when there are none. */
static int each_sample(void (*fn)(const char *file, const char *body, size_t len,
                                  const struct seen *s))
{
    const char *root = getenv("TOKOBOT_CONTRACTS");
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/webhooks", root ? root : CONTRACT);
    DIR *dir = opendir(folder);
    if (!dir) {
        print_message("no contract samples here: skipped\n");
        skip();
    }
    int count = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        size_t len = 0;
        struct seen s;
        if (e->d_name[0] == '.' || e->d_name[0] == '_') continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        char *body = read_file(path, &len);
        assert_non_null(body);
        if (parse_bytes(body, len, &s) != BOT_OK) fail_msg("%s: refused", e->d_name);
        fn(e->d_name, body, len, &s);
        free(body);
        count++;
    }
    closedir(dir);
    return count;
}

static void check_kind(const char *file, const char *body, size_t len, const struct seen *s)
{
    static const struct {
        const char *part;
        int kind;
    } kinds[] = {
        { "message-text-", BOT_IN_MESSAGE },       { "message-image-", BOT_IN_MESSAGE },
        { "message-voice-", BOT_IN_MESSAGE },      { "message-location-", BOT_IN_MESSAGE },
        { "message-vcard-", BOT_IN_MESSAGE },      { "message-reply-", BOT_IN_MESSAGE },
        { "message-document-", BOT_IN_MESSAGE },   { "message-any-incoming-", BOT_IN_MESSAGE },
        { "message-media-not-", BOT_IN_MESSAGE },  { "message-with-metadata-", BOT_IN_MESSAGE },
        { "message-any-fromme-api-", BOT_IN_ACK }, { "message-any-fromme-app-", BOT_IN_OWN },
        { "message-ack-group-", BOT_IN_OTHER },    { "message-ack-", BOT_IN_ACK },
        { "session-status-", BOT_IN_SESSION },     { "message-edited-", BOT_IN_EDIT },
        { "message-revoked-", BOT_IN_REVOKE },     { "message-reaction-", BOT_IN_REACTION },
        { "poll-vote-", BOT_IN_POLL_VOTE },        { "", BOT_IN_OTHER }
    };
    size_t k = 0;
    (void)body;
    (void)len;
    while (strncmp(file, kinds[k].part, strlen(kinds[k].part)) != 0) k++;
    if ((int)s->in.kind != kinds[k].kind) fail_msg("%s: kind %u", file, s->in.kind);
    if (s->in.kind == BOT_IN_MESSAGE && (!s->in.native_id || !s->in.chat || !s->in.text))
        fail_msg("%s: incomplete", file);
    if (strstr(file, "with-alt") && (!s->in.phone || !s->in.lid)) fail_msg("%s: no phone", file);
}

static void every_sample_of_the_contract_is_taken(void **state)
{
    (void)state;
    assert_true(each_sample(check_kind) > 40);
}

/* What each sample brings beside its text; the others bring nothing. */
static const struct media_row samples_media[] = {
    { "message-image-", NULL, "image", NULL, "image/jpeg", .text = "Ini bukti transfernya" },
    { "message-document-", NULL, "document", NULL, "application/pdf", "invoice.pdf", .text = "" },
    { "message-media-not-", NULL, "image", .error = "WAHA has not downloaded it",
      .text = "Ini bukti transfernya" },
    { "message-voice-", NULL, "voice", NULL, "audio/ogg", .text = "" },
    { "message-location-", NULL, "location", .place = "-6.1753924,106.8271528",
      .place_name = "Monas, Gambir, Jakarta Pusat", .text = "" },
    { "message-vcard-", NULL, "contact",
      .contact = "BEGIN:VCARD\nVERSION:3.0\nFN:Teman Uji\n"
                 "TEL;type=CELL;waid=628110000013:+62 811-0000-013\nEND:VCARD",
      .text = "" },
};

static void check_media(const char *file, const char *body, size_t len, const struct seen *s)
{
    const struct media_row *r = NULL;
    (void)body;
    (void)len;
    for (size_t i = 0; i < BOT_COUNT(samples_media); i++)
        if (strncmp(file, samples_media[i].what, strlen(samples_media[i].what)) == 0)
            r = &samples_media[i];
    same(file, "media", s->in.media, r ? r->media : NULL);
    if (!r) return;
    same(file, "media_type", s->in.media_type, r->type);
    same(file, "media_name", s->in.media_name, r->file);
    same(file, "media_error", s->in.media_error, r->error);
    same(file, "place", s->in.place, r->place);
    same(file, "place_name", s->in.place_name, r->place_name);
    same(file, "contact", s->in.contact, r->contact);
    same(file, "text", s->in.text, r->text);
    int has_url = s->in.media_url && strstr(s->in.media_url, "/api/files/default/") != NULL;
    if (has_url != (r->type != NULL)) fail_msg("%s: url %s", file, s->in.media_url);
}

static void every_sample_brings_what_it_says(void **state)
{
    (void)state;
    assert_true(each_sample(check_media) > 40);
}

/* ---- ... and each of them with one field wrong ----------------------------------------------- */

struct mutating {
    const char *file;
    struct json_object *root;
    int kind; /* of the sample as it is */
    int count;
};

static void parse_mutant(struct mutating *m, const char *text, const char *key, const char *how)
{
    struct seen s;
    int rc = parse_text(text, &s);
    if (rc != BOT_OK || s.count != 1)
        fail_msg("%s, %s %s: %d, %d incoming", m->file, key, how, rc, s.count);
    if (s.in.kind == BOT_IN_MESSAGE && m->kind != BOT_IN_MESSAGE)
        fail_msg("%s, %s %s: would be answered", m->file, key, how);
    if (s.in.kind == BOT_IN_MESSAGE && (!s.in.native_id || !s.in.chat || !s.in.text))
        fail_msg("%s, %s %s: a message without id, chat or text", m->file, key, how);
    m->count++;
}

static void try_as_it_is(struct mutating *m, const char *key, const char *how)
{
    parse_mutant(m, json_object_to_json_string_ext(m->root, JSON_C_TO_STRING_PLAIN), key, how);
}

/* The same member twice, the second of them wrong. */
static void try_doubled(struct mutating *m, struct json_object *o, const char *key)
{
    static const char mark[] = "\"a member to be doubled\"";
    json_object_object_add(o, "a member to be doubled", json_object_new_int(7));
    const char *text = json_object_to_json_string_ext(m->root, JSON_C_TO_STRING_PLAIN);
    const char *at = strstr(text, mark);
    char *doubled = malloc(strlen(text) + strlen(key) + 3);
    assert_non_null(at);
    assert_non_null(doubled);
    sprintf(doubled, "%.*s\"%s\"%s", (int)(at - text), text, key, at + sizeof mark - 1);
    parse_mutant(m, doubled, key, "doubled");
    free(doubled);
    json_object_object_del(o, "a member to be doubled");
}

static void mutate_object(struct mutating *m, struct json_object *o);

static void mutate_member(struct mutating *m, struct json_object *o, const char *key)
{
    static const char *const wrong[] = { "null",
                                         "true",
                                         "false",
                                         "7",
                                         "-1.5e300",
                                         "\"\"",
                                         "\"x\"",
                                         "[]",
                                         "{}",
                                         "[{\"id\":1}]",
                                         "\"\\ud800\\u0000\\\\\"",
                                         "\"false_6281100000099@c.us_X\"" };
    struct json_object *was = json_object_get(json_object_object_get(o, key));
    try_doubled(m, o, key);
    for (size_t i = 0; i < BOT_COUNT(wrong); i++) {
        if (i == BOT_COUNT(wrong) - 1 && m->kind != BOT_IN_MESSAGE) break; /* that makes it one */
        if (!strcmp(wrong[i], "false") && !strcmp(key, "fromMe") && m->kind != BOT_IN_MESSAGE)
            continue;
        json_object_object_add(o, key, json_tokener_parse(wrong[i]));
        try_as_it_is(m, key, wrong[i]);
    }
    json_object_object_del(o, key);
    try_as_it_is(m, key, "absent");
    json_object_object_add(o, key, was);
    mutate_object(m, was);
}

static void mutate_object(struct mutating *m, struct json_object *o)
{
    if (!o || !json_object_is_type(o, json_type_object)) return;
    char *keys[200];
    size_t n = 0;
    struct json_object_iterator at = json_object_iter_begin(o), end = json_object_iter_end(o);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        assert_true(n < BOT_COUNT(keys));
        keys[n++] = strdup(json_object_iter_peek_name(&at));
    }
    for (size_t i = 0; i < n; i++) {
        mutate_member(m, o, keys[i]);
        free(keys[i]);
    }
}

static int mutants;

static void mutate_sample(const char *file, const char *body, size_t len, const struct seen *s)
{
    struct mutating m = { file, read_json(body, len), (int)s->in.kind, 0 };
    assert_non_null(m.root);
    mutate_object(&m, m.root);
    mutants += m.count;
    json_object_put(m.root);
}

static void a_sample_with_one_wrong_field_does_no_harm(void **state)
{
    (void)state;
    mutants = 0;
    each_sample(mutate_sample);
    assert_true(mutants > 10000);
    print_message("%d bodies with one wrong field\n", mutants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_body_is_understood),
        cmocka_unit_test(what_comes_along_is_understood),
        cmocka_unit_test(the_grammar_of_json_is_kept),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(an_escaped_key_and_the_last_of_equal_ones_count),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(json_that_is_no_event_is_only_counted),
        cmocka_unit_test(a_depth_bomb_is_refused),
        cmocka_unit_test(text_of_any_kind_arrives_whole),
        cmocka_unit_test(a_text_of_100_kb_arrives_whole),
        cmocka_unit_test(mangled_bodies_do_no_harm),
        cmocka_unit_test(the_id_is_found_in_the_answer_of_every_engine),
        cmocka_unit_test(every_answer_has_its_outcome),
        cmocka_unit_test(no_answer_is_held_only_when_nothing_was_sent),
        cmocka_unit_test(a_look_up_by_id_decides),
        cmocka_unit_test(a_list_of_our_messages_decides),
        cmocka_unit_test(the_session_is_judged),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(a_wrong_webhook_is_told_with_its_remedy),
        cmocka_unit_test(only_a_phone_number_is_a_phone_number),
        cmocka_unit_test(every_sample_of_the_contract_is_taken),
        cmocka_unit_test(every_sample_brings_what_it_says),
        cmocka_unit_test(a_sample_with_one_wrong_field_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
