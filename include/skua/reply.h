/* skua/reply.h - a reply as a handler writes it: in one call, or step by step as http.server does.
 *
 * Field names and values are checked as they go out: a reply cannot be split (RFC 9112 11.1). A
 * failure latches: later calls give it again, and the server answers 500 if nothing has been sent,
 * else it closes the connection.
 *
 * "Thread: its loop" is the thread that runs the handler, also one of the pool; once a reply is
 * deferred it is any thread, one at a time, for reply and request alike. */
#ifndef SKUA_REPLY_H
#define SKUA_REPLY_H

#include <skua/request.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The reply to a request under way. It lives as long as the request. */
typedef struct skua_reply skua_reply;

/* Called about a reply that is finished later, in its loop's thread. */
typedef void skua_reply_event_fn(skua_reply *a, void *user);

/* Reply with text, formatted as printf does, of type "text/plain; charset=utf-8" unless
 * skua_reply_send_header has named another.
 *
 * Returns: 0, SKUA_E_STATE (a reply was begun already), SKUA_E_INVALID_ARGUMENT (status not in
 *          200..599), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_text(skua_reply *a, int status, const char *fmt, ...) SKUA_PRINTF(3, 4);

/* Reply with bytes of a media type (NULL: none is named), unless skua_reply_send_header has named
 * another. The bytes are copied; with NULL and 0 there is no body, as behind 204.
 *
 * Returns: as skua_reply_text.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_bytes(skua_reply *a, int status, const char *type, const void *data,
                              size_t len);

/* Reply with JSON text (RFC 8259), of type "application/json" unless skua_reply_send_header has
 * named another. It goes out as it is.
 *
 * Returns: as skua_reply_text; SKUA_E_INVALID_ARGUMENT also for NULL.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_json(skua_reply *a, int status, const char *json);

/* Reply with a redirect. `location` goes out as a URI reference: bytes that are none are refused.
 *
 * Returns: as skua_reply_text; SKUA_E_INVALID_ARGUMENT also for a status that is no redirect.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_redirect(skua_reply *a, int status, const char *location);

/* Reply with a small HTML page that names the error, its text escaped. `explain` may be NULL. No
 * body goes with 204, 205 and 304 (RFC 9110 15.3.5, 15.3.6, 15.4.5).
 *
 * Returns: as skua_reply_text.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_error(skua_reply *a, int status, const char *explain);

/* Tell the status of the reply that was begun.
 *
 * Returns: the status; 0 when there is none yet, and for NULL.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_status(const skua_reply *a);

/* Options of a reply from a file. Zero is the default in brackets. */
typedef struct skua_file_opts {
    size_t size;
    const char *type;          /* value of Content-Type [by the ending of the path] */
    const char *cache_control; /* value of Cache-Control [none is sent] */
} skua_file_opts;

/* Reply with a file: its type by its ending unless skua_reply_send_header or the options name one,
 * its ETag and Last-Modified; to GET and HEAD what preconditions (RFC 9110 13) make of it, to GET
 * the ranges that are asked for (RFC 9110 14). The path is the program's own: what comes from a
 * request can lead anywhere with it, and skua_route_dir cannot. What is no regular file is answered
 * with 404, what may not be read with 403: skua_reply_status tells. In a handler on the loop, the
 * file should be on a disk that does not keep it waiting.
 *
 * Returns: 0 (also where it was answered with an error), SKUA_E_STATE (a reply was begun already),
 *          SKUA_E_INVALID_ARGUMENT (no path; a value with a control character), SKUA_E_NOMEM.
 * Owns: path and options are copied.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_file(skua_reply *a, skua_request *q, const char *path,
                             const skua_file_opts *opts);

/* Begin a reply step by step. 1xx other than 101 sends an interim response instead: end it with
 * skua_reply_end_headers, then begin the real one. Date is added by itself.
 *
 * Returns: 0, SKUA_E_STATE (a reply was begun already), SKUA_E_INVALID_ARGUMENT (status not in
 *          100..599), SKUA_E_UNSUPPORTED (101).
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_response(skua_reply *a, int status);

/* Add a field. Allowed before skua_reply_send_response too: it then goes with whatever reply
 * follows, one-call replies included. Content-Length, Transfer-Encoding and Connection frame the
 * message and are understood.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (a name that is no token, a value with CR, LF, NUL or
 *          another control), SKUA_E_STATE (headers have ended), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_header(skua_reply *a, const char *name, const char *value);

/* To which requests from pages of other sites a browser adds a cookie. */
typedef enum skua_same_site {
    SKUA_SAME_SITE_LAX = 0, /* to links that are followed */
    SKUA_SAME_SITE_STRICT,  /* to none */
    SKUA_SAME_SITE_NONE     /* to all; only with Secure */
} skua_same_site;

