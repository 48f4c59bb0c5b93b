/* server/reply_end.c - the end of a reply: what its handler made of it is completed, or answered
 * for. */
#include "server/conn.h"
#include "server/reply_coding.h"
#include "server/reply_parts.h"

#include <skua/status.h>

static sk_session *session_of(skua_reply *a) {
    return &sk_exchange_of_reply(a)->conn->session;
}

/* What the encoder still holds goes out. */
static int end_coding(skua_reply *a) {
    sk_session *s = session_of(a);
    sk_buf tail = {0};
    int rc = sk_reply_coding_end(a, &tail);
    if (rc == 0)
        rc = sk_h1_data(&s->h1, s->out, sk_buf_head(&tail), sk_buf_len(&tail));
    a->body_bytes += (int64_t)sk_buf_len(&tail);
    sk_buf_free(&tail);
    return rc;
}

static sk_reply_end close_message(skua_reply *a) {
    sk_session *s = session_of(a);
    if (a->coding && end_coding(a) != 0)
        return SK_REPLY_CUT;
    const skua_field *trailers = a->trailers.count > 0 ? a->trailers.at : NULL;
    a->state = SK_REPLY_DONE;
    return sk_h1_end(&s->h1, s->out, trailers) == 0 ? SK_REPLY_COMPLETE : SK_REPLY_CUT;
}

/* Forget all that was said: another reply takes its place. */
static void start_over(skua_reply *a) {
    skua_reply old = *a;
    sk_reply_release(a);
    sk_reply_init(a);
    a->close = old.close;
    a->unhooked = old.unhooked;
}

sk_reply_end sk_reply_bare(skua_reply *a, int status) {
    start_over(a);
    return sk_reply_whole(a, status, NULL, 0) == 0 ? close_message(a) : SK_REPLY_CUT;
}

/* A page with what was given for its head. */
static sk_reply_end refuse(skua_reply *a, int status, const char *explain) {
    if (sk_reply_page(a, status, explain) == 0)
        return close_message(a);
    if (sk_h1_send_begun(&session_of(a)->h1))
        return SK_REPLY_CUT;
    /* Without memory for a page a status is still better than silence. */
    return sk_reply_bare(a, status);
}

sk_reply_end sk_reply_refuse(skua_reply *a, int status, const char *allow, const char *explain) {
    start_over(a);
    if (allow)
        skua_reply_send_header(a, "Allow", allow);
    return refuse(a, status, explain);
}

sk_reply_end sk_reply_busy(skua_reply *a) {
    start_over(a);
    skua_reply_send_header(a, "Retry-After", "1");
    return refuse(a, SKUA_STATUS_SERVICE_UNAVAILABLE, NULL);
}

sk_reply_end sk_reply_options(skua_reply *a, const char *allow) {
    skua_reply_send_header(a, "Allow", allow);
    if (sk_reply_whole(a, SKUA_STATUS_NO_CONTENT, NULL, 0) != 0)
        return sk_reply_refuse(a, SKUA_STATUS_INTERNAL_SERVER_ERROR, NULL, NULL);
    return close_message(a);
}

sk_reply_end sk_reply_finish(skua_reply *a, int rc) {
    if (rc >= 0)
        rc = a->error;
    if (rc == 0 && a->state == SK_REPLY_OPEN) {
        if (a->file_left > 0 || a->pieces_left > 0)
            return SK_REPLY_FILE;
        return close_message(a);
    }
    if (rc != SKUA_E_BROKEN_PIPE) /* the peer has gone: no fault of the handler's */
        sk_sconn_tell(sk_exchange_of_reply(a)->conn, SKUA_LOG_WARN, "the handler failed: %s",
                      rc < 0 ? skua_error_text(rc) : "no reply");
    if (sk_h1_send_begun(&session_of(a)->h1))
        return SK_REPLY_CUT;
    return sk_reply_refuse(a, SKUA_STATUS_INTERNAL_SERVER_ERROR, NULL, NULL);
}
