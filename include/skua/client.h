/* skua/client.h - a request in one call: URL in, response out. */
#ifndef SKUA_CLIENT_H
#define SKUA_CLIENT_H

#include <skua/conn.h>
#include <skua/error.h>
#include <skua/response.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Settings that calls share. Threads may use one client at the same time. Each call has connections
 * of its own, which are not kept for the next. */
typedef struct skua_client skua_client;

/* Options of a client. Zero is the default in brackets; SKUA_FOREVER is no end. */
typedef struct skua_client_opts {
    size_t size;
    const skua_conn_opts *conn; /* for each connection; .stream must be NULL */
    int64_t timeout_ms;         /* a whole call, body included [300000] */
    int redirects_max;          /* [10]; SKUA_REDIRECTS_NONE: they are given as they come */
} skua_client_opts;

/* Follow no redirect. */
#define SKUA_REDIRECTS_NONE (-2)

/* One request. Zero is the default in brackets; SKUA_FOREVER is no end. */
typedef struct skua_call {
    size_t size;
    const char *method; /* [GET, or POST where there is a body] */
    const char *url;
    const skua_field *fields; /* ends with a NULL name; NULL: none */
    const void *body;
    size_t body_len;
    int64_t timeout_ms;         /* the whole call, body included [the client's] */
    const skua_body *body_from; /* in place of body: from anywhere; used during the call alone */
} skua_call;

/* Make a client. NULL options are all defaults.
 *
 * Returns: the client, or NULL: SKUA_E_INVALID_ARGUMENT, SKUA_E_UNSUPPORTED (a proxy that is
 *          neither http nor https), SKUA_E_NOMEM; where certificates do not
 *          load, SKUA_E_FILE_NOT_FOUND, SKUA_E_PERMISSION, SKUA_E_OS or SKUA_E_TLS, and the
 *          message names the file.
 * Owns: the caller frees it with skua_client_free, after the responses of its calls. Options are
 *       copied.
 * Thread: any.
 * Since: 0.1 */
SKUA_API skua_client *skua_client_new(const skua_client_opts *opts, skua_error *err);

/* Free a client. NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_client_free(skua_client *c);

/* Make a request and wait for the head of its response. Redirects are followed (RFC 9110 15.4):
 * 301, 302 turn POST into GET, 303 anything but HEAD into GET, 307 and 308 repeat method and body.
 * When scheme, host or port change, Authorization, Cookie, Proxy-Authorization and fields marked
 * SKUA_FIELD_SECRET are dropped; https never leads to http. skua_response_hops tells which were
 * followed. One deadline holds over all of it, the reading of the body included.
 *
 * User information in a URL is refused, for it hides which host is meant (RFC 9110 4.2.4): send an
 * Authorization field, whose value skua_auth_basic makes. A Proxy-Authorization goes to a proxy, if
 * the options name one, and to nobody else.
 *
 * Returns: the response, or NULL: as skua_conn_new, skua_conn_request and skua_conn_getresponse,
 *          SKUA_E_TOO_MANY_REDIRECTS, SKUA_E_UNSAFE_REDIRECT (to http from https, or to neither; or
 *          with a body that would have to be sent again and cannot be),
 *          SKUA_E_INVALID_URL (also for a Location that is none).
 * Owns: the caller frees it with skua_response_free.
 * Thread: any. `c` may be NULL: a client with all defaults.
 * Since: 0.1 */
SKUA_API skua_response *skua_fetch(skua_client *c, const skua_call *call, skua_error *err);

/* GET a URL: skua_fetch with nothing but the URL.
 *
 * Returns: as skua_fetch.
 * Owns: the caller frees it with skua_response_free.
 * Thread: any. `c` may be NULL: a client with all defaults.
 * Since: 0.1 */
SKUA_API skua_response *skua_get(skua_client *c, const char *url, skua_error *err);

#ifdef __cplusplus
}
#endif
#endif
