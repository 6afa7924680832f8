/* config/: what a person writes, and what is said when it is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "core/base/buf.h"
#include "core/base/log.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct config_key robot_keys[] = {
    { NULL, "base_url", CONFIG_URL, "http://robot:3000", 0, 0, NULL, "ROBOT_URL", NULL,
      CONFIG_INHERITED },
    { NULL, "api_key", CONFIG_SECRET, "", 0, 0, NULL, "ROBOT_KEY", NULL, CONFIG_ONE },
    { NULL, "pace", CONFIG_CHOICE, "human", 0, 0, "human off", NULL, NULL, CONFIG_ONE },
    { NULL, "per_minute", CONFIG_INT, "20", 1, 1000, NULL, NULL, NULL, CONFIG_ONE },
    { NULL, "delta", CONFIG_INT, "-3", 0, 0, NULL, NULL, NULL, CONFIG_ONE },
    { NULL, "unsigned", CONFIG_BOOL, "no", 0, 0, NULL, NULL, NULL, CONFIG_ONE },
    { NULL, "every", CONFIG_DURATION, "24h", 1000, 864000000, NULL, NULL, NULL, CONFIG_ONE },
    { NULL, "name", CONFIG_TEXT, "Robot", 0, 0, NULL, NULL, NULL, CONFIG_OWN },
};

static char folder[] = "/tmp/tokobot-config-XXXXXX";
static char *no_env[] = { NULL };
static struct config *c;
static char example[4096];

static void put_bytes(const char *name, const void *data, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
}

static void put(const char *name, const char *text)
{
    put_bytes(name, text, strlen(text));
}

static void reread(char **env)
{
    config_free(c);
    c = config_read("bot.ini", 0, env);
    config_declare(c, "robot", robot_keys, COUNT(robot_keys));
    config_check(c);
}

static void read_text(const char *ini, char **env)
{
    put("bot.ini", ini);
    reread(env);
}

static void read_good(const char *ini, char **env)
{
    read_text(ini, env);
    for (size_t i = 0; i < config_error_count(c); i++) print_error("%s\n", config_error(c, i));
    assert_int_equal(config_error_count(c), 0);
}

static void want_error(size_t i, const char *want)
{
    assert_string_equal(config_error(c, i), want);
}

/* Reads and expects exactly this one error. */
static void check_error(const char *ini, const char *want)
{
    read_text(ini, no_env);
    want_error(0, want);
    assert_int_equal(config_error_count(c), 1);
}

static const char *absolute(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int setup(void **state)
{
    (void)state;
    log_quiet(1);
    return mkdtemp(folder) && chdir(folder) == 0 && mkdir("data", 0700) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    config_free(c);
    log_forget_secrets();
    log_close();
    unlink("bot.ini");
    rmdir("data");
    return chdir("/") == 0 ? rmdir(folder) : -1;
}

static int each_end(void **state)
{
    (void)state;
    unlink("data/local.ini");
    unlink("secret.txt");
    return 0;
}

static void an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    read_good("", no_env);
    assert_string_equal(config_text(c, "core", "listen"), "127.0.0.1:5000");
    assert_int_equal(config_int(c, "core", "listen"), 5000);
    assert_string_equal(config_text(c, "core", "data_dir"), absolute("data"));
    assert_string_equal(config_text(c, "core", "log_file"), absolute("bot_saas.log"));
    assert_string_equal(config_text(c, "core", "super_admin"), "");
    assert_string_equal(config_text(c, "core", "public_url"), "http://localhost:5000");
    assert_string_equal(config_text(c, "core", "timezone"), "Asia/Jakarta");
    assert_int_equal(config_int(c, "core", "drain"), 30000);
    assert_int_equal(config_int(c, "core", "backlog"), 20000);
    assert_int_equal(config_int(c, "core", "http_threads"), 2);
    char want[160];
    snprintf(want, sizeof want, "sqlite:%s", absolute("saas_umkm.db"));
    assert_string_equal(config_text(c, "database", "url"), want);
    assert_int_equal(config_int(c, "limits", "customers_per_store"), 500);
    assert_int_equal(config_int(c, "limits", "customers_warning"), 450);
    assert_int_equal(config_int(c, "robot", "every"), 86400000);
    assert_int_equal(config_int(c, "robot", "delta"), -3);
    assert_string_equal(config_origin(c, "core", "listen"), "default");
    assert_string_equal(config_file(c), "bot.ini");
    assert_string_equal(config_folder(c), folder);
}

