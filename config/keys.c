/* keys.c - the host's own keys, in the order of bot.ini.example. */
#include "config/config.h"

#define SECONDS 1000LL

const struct config_key config_core_keys[] = {
    { "core", "listen", CONFIG_LISTEN, "127.0.0.1:5000", 0, 0, NULL, NULL,
      "address and port of the HTTP server; 0.0.0.0:5000 in a container" },
    { "core", "data_dir", CONFIG_PATH, "data", 1, 4000, NULL, NULL,
      "folder of the database, secrets, plugin cache, media and control socket" },
    { "core", "super_admin", CONFIG_PHONES, "", 0, 0, NULL, "SUPER_ADMIN_WA",
      "phone numbers of the super admins, divided by commas" },
    { "core", "secret_key", CONFIG_SECRET, "", 0, 0, NULL, "SECRET_KEY",
      "key for logins and tokens; empty: made once and kept in data_dir" },
    { "core", "public_url", CONFIG_URL, "http://localhost:5000", 0, 0, NULL, NULL,
      "address under which people reach this server" },
    { "core", "language", CONFIG_CHOICE, "id", 0, 0, "id en", NULL,
      "language of the bot's own texts" },
    { "core", "timezone", CONFIG_TIMEZONE, "Asia/Jakarta", 0, 0, NULL, NULL,
      "time zone; a store may have its own" },
    { "core", "log_file", CONFIG_PATH, "bot_saas.log", 0, 4000, NULL, NULL,
      "log file beside stderr; empty: none; SIGHUP opens it again" },
    { "core", "log_level", CONFIG_CHOICE, "info", 0, 0, "debug info warn error", NULL,
      "the least important lines that are logged" },
    { "core", "backlog", CONFIG_INT, "20000", 1, 10000000, NULL, NULL,
      "messages waiting to be handled above which webhooks get 503" },
    { "core", "drain", CONFIG_DURATION, "30s", 0, 600 * SECONDS, NULL, NULL,
      "how long a stop waits for what has been begun" },
    { "core", "metrics_token", CONFIG_SECRET, "", 0, 0, NULL, NULL,
      "bearer token for /metrics; empty: only from this machine" },
    { "core", "http_threads", CONFIG_INT, "2", 1, 16, NULL, NULL, "threads of the HTTP server" },
    { "database", "url", CONFIG_DATABASE, "sqlite:saas_umkm.db", 0, 0, NULL, NULL,
      "where the data is: sqlite:FILE" },
    { "limits", "customers_per_store", CONFIG_INT, "500", 1, 1000000, NULL, "TARGET_LIMIT_USER",
      "customers that a store may have" },
    { "limits", "customers_warning", CONFIG_INT, "450", 1, 1000000, NULL, "WARNING_THRESHOLD",
      "customers from which on the store's admin is warned" },
    { NULL, NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};
