/* get_exchange.c - one request and the head of its response. */
#include "get.h"

#include "exit_status.h"
#include "stopwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- before ---- */

static int add_hop(get_transfer *t) {
    get_hop *hops = realloc(t->hops, (t->hop_count + 1) * sizeof *hops);
    if (!hops)
        return -1;
    t->hops = hops;
    get_hop hop = {strdup(skua_url_text(t->url)), 0, {-1, -1, -1, -1, -1, -1, -1}};
    if (!hop.url)
        return -1;
    t->hops[t->hop_count++] = hop;
    return 0;
}

/* --max-time is for all of a try: what is left of it holds for this exchange. */
static void set_deadline(get_transfer *t) {
    int64_t max = t->options->max_time_ms;
    int64_t left = max - (int64_t)(cli_now_ms() - t->began);
    skua_conn_set_deadline(t->conn, max == 0 ? SKUA_FOREVER : left > 0 ? left : 1);
}

/* ---- after ---- */

/* The connection may be gone once the response is there: it is described while the answer is waited
 * for. */
static void describe_peer(get_transfer *t) {
    t->info = (skua_stream_info){.size = sizeof t->info};
    t->certificate = (skua_certificate){.size = sizeof t->certificate};
    if (skua_conn_info(t->conn, &t->info) != 0)
        t->info = (skua_stream_info){.size = sizeof t->info};
    if (skua_conn_certificate(t->conn, 0, &t->certificate) != 0)
        t->certificate.size = 0;
}

static void count(get_transfer *t, const skua_conn_stats *before) {
    skua_conn_stats now = {.size = sizeof now};
    skua_conn_statistics(t->conn, &now);
    const skua_body *body = &t->upload.body;
    int64_t sent = body->kind == SKUA_BODY_BYTES ? body->len : t->upload.sent;
    int64_t all = (int64_t)(now.sent_bytes - before->sent_bytes);
    sent = t->upload.dropped ? 0 : sent < all ? sent : all;
    t->counts.upload += sent;
    t->counts.request += all - sent;
    t->counts.connects += (int)(now.connects - before->connects);
}

static int goes_through_proxy(const get_transfer *t) {
    char proxy[1024], rule[256];
    return !t->session->peer.conn.proxy &&
           skua_proxy_for_url(skua_url_text(t->url), proxy, sizeof proxy, rule, sizeof rule,
                              NULL) == 0 &&
           proxy[0];
}

static int fail(get_transfer *t) {
    if (t->upload.os_errno) {
        return get_fail_file(&t->err, CLI_EXIT_READ, t->upload_name ? t->upload_name : "get: -F",
                             t->upload.os_errno);
    }
    if (t->options->interface && t->err.os_errno == EADDRNOTAVAIL)
        return CLI_EXIT_INTERFACE;
    if (t->err.code == SKUA_E_RESOLVE && goes_through_proxy(t))
        return CLI_EXIT_RESOLVE_PROXY;
    return cli_exit_status(&t->err);
}

/* A peer may answer and close before it has read all of the request: its answer counts. */
static void ask(get_transfer *t) {
    static const skua_body none = {.size = sizeof none};
    const get_request *q = &t->request;
    const get_upload *u = &t->upload;
    int rc = skua_conn_request_body(t->conn, q->method, skua_url_target(t->url), q->fields,
                                    u->dropped ? &none : &u->body, &t->err);
    if (rc == 0) {
        describe_peer(t);
        t->response = skua_conn_getresponse(t->conn, &t->err);
    } else if (rc == SKUA_E_BROKEN_PIPE || rc == SKUA_E_CONNECTION_RESET) {
        t->response = skua_conn_getresponse(t->conn, NULL);
    }
}

int get_exchange_run(get_transfer *t) {
    int status = 0;
    if (add_hop(t) != 0)
        return get_no_memory(&t->err);
    t->conn = get_pool_take(t->session, t->url, &status, &t->err);
    if (!t->conn)
        return status;
    set_deadline(t);
    skua_conn_stats before = {.size = sizeof before};
    skua_conn_statistics(t->conn, &before);
    int shows =
        t->upload.source.kind != SKUA_BODY_NONE && !t->options->silent && !t->options->no_progress;
    if (shows)
        cli_progress_begin(&t->progress, 0, t->upload.source.len > 0 ? t->upload.source.len : -1);
    ask(t);
    if (shows)
        cli_progress_end(&t->progress);
    count(t, &before);
    if (!t->response)
        return fail(t);
    t->hops[t->hop_count - 1].status = skua_response_status(t->response);
    return 0;
}
