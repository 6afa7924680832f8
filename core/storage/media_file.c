/* media_file.c - see media_file.h. On pool threads. */
#include "media_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/buf.h"
#include "media_type.h"

enum { PATH_BYTES = 4096, YOUNG_S = 3600 };
static const char TEMPORARY[] = "tmp-";

struct write_input {
    char folder[PATH_BYTES - 128];
    int claims_picture;
    size_t len;
    const unsigned char *bytes; /* whoever packed holds them */
};

struct file_input {
    char folder[PATH_BYTES - 128];
    char hash[MEDIA_HASH_BYTES];
    uint32_t flags;
};

/* One file is not removed while it is being written again: the same picture may come twice. */
static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER;

void *media_pack_write(const char *folder, int claims_picture, const void *bytes, size_t len,
                       size_t *size)
{
    struct write_input *in = xcalloc(1, sizeof *in);
    snprintf(in->folder, sizeof in->folder, "%s", folder);
    in->claims_picture = claims_picture;
    in->len = len;
    in->bytes = bytes;
    *size = sizeof *in;
    return in;
}

void *media_pack_file(const char *folder, const char *hash, uint32_t flags, size_t *size)
{
    struct file_input *in = xcalloc(1, sizeof *in);
    snprintf(in->folder, sizeof in->folder, "%s", folder);
    snprintf(in->hash, sizeof in->hash, "%s", hash);
    in->flags = flags;
    *size = sizeof *in;
    return in;
}

static void path_of(const char *folder, const char *hash, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%.2s/%s", folder, hash, hash);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0) close(fd);
    return rc;
}

/* The folder and its place in its parent are on disk. */
static int make_folder(const char *path)
{
    char parent[PATH_BYTES];
    if (mkdir(path, 0700) < 0) return errno == EEXIST ? 0 : -1;
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash) return sync_folder(".");
    *slash = '\0';
    return sync_folder(*parent ? parent : "/");
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = write(fd, bytes + done, len - done);
        if (n < 0 && errno != EINTR) return -1;
        if (n > 0) done += (size_t)n;
    }
    return fsync(fd);
}

/* 1: it is there, as long as it should be, and counts as young again. */
static int is_there(const char *path, size_t len)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == len &&
           utimensat(AT_FDCWD, path, NULL, 0) == 0;
}

static int write_temporary(const char *path, const struct write_input *in)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return -1;
    int rc = write_all(fd, in->bytes, in->len);
    if (close(fd) < 0) rc = -1;
    if (rc < 0) unlink(path);
    return rc;
}

static int put_in_place(const char *temporary, const char *path)
{
    char folder[PATH_BYTES];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    if (make_folder(folder) == 0 && rename(temporary, path) == 0) return sync_folder(folder);
    unlink(temporary);
    return -1;
}

static int store(const struct write_input *in, const char *hash)
{
    char path[PATH_BYTES], temporary[PATH_BYTES];
    unsigned char random[8];
    char name[2 * sizeof random + 1];
    path_of(in->folder, hash, path);
    pthread_mutex_lock(&names);
    int there = is_there(path, in->len);
    pthread_mutex_unlock(&names);
    if (there) return 0;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(name, sizeof name, random, sizeof random);
    snprintf(temporary, sizeof temporary, "%s/%s%s", in->folder, TEMPORARY, name);
    if (make_folder(in->folder) < 0 || write_temporary(temporary, in) < 0) return -1;
    pthread_mutex_lock(&names);
    int rc = put_in_place(temporary, path);
    pthread_mutex_unlock(&names);
    return rc;
}

int64_t media_write(const void *data, size_t len, void *out, size_t cap)
{
    const struct write_input *in = data;
    struct media_file *file = out;
    unsigned char hash[(MEDIA_HASH_BYTES - 1) / 2];
    if (cap < sizeof *file || len < sizeof *in || in->len == 0) return BOT_EINVAL;
    const char *type = media_type_of(in->bytes, in->len);
    if (in->claims_picture && !media_type_is_picture(type)) return BOT_EINVAL;
    crypto_generichash(hash, sizeof hash, in->bytes, in->len, NULL, 0);
    memset(file, 0, sizeof *file);
    sodium_bin2hex(file->hash, sizeof file->hash, hash, sizeof hash);
    snprintf(file->type, sizeof file->type, "%s", type);
    file->size = (int64_t)in->len;
    return store(in, file->hash) == 0 ? (int64_t)sizeof *file : BOT_EIO;
}

/* ---- reading --------------------------------------------------------------------------------- */

size_t media_load_cap(int64_t size, uint32_t flags)
{
    return flags & BOT_MEDIA_BASE64
               ? sodium_base64_encoded_len((size_t)size, sodium_base64_VARIANT_ORIGINAL)
               : (size_t)size;
}

/* How many bytes, -1 when it cannot be read or holds more. */
static int64_t slurp(const char *path, void *out, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return -1;
    size_t done = 0;
    for (ssize_t n = 1; n != 0 && done < cap;) {
        n = read(fd, (char *)out + done, cap - done);
        if (n < 0 && errno != EINTR) break;
        if (n > 0) done += (size_t)n;
    }
    struct stat st;
    int whole = fstat(fd, &st) == 0 && (uint64_t)st.st_size == done;
    close(fd);
    return whole ? (int64_t)done : -1;
}

int64_t media_load(const void *data, size_t len, void *out, size_t cap)
{
    const struct file_input *in = data;
    char path[PATH_BYTES];
    if (len < sizeof *in) return BOT_EINVAL;
    path_of(in->folder, in->hash, path);
    if (!(in->flags & BOT_MEDIA_BASE64)) {
        int64_t n = slurp(path, out, cap);
        return n < 0 ? BOT_EIO : n;
    }
    size_t room = cap / 4 * 3;
    unsigned char *bytes = xmalloc(room ? room : 1);
    int64_t n = slurp(path, bytes, room);
    if (n >= 0 && media_load_cap(n, in->flags) <= cap)
        sodium_bin2base64(out, cap, bytes, (size_t)n, sodium_base64_VARIANT_ORIGINAL);
    else
        n = -1;
    free(bytes);
    return n < 0 ? BOT_EIO : (int64_t)media_load_cap(n, in->flags) - 1;
}

/* ---- removing -------------------------------------------------------------------------------- */

int64_t media_remove(const void *data, size_t len, void *out, size_t cap)
{
    const struct file_input *in = data;
    char path[PATH_BYTES];
    struct stat st;
    (void)out;
    (void)cap;
    if (len < sizeof *in) return BOT_EINVAL;
    path_of(in->folder, in->hash, path);
    pthread_mutex_lock(&names);
    if (stat(path, &st) == 0 && time(NULL) - st.st_mtime >= YOUNG_S) unlink(path);
    pthread_mutex_unlock(&names);
    return 0;
}

void media_clean(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) return;
    for (struct dirent *d; (d = readdir(dir));)
        if (!strncmp(d->d_name, TEMPORARY, sizeof TEMPORARY - 1))
            unlinkat(dirfd(dir), d->d_name, 0);
    closedir(dir);
}
