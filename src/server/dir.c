/* server/dir.c - the route that serves the files below a directory.
 *
 *     path -> may it be shown? -> regular file:     it is the answer (file_answer.h)
 *                              -> directory:        301 to the path with "/"
 *             ends with "/"    -> its index file, else the listing where that is on, else 404
 *
 *     404  -> the fallback, where there is one and the path looks like no file's
 *          -> the route's page, or the server's
 *
 * What is hidden, what is no file and what is not there all answer 404 alike. */
#include "server/dir.h"

#include "base/fail.h"
#include "base/options.h"
#include "base/str.h"
#include "server/dir_path.h"
#include "server/server.h"
#include "wire/percent.h"

#include <errno.h>
#include <skua/status.h>

/* ---- what is not there ---- */

/* An application's own path; what has a "." is a file that is missed. */
static bool may_fall_back(skua_str path) {
    size_t at = path.len;
    while (at > 0 && path.ptr[at - 1] != '/' && path.ptr[at - 1] != '.')
        at--;
    return at == 0 || path.ptr[at - 1] == '/';
}

/* Answer for what could not be had, -errno. `path` (ptr NULL: none) is what was looked for. */
static int refuse(const sk_dir *d, skua_request *q, skua_reply *a, int rc, skua_str path) {
    sk_answer_file f;
    if (sk_file_status_of(rc) != SKUA_STATUS_NOT_FOUND)
        return sk_file_refuse(a, rc);
    if (d->fallback && path.ptr && may_fall_back(path) && sk_dir_find(d, q, d->fallback, &f) == 0)
        return sk_file_answer(q, a, &f);
    if (d->not_found_page && sk_dir_find(d, q, d->not_found_page, &f) == 0)
        return sk_file_answer_page(q, a, &f, SKUA_STATUS_NOT_FOUND);
    return sk_file_refuse(a, rc);
}

/* ---- a directory ---- */

/* 301 to the same path with a "/" behind it.
 *
 * Built from the decoded segments, not from the target as received: a target such as
 * "//host/%2e%2e/dir" names "/dir" here and another host in a browser. */
static int redirect_to_slash(skua_request *q, skua_reply *a) {
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

/* Is there a directory? 0 or -errno. */
static int find_directory(const sk_dir *d, skua_request *q, skua_str path) {
    sk_file_info info;
    const char *name = sk_arena_strndup(sk_request_arena(q), path.ptr, path.len);
    int fd = name ? sk_file_open_below(d->fd, name) : -ENOMEM;
    if (fd < 0)
        return fd;
    int rc = sk_file_stat(fd, &info);
    sk_file_close(fd);
    return rc != 0 ? rc : info.is_dir ? 0 : -ENOTDIR;
}

/* The path ended with "/". The index files are opened by their own paths: where there is one, the
 * directory itself need not be opened. */
static int serve_directory(const sk_dir *d, skua_request *q, skua_reply *a, skua_str path) {
    for (const char *const *index = d->index; *index; index++) {
        sk_answer_file f;
        const char *name = sk_arena_printf(sk_request_arena(q), "%.*s%s%s", (int)path.len, path.ptr,
                                           path.len > 0 ? "/" : "", *index);
        int rc = name ? sk_dir_find(d, q, name, &f) : -ENOMEM;
        if (rc == 0)
            return sk_file_answer(q, a, &f);
        if (sk_file_status_of(rc) != SKUA_STATUS_NOT_FOUND)
            return sk_file_refuse(a, rc);
    }
    int rc = d->list ? find_directory(d, q, path) : -ENOENT;
    return rc == 0 ? sk_dir_list(d, q, a, path) : refuse(d, q, a, rc, path);
}

/* ---- the route ---- */

static void add_fields(const sk_dir *d, skua_reply *a) {
    for (const skua_field *f = d->fields; f->name; f++)
        skua_reply_send_header(a, f->name, f->value);
}

static int serve(skua_request *q, skua_reply *a, void *user) {
    const sk_dir *d = user;
    const char *rest = sk_request_rest(q);
    sk_dir_path where;
    sk_answer_file f;
    add_fields(d, a);
    if (!rest || !sk_dir_path_map(sk_str(rest), d->dotfiles, &where))
        return refuse(d, q, a, -ENOENT, (skua_str){NULL, 0});
    if (where.slash)
        return serve_directory(d, q, a, where.path);
    int rc = sk_dir_find(d, q, rest, &f);
    if (rc == 0)
        return sk_file_answer(q, a, &f);
    if (rc == -EISDIR)
        return redirect_to_slash(q, a);
    return refuse(d, q, a, rc, where.path);
}

/* The route's own path without its "/". */
static int serve_own_path(skua_request *q, skua_reply *a, void *user) {
    add_fields(user, a);
    return redirect_to_slash(q, a);
}

/* ---- setting up ---- */

static int fail_to_open(skua_server *s, int os_errno, const char *dir) {
    skua_error err;
    if (os_errno == ENOMEM)
        return sk_server_fail(s, SKUA_E_NOMEM, "route to %s: out of memory", dir);
    sk_fail_os(&err, SKUA_E_OS, SKUA_PHASE_NONE, os_errno, "directory %s", dir);
    return sk_server_latch(s, &err);
}

/* Make the route's object, the server's from here on. 0 and *out, or a latched code. */
static int new_route(skua_server *s, const char *dir, const skua_dir_opts *opts, sk_dir **out) {
    sk_dir *d = NULL;
    int rc = sk_dir_new(dir, opts, &d);
    if (rc != 0)
        return fail_to_open(s, -rc, dir);
    rc = sk_server_own(s, d, sk_dir_free);
    if (rc != 0) {
        sk_dir_free(d);
        return rc;
    }
    *out = d;
    return 0;
}

/* "GET /static/{path...}", and "GET /static", which is only a way to "/static/" and gives way to
 * what a program serves there. */
static int add_routes(skua_server *s, const char *path, sk_dir *d) {
    size_t len = strlen(path);
    char *pattern = sk_arena_printf(&d->arena, "GET %s{path...}", path);
    if (!pattern)
        return sk_server_fail(s, SKUA_E_NOMEM, "route %s: out of memory", path);
    int rc = skua_route(s, pattern, serve, d);
    if (rc != 0 || len == 1)
        return rc;
    pattern[strlen("GET ") + len - 1] = '\0';
    return sk_server_route_fallback(s, pattern, serve_own_path, d);
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
        wrong = sk_dir_wrong_with(&o);
    if (wrong)
        return sk_server_fail(s, SKUA_E_INVALID_ARGUMENT, "route %s: %s", path, wrong);
    sk_dir *d = NULL;
    int rc = new_route(s, dir, &o, &d);
    return rc != 0 ? rc : add_routes(s, path, d);
}
