/* schema.c - the core's tables, as migrations like a plugin's. Times are ms since 1970; states are
 * the numbers of the enums named beside them. Never change a migration after a release: add one. */
#include "schema.h"

#include <tokobot/plugin.h>

static const char SCHEMA_1[] =
    /* A person is one human; aliases are the ways the networks name him: "p:6281..." phone,
       "l:123..." hidden id. */
    "CREATE TABLE persons ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL DEFAULT '',"
    " phone TEXT,"    /* digits; NULL until the network gives it */
    " language TEXT," /* NULL: the host's */
    " blocked INTEGER NOT NULL DEFAULT 0,"
    " gateway TEXT, session TEXT, chat TEXT," /* where he wrote last: for notices */
    " created_at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE aliases ("
    " alias TEXT PRIMARY KEY,"
    " person INTEGER NOT NULL REFERENCES persons(id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX aliases_person ON aliases(person);"

    "CREATE TABLE stores ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " code TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0," /* enum bot_store_state */
    " language TEXT, timezone TEXT,"     /* NULL: the host's */
    " created_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX stores_state ON stores(state, id);"

    /* enum bot_role: BOT_STAFF or BOT_OWNER of a store. Super admins are in the configuration. */
    "CREATE TABLE roles ("
    " store INTEGER NOT NULL REFERENCES stores(id),"
    " person INTEGER NOT NULL REFERENCES persons(id),"
    " role INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " PRIMARY KEY (person, store)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX roles_store ON roles(store, role);"

    "CREATE TABLE members ("
    " person INTEGER NOT NULL REFERENCES persons(id),"
    " store INTEGER NOT NULL REFERENCES stores(id),"
    " first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL,"
    " blocked INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (person, store)) STRICT, WITHOUT ROWID;"
    /* How many members a store has, kept by triggers: counting 100,000 rows a question is no
       option. */
    "CREATE TABLE store_counts ("
    " store INTEGER PRIMARY KEY, members INTEGER NOT NULL) STRICT;"
    "CREATE TRIGGER members_added AFTER INSERT ON members BEGIN"
    " INSERT INTO store_counts(store, members) VALUES (NEW.store, 1)"
    " ON CONFLICT(store) DO UPDATE SET members = members + 1; END;"
    "CREATE TRIGGER members_removed AFTER DELETE ON members BEGIN"
    " UPDATE store_counts SET members = members - 1 WHERE store = OLD.store; END;"

    "CREATE TABLE logins ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " store INTEGER NOT NULL REFERENCES stores(id),"
    " email TEXT NOT NULL UNIQUE,"
    " password_hash TEXT NOT NULL,"
    " created_at INTEGER NOT NULL) STRICT;"

    /* The journal. key: "gateway/session/kind/native id[/...]"; NULL for internal events without
       one. */
    "CREATE TABLE inbox ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " key TEXT UNIQUE,"
    " kind INTEGER NOT NULL,"            /* enum event_kind */
    " state INTEGER NOT NULL DEFAULT 0," /* enum inbox_state */
    " person INTEGER, store INTEGER,"
    " gateway TEXT, session TEXT, chat TEXT,"
    " phone TEXT, lid TEXT, name TEXT,"
    " event TEXT, text TEXT, quoted_id TEXT,"
    " body BLOB,"
    " sent_at INTEGER, received_at INTEGER NOT NULL,"
    " due_at INTEGER,"            /* waiting: the deadline, or when at() wants it */
    " handler TEXT, resume BLOB," /* waiting: who goes on, and with what */
    " said TEXT,"                 /* waiting: replies so far; one text at the end */
    " done_at INTEGER) STRICT;"
    "CREATE INDEX inbox_open ON inbox(id) WHERE state < 2;"
    "CREATE INDEX inbox_due ON inbox(due_at) WHERE state = 1 AND handler IS NULL;"

    "CREATE TABLE outbox ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " state INTEGER NOT NULL," /* enum outbox_state */
    " event INTEGER,"          /* inbox row that caused it */
    " person INTEGER, store INTEGER,"
    " gateway TEXT NOT NULL, session TEXT NOT NULL, chat TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " send_id TEXT,"   /* the id it is sent under, when the gateway has such ids */
    " native_id TEXT," /* the id the network gave it: the sent-map */
    " tag TEXT,"       /* comes back when it is quoted */
    " answer INTEGER NOT NULL,"
    " ack INTEGER," /* the highest seen; -1 = failed */
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " not_before INTEGER NOT NULL, expires_at INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, attempted_at INTEGER, done_at INTEGER,"
    " error TEXT) STRICT;"
    "CREATE INDEX outbox_open ON outbox(id) WHERE state < 2;"
    "CREATE INDEX outbox_native ON outbox(native_id) WHERE native_id IS NOT NULL;"

    "CREATE TABLE dialogs ("
    " person INTEGER PRIMARY KEY,"
    " store INTEGER,"
    " plugin TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,"
    " step INTEGER NOT NULL, misses INTEGER NOT NULL,"
    " slots TEXT NOT NULL,"                   /* JSON object; never a secret */
    " gateway TEXT, session TEXT, chat TEXT," /* where it is held */
    " started_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT;"
    "CREATE INDEX dialogs_expires ON dialogs(expires_at);"

    "CREATE TABLE kv ("
    " plugin TEXT NOT NULL, scope INTEGER NOT NULL,"    /* enum bot_kv_scope */
    " store INTEGER NOT NULL, person INTEGER NOT NULL," /* event scope: the event's id in `person`
                                                         */
    " key TEXT NOT NULL, value BLOB NOT NULL, expires_at INTEGER,"
    " PRIMARY KEY (plugin, scope, store, person, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX kv_expires ON kv(expires_at) WHERE expires_at IS NOT NULL;"

    "CREATE TABLE schedules ("
    " plugin TEXT NOT NULL, name TEXT NOT NULL, next_at INTEGER NOT NULL,"
    " PRIMARY KEY (plugin, name)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE audit ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
    " person INTEGER, store INTEGER, plugin TEXT NOT NULL,"
    " action TEXT NOT NULL, detail TEXT NOT NULL) STRICT;";