static void comments_quotes_and_spaces_are_understood(void **state)
{
    (void)state;
    read_good("\xef\xbb\xbf; a comment\r\n"
              "# another\r\n"
              "[core]                          ; of the section\r\n"
              "listen      = 0.0.0.0:8080      ; in the container   ; twice\r\n"
              "secret_key  =                   ; empty: made once\r\n"
              "   super_admin = 0811-0000-0001, +62 811 0000 0002 ,6281100000001\t# numbers\r\n"
              "\r\n"
              "language: en\r\n"
              "[robot]\r\n"
              "name = \"  Toko; #1 \"  ; quoted\r\n"
              "api_key=a;b#c=d\r\n"
              "unsigned = YES\r\n"
              "every=90s",
              no_env);
    assert_string_equal(config_text(c, "core", "listen"), "0.0.0.0:8080");
    assert_int_equal(config_int(c, "core", "listen"), 8080);
    assert_string_equal(config_text(c, "core", "secret_key"), "");
    assert_string_equal(config_text(c, "core", "super_admin"), "6281100000001,6281100000002");
    assert_string_equal(config_text(c, "core", "language"), "en");
    assert_string_equal(config_text(c, "robot", "name"), "  Toko; #1 ");
    assert_string_equal(config_text(c, "robot", "api_key"), "a;b#c=d");
    assert_int_equal(config_int(c, "robot", "unsigned"), 1);
    assert_int_equal(config_int(c, "robot", "every"), 90000);
    assert_string_equal(config_origin(c, "core", "listen"), "bot.ini:4");
}

static void a_quote_inside_a_quoted_value_is_kept(void **state)
{
    (void)state;
    read_good("[robot]\nname = \"Toko \"Maju\" Jaya\"\n", no_env);
    assert_string_equal(config_text(c, "robot", "name"), "Toko \"Maju\" Jaya");
    read_good("[robot]\nname = \"\" ; empty\n", no_env);
    assert_string_equal(config_text(c, "robot", "name"), "");
    read_good("[robot]\nname = \"@nothing\"\n", no_env);
    assert_string_equal(config_text(c, "robot", "name"), "@nothing");
}

static void a_value_may_be_very_long(void **state)
{
    (void)state;
    struct buf ini = { 0 };
    buf_adds(&ini, "[robot]\nname = ");
    for (int i = 0; i < 60000; i++) buf_addc(&ini, 'x');
    buf_adds(&ini, "\nper_minute = 7\n");
    read_good(buf_str(&ini), no_env);
    assert_int_equal(strlen(config_text(c, "robot", "name")), 60000);
    assert_int_equal(config_int(c, "robot", "per_minute"), 7);
    buf_clear(&ini);
    buf_adds(&ini, "[robot]\nname = ");
    for (int i = 0; i < 70000; i++) buf_addc(&ini, 'x');
    buf_adds(&ini, "\nper_minute = x\n");
    read_text(buf_str(&ini), no_env);
    assert_int_equal(config_error_count(c), 2);
    want_error(
        0, "bot.ini:2: the line is longer than 64 KiB; put the value in a file and write @file");
    want_error(1,
               "bot.ini:3: per_minute = x is no whole number; write digits only, from 1 to 1000");
    buf_free(&ini);
}

static void every_error_is_told_in_the_order_of_the_file(void **state)
{
    (void)state;
    read_text("[core]\nlisten = nowhere\nlisen = 1\n[robot]\nper_minute = 0\noops\n[core\n",
              no_env);
    assert_int_equal(config_error_count(c), 5);
    want_error(0, "bot.ini:2: listen = nowhere is no address to listen on; write HOST:PORT like "
                  "127.0.0.1:5000");
    want_error(1, "bot.ini:3: [core] has no key 'lisen'; did you mean 'listen'?");
    want_error(2, "bot.ini:5: per_minute = 0 is out of range; write a whole number from 1 to 1000");
    want_error(
        3, "bot.ini:6: this is neither [section] nor key = value; mend it, or begin it with ';'");
    want_error(4, "bot.ini:7: the heading has no closing bracket; write [section]");
    /* A bad value reads as the default; a second check tells the same once. */
    assert_string_equal(config_text(c, "core", "listen"), "127.0.0.1:5000");
    assert_int_equal(config_check(c), 5);
}

