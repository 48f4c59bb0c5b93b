/* server/file_cache.c - small files in memory and large ones open, as one worker has them.
 *
 *     asked for -> remembered -> asked for again -> watched, read, kept --+--> dropped
 *                                                      ^                  |  a change is heard of,
 *                                                      +---- a second ----+  or seen; out of room
 *                                                            unchanged
 *
 * What inotify does not tell (writes to mapped memory, another host's to a network file system, a
 * mount in place of a directory) is seen by looking at the file again, at most once a second: of a
 * small one at all bytes, of a large one at its times, as without a cache.
 *
 * A file that is open can hold up an unmount, and takes a descriptor: there are few, and none for
 * long after it was last asked for. */
#include "server/file_cache.h"

#include "base/mem.h"
#include "base/str.h"
#include "sys/file_watch.h"

#define SETS       128u /* by the hash */
#define WAYS       4u   /* entries of a set */
#define ENTRIES    (SETS * WAYS)
#define BYTES_MAX  (4u << 20)
#define REMEMBERED 512u
#define RECHECK_MS 1000
#define RETRY_MS   1000 /* a file that could not be taken in is left alone for so long */
#define PIECE      4096u
#define OPEN_MAX   64u  /* large files */
#define OPEN_MS    2000 /* after which one that nobody asks for is closed */

typedef struct entry {
    sk_cached_file file;
    sk_file_info info;
    sk_watched_path watched;
    int64_t checked; /* ms of the loop */
    int64_t used;    /* likewise */
    sk_file_key key;
    char bytes[]; /* the body, then the path */
} entry;

/* A file that was asked for and is not kept. */
typedef struct memory {
    uint32_t hash;
    int64_t not_before; /* ms of the loop */
} memory;

struct sk_file_cache {
    sk_loop *loop;
    sk_watch watch;
    sk_file_watch files;
    entry *entries[ENTRIES]; /* each set's in a row */
    size_t bytes;
    unsigned open;  /* large files */
    sk_timer close; /* armed while there are */
    unsigned hand;  /* goes round: what is dropped when there is no room */
    memory remembered[REMEMBERED];
};

/* ---- entries ---- */

