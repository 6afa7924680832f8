/* test_plugin_test.c - the transcript runner: what must pass passes, and above all, what must fail
 * fails and says why. Plays against the real host with the built plugins, so all of it must be
 * built. */
#include "core/base/buf.h"
#include "core/cli/cli.h"
#include "core/cli/fragments.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/plugin-test-XXXXXX";
static struct buf printed;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    buf_free(&printed);
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *name, const char *content)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    fputs(content, out);
    assert_int_equal(fclose(out), 0);
}

/* Runs the verb; what it prints to stdout is in `printed`. */
static int run(const char *filter)
{
    char path[200];
    char *argv[] = { "test", folder, "--filter", (char *)(filter ? filter : "/"), NULL };
    snprintf(path, sizeof path, "%s/printed", folder);
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(kept >= 0 && file >= 0);
    dup2(file, STDOUT_FILENO);
    close(file);
    int code = cli_plugin_test(4, argv);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    buf_clear(&printed);
    assert_int_equal(file_slurp(path, &printed), 0);
    return code;
}

static void assert_printed(const char *what)
{
    if (!strstr(buf_str(&printed), what))
        fail_msg("\"%s\" is not in:\n%s", what, buf_str(&printed));
}

/* One file with this content fails, and these words say why. */
static void assert_fails(const char *content, const char *why)
{
    write_file("a.chat", content);
    assert_int_equal(run(NULL), 1);
    assert_printed(why);
    assert_printed("\n0 passed, 1 failed, 0 skipped\n");
}

static void a_conversation_as_expected_passes(void **state)
{
    (void)state;
    write_file("a.chat", "as admin 6281100000012 of \"Toko Maju\"\n> /bantuan\n< *\n"
                         "as customer 6281100000031\n> /bantuan\n< *\n<none\n");
    write_file("deep/b.chat",
               "as super 6281100000099\n> /bantuan\n< *daftar_toko*\nwait 1h\nrestart\n"
               "> /bantuan\n< *\ncrash\n> /bantuan\n< *\n");
    write_file("empty.chat", "# nothing yet\n");
    write_file("other.txt", "bogus");
    assert_int_equal(run(NULL), 0);
    assert_printed("\n2 passed, 0 failed, 1 skipped\n");
}

static void another_answer_fails_and_shows_both(void **state)
{
    (void)state;
    assert_fails("as super 6281100000001\n> /bantuan\n< *daftar_toko*tidak ada ini*\n",
                 "a.chat:3: the answer is another one");
    assert_printed("    | *daftar_toko*tidak ada ini*\n");
    assert_printed("not found there:\n    | tidak ada ini\n");
}

static void what_is_not_expected_fails(void **state)
{
    (void)state;
    assert_fails("as super 6281100000001\n> /bantuan\n",
                 "a.chat:2: after this line something was said");
    assert_fails("as super 6281100000001\n> /bantuan\n> /bantuan\n< *\n",
                 "a.chat:3: before this line");
    assert_fails("as super 6281100000001\n> /bantuan\n<none\n", "a.chat:3: nothing should be said");
}

static void what_does_not_come_fails(void **state)
{
    (void)state;
    assert_fails("as super 6281100000001\n> /bantuan\n< *\n< *\n", "a.chat:4: no answer came");
    assert_fails("as super 6281100000001\n> /bantuan\n<6281100000031 *\n",
                 "a.chat:3: no answer came");
    assert_printed("but to 6281100000001:");
}

static void what_comes_along_is_looked_up_beside_the_transcript(void **state)
{
    (void)state;
    assert_fails("as customer 6281100000031\n\n> [image no-such.png] x\n",
                 "no-such.png: No such file or directory");
    assert_printed("a.chat:3: ");
    assert_fails("as customer 6281100000031\n> [location here]\n",
                 "a.chat:2: write [location -6.2,106.8], not [location here]");
    assert_fails("as customer 6281100000031\n> [location 91,0]\n", "a.chat:2: write [location");
    assert_fails("as customer 6281100000031\n> [contact Budi]\n", "a.chat:2: write [contact NAME");
    assert_fails("as customer 6281100000031\n>\n", "a.chat:2: a message needs a text");
}

