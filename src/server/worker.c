/* server/worker.c - one loop of a server, with what its connections share. How it accepts them is
 * in worker_accept.c, what it says in worker_tell.c, how it ends in worker_end.c. */
#include "server/worker.h"

#include "base/fail.h"
#include "base/mem.h"
#include "server/conn.h"
#include "server/reply.h"
#include "sys/clock.h"

#include <errno.h>

#define BUFFER_SIZE     (64u << 10)
#define INPUT_SIZE      (256u << 10) /* what a body is read into; the rest reads less */
#define SPARE_EXCHANGES 32u
#define SPARE_BODY      (16u << 10) /* of a spare exchange: what is larger is given back */

/* ---- making and freeing ---- */

static bool init(sk_worker *w, const sk_server_settings *settings) {
    w->settings = settings;
    sk_list_init(&w->conns);
    w->date = w->date_at = INT64_MIN;
    sk_worker_init_accepting(w);
    sk_worker_init_ending(w);
    w->trailers.fields.cap = settings->limits.fields_max;
    w->trailers.fields.at = sk_alloc(settings->limits.fields_max * sizeof(sk_field));
    return w->trailers.fields.at && sk_buf_reserve(&w->in, INPUT_SIZE) &&
           sk_buf_reserve(&w->out, BUFFER_SIZE);
}

sk_worker *sk_worker_new(const sk_server_settings *settings, skua_error *err) {
    sk_worker *w = sk_zalloc(sizeof *w);
    if (!w || !init(w, settings)) {
        sk_worker_free(w);
        sk_fail_nomem(err);
        return NULL;
    }
    int rc = sk_worker_seed_ids(w);
    errno = -rc;
    w->loop = rc == 0 ? sk_loop_new(SK_POLLER_BEST, settings->clock) : NULL;
    if (!w->loop) {
        sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, errno, "cannot make a loop");
        sk_worker_free(w);
        return NULL;
    }
    return w;
}

static void close_connections(sk_worker *w) {
    while (!sk_list_empty(&w->conns))
        sk_sconn_close(SK_CONTAINER(w->conns.next, sk_sconn, link));
}

void sk_worker_free(sk_worker *w) {
    if (!w)
        return;
    sk_worker_close_acceptors(w);
    close_connections(w);
    if (w->loop)
        sk_loop_step(w->loop, 0); /* what was posted about them */
    sk_sconn_free_spares(w);
    for (sk_exchange *x = w->spare, *next; x; x = next) {
        next = x->next;
        sk_exchange_free(x);
    }
    sk_file_cache_free(w->files);
    sk_loop_free(w->loop);
    sk_tls_scratch_free(w->scratch);
    sk_buf_free(&w->in);
    sk_buf_free(&w->out);
    sk_free(w->trailers.fields.at);
    sk_free(w->acceptors);
    sk_free(w);
}

/* ---- exchanges ---- */

static sk_exchange *new_exchange(sk_worker *w) {
    uint32_t fields = w->settings->limits.fields_max;
    sk_exchange *x = sk_alloc(sizeof *x + fields * sizeof x->fields[0]);
    if (x)
        *x = (sk_exchange){0};
    return x;
}

sk_exchange *sk_worker_lend(sk_worker *w, sk_sconn *c) {
    sk_exchange *x = w->spare;
    if (x) {
        w->spare = x->next;
        w->spare_count--;
    } else {
        x = new_exchange(w);
    }
    if (!x) {
        sk_worker_tell(w, SKUA_LOG_ERROR, "%s: closed: no memory for a request",
                       sk_sconn_client(c));
        return NULL;
    }
    sk_buf body = x->request.body;
    x->request = (skua_request){.body = body};
    x->request.head.fields = (sk_fields){.at = x->fields, .cap = w->settings->limits.fields_max};
    x->conn = c;
    x->callbacks = w->settings->callbacks;
    x->request.serial = ++w->lent;
    x->note = (sk_access_note){0};
    x->body_bytes = 0;
    sk_reply_init(&x->reply);
    return x;
}

void sk_worker_take_back(sk_worker *w, sk_exchange *x) {
    sk_reply_release(&x->reply);
    sk_request_release(&x->request);
    if (w->spare_count >= SPARE_EXCHANGES) {
        sk_exchange_free(x);
        return;
    }
    sk_arena_reset(&x->arena);
    if (x->request.body.cap > SPARE_BODY)
        sk_buf_free(&x->request.body);
    sk_buf_clear(&x->request.body);
    x->next = w->spare;
    w->spare = x;
    w->spare_count++;
}

/* ---- small things ---- */

int64_t sk_worker_date(sk_worker *w) {
    int64_t now = sk_loop_now(w->loop);
    if (w->date_at == now)
        return w->date;
    w->date_at = now;
    int64_t unix_s = sk_clock_unix();
    if (w->date != unix_s) {
        w->date = unix_s;
        sk_date_format_line(unix_s, w->date_line);
    }
    return unix_s;
}

skua_str sk_worker_date_line(sk_worker *w) {
    sk_worker_date(w);
    return (skua_str){w->date_line, SK_DATE_LINE_LEN};
}

/* ---- serving ---- */

static int loop_failed(sk_worker *w, skua_error *err, int rc) {
    char text[SK_ERRNO_TEXT];
    sk_worker_tell(w, SKUA_LOG_ERROR, "a worker ends: its loop: %s", sk_errno_text(-rc, text));
    return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "a worker's loop");
}

int sk_worker_begin(sk_worker *w, sk_ending *ending, skua_error *err) {
    int rc = sk_worker_watch_ending(w, ending);
    if (rc == 0)
        rc = sk_worker_watch_acceptors(w, false);
    return rc == 0 ? 0 : loop_failed(w, err, rc);
}

int sk_worker_step(sk_worker *w, int max_wait_ms, skua_error *err) {
    if (sk_worker_has_ended(w))
        return 0;
    int rc = sk_loop_step(w->loop, max_wait_ms);
    if (rc != 0)
        return loop_failed(w, err, rc);
    return sk_worker_has_ended(w) ? 0 : 1;
}

void sk_worker_end(sk_worker *w) {
    sk_worker_stop(w);
    sk_worker_unwatch_ending(w);
    for (sk_link *i = w->conns.next; i != &w->conns; i = i->next)
        w->ended.cut += sk_sconn_is_under_way(SK_CONTAINER(i, sk_sconn, link)) ? 1 : 0;
    close_connections(w);
}