sk_file_key sk_file_key_of(int root, const char *path) {
    uint32_t hash = 2166136261u ^ (uint32_t)root; /* FNV-1a */
    for (const char *p = path; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    return (sk_file_key){root, hash, path};
}

static size_t size_of(const entry *e) {
    return sizeof *e + e->file.body.len + strlen(e->key.path) + 1;
}

static bool is_watched_by_any(const sk_file_cache *c, int id) {
    for (unsigned i = 0; i < ENTRIES; i++) {
        const entry *e = c->entries[i];
        for (int k = 0; e && k < e->watched.count; k++) {
            if (e->watched.ids[k] == id)
                return true;
        }
    }
    return false;
}

/* Stop watching what no entry needs. */
static void forget(sk_file_cache *c, const sk_watched_path *watched) {
    for (int k = 0; k < watched->count; k++) {
        if (!is_watched_by_any(c, watched->ids[k]))
            sk_file_watch_forget(&c->files, watched->ids[k]);
    }
}

static void free_entry(entry *e) {
    if (e)
        sk_open_file_release(e->file.open);
    sk_free(e);
}

/* Free an entry that is out of the table. */
static void discard(sk_file_cache *c, entry *e) {
    c->bytes -= size_of(e);
    c->open -= e->file.open ? 1 : 0;
    forget(c, &e->watched);
    free_entry(e);
}

static void drop(sk_file_cache *c, unsigned i) {
    entry *e = c->entries[i];
    c->entries[i] = NULL;
    if (e)
        discard(c, e);
}

static unsigned first_of_set(const sk_file_key *key) {
    return key->hash % SETS * WAYS;
}

/* ENTRIES: there is none. */
static unsigned find(const sk_file_cache *c, const sk_file_key *key) {
    unsigned first = first_of_set(key);
    for (unsigned i = first; i < first + WAYS; i++) {
        const entry *e = c->entries[i];
        if (e && e->key.hash == key->hash && e->key.root == key->root &&
            strcmp(e->key.path, key->path) == 0)
            return i;
    }
    return ENTRIES;
}

/* Where an entry is to stand: where there is none yet, or in turn. */
static unsigned place_for(sk_file_cache *c, const sk_file_key *key) {
    unsigned first = first_of_set(key);
    for (unsigned i = first; i < first + WAYS; i++) {
        if (!c->entries[i])
            return i;
    }
    return first + c->hand++ % WAYS;
}

/* It is in the table before others leave it, lest they take watches with them that it needs. */
static void put(sk_file_cache *c, entry *e) {
    unsigned place = place_for(c, &e->key);
    entry *before = c->entries[place];
    c->entries[place] = e;
    c->bytes += size_of(e);
    c->open += e->file.open ? 1 : 0;
    if (before)
        discard(c, before);
    for (; c->bytes > BYTES_MAX || c->open > OPEN_MAX; c->hand++) {
        unsigned i = c->hand % ENTRIES;
        bool helps = c->bytes > BYTES_MAX || (c->entries[i] && c->entries[i]->file.open);
        if (i != place && helps)
            drop(c, i);
    }
}

/* Drop the large files that were not asked for since. */
static void close_unused(sk_file_cache *c, int64_t since) {
    for (unsigned i = 0; i < ENTRIES; i++) {
        const entry *e = c->entries[i];
        if (e && e->file.open && e->used <= since)
            drop(c, i);
    }
}

bool sk_file_cache_close(sk_file_cache *c) {
    bool any = c && c->open > 0;
    if (any)
        close_unused(c, INT64_MAX);
    return any;
}

static void on_close(sk_timer *t) {
    sk_file_cache *c = SK_CONTAINER(t, sk_file_cache, close);
    close_unused(c, sk_loop_now(c->loop) - OPEN_MS);
    if (c->open > 0 && sk_loop_arm(c->loop, &c->close, OPEN_MS) != 0)
        sk_file_cache_close(c);
}

/* ---- hearing of changes ---- */

/* Is `name` the index-th component of the path? */
static bool is_component(const char *path, int index, const char *name) {
    for (; index > 0; index--)
        path = strchr(path, '/') + 1;
    size_t len = strlen(name);
    return strncmp(path, name, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_affected(const entry *e, const sk_file_change *change) {
    for (int k = 0; k < e->watched.count; k++) {
        if (e->watched.ids[k] != change->id)
            continue;
        /* In a directory only what the path leads through matters. */
        bool in_dir = k < e->watched.count - 1 && change->name;
        if (!in_dir || is_component(e->key.path, k, change->name))
            return true;
    }
    return change->id < 0;
}

static void on_change(sk_watch *w, unsigned events) {
    sk_file_cache *c = SK_CONTAINER(w, sk_file_cache, watch);
    sk_file_change change;
    (void)events;
    while (sk_file_watch_next(&c->files, &change)) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            if (c->entries[i] && is_affected(c->entries[i], &change))
                drop(c, i);
        }
    }
}

static bool can_hear(sk_file_cache *c) {
    if (c->files.fd >= 0)
        return true;
    if (sk_file_watch_open(&c->files) != 0)
        return false;
    if (sk_loop_add(c->loop, &c->watch, c->files.fd, SKUA_WANT_READ) != 0) {
        sk_file_watch_close(&c->files);
        return false;
    }
    sk_loop_put_first(c->loop, &c->watch);
    return true;
}

/* ---- reading files ---- */

static bool read_whole(int fd, char *to, size_t len) {
    for (size_t at = 0; at < len;) {
        ptrdiff_t n = sk_file_read_at(fd, to + at, len - at, (int64_t)at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool holds(int fd, skua_str body) {
    char piece[PIECE];
    for (size_t at = 0; at < body.len;) {
        size_t room = body.len - at < PIECE ? body.len - at : PIECE;
        ptrdiff_t n = sk_file_read_at(fd, piece, room, (int64_t)at);
        if (n <= 0 || memcmp(piece, body.ptr + at, (size_t)n) != 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool may_be_kept(const sk_file_info *info, int64_t now) {
    /* What is said of a file that was changed in the future depends on the time. */
    return info->is_regular && info->mtime <= now;
}

static bool is_small(const sk_file_info *info) {
    return info->size <= SK_CACHED_FILE_MAX;
}

/* Room for an entry with so many bytes of body. NULL: no memory. */
static entry *new_entry(const sk_file_key *key, const sk_file_info *info, size_t len) {
    size_t path_size = strlen(key->path) + 1;
    entry *e = sk_alloc(sizeof *e + len + path_size);
    if (!e)
        return NULL;
    *e = (entry){
        .file = {.size = info->size},
        .info = *info,
        .key = {key->root, key->hash, e->bytes + len},
    };
    memcpy(e->bytes + len, key->path, path_size);
    return e;
}

/* NULL: no memory, or the file changes under the hand. */
static entry *read_entry(int fd, const sk_file_key *key, const sk_file_info *info) {
    sk_file_info after;
    size_t len = (size_t)info->size;
    entry *e = new_entry(key, info, len);
    if (!e)
        return NULL;
    if (!read_whole(fd, e->bytes, len) || sk_file_stat(fd, &after) != 0 ||
        !sk_file_is_same(info, &after)) {
        free_entry(e);
        return NULL;
    }
    e->file.body = (skua_str){e->bytes, len};
    return e;
}

/* NULL: no memory; else it has taken fd. */
static entry *open_entry(sk_file_cache *c, int fd, const sk_file_key *key,
                         const sk_file_info *info) {
    entry *e = new_entry(key, info, 0);
    bool timed = e && (c->open > 0 || sk_loop_arm(c->loop, &c->close, OPEN_MS) == 0);
    if (timed)
        e->file.open = sk_open_file_new(fd);
    if (e && e->file.open)
        return e;
    free_entry(e);
    return NULL;
}

/* fd is closed, or the entry's. */
static entry *make_entry(sk_file_cache *c, int fd, const sk_file_key *key, int64_t now) {
    sk_file_info info;
    entry *e = NULL;
    if (sk_file_stat(fd, &info) == 0 && may_be_kept(&info, now))
        e = is_small(&info) ? read_entry(fd, key, &info) : open_entry(c, fd, key, &info);
    if (!e || !e->file.open)
        sk_file_close(fd);
    return e;
}

/* The watches are there before the first look at the file: a change is either read or heard of. */
static bool take_in(sk_file_cache *c, const sk_file_key *key, const char *type, int64_t now) {
    sk_watched_path watched;
    if (!can_hear(c))
        return false;
    int fd = sk_file_watch_path(&c->files, key->root, key->path, &watched);
    entry *e = fd >= 0 ? make_entry(c, fd, key, now) : NULL;
    if (!e) {
        forget(c, &watched);
        return false;
    }
    e->watched = watched;
    e->checked = e->used = sk_loop_now(c->loop);
    sk_file_facts_of(&e->info, now, &e->file.facts);
    e->file.type = type;
    put(c, e);
    return true;
}

static bool is_unchanged(const entry *e) {
    sk_file_info info;
    int fd = sk_file_open_below(e->key.root, e->key.path);
    bool same = fd >= 0 && sk_file_stat(fd, &info) == 0 && sk_file_is_same(&info, &e->info) &&
                (e->file.open || holds(fd, e->file.body));
    sk_file_close(fd);
    return same;
}

/* ---- the cache ---- */

sk_file_cache *sk_file_cache_new(sk_loop *loop) {
    sk_file_cache *c = sk_zalloc(sizeof *c);
    if (!c)
        return NULL;
    c->loop = loop;
    c->watch = (sk_watch){.fn = on_change, .fd = -1};
    c->close.fn = on_close;
    c->files.fd = -1;
    return c;
}

void sk_file_cache_free(sk_file_cache *c) {
    if (!c)
        return;
    if (c->files.fd >= 0)
        sk_loop_remove(c->loop, &c->watch);
    sk_file_watch_close(&c->files); /* and with it all watches */
    sk_loop_cancel(c->loop, &c->close);
    for (unsigned i = 0; i < ENTRIES; i++)
        free_entry(c->entries[i]);
    sk_free(c);
}

bool sk_file_cache_has(const sk_file_cache *c, const sk_file_key *key) {
    return find(c, key) < ENTRIES;
}

const sk_cached_file *sk_file_cache_get(sk_file_cache *c, const sk_file_key *key) {
    unsigned i = find(c, key);
    if (i == ENTRIES)
        return NULL;
    entry *e = c->entries[i];
    int64_t now = sk_loop_now(c->loop);
    e->used = now;
    if (now - e->checked < RECHECK_MS)
        return &e->file;
    if (!is_unchanged(e)) {
        drop(c, i);
        return NULL;
    }
    e->checked = now;
    return &e->file;
}

void sk_file_cache_offer(sk_file_cache *c, const sk_file_key *key, const sk_file_info *info,
                         const char *type, int64_t now) {
    memory *m = &c->remembered[key->hash % REMEMBERED];
    int64_t now_ms = sk_loop_now(c->loop);
    if (!may_be_kept(info, now) || sk_file_cache_has(c, key))
        return;
    if (m->hash != key->hash)
        *m = (memory){key->hash, now_ms};
    else if (now_ms >= m->not_before && !take_in(c, key, type, now))
        m->not_before = now_ms + RETRY_MS;
}