static void the_nearest_name_is_proposed(void **state)
{
    (void)state;
    check_error("[Core]\nlisten = 127.0.0.1:1\n",
                "bot.ini:2: there is no section [Core]; did you mean [core]?");
    check_error("[limts]\ncustomers_warning = 5\n",
                "bot.ini:2: there is no section [limts]; did you mean [limits]?");
    check_error("[robot]\npace = of\n",
                "bot.ini:2: pace = of is not one of the choices; did you mean off?");
    check_error("[robot]\npace = quick\n",
                "bot.ini:2: pace = quick is not one of the choices; write human or off");
    check_error("[robot]\nxyzzy = 1\n",
                "bot.ini:2: [robot] has no key 'xyzzy'; remove it, or see bot.ini.example");
    check_error("[plugins]\nwaha = on\n[wahaa]\nx = 1\ny = 2\n",
                "bot.ini:4: there is no section [wahaa]; did you mean [waha]?");
}

static void sections_of_plugins_that_do_not_run_are_not_checked(void **state)
{
    (void)state;
    read_good("[plugins]\nrobot = off\nother = on\n[robot]\nanything = 1\n[other]\nnot = declared\n"
              "[stranger]\nx = @missing\n",
              no_env);
    config_declare(c, "other", NULL, 0);
    assert_int_equal(config_check(c), 1);
    want_error(0, "bot.ini:7: [other] has no key 'not', and no other; remove it");
}

static void typed_values_are_checked(void **state)
{
    (void)state;
    check_error("[robot]\nevery = 5 minutes\n",
                "bot.ini:2: every = 5 minutes is no time; write a number "
                "and ms, s, m, h or d, like 30s or 24h");
    check_error("[robot]\nevery = 500ms\n",
                "bot.ini:2: every = 500ms is out of range; write a time from "
                "1000 ms to 864000000 ms");
    check_error("[robot]\nevery = 9999999999999999d\n",
                "bot.ini:2: every = 9999999999999999d is too long a time; write fewer days");
    check_error(
        "[robot]\nper_minute = 99999999999999999999\n",
        "bot.ini:2: per_minute = 99999999999999999999 is no whole number; write digits only, from 1 "
        "to 1000");
    check_error("[robot]\nunsigned = maybe\n",
                "bot.ini:2: unsigned = maybe is neither yes nor no; write yes or no");
    check_error(
        "[robot]\nbase_url = waha:3000\n",
        "bot.ini:2: base_url = waha:3000 is no address; write http://HOST:PORT or https://HOST");
    check_error(
        "[core]\nsuper_admin = 6281100000001, 0811x\n",
        "bot.ini:2: super_admin = 6281100000001, 0811x has '0811x', which is no phone number; write "
        "it like 6281100000001");
    check_error(
        "[core]\nlisten = 127.0.0.1:70000\n",
        "bot.ini:2: listen = 127.0.0.1:70000 is no address to listen on; write HOST:PORT like "
        "127.0.0.1:5000");
    check_error(
        "[core]\ntimezone = Asia/Bandung\n",
        "bot.ini:2: timezone = Asia/Bandung is no time zone; write Asia/Jakarta, Asia/Makassar or "
        "Asia/Jayapura");
    check_error(
        "[core]\ntimezone = ../../etc/passwd\n",
        "bot.ini:2: timezone = ../../etc/passwd is no time zone; write Asia/Jakarta, Asia/Makassar "
        "or Asia/Jayapura");
    check_error(
        "[database]\nurl = mysql://x\n",
        "bot.ini:2: url = mysql://x is no database that this version knows; write sqlite:FILE like "
        "sqlite:saas_umkm.db");
    check_error("[core]\ndata_dir =\n",
                "bot.ini:2: data_dir is empty; give it a value, or remove the line "
                "for the default");
}