/* The test plugin gallery says what came, and sends it back. */
static void pictures_go_in_and_out(void **state)
{
    char self[200], ini[300];
    (void)state;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    snprintf(ini, sizeof ini, "[plugins]\ngallery = %.180s/plugins/gallery.so\n", self);
    write_file("bot.ini", ini);
    write_file("proof.gif", "GIF89a\001");
    write_file("deep/name.gif", "GIF89a\002");
    write_file("a.chat", "as admin 6281100000012 of \"Toko Maju\"\n"
                         "as customer 6281100000031\n"
                         "> [image proof.gif] bukti\n"
                         "< *image|image/gif|proof.gif|7|-|-|-|bukti\n"
                         "> kembalikan\n"
                         "< [image proof.gif] ini dia\n"
                         "> [document deep/name.gif]\n"
                         "< *document|image/gif|name.gif|7|*\n"
                         "> [location -6.2,106.8]\n"
                         "< *location|-|-|0|-|-6.2,106.8|*\n"
                         ">reply 2 [voice proof.gif] dan ini\n"
                         "< *voice|image/gif|proof.gif|7|-|-|-|dan ini\n");
    if (run(NULL) != 0) fail_msg("%s", buf_str(&printed));
}

static void a_control_command_answers(void **state)
{
    (void)state;
    write_file(
        "a.chat",
        "! tokobot plugin list\n< *catalog*\n! tokobot status\n! tokobot bogus\n< *\"ok\":false*\n");
    assert_int_equal(run(NULL), 0);
    assert_fails("! tokobot bogus\n", "a.chat:1: ");
    assert_printed("a command was refused");
    assert_fails("! tokobot status\n< *no such thing*\n", "a.chat:2: the answer is another one");
}

static void the_clock_moves_when_it_is_told_to(void **state)
{
    (void)state;
    write_file(
        "a.chat",
        "! tokobot status\n< *\"timestamp\":\"2026-01-05T03:00:00*\nwait 36h\n! tokobot status\n"
        "< *\"timestamp\":\"2026-01-06T15:00:00*\n");
    assert_int_equal(run(NULL), 0);
}

static void mistakes_in_the_file_fail(void **state)
{
    (void)state;
    assert_fails("as super 6281100000001\nbogus\n", "a.chat:2: \"bogus\" is not known");
    assert_fails("> hai\n", "a.chat:1: nobody speaks yet");
    assert_fails("as super 6281100000001\n>reply 1 ya\n",
                 "a.chat:2: 6281100000001 has not received 1 messages");
    assert_fails("http GET * -> 200 missing.json\n", "missing.json: No such file");
}

static void a_folder_s_bot_ini_is_used(void **state)
{
    (void)state;
    write_file("bot.ini", "[plugins]\nno-such-plugin = on\n");
    assert_fails("as super 6281100000001\n", "plugin no-such-plugin was not loaded");
    write_file("bot.ini", "[core]\nlanguages = en\n");
    assert_fails("as super 6281100000001\n", "did you mean");
    write_file("bot.ini", "bogus\n");
    assert_fails("as super 6281100000001\n", "bot.ini: line 1: write [section]");
}

static void the_filter_chooses(void **state)
{
    (void)state;
    write_file("good.chat", "as super 6281100000001\n> /bantuan\n< *\n");
    write_file("bad.chat", "bogus\n");
    assert_int_equal(run("good"), 0);
    assert_printed("1 passed, 0 failed, 0 skipped\n");
    assert_int_equal(run("nothing-like-it"), 1);
    assert_printed("no *.chat file with nothing-like-it");
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    char *none[] = { "test", NULL }, *unknown[] = { "test", "x", "--bogus", NULL };
    char *missing[] = { "test", "/nonexistent", NULL };
    assert_int_equal(cli_plugin_test(1, none), 64);
    assert_int_equal(cli_plugin_test(3, unknown), 64);
    assert_int_equal(cli_plugin_test(2, missing), 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_conversation_as_expected_passes),
        IN_FOLDER(another_answer_fails_and_shows_both),
        IN_FOLDER(what_is_not_expected_fails),
        IN_FOLDER(what_does_not_come_fails),
        IN_FOLDER(what_comes_along_is_looked_up_beside_the_transcript),
        IN_FOLDER(pictures_go_in_and_out),
        IN_FOLDER(a_control_command_answers),
        IN_FOLDER(the_clock_moves_when_it_is_told_to),
        IN_FOLDER(mistakes_in_the_file_fail),
        IN_FOLDER(a_folder_s_bot_ini_is_used),
        IN_FOLDER(the_filter_chooses),
        IN_FOLDER(bad_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
