/* server/dir_file.c - which file of a directory route is sent for a path.
 *
 *     path -> in memory, or opened below the directory, contained
 *          -> precompressed, and a coding is accepted: "path.br", "path.zst", "path.gz", whichever
 *             the client likes best and is there, and no older than the original
 *
 * A file that is asked for often comes from the worker's memory, or is open there (file_cache.h);
 * else nothing is kept between requests but the directory's descriptor. */
#include "server/dir.h"

#include "base/str.h"
#include "server/conn.h"
#include "server/glob.h"
#include "server/media_type.h"
#include "wire/accept.h"

#include <errno.h>

/* At the same weight the first goes before the others: the smaller file, mostly. */
static const char *const codings[] = {"br", "zstd", "gzip", NULL};
static const char *const endings[] = {".br", ".zst", ".gz"};

/* ---- what is said of a file ---- */

static const char *value_of(const skua_dir_rule *rules, const char *path, const char *otherwise) {
    for (; rules && rules->pattern; rules++) {
        if (sk_glob_takes(rules->pattern, sk_str(path)))
            return rules->value;
    }
    return otherwise;
}

/* It lives as long as the route. */
static const char *type_of(const sk_dir *d, const char *path) {
    const char *type = value_of(d->types, path, NULL);
    if (!type)
        type = sk_media_type_of(sk_str(path));
    return type ? type : d->default_type;
}

/* ---- memory ---- */

/* NULL: it is not there. */
static const sk_cached_file *find_cached(skua_request *q, const sk_file_key *key) {
    sk_sconn *c = sk_exchange_of_request(q)->conn;
    sk_file_cache *files = c->worker->files;
    if (!files || !sk_file_cache_has(files, key))
        return NULL;
    sk_sconn_catch_up(c);
    return sk_file_cache_get(files, key);
}

static void offer_to_cache(skua_request *q, const sk_file_key *key, const sk_answer_file *f) {
    sk_worker *w = sk_exchange_of_request(q)->conn->worker;
    if (!w->files)
        w->files = sk_file_cache_new(w->loop);
    if (w->files)
        sk_file_cache_offer(w->files, key, &f->info, f->type, sk_time_of_message(q));
}

/* ---- the file itself ---- */

/* Others that are open for the sake of speed give way. A descriptor, or -errno. */
static int open_below(const sk_dir *d, skua_request *q, const char *path) {
    sk_file_cache *files = sk_exchange_of_request(q)->conn->worker->files;
    int fd = sk_file_open_below(d->fd, path);
    bool short_of = fd == -EMFILE || fd == -ENFILE;
    return short_of && sk_file_cache_close(files) ? sk_file_open_below(d->fd, path) : fd;
}

static int find_plain(const sk_dir *d, skua_request *q, const char *path, sk_answer_file *out) {
    sk_file_key key = sk_file_key_of(d->fd, path);
    const sk_cached_file *cached = find_cached(q, &key);
    if (cached) {
        *out = (sk_answer_file){.cached = cached, .fd = -1, .type = cached->type};
        return 0;
    }
    int rc = sk_answer_file_open(open_below(d, q, path), out);
    if (rc != 0)
        return rc;
    out->type = type_of(d, path);
    offer_to_cache(q, &key, out);
    return 0;
}

/* ---- compressed in its place ---- */

/* Is a compressed file made of the original as it is now? Whole seconds are compared: some of the
 * programs that compress copy a time without its fraction. */
static bool is_of(const sk_answer_file *compressed, int64_t modified) {
    return sk_answer_file_modified(compressed) >= modified;
}

/* Find the compressed file that the client likes best. Is there one? */
static bool find_coded(const sk_dir *d, skua_request *q, const char *path, int64_t modified,
                       sk_answer_file *out) {
    skua_str accepted = sk_str(skua_request_header(q, "Accept-Encoding"));
    unsigned passed = 0;
    for (int i; (i = sk_accept_best_coding(accepted, codings, passed)) >= 0; passed |= 1u << i) {
        const char *sibling = sk_arena_printf(sk_request_arena(q), "%s%s", path, endings[i]);
        if (!sibling || find_plain(d, q, sibling, out) != 0)
            continue;
        if (is_of(out, modified)) {
            out->coding = codings[i];
            return true;
        }
        sk_answer_file_close(out);
    }
    return false;
}

/* Replace a file that was found by a compressed one, where that is wanted. */
static int find_variant(const sk_dir *d, skua_request *q, const char *path, sk_answer_file *f) {
    sk_answer_file coded;
    const char *type = f->type;
    if (!skua_request_header(q, "Accept-Encoding"))
        return 0;
    if (find_coded(d, q, path, sk_answer_file_modified(f), &coded)) {
        sk_answer_file_close(f);
        *f = coded;
        f->type = type;
        return 0;
    }
    /* Looking for others may have moved it out of memory. */
    return f->cached ? find_plain(d, q, path, f) : 0;
}

int sk_dir_find(const sk_dir *d, skua_request *q, const char *path, sk_answer_file *out) {
    int rc = find_plain(d, q, path, out);
    if (rc == 0 && d->precompressed)
        rc = find_variant(d, q, path, out);
    if (rc != 0)
        return rc;
    out->varies = d->precompressed;
    out->cache_control = value_of(d->cache_rules, path, d->cache_control);
    return 0;
}