static void values_come_back_in_their_usual_form(void **state)
{
    (void)state;
    read_good("[core]\nlisten = [::1]:0\nlog_file =\ndata_dir = ./data\ndrain = 0\n"
              "[database]\nurl = sqlite:/tmp/x.db\n"
              "[robot]\nbase_url = HTTPS://x.id/api//\nper_minute =   ; the default\ndelta = -12\n"
              "every = 2 h\n",
              no_env);
    assert_int_equal(config_int(c, "core", "listen"), 0);
    assert_string_equal(config_text(c, "core", "log_file"), "");
    assert_string_equal(config_text(c, "core", "data_dir"), absolute("data"));
    assert_int_equal(config_int(c, "core", "drain"), 0);
    assert_string_equal(config_text(c, "database", "url"), "sqlite:/tmp/x.db");
    assert_string_equal(config_text(c, "robot", "base_url"), "HTTPS://x.id/api");
    assert_int_equal(config_int(c, "robot", "per_minute"), 20);
    assert_int_equal(config_int(c, "robot", "delta"), -12);
    assert_int_equal(config_int(c, "robot", "every"), 7200000);
}

static void a_key_that_is_set_twice_names_both_lines(void **state)
{
    (void)state;
    check_error(
        "[core]\nlanguage = id\n[robot]\nname = a\n[core]\nlanguage = en\n",
        "bot.ini:6: [core] language is set a second time, first in line 2; keep one of the two");
    check_error(
        "[plugins]\nwaha = on\nwaha = off\n",
        "bot.ini:3: [plugins] waha is set a second time, first in line 2; keep one of the two");
}

static void lines_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    check_error("listen = 127.0.0.1:1\n",
                "bot.ini:1: listen stands before any section; put [core] above it");
    check_error("[core]\n= 5\n", "bot.ini:2: there is no key before '='; write key = value");
    check_error("[core]\nbad key = 5\n",
                "bot.ini:2: the part before '=' is no key's name; use up to 48 "
                "letters, digits, '-', '_' and '.'");
    check_error("[bad name]\nx = 1\ny = 2\n",
                "bot.ini:1: this is no section's name; use up to 48 letters, "
                "digits, '-', '_' and '.'");
    check_error("[core] x\n",
                "bot.ini:1: there is text after the heading; put it on a line of its own");
    check_error("[robot]\nname = \"open\n",
                "bot.ini:2: name: the closing quote is missing; end the value with \"");
    check_error("[robot]\nname = \"a\" b\n",
                "bot.ini:2: name: there is text after the closing quote; "
                "remove it, or begin a comment with ' ;'");
    check_error("[robot]\nname = caf\xc3\n",
                "bot.ini:2: the line is not valid UTF-8; save the file as UTF-8");
    check_error("\xff\xfe[\0c\0", "bot.ini:1: the file is UTF-16; save it as UTF-8");
    put_bytes("bot.ini", "[robot]\nname = a\0b\nper_minute = 5\n", 34);
    reread(no_env);
    assert_int_equal(config_error_count(c), 1);
    want_error(0, "bot.ini:2: the line has a NUL byte; remove it");
    assert_int_equal(config_int(c, "robot", "per_minute"), 5);
}

static void thousands_of_errors_are_cut_off(void **state)
{
    (void)state;
    struct buf ini = { 0 };
    for (int i = 0; i < 5000; i++) buf_adds(&ini, "?\n");
    read_text(buf_str(&ini), no_env);
    assert_int_equal(config_error_count(c), 201);
    want_error(200, "bot.ini:0: there are more errors; mend these first");
    buf_free(&ini);
}

static void a_file_that_is_no_file_is_told(void **state)
{
    (void)state;
    unlink("bot.ini");
    reread(no_env);
    assert_int_equal(config_error_count(c), 1);
    want_error(
        0, "bot.ini:0: there is no such file; copy bot.ini.example to it, or name yours with -c");
    config_free(c);
    c = config_read("bot.ini", 1, no_env);
    assert_int_equal(config_check(c), 0);
    config_free(c);
    c = config_read(NULL, 0, no_env);
    assert_int_equal(config_check(c), 0);
    assert_string_equal(config_folder(c), folder);
    config_free(c);
    c = config_read(folder, 0, no_env);
    assert_int_equal(config_check(c), 1);
    assert_non_null(
        strstr(config_error(c, 0), ":0: this is a folder; name the file in it with -c"));
    config_free(c);
    c = config_read("/nonexistent/place/bot.ini", 0, no_env);
    assert_int_equal(config_check(c), 1);
    struct buf big = { 0 };
    while (big.len < (1 << 20) + 1) buf_adds(&big, "; a comment that fills the file up\n");
    read_text(buf_str(&big), no_env);
    assert_int_equal(config_error_count(c), 1);
    want_error(0, "bot.ini:0: the file is larger than 1 MiB; is this a bot.ini?");
    buf_free(&big);
}

