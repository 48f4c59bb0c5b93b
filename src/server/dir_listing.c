/* server/dir_listing.c - answering with the listing of a directory.
 *
 *     the loop: which form, which order -> the pool: read, sort, write -> the reply is finished
 *
 * Reading one of 5000 entries takes some 20 ms, and longer where the disk is slow: no loop waits
 * for that. */
#include "server/dir.h"

#include "base/str.h"
#include "server/conn.h"
#include "server/deferral.h"
#include "server/listing.h"
#include "server/pool.h"
#include "wire/accept.h"

#include <skua/status.h>

#define ENTRIES_MAX 5000

typedef struct task {
    sk_job job;
    const sk_dir *dir;
    skua_request *request;
    skua_reply *reply;
    sk_listing listing;
    const char *below; /* the directory's path below the route, terminated */
    bool json;
} task;

/* ---- the reply ---- */

static int send_page(const task *t, const sk_buf *page) {
    skua_reply *a = t->reply;
    const char *type = t->json ? "application/json" : "text/html; charset=utf-8";
    if (page->failed)
        return SKUA_E_NOMEM;
    if (!t->json)
        skua_reply_send_header(a, "Content-Security-Policy", sk_listing_policy(t->listing.form));
    skua_reply_send_header(a, "X-Content-Type-Options", "nosniff");
    skua_reply_send_header(a, "Cache-Control", "no-cache");
    skua_reply_send_header(a, "Vary", "Accept");
    return skua_reply_bytes(a, SKUA_STATUS_OK, type, sk_buf_head(page), sk_buf_len(page));
}

static int list(task *t) {
    sk_directory directory;
    sk_buf page = {0};
    const sk_directory_bounds bounds = {.max = ENTRIES_MAX, .dotfiles = t->dir->dotfiles};
    int rc =
        sk_directory_read(t->dir->fd, t->below, &bounds, sk_request_arena(t->request), &directory);
    if (rc != 0)
        return sk_file_refuse(t->reply, rc);
    sk_listing_sort(&directory, t->listing.order);
    t->listing.directory = &directory;
    if (t->json)
        sk_listing_append_json(&page, &t->listing);
    else
        sk_listing_append_html(&page, &t->listing);
    rc = send_page(t, &page);
    sk_buf_free(&page);
    return rc;
}

/* ---- the pool ---- */

static void run(sk_job *j) {
    task *t = SK_CONTAINER(j, task, job);
    sk_deferral *d = sk_exchange_of_request(t->request)->deferral;
    sk_deferral_finish(d, sk_deferral_is_abandoned(d) ? SKUA_E_BROKEN_PIPE : list(t));
}

static int run_on_pool(task *t, sk_pool *pool) {
    int rc = skua_reply_defer(t->reply);
    if (rc != 0)
        return rc;
    t->job.fn = run;
    if (sk_pool_submit(pool, &t->job) == 0)
        return 0;
    skua_reply_send_header(t->reply, "Retry-After", "1");
    skua_reply_send_error(t->reply, SKUA_STATUS_SERVICE_UNAVAILABLE, NULL);
    return skua_reply_finish(t->reply);
}

static bool wants_json(skua_request *q) {
    return sk_accept_prefers_type(sk_str(skua_request_header(q, "Accept")),
                                  SK_LIT("application/json"), SK_LIT("text/html"));
}

int sk_dir_list(const sk_dir *d, skua_request *q, skua_reply *a, skua_str path) {
    sk_pool *pool = sk_exchange_of_request(q)->conn->worker->settings->pool;
    task *t = sk_arena_zalloc(sk_request_arena(q), sizeof *t);
    const char *below = sk_arena_strndup(sk_request_arena(q), path.ptr, path.len);
    if (!t || !below)
        return SKUA_E_NOMEM;
    size_t rest = path.len + (path.len > 0); /* with its "/" */
    *t = (task){
        .dir = d,
        .request = q,
        .reply = a,
        .listing = {.mount = {q->path.text, q->path.len - rest},
                    .path = path,
                    .order = sk_listing_order_of(q->query),
                    .form = d->upload_form},
        .below = below,
        .json = wants_json(q),
    };
    return pool ? run_on_pool(t, pool) : list(t);
}