/* What a crash leaves behind (containment.c). */
static const char SCHEMA_2[] =
    "ALTER TABLE inbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;" /* how often it crashed */
    "ALTER TABLE inbox ADD COLUMN suspect TEXT;" /* in which plugin; or whose event it waits for */
    "ALTER TABLE outbox ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX inbox_aside ON inbox(suspect) WHERE state = 4 AND kind = 3;"
    "CREATE TABLE crashes ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " key TEXT NOT NULL UNIQUE," /* of the crash page and the supervisor's count */
    " at INTEGER NOT NULL,"
    " plugin TEXT NOT NULL, build TEXT NOT NULL, callback TEXT NOT NULL,"
    " kind INTEGER NOT NULL,"            /* enum crash_kind */
    " subject INTEGER NOT NULL,"         /* id of the event or row */
    " signal INTEGER NOT NULL,"          /* 0: it ended the process */
    " stops INTEGER NOT NULL DEFAULT 0," /* 1: it made its plugin quarantined or left out */
    " cleared INTEGER NOT NULL DEFAULT 0) STRICT;" /* by a reload */
    "CREATE INDEX crashes_open ON crashes(at) WHERE cleared = 0;";

static const char SCHEMA_3[] =
    "ALTER TABLE inbox ADD COLUMN edited TEXT;"; /* what its writer made of it; '•••': taken back */

static const char SCHEMA_4[] =
    "ALTER TABLE persons ADD COLUMN wrote_at INTEGER;" /* he or we by phone, to the hour */
    "CREATE INDEX outbox_notices ON outbox(attempted_at) WHERE answer = 0;"
    "CREATE TABLE sessions ("
    " gateway TEXT NOT NULL, session TEXT NOT NULL,"
    " no_new_until INTEGER NOT NULL," /* the network lets it begin no chats */
    " PRIMARY KEY (gateway, session)) STRICT, WITHOUT ROWID;";

