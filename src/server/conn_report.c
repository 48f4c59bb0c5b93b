/* server/conn_report.c - what is told of an exchange: when it is over, to the access log and to the
 * program, and what went wrong with it to the error log.
 *
 * What there is to tell of the request is noted when its head has come: later the head's views may
 * be gone, or the request be somebody else's. */
#include "server/conn_step.h"
#include "sys/clock.h"

#include <skua/status.h>

/* What nginx, and who reads its logs, calls a client that did not wait. */
#define CLIENT_CLOSED 499

void sk_sconn_note(sk_sconn *c) {
    sk_exchange *x = c->exchange;
    if (!sk_worker_reports(c->worker))
        return;
    x->note = (sk_access_note){
        .due = true,
        .begun_us = sk_sconn_now_us(c),
        .version = x->request.head.version,
        .method = skua_request_method(&x->request),
        .target = skua_request_target(&x->request),
        .request_id = skua_request_id(&x->request),
        .referer = skua_request_header(&x->request, "Referer"),
        .user_agent = skua_request_header(&x->request, "User-Agent"),
    };
}

/* NULL: there is none, or no memory. */
static const char *copy(sk_arena *arena, const char *text) {
    return text ? sk_arena_strndup(arena, text, strlen(text)) : NULL;
}

void sk_access_note_copy(sk_access_note *to, const sk_access_note *from, sk_arena *arena) {
    *to = *from;
    to->method = copy(arena, from->method);
    to->target = copy(arena, from->target);
    to->request_id = copy(arena, from->request_id);
    to->referer = copy(arena, from->referer);
    to->user_agent = copy(arena, from->user_agent);
}

static const char *or_dash(const char *text) {
    return text && *text ? text : "-";
}

static void tell(sk_sconn *c, int status, int64_t body_bytes, bool cut) {
    const sk_worker *w = c->worker;
    sk_access_note *note = &c->exchange->note;
    const skua_access a = {
        .client = sk_sconn_client(c),
        .method = or_dash(note->method),
        .target = or_dash(note->target),
        .version = note->version,
        .status = status,
        .body_bytes = body_bytes,
        .duration_us = note->due ? sk_sconn_now_us(c) - note->begun_us : 0,
        .is_tls = c->is_tls,
        .tls_version = c->is_tls ? sk_tls_version(c->session.stream) : NULL,
        .request_id = note->request_id,
        .referer = note->referer,
        .user_agent = note->user_agent,
        .cut = cut,
    };
    note->due = false;
    if (w->settings->access)
        w->settings->access(w->settings->user, &a);
    if (sk_log_wants(w->port, SK_LOG_ACCESS))
        sk_log_put_access(w->port, &a);
}

void sk_sconn_report(sk_sconn *c, bool cut) {
    sk_exchange *x = c->exchange;
    if (!sk_worker_reports(c->worker))
        return;
    if (!x->note.request_id) /* the request could not be read */
        x->note.request_id = skua_request_id(&x->request);
    tell(c, x->reply.status, x->reply.body_bytes, cut);
}

void sk_sconn_report_unfinished(sk_sconn *c) {
    const sk_exchange *x = c->exchange;
    if (!x->note.due)
        return;
    if (x->deferral || x->reply.status == 0)
        tell(c, CLIENT_CLOSED, 0, true);
    else
        tell(c, x->reply.status, x->reply.body_bytes, true);
}

/* ---- the error log ---- */

void sk_sconn_tell(sk_sconn *c, skua_log_level level, const char *fmt, ...) {
    sk_line line = {.len = 0};
    if (!sk_worker_tells(c->worker, level))
        return;
    if (c->exchange)
        sk_request_put_whose(&line, &c->exchange->request);
    else
        sk_line_add(&line, "%s: ", or_dash(sk_sconn_client(c)));
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&line, fmt, ap);
    va_end(ap);
    sk_worker_tell(c->worker, level, "%s", line.text);
}

void sk_sconn_tell_refused(sk_sconn *c, int status, int code, const char *why) {
    bool ours = code == SKUA_E_NOMEM || code == SKUA_E_OS;
    if (ours)
        why = skua_error_text(code);
    sk_sconn_tell(c, ours ? SKUA_LOG_ERROR : SKUA_LOG_DEBUG, "answered %d: %s", status,
                  why ? why : skua_status_reason(status));
}