static void a_file_without_read_permission_is_told(void **state)
{
    (void)state;
    put("bot.ini", "");
    chmod("bot.ini", 0);
    chmod(folder, 0755);
    chmod("data", 0755);
    int root = geteuid() == 0; /* root reads everything, so we are somebody else for a while */
    if (root) assert_int_equal(seteuid(65534), 0);
    reread(no_env);
    if (root) assert_int_equal(seteuid(0), 0);
    chmod("bot.ini", 0644);
    assert_int_equal(config_error_count(c), 1);
    want_error(0, "bot.ini:0: the file cannot be read (Permission denied); mend its rights");
}

static void plugins_keep_their_order(void **state)
{
    (void)state;
    read_good("[plugins]\nwaha = on\nrobot = YES\nsimulator = off\nmine = ext/mine.so\n"
              "theirs = /opt/theirs.so\nlast = 0\n",
              no_env);
    static const struct {
        const char *name;
        int on;
    } want[] = { { "waha", 1 }, { "robot", 1 },  { "simulator", 0 },
                 { "mine", 1 }, { "theirs", 1 }, { "last", 0 } };
    size_t count;
    const struct config_plugin *plugins = config_plugins(c, &count);
    assert_int_equal(count, COUNT(want));
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(plugins[i].name, want[i].name);
        assert_int_equal(plugins[i].on, want[i].on);
        assert_int_equal(plugins[i].line, i + 2);
    }
    assert_null(plugins[0].path);
    assert_string_equal(plugins[3].path, absolute("ext/mine.so"));
    assert_string_equal(plugins[4].path, "/opt/theirs.so");
}

static void a_wrong_plugin_line_is_told(void **state)
{
    (void)state;
    check_error("[plugins]\nwaha = onn\n",
                "bot.ini:2: waha = onn is neither on, off nor a path; did you mean on?");
    check_error("[plugins]\nwaha = enabled\n",
                "bot.ini:2: waha = enabled is neither on, off nor a path; "
                "write on, off or /path/to/plugin.so");
    check_error("[plugins]\nwaha =\n",
                "bot.ini:2: waha has no value; write on, off or the path of a .so file");
    check_error("[plugins]\nWaha = on\n",
                "bot.ini:2: Waha is no plugin's name; use small letters, digits and '-'");
}

static void the_environment_wins(void **state)
{
    (void)state;
    static char *env[] = { "TOKOBOT_ROBOT_PER_MINUTE=77",
                           "ROBOT_URL=http://old/",
                           "ROBOT_KEY=",
                           "TOKOBOT_ROBOT_BASE_URL=http://new",
                           "SUPER_ADMIN_WA= 081100000005 ",
                           "TARGET_LIMIT_USER=1000000",
                           "TOKOBOT_PLUGINS_SUPER_ADMIN=off",
                           "TOKOBOT_PLUGINS_EXTRA=on",
                           "TOKOBOT_CORE_DATA_DIR=elsewhere",
                           NULL };
    read_good("[plugins]\nsuper-admin = on\n[robot]\nper_minute = 5\napi_key = from-file\n", env);
    assert_int_equal(config_int(c, "robot", "per_minute"), 77);
    assert_string_equal(config_text(c, "robot", "base_url"), "http://new");
    assert_string_equal(config_text(c, "robot", "api_key"), "from-file"); /* empty = not set */
    assert_string_equal(config_text(c, "core", "super_admin"), "6281100000005");
    assert_string_equal(config_text(c, "core", "data_dir"), absolute("elsewhere"));
    assert_int_equal(config_int(c, "limits", "customers_per_store"), 1000000);
    assert_string_equal(config_origin(c, "core", "super_admin"), "environment SUPER_ADMIN_WA");
    size_t count;
    const struct config_plugin *plugins = config_plugins(c, &count);
    assert_int_equal(count, 2);
    assert_int_equal(plugins[0].on, 0);
    assert_string_equal(plugins[1].name, "extra");
    assert_int_equal(plugins[1].on, 1);
}