/* Files that came with messages or go out with them; the bytes are in data_dir/media. */
static const char SCHEMA_5[] =
    "CREATE TABLE media ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " hash TEXT NOT NULL UNIQUE," /* of the bytes, hex: the file's name */
    " type TEXT NOT NULL,"        /* by content */
    " name TEXT NOT NULL,"        /* as it was called when it came first */
    " size INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"      /* when it came first */
    " used_at INTEGER NOT NULL) STRICT;" /* when it came, was stored or was sent last */
    "CREATE INDEX media_used ON media(used_at);"
    "ALTER TABLE inbox ADD COLUMN attached TEXT;" /* JSON (attached.h); NULL: only a text */
    /* Of the few rows that bring a file or answer a message: two columns in outbox would be written
       with every text. */
    "CREATE TABLE outbox_extras ("
    " row INTEGER PRIMARY KEY," /* of outbox */
    " media INTEGER,"
    " quote TEXT) STRICT;"; /* native id of the message that it answers */

static const char SCHEMA_6[] =
    "ALTER TABLE sessions ADD COLUMN store TEXT;"; /* code of the store whose number it is */

static const char SCHEMA_7[] =
    "ALTER TABLE stores ADD COLUMN customers_max INTEGER;"           /* NULL: the setting's */
    "ALTER TABLE stores ADD COLUMN told INTEGER NOT NULL DEFAULT 0;" /* 1: that it gets full, 2: it
                                                                        is (limits.c) */
    "CREATE INDEX members_seen ON members(store, last_seen);"
    "ALTER TABLE sessions ADD COLUMN phone TEXT;" /* whose number it is */
    /* Why what somebody writes is for this store although he names none. */
    "CREATE TABLE holds ("
    " person INTEGER NOT NULL REFERENCES persons(id),"
    " store INTEGER NOT NULL REFERENCES stores(id),"
    " what TEXT NOT NULL,"
    " until INTEGER NOT NULL,"
    " away INTEGER NOT NULL DEFAULT 0," /* he has named another store since */
    " PRIMARY KEY (person, store, what)) STRICT, WITHOUT ROWID;"
    /* Messages that came, counted up to `last`, an id of inbox (tally.c). */
    "CREATE TABLE tally ("
    " day INTEGER PRIMARY KEY," /* since 1970, in the host's time zone */
    " messages INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;"
    /* Whose messages are still to be masked (erase.c). */
    "CREATE TABLE erasures ("
    " person INTEGER PRIMARY KEY, due_at INTEGER NOT NULL,"
    " passes INTEGER NOT NULL) STRICT;";

/* Who registers or renames a store is told that another one is called so. */
static const char SCHEMA_8[] = "CREATE INDEX stores_name ON stores(name COLLATE NOCASE);";

/* Whom a store blocked who has had himself forgotten (blocks.c). */
static const char SCHEMA_9[] = "CREATE TABLE blocks_kept ("
                               " store INTEGER NOT NULL REFERENCES stores(id),"
                               " who BLOB NOT NULL,"    /* keyed hash of a number or hidden id */
                               " one INTEGER NOT NULL," /* those of one erasure */
                               " PRIMARY KEY (store, who)) STRICT, WITHOUT ROWID;";

const struct bot_migration_spec core_migrations[] = {
    { .id = 1, .sql = SCHEMA_1 }, { .id = 2, .sql = SCHEMA_2 }, { .id = 3, .sql = SCHEMA_3 },
    { .id = 4, .sql = SCHEMA_4 }, { .id = 5, .sql = SCHEMA_5 }, { .id = 6, .sql = SCHEMA_6 },
    { .id = 7, .sql = SCHEMA_7 }, { .id = 8, .sql = SCHEMA_8 }, { .id = 9, .sql = SCHEMA_9 },
};
const unsigned core_migration_count = BOT_COUNT(core_migrations);
