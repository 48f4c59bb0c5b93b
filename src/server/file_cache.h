/* server/file_cache.h - small files in memory and large ones open, as one worker has them.
 *
 * An entry is dropped when something is heard of the file, or of a directory on the way to it;
 * besides, the file is looked at again once a second. So an entry is as good as the file if all has
 * been heard that happened before the request was sent: whoever uses one sees to that (see
 * sk_sconn_catch_up). Where nothing can be heard (no inotify, too many watches, a symbolic link on
 * the way), nothing is kept. */
#ifndef SK_SERVER_FILE_CACHE_H
#define SK_SERVER_FILE_CACHE_H

#include "net/loop.h"
#include "server/file_facts.h"
#include "server/open_file.h"

#define SK_CACHED_FILE_MAX (16 << 10) /* bytes of a file that is kept in memory */

typedef struct sk_file_cache sk_file_cache;

typedef struct sk_cached_file {
    skua_str body;      /* ptr NULL: it is large, and */
    sk_open_file *open; /* open; else NULL */
    int64_t size;
    sk_file_facts facts;
    const char *type; /* the value of Content-Type */
} sk_cached_file;

/* A file: its path below a directory, by that directory's descriptor. */
typedef struct sk_file_key {
    int root;
    uint32_t hash;
    const char *path;
} sk_file_key;

sk_file_key sk_file_key_of(int root, const char *path);

/* NULL: no memory. The loop outlives it. */
sk_file_cache *sk_file_cache_new(sk_loop *loop);
void sk_file_cache_free(sk_file_cache *c); /* NULL is fine */

/* Is the file in the cache? The entry may have become wrong. */
bool sk_file_cache_has(const sk_file_cache *c, const sk_file_key *key);
/* The file, if its entry is good as far as it is heard. It lives until the loop goes on, or another
 * call here. */
const sk_cached_file *sk_file_cache_get(sk_file_cache *c, const sk_file_key *key);
/* A file was found that is not in the cache. It is taken in when it is asked for repeatedly, and
 * can be watched. `type` must outlive the cache; `now` in Unix seconds. */
void sk_file_cache_offer(sk_file_cache *c, const sk_file_key *key, const sk_file_info *info,
                         const char *type, int64_t now);
/* Descriptors are short: keep no file open. Were there any? NULL is fine. */
bool sk_file_cache_close(sk_file_cache *c);

#endif
