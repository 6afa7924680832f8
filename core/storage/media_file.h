/* media_file.h - the bytes of files that came with messages or go out with them: one file each in
 * FOLDER/xx/HASH, where FOLDER is data_dir/media and xx the first two digits of the hash.
 *
 * These are jobs for the host's pool (bot_work_fn); nothing here runs on the loop but the packing
 * of their input. Rows are media.c's. */
#ifndef TOKOBOT_MEDIA_FILE_H
#define TOKOBOT_MEDIA_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <tokobot/plugin.h>

#define MEDIA_HASH_BYTES 65 /* hex, with its NUL */

/* What media_write() tells. */
struct media_file {
    int64_t size;
    char hash[MEDIA_HASH_BYTES];
    char type[40]; /* by content */
};

/* Input of media_write(), which the caller frees; the bytes are not copied: they are there until it
 * has run. */
void *media_pack_write(const char *folder, int claims_picture, const void *bytes, size_t len,
                       size_t *size);
/* Judges the bytes and writes them, unless they are there: under another name, synced, renamed.
 * BOT_EINVAL: it claims to be a picture and is none; BOT_EIO. `out`: struct media_file. */
int64_t media_write(const void *in, size_t len, void *out, size_t cap);

/* Input of media_load() and of media_remove(). flags: BOT_MEDIA_... */
void *media_pack_file(const char *folder, const char *hash, uint32_t flags, size_t *size);
/* The bytes of one file, or their base64. */
int64_t media_load(const void *in, size_t len, void *out, size_t cap);
size_t media_load_cap(int64_t size, uint32_t flags); /* what media_load() writes at most */
/* Takes a file away, unless it was written within the last hour: then somebody else needs it. */
int64_t media_remove(const void *in, size_t len, void *out, size_t cap);

/* What a crash has left half written. Before anything else uses the folder. */
void media_clean(const char *folder);

#endif