/* A cookie to be set (RFC 6265). Zero is the default in brackets, which is the safe one. */
typedef struct skua_cookie {
    size_t size;
    const char *name;   /* a token */
    const char *value;  /* printable ASCII without space, quote, comma, semicolon, backslash [""] */
    const char *path;   /* ["/"] */
    const char *domain; /* it goes to hosts below it as well [to this host alone] */
    int64_t max_age_s;  /* SKUA_FOREVER: 400 days, the most a browser keeps one [until the
                           browser ends] */
    int secure;         /* 1: over TLS only [1 if the request came over TLS] */
    int script_readable;      /* 1: without HttpOnly [0] */
    skua_same_site same_site; /* [SKUA_SAME_SITE_LAX] */
    int remove;               /* 1: the browser is to forget it; path and domain as it was set */
} skua_cookie;

/* Set a cookie: add a Set-Cookie field. What browsers would refuse is refused here: a name that
 * begins with "__Host-" or "__Secure-" without what that promises, SameSite=None without Secure,
 * more than 4096 bytes of name and value. A refusal latches: a text that the client has written
 * goes through skua_url_quote first.
 *
 * Returns: as skua_reply_send_header.
 * Owns: the cookie is copied.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_set_cookie(skua_reply *a, const skua_cookie *cookie);

/* End the head. Without a Content-Length the body is sent chunked, to a 1.0 client until close.
 *
 * Returns: 0, SKUA_E_STATE (nothing was begun), SKUA_E_BAD_CONTENT_LENGTH, SKUA_E_BAD_FRAMING
 *          (fields that contradict each other), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_end_headers(skua_reply *a);

/* Write body bytes, copied. The reply is complete when the handler returns, or with
 * skua_reply_finish. A handler on the pool waits here while more than 256 KiB have not left; a
 * reply that was deferred then takes nothing and answers SKUA_E_AGAIN, which does not latch: see
 * skua_reply_on_room. Below that mark all of it is taken.
 *
 * Returns: 0, SKUA_E_STATE (headers have not ended; more than the Content-Length), SKUA_E_NOMEM,
 *          SKUA_E_BROKEN_PIPE (the client has gone), SKUA_E_AGAIN (deferred, and full).
 * Thread: its loop; any, where it is deferred.
 * Since: 0.1 */
SKUA_API int skua_reply_write(skua_reply *a, const void *data, size_t len);

/* Add trailer fields to a chunked reply (RFC 9110 6.5); dropped where the client speaks 1.0.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (also for a name that has no place in trailers, RFC 9110
 *          6.5.1), SKUA_E_STATE (not chunked), SKUA_E_NOMEM.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_send_trailer(skua_reply *a, const char *name, const char *value);

/* Close the connection after this reply. Before the head has ended.
 *
 * Returns: 0 or SKUA_E_STATE.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_close_connection(skua_reply *a);

/* Give body bytes: up to cap (> 0) into buf. Called on the loop, when the connection takes more: it
 * must not block.
 *
 * Returns: how many; 0 at the end; SKUA_E_AGAIN: none now, until skua_reply_resume; another
 * negative code: there will be none, and the connection is cut. */
typedef ptrdiff_t skua_reply_source_fn(void *buf, size_t cap, void *user);

/* Have the rest of the body taken from a function, as fast as the client reads it: after
 * skua_reply_end_headers, in place of skua_reply_write and skua_reply_finish. `done` (may be NULL)
 * is called once with user when the last byte was taken, or the client has gone; request and reply
 * are gone when it returns. Whoever calls skua_reply_resume from another thread sees to it, with a
 * lock that `done` takes as well, that it is not called afterwards.
 *
 * Returns: 0; SKUA_E_STATE (headers have not ended), SKUA_E_BROKEN_PIPE (the client of a reply that
 *          was deferred before has gone), SKUA_E_INVALID_ARGUMENT, SKUA_E_NOMEM or what latched
 *          before: `done` is then not called, and what was deferred before still to be finished.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_stream(skua_reply *a, skua_reply_source_fn *fn, void (*done)(void *user),
                               void *user);

/* Ask a source that had nothing again.
 *
 * Returns: 0, SKUA_E_STATE where there is none, SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: any, until `done` was called.
 * Since: 0.1 */
