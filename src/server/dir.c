/* server/dir.c - the route that serves the files below a directory.
 *
 *     path -> may it be shown? -> open, contained -> regular file:  preconditions -> 200, 304, 412
 *                                                 -> directory:     301 to the path with "/"
 *             ends with "/"    -> its index file, else the listing where that is on, else 404
 *
 * What is hidden, what is no file and what is not there all answer 404 alike. A small file that is
 * asked for often comes from the worker's memory instead (file_cache.h); else nothing is kept
 * between requests but the directory's descriptor. Ranges and codings are not known here. */
#include "base/date.h"
#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "server/conn.h"
#include "server/dir_path.h"
#include "server/exchange.h"
#include "server/file_cache.h"
#include "server/listing.h"
#include "server/server.h"
#include "sys/clock.h"
#include "sys/directory.h"
#include "sys/file.h"
#include "wire/conditional.h"
#include "wire/percent.h"

#include <errno.h>

/* Looking at so many takes some 20 ms, in which the worker does nothing else. */
#define LISTING_MAX 5000
#define SMALL_FILE  16384 /* read whole, so that it leaves with its head */
#define SMALL_TRIES 4     /* while it changes */

typedef struct dir_route {
    sk_arena arena; /* of what follows */
    int dir;
    bool list;
    const char *cache_control; /* NULL: none is sent */
    const char *default_type;
    const char **index; /* NULL at the end */
} dir_route;

/* ---- refusing ---- */

/* The status for an open that failed. */
static int status_of(int os_errno) {
    static const struct {
        int os_errno, status;
    } table[] = {
        {ENOENT, 404}, {ENOTDIR, 404}, {ENAMETOOLONG, 404}, {ELOOP, 404}, {EXDEV, 404},
        {ENXIO, 404},  {ENODEV, 404},  {EACCES, 403},       {EPERM, 403}, {EMFILE, 503},
        {ENFILE, 503}, {ENOMEM, 503},  {EAGAIN, 503},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].os_errno == os_errno)
            return table[i].status;
    }
    return 500;
}

static int refuse(skua_reply *a, int rc) {
    return skua_reply_send_error(a, status_of(-rc), NULL);
}

/* ---- a file ---- */

/* A regular file that was found. */
typedef struct found {
    int fd;
    const char *path; /* below the route */
    sk_file_info info;
} found;

/* Open a regular file. 0, or -errno: what is no regular file is as good as not there, but for a
 * directory, which is -EISDIR. */
static int find(const dir_route *d, const char *path, found *out) {
    *out = (found){.fd = sk_file_open_below(d->dir, path), .path = path};
    if (out->fd < 0)
        return out->fd;
    int rc = sk_file_stat(out->fd, &out->info);
    if (rc == 0 && out->info.is_regular)
        return 0;
    sk_file_close(out->fd);
    return rc != 0 ? rc : out->info.is_dir ? -EISDIR : -ENOENT;
}

static int evaluate(skua_request *q, const sk_file_facts *facts, int64_t now) {
    const sk_conditions conditions = {
        .if_match = sk_str(skua_request_header(q, "If-Match")),
        .if_none_match = sk_str(skua_request_header(q, "If-None-Match")),
        .if_modified_since = sk_str(skua_request_header(q, "If-Modified-Since")),
        .if_unmodified_since = sk_str(skua_request_header(q, "If-Unmodified-Since")),
    };
    const sk_validators v = {
        .exists = true,
        .has_modified = true,
        .modified = facts->modified,
        .etag = sk_str(facts->etag),
    };
    return sk_conditional_evaluate(&conditions, &v, true, now);
}

/* Add what 200 and 304 both carry (RFC 9110 15.4.5). */
static void describe(const dir_route *d, skua_reply *a, const sk_file_facts *facts) {
    skua_reply_send_header(a, "ETag", facts->etag);
    skua_reply_send_header(a, "Last-Modified", facts->last_modified);
    if (d->cache_control)
        skua_reply_send_header(a, "Cache-Control", d->cache_control);
}

static void describe_body(const dir_route *d, skua_reply *a, const sk_file_facts *facts) {
    describe(d, a, facts);
    skua_reply_send_header(a, "Content-Type", facts->type);
    skua_reply_send_header(a, "X-Content-Type-Options", "nosniff");
}