static void a_wrong_environment_variable_is_named(void **state)
{
    (void)state;
    static char *env[] = { "TARGET_LIMIT_USER=many", "TOKOBOT_PLUGINS_WAHA=perhaps",
                           "TOKOBOT_CORE_LANGUAGE=caf\xc3", NULL };
    read_text("", env);
    assert_int_equal(config_error_count(c), 3);
    want_error(
        0, "environment TARGET_LIMIT_USER = many is no whole number; write digits only, from 1 to "
           "1000000");
    want_error(
        1, "environment TOKOBOT_CORE_LANGUAGE = caf\xef\xbf\xbd is not valid UTF-8; write it as "
           "UTF-8");
    want_error(
        2,
        "environment TOKOBOT_PLUGINS_WAHA = perhaps is neither on, off nor a path; write on, off "
        "or /path/to/plugin.so");
}

static void a_value_is_read_from_a_file(void **state)
{
    (void)state;
    put("secret.txt", "s3cret; with # all\r\n");
    read_good("[robot]\napi_key = @secret.txt  ; relative\n", no_env);
    assert_string_equal(config_text(c, "robot", "api_key"), "s3cret; with # all");
    check_error(
        "[robot]\nname = @missing.txt\n",
        "bot.ini:2: name cannot be read from @missing.txt (No such file or directory); mend the "
        "path or its rights, or put a value that begins with @ in quotes");
    check_error("[robot]\nname = @\n",
                "bot.ini:2: name names no file after '@'; write @file, or put the "
                "value in quotes");
    put_bytes("secret.txt", "a\0b", 3);
    check_error("[robot]\nname = @secret.txt\n",
                "bot.ini:2: name cannot be read from @secret.txt (it has a "
                "NUL byte); name a text file");
}

static void a_section_may_have_several_names(void **state)
{
    (void)state;
    static char *env[] = { "ROBOT_URL=http://older:1", "TOKOBOT_ROBOT_TWO_BASE_URL=http://two:2",
                           NULL };
    read_good("[plugins]\nrobot = on\n[robot]\nbase_url = http://one:1\nname = First\n"
              "[robot.two]\nname = Second\n[robot.three]\nbase_url = http://three:3\n",
              no_env);
    assert_string_equal(config_name(c, "robot", 0), "two");
    assert_string_equal(config_name(c, "robot", 1), "three");
    assert_null(config_name(c, "robot", 2));
    assert_null(config_name(c, "rob", 0));
    assert_string_equal(config_text(c, "robot.two", "base_url"), "http://one:1");
    assert_string_equal(config_text(c, "robot.three", "base_url"), "http://three:3");
    assert_string_equal(config_text(c, "robot.two", "name"), "Second");
    assert_string_equal(config_text(c, "robot.three", "name"), "");
    reread(env); /* an older name is that of [robot] */
    assert_string_equal(config_text(c, "robot", "base_url"), "http://older:1");
    assert_string_equal(config_text(c, "robot.two", "base_url"), "http://two:2");
    assert_string_equal(config_text(c, "robot.three", "base_url"), "http://three:3");
}

static void what_a_named_section_may_not_hold(void **state)
{
    (void)state;
    check_error("[plugins]\nrobot = on\n[robot.two]\npace = off\n",
                "bot.ini:4: [robot.two] has no key 'pace'; remove it, or see bot.ini.example");
    check_error("[plugins]\nrobot = on\n[robot.two]\nnam = x\n",
                "bot.ini:4: [robot.two] has no key 'nam'; did you mean 'name'?");
    config_declare(c, "robot", NULL, 0);
    config_check(c);
    assert_int_equal(config_error_count(c), 1);
    want_error(0,
               "bot.ini:4: there is no section [robot.two]: robot has only [robot]; put its keys "
               "there");
}