SKUA_API int skua_reply_resume(skua_reply *a);

/* One event of an event stream; NULL and 0 leave a part out. */
typedef struct skua_event {
    size_t size;
    const char *name; /* of its kind; "message" to a browser where it is NULL */
    const char *id;   /* which a browser that comes back names in Last-Event-ID */
    const char *data; /* any text; each of its lines goes out as one */
    int64_t retry_ms; /* after which a browser that was cut off comes back */
} skua_event;

/* Begin a stream of server-sent events (WHATWG HTML 9.2): status 200, text/event-stream, never
 * cached, and deferred: it ends with skua_reply_finish. While nothing is sent for heartbeat_ms
 * [15000; SKUA_FOREVER: none] a comment is, so that a client that has vanished is noticed and
 * nothing between takes the connection for dead.
 *
 * Returns: 0, or as skua_reply_end_headers and skua_reply_defer.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_events(skua_reply *a, int64_t heartbeat_ms);

/* Send an event.
 *
 * Returns: 0, SKUA_E_INVALID_ARGUMENT (a line end in name or id, or nothing to send), or as
 *          skua_reply_write.
 * Thread: any, where it is deferred.
 * Since: 0.1 */
SKUA_API int skua_reply_event(skua_reply *a, const skua_event *event);

/* Have the reply finished later, not when the handler returns: from then on request and reply live
 * until skua_reply_finish, and calls on the two may come from any thread, from one at a time. What
 * the handler returns then does not matter, and once the reply may be in another thread's hands the
 * handler must not touch it. The error page and hooks of skua_server_after cannot defer.
 *
 * Where the client goes away, calls that send give SKUA_E_BROKEN_PIPE; the objects stay, and
 * skua_reply_finish is still due. In a handler on the pool, which may block, it is only for those
 * who want to finish after its return.
 *
 * Returns: 0 (also when it is deferred already), SKUA_E_NOMEM (latched), SKUA_E_STATE in an error
 *          page or such a hook.
 * Thread: its loop.
 * Since: 0.1 */
SKUA_API int skua_reply_defer(skua_reply *a);

/* Finish a deferred reply: it is complete, as if a handler had returned. Exactly once, however
 * often it was deferred; request and reply are gone afterwards, and the callbacks below not called
 * any more: one that is being called is waited for, so hold no lock that it takes. Without a reply,
 * or with one that failed, the server answers 500 if it still can.
 *
 * Returns: 0; what latched before; SKUA_E_STATE where it is not deferred; SKUA_E_INVALID_ARGUMENT
 *          for NULL.
 * Thread: any, where it is deferred.
 * Since: 0.1 */
SKUA_API int skua_reply_finish(skua_reply *a);

/* Has the client of a deferred reply gone, or ended its side of the connection? What is written may
 * still be read in the second case, and mostly is not.
 *
 * Returns: 1 or 0; 1 for NULL.
 * Thread: any, where it is deferred.
 * Since: 0.1 */
SKUA_API int skua_reply_is_gone(skua_reply *a);

/* Have fn(a, user) called once, when the client of a deferred reply goes before the reply is
 * finished. It may finish it.
 *
 * Returns: 0; SKUA_E_BROKEN_PIPE: it has gone already, and fn is not called; SKUA_E_STATE where it
 *          is not deferred, SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: any, where it is deferred.
 * Since: 0.1 */
SKUA_API int skua_reply_on_gone(skua_reply *a, skua_reply_event_fn *fn, void *user);

/* Have fn(a, user) called when a deferred reply that answered SKUA_E_AGAIN to skua_reply_write
 * takes bytes again; also where that was refused before this call.
 *
 * Returns: 0, SKUA_E_STATE where it is not deferred, SKUA_E_INVALID_ARGUMENT for NULL.
 * Thread: any, where it is deferred.
 * Since: 0.1 */
SKUA_API int skua_reply_on_room(skua_reply *a, skua_reply_event_fn *fn, void *user);

#ifdef __cplusplus
}
#endif
#endif