/* Reply with what the preconditions made of it: 304 or 412. */
static int reply_without(const dir_route *d, skua_reply *a, int status,
                         const sk_file_facts *facts) {
    if (status == 412)
        return skua_reply_send_error(a, 412, NULL);
    describe(d, a, facts);
    skua_reply_send_response(a, status);
    return skua_reply_end_headers(a);
}

/* What Date will say, in Unix seconds. */
static int64_t time_of_message(const skua_request *q) {
    int64_t now = sk_clock_unix(), date;
    skua_str text = sk_worker_date(sk_exchange_of_request(q)->conn->worker);
    return sk_date_parse(text, now, &date) ? date : now;
}

/* The bytes of a file, up to info.size. How many there were, or -errno. */
static ptrdiff_t read_up_to_size(const found *f, char *to) {
    ptrdiff_t len = 0, n = 1;
    while (n > 0 && len < f->info.size) {
        n = sk_file_read_at(f->fd, to + len, (size_t)(f->info.size - len), len);
        len += n > 0 ? n : 0;
    }
    return n < 0 ? n : len;
}

/* Read a small file whole before anything is said of it, so that one that is cut short meanwhile,
 * to be written anew, is described as it was read. 0 with *body (ptr NULL: the file is not small),
 * or -errno. */
static int read_small(sk_arena *arena, found *f, skua_str *body) {
    *body = (skua_str){NULL, 0};
    for (int tries = 0; f->info.size <= SMALL_FILE; tries++) {
        char *to = sk_arena_alloc(arena, (size_t)f->info.size + 1);
        ptrdiff_t n = to ? read_up_to_size(f, to) : -ENOMEM;
        if (n < 0 || tries == SMALL_TRIES)
            return n < 0 ? (int)n : -EAGAIN;
        if (n == f->info.size) {
            *body = (skua_str){to, (size_t)n};
            return 0;
        }
        int rc = sk_file_stat(f->fd, &f->info);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Reply with a file, or with what the preconditions make of it; f->fd is taken. */
static int reply_file(const dir_route *d, skua_request *q, skua_reply *a, found *f) {
    sk_file_facts facts;
    skua_str body;
    int64_t now = time_of_message(q);
    int rc = read_small(sk_request_arena(q), f, &body);
    sk_file_facts_of(&f->info, f->path, d->default_type, now, &facts);
    int status = rc == 0 ? evaluate(q, &facts, now) : 0;
    if (rc != 0 || status != 0 || body.ptr)
        sk_file_close(f->fd);
    if (rc != 0)
        return refuse(a, rc);
    if (status != 0)
        return reply_without(d, a, status, &facts);
    describe_body(d, a, &facts);
    if (body.ptr)
        return skua_reply_bytes(a, 200, NULL, body.ptr, body.len);
    skua_reply_send_response(a, 200);
    return sk_reply_file(a, f->fd, 0, f->info.size);
}

/* ---- a file in memory ---- */

/* NULL: it is not there. */
static const sk_cached_file *find_cached(skua_request *q, const sk_file_key *key) {
    sk_sconn *c = sk_exchange_of_request(q)->conn;
    sk_file_cache *files = c->worker->files;
    if (!files || !sk_file_cache_has(files, key))
        return NULL;
    sk_sconn_catch_up(c);
    return sk_file_cache_get(files, key);
}

static void offer_to_cache(const dir_route *d, skua_request *q, const sk_file_key *key,
                           const found *f) {
    sk_worker *w = sk_exchange_of_request(q)->conn->worker;
    if (!w->files)
        w->files = sk_file_cache_new(w->loop);
    if (w->files)
        sk_file_cache_offer(w->files, key, &f->info, d->default_type, time_of_message(q));
}

static int reply_cached(const dir_route *d, skua_request *q, skua_reply *a,
                        const sk_cached_file *file) {
    int status = evaluate(q, &file->facts, sk_clock_unix());
    if (status != 0)
        return reply_without(d, a, status, &file->facts);
    describe_body(d, a, &file->facts);
    return skua_reply_bytes(a, 200, NULL, file->body.ptr, file->body.len);
}

/* ---- either ---- */

/* Reply with the file at a path. 0, or -errno of what was not found, as find(): then there is no
 * reply; *rc is that of the reply. */
static int serve_file(const dir_route *d, skua_request *q, skua_reply *a, const char *path,
                      int *rc) {
    sk_file_key key = sk_file_key_of(d->dir, path);
    const sk_cached_file *file = find_cached(q, &key);
    found f;
    if (file) {
        *rc = reply_cached(d, q, a, file);
        return 0;
    }
    int missing = find(d, path, &f);
    if (missing != 0)
        return missing;
    offer_to_cache(d, q, &key, &f);
    *rc = reply_file(d, q, a, &f);
    return 0;
}

/* ---- a directory ---- */

/* 301 to the same path with a "/" behind it.
 *
 * Built from the decoded segments, not from the target as received: a target such as
 * "//host/%2e%2e/dir" names "/dir" here and another host in a browser. */
static int redirect_to_slash(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    sk_buf location = {0};
    uint32_t first = 0;
    while (first < q->path.count && q->path.segments[first].len == 0)
        first++;
    for (uint32_t i = first; i < q->path.count; i++) {
        sk_buf_append(&location, "/", 1);
        sk_percent_append_segment(&location, sk_path_segment(&q->path, i));
    }
    sk_buf_append(&location, "/", 1);
    if (q->query.ptr) {
        sk_buf_append(&location, "?", 1);
        sk_percent_append_query(&location, q->query);
    }
    sk_buf_append(&location, "", 1); /* the terminator */
    int rc = location.failed ? SKUA_E_NOMEM : skua_reply_redirect(a, 301, sk_buf_head(&location));
    sk_buf_free(&location);
    return rc;
}

/* Reply with the page; `rest` is the path below the route as received, `path` without its "/". */
static int reply_listing(const dir_route *d, skua_request *q, skua_reply *a, const char *rest,
                         skua_str path) {
    sk_directory directory;
    int rc = sk_directory_read(d->dir, rest, LISTING_MAX, sk_request_arena(q), &directory);
    if (rc != 0)
        return refuse(a, rc);
    sk_listing_sort(&directory);
    sk_buf page = {0};
    skua_str mount = {q->path.text, q->path.len - strlen(rest)};
    sk_listing_append(&page, &directory, mount, path);
    if (page.failed) {
        rc = SKUA_E_NOMEM;
    } else {
        skua_reply_send_header(a, "Content-Security-Policy", sk_listing_policy);
        skua_reply_send_header(a, "X-Content-Type-Options", "nosniff");
        skua_reply_send_header(a, "Cache-Control", "no-cache");
        rc = skua_reply_bytes(a, 200, "text/html; charset=utf-8", sk_buf_head(&page),
                              sk_buf_len(&page));
    }
    sk_buf_free(&page);
    return rc;
}

/* The path ended with "/". The index files are opened by their own paths: where there is one, the
 * directory itself need not be opened. */
static int serve_directory(const dir_route *d, skua_request *q, skua_reply *a, const char *rest,
                           skua_str path) {
    for (const char *const *index = d->index; *index; index++) {
        int replied;
        const char *name = sk_arena_printf(sk_request_arena(q), "%s%s", rest, *index);
        int rc = name ? serve_file(d, q, a, name, &replied) : -ENOMEM;
        if (rc == 0)
            return replied;
        if (rc != -EISDIR && status_of(-rc) != 404)
            return refuse(a, rc);
    }
    return d->list ? reply_listing(d, q, a, rest, path) : refuse(a, -ENOENT);
}

static int serve(skua_request *q, skua_reply *a, void *user) {
    const dir_route *d = user;
    const char *rest = sk_request_rest(q);
    sk_dir_path where;
    if (!rest || !sk_dir_path_map(sk_str(rest), &where))
        return refuse(a, -ENOENT);
    if (where.slash)
        return serve_directory(d, q, a, rest, where.path);
    int replied;
    int rc = serve_file(d, q, a, rest, &replied);
    if (rc == -EISDIR)
        return redirect_to_slash(q, a, NULL);
    return rc == 0 ? replied : refuse(a, rc);
}

/* ---- setting up ---- */

static void free_route(void *ptr) {
    dir_route *d = ptr;
    sk_file_close(d->dir);
    sk_arena_free(&d->arena);
    sk_free(d);
}

/* An index file stands in its directory: a name, not a path. */
static bool is_file_name(const char *name) {
    return name[0] != '\0' && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static const char *wrong_with(const skua_dir_opts *opts) {
    if (opts->cache_control && !sk_str_is_field_value(sk_str(opts->cache_control)))
        return "cache_control is no field value";
    if (opts->default_type && !sk_str_is_field_value(sk_str(opts->default_type)))
        return "default_type is no field value";
    for (const char *const *index = opts->index; index && *index; index++) {
        if (!is_file_name(*index))
            return "an index file is no file name";
    }
    return NULL;
}

static const char *copy(dir_route *d, const char *text) {
    return sk_arena_strndup(&d->arena, text, strlen(text));
}

static bool copy_index(dir_route *d, const char *const *names) {
    size_t count = 0;
    while (names[count])
        count++;
    d->index = sk_arena_zalloc(&d->arena, (count + 1) * sizeof *d->index);
    for (size_t i = 0; d->index && i < count; i++) {
        d->index[i] = copy(d, names[i]);
        if (!d->index[i])
            return false;
    }
    return d->index != NULL;
}

static bool copy_options(dir_route *d, const skua_dir_opts *opts) {
    static const char *const default_index[] = {"index.html", "index.htm", NULL};
    d->list = opts->list != 0;
    d->default_type = copy(d, opts->default_type ? opts->default_type : "application/octet-stream");
    if (opts->cache_control)
        d->cache_control = copy(d, opts->cache_control);
    return copy_index(d, opts->index ? opts->index : default_index) && d->default_type &&
           (d->cache_control || !opts->cache_control);
}

static int fail_to_open(skua_server *s, int os_errno, const char *dir) {
    skua_error err;
    sk_fail_os(&err, SKUA_E_OS, SKUA_PHASE_NONE, os_errno, "directory %s", dir);
    return sk_server_latch(s, &err);
}

/* Make the route's object, the server's from here on. 0 and *out, or a latched code. */
static int new_route(skua_server *s, const char *dir, const skua_dir_opts *opts, dir_route **out) {
    dir_route *d = sk_zalloc(sizeof *d);
    if (!d)
        return sk_server_fail(s, SKUA_E_NOMEM, "route to %s: out of memory", dir);
    d->dir = sk_dir_open(dir);
    int rc = 0;
    if (d->dir < 0)
        rc = fail_to_open(s, -d->dir, dir);
    else if (!copy_options(d, opts))
        rc = sk_server_fail(s, SKUA_E_NOMEM, "route to %s: out of memory", dir);
    else
        rc = sk_server_own(s, d, free_route);
    if (rc != 0) {
        free_route(d);
        return rc;
    }
    *out = d;
    return 0;
}

/* "GET /static/{path...}", and "GET /static", which is only a way to "/static/" and gives way to
 * what a program serves there. */
static int add_routes(skua_server *s, const char *path, dir_route *d) {
    size_t len = strlen(path);
    char *pattern = sk_arena_printf(&d->arena, "GET %s{path...}", path);
    if (!pattern)
        return sk_server_fail(s, SKUA_E_NOMEM, "route %s: out of memory", path);
    int rc = skua_route(s, pattern, serve, d);
    if (rc != 0 || len == 1)
        return rc;
    pattern[strlen("GET ") + len - 1] = '\0';
    return sk_server_route_fallback(s, pattern, redirect_to_slash, NULL);
}

int skua_route_dir(skua_server *s, const char *path, const char *dir, const skua_dir_opts *opts) {
    skua_dir_opts o;
    skua_error err;
    if (!s)
        return SKUA_E_INVALID_ARGUMENT;
    if (!path || !dir || path[0] != '/' || path[strlen(path) - 1] != '/')
        return sk_server_fail(s, SKUA_E_INVALID_ARGUMENT,
                              "route %s to a directory: the path must begin and end with \"/\"",
                              path ? path : "(null)");
    const char *wrong = err.msg;
    if (sk_options_copy(&o, sizeof o, opts, &err) == 0)
        wrong = wrong_with(&o);
    if (wrong)
        return sk_server_fail(s, SKUA_E_INVALID_ARGUMENT, "route %s: %s", path, wrong);
    dir_route *d = NULL;
    int rc = new_route(s, dir, &o, &d);
    return rc != 0 ? rc : add_routes(s, path, d);
}