static void a_secret_is_never_shown(void **state)
{
    (void)state;
    static const struct config_key keys[] = {
        { NULL, "key", CONFIG_SECRET, "", 20, 99, NULL, "SOME_KEY", NULL, CONFIG_ONE },
    };
    static char *env[] = { "SOME_KEY=hunter2-env", NULL };
    put("secret.txt", "hunter2-file");
    static const char *const inis[] = {
        "[a]\nkey = hunter2-ini\n",  "[a]\nkey = @hunter2-path\n",   "[a]\nkey = @secret.txt\n",
        "[a]\nkye = hunter2-typo\n", "[a]\nkey = \"hunter2-quote\n", "[a]\nhunter2-line\n",
        "[a]\nkey hunter2-x = 5\n"
    };
    for (size_t i = 0; i <= COUNT(inis); i++) {
        put("bot.ini", i < COUNT(inis) ? inis[i] : "");
        config_free(c);
        c = config_read("bot.ini", 0, i < COUNT(inis) ? no_env : env);
        config_declare(c, "a", keys, 1);
        assert_true(config_check(c) >= 1);
        for (size_t k = 0; k < config_error_count(c); k++)
            assert_null(strstr(config_error(c, k), "hunter2"));
    }
    want_error(0, "environment SOME_KEY is too short; it needs at least 20 bytes");
}

static void secrets_are_told_to_the_log(void **state)
{
    (void)state;
    read_good("[robot]\napi_key = very-secret-1\n", no_env);
    assert_int_equal(log_open("data/log"), 0);
    log_info("x", "key is very-secret-1");
    log_close();
    char line[256] = { 0 };
    int fd = open("data/log", O_RDONLY);
    assert_true(read(fd, line, sizeof line - 1) > 0);
    close(fd);
    unlink("data/log");
    assert_null(strstr(line, "very-secret"));
    assert_non_null(strstr(line, "key is ***"));
}

static void local_ini_lies_between_file_and_environment(void **state)
{
    (void)state;
    static char *env[] = { "TOKOBOT_ROBOT_DELTA=3", NULL };
    put("data/local.ini",
        "[robot]\nname = Local\ndelta = 2\nper_minute = x\n[plugins]\nwaha = off\n"
        "[core]\ndata_dir = away\n");
    read_text("[robot]\nname = File\ndelta = 1\nunsigned = yes\n[plugins]\nwaha = on\n", env);
    assert_string_equal(config_text(c, "robot", "name"), "Local");
    assert_string_equal(config_origin(c, "robot", "name"), "data/local.ini:2");
    assert_int_equal(config_int(c, "robot", "delta"), 3);
    assert_int_equal(config_int(c, "robot", "unsigned"), 1);
    assert_int_equal(config_error_count(c), 2);
    want_error(
        0,
        "data/local.ini:4: per_minute = x is no whole number; write digits only, from 1 to 1000");
    want_error(1, "data/local.ini:8: data_dir cannot be moved from inside it; write it in bot.ini");
    size_t count;
    assert_int_equal(config_plugins(c, &count)[0].on, 0);
}

static void what_is_set_locally_reads_back(void **state)
{
    (void)state;
    static const char *const values[] = { "plain",       "with space",  "a;b #c",
                                          "\"quoted\"",  "@not-a-file", "",
                                          "caf\xc3\xa9", "trailing ",   "# x" };
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_int_equal(config_local_set("data", "robot", "name", values[i]), 0);
        read_good("", no_env);
        assert_string_equal(config_text(c, "robot", "name"), values[i]);
    }
    struct stat st;
    assert_int_equal(stat("data/local.ini", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat("data/local.ini.tmp", &st), -1);
}

static const char *local_content(void)
{
    static char content[4096];
    int fd = open("data/local.ini", O_RDONLY);
    ssize_t n = read(fd, content, sizeof content - 1);
    close(fd);
    content[n > 0 ? n : 0] = '\0';
    return content;
}

static void other_local_lines_stay_as_they_are(void **state)
{
    (void)state;
    put("data/local.ini", "; mine\n[robot]\n  delta=5 ; five\nname = x\n[other]\nname = y");
    assert_int_equal(config_local_set("data", "robot", "name", "z 1"), 0);
    assert_string_equal(local_content(),
                        "; mine\n[robot]\nname = \"z 1\"\n  delta=5 ; five\n[other]\n"
                        "name = y\n");
    assert_int_equal(config_local_set("data", "fresh", "key", "1"), 0);
    assert_int_equal(config_local_set("data", "other", "name", NULL), 0);
    assert_string_equal(local_content(),
                        "; mine\n[robot]\nname = \"z 1\"\n  delta=5 ; five\n[other]\n"
                        "[fresh]\nkey = 1\n");
}

static void what_no_line_can_hold_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "a\nb", "a\rb", "a\" ; b", "caf\xc3" };
    for (size_t i = 0; i < COUNT(bad); i++) {
        errno = 0;
        assert_int_equal(config_local_set("data", "robot", "name", bad[i]), -1);
        assert_int_equal(errno, EINVAL);
    }
    assert_int_equal(config_local_set("data", "ro]bot", "name", "x"), -1);
    assert_int_equal(config_local_set("data", "robot", "na=me", "x"), -1);
    assert_int_equal(access("data/local.ini", F_OK), -1);
    assert_int_equal(config_local_set("missing", "robot", "name", "x"), -1);
    assert_int_equal(errno, ENOENT);
}

static void errors_from_outside_are_kept_over_checks(void **state)
{
    (void)state;
    read_good("", no_env);
    config_add_error(c, "bot.ini", 7, "plugin %s is broken; remove it", "x");
    config_add_error(c, "environment HOME", -1, "is odd");
    assert_int_equal(config_check(c), 2);
    want_error(0, "bot.ini:7: plugin x is broken; remove it");
    want_error(1, "environment HOME: is odd");
    assert_string_equal(config_error(c, 99), "");
}

/* bot.ini.example promises that it shows the defaults, and names every key. */
static void the_example_shows_every_key_with_its_default(void **state)
{
    (void)state;
    char *text = malloc(65536);
    int fd = open(example, O_RDONLY);
    assert_true(text && fd >= 0);
    ssize_t len = read(fd, text, 65535);
    assert_true(len > 0);
    text[len] = '\0';
    close(fd);
    read_good(text, no_env);
    free(text);
    struct config *defaults = config_read(NULL, 0, no_env);
    assert_int_equal(config_check(defaults), 0);
    for (const struct config_key *k = config_core_keys; k->section; k++) {
        assert_string_not_equal(config_origin(c, k->section, k->key), "default");
        if (strcmp(k->key, "super_admin") != 0)
            assert_string_equal(config_text(c, k->section, k->key),
                                config_text(defaults, k->section, k->key));
    }
    config_free(defaults);
}

int main(void)
{
    /* Found before setup() goes elsewhere. */
    const char *slash = strrchr(__FILE__, '/');
    char path[4096];
    snprintf(path, sizeof path, "%.*s/../../bot.ini.example", slash ? (int)(slash - __FILE__) : 1,
             slash ? __FILE__ : ".");
    if (!realpath(path, example)) return 1;
#define TEST(name) cmocka_unit_test_teardown(name, each_end)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_file_gives_the_defaults),
        TEST(comments_quotes_and_spaces_are_understood),
        TEST(a_quote_inside_a_quoted_value_is_kept),
        TEST(a_value_may_be_very_long),
        TEST(every_error_is_told_in_the_order_of_the_file),
        TEST(the_nearest_name_is_proposed),
        TEST(sections_of_plugins_that_do_not_run_are_not_checked),
        TEST(typed_values_are_checked),
        TEST(values_come_back_in_their_usual_form),
        TEST(a_key_that_is_set_twice_names_both_lines),
        TEST(lines_that_cannot_be_read_are_told),
        TEST(thousands_of_errors_are_cut_off),
        TEST(a_file_that_is_no_file_is_told),
        TEST(a_file_without_read_permission_is_told),
        TEST(plugins_keep_their_order),
        TEST(a_wrong_plugin_line_is_told),
        TEST(the_environment_wins),
        TEST(a_wrong_environment_variable_is_named),
        TEST(a_value_is_read_from_a_file),
        TEST(a_section_may_have_several_names),
        TEST(what_a_named_section_may_not_hold),
        TEST(a_secret_is_never_shown),
        TEST(secrets_are_told_to_the_log),
        TEST(local_ini_lies_between_file_and_environment),
        TEST(what_is_set_locally_reads_back),
        TEST(other_local_lines_stay_as_they_are),
        TEST(what_no_line_can_hold_is_refused),
        TEST(errors_from_outside_are_kept_over_checks),
        TEST(the_example_shows_every_key_with_its_default),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
