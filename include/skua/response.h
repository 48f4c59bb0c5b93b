/* skua/response.h - the answer to a request: status, fields, body, trailers. */
#ifndef SKUA_RESPONSE_H
#define SKUA_RESPONSE_H

#include <skua/error.h>
#include <skua/stream.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A response whose head has been read. It reads its body from its connection: one at a time. */
typedef struct skua_response skua_response;

/* When the phases of an exchange were over, in milliseconds since the call began; -1 where a phase
 * did not take place (a reused connection resolves nothing). */
typedef struct skua_timings {
    double resolve;    /* the name has an address */
    double connect;    /* a connection stands */
    double tls;        /* the handshake is done */
    double send;       /* the request is sent */
    double first_byte; /* the head of the response has begun to arrive */
    double head;       /* the head is complete */
    double total;      /* the body has come whole, or failed; until then, now */
} skua_timings;

/* Give the status code.
 *
 * Returns: 100..999; 0 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_status(const skua_response *r);

/* Give the reason phrase, without white space around it; bytes from 0x80 on are as they came.
 *
 * Returns: the phrase; "" where there is none, and for NULL.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_reason(const skua_response *r);

/* Give the version of HTTP the peer speaks.
 *
 * Returns: 10 or 11; 0 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_version(const skua_response *r);

/* Give the URL that this response came from, after redirects.
 *
 * Returns: the URL; "" for NULL.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_url(const skua_response *r);

/* A redirect that was followed. */
typedef struct skua_hop {
    int status;      /* 301 ... */
    const char *url; /* of what answered so */
} skua_hop;

/* Give the redirects that skua_fetch followed to this response, oldest first.
 *
 * Returns: an array that ends with a NULL url; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_hop *skua_response_hops(const skua_response *r, size_t *count);

/* Give the value of a header field; the name is compared without case. Where the field is
 * repeated, the values are joined with ", " (RFC 9110 5.2).
 *
 * Returns: the value; NULL where there is no such field, for NULL, and when there is no memory to
 *          join.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_header(skua_response *r, const char *name);

/* Give all header fields, in order and as received.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_response_fields(const skua_response *r, size_t *count);

/* Give the trailer fields (RFC 9110 6.5): there are none before the body has been read to its end.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_response_trailers(const skua_response *r, size_t *count);

/* Give the status of the index-th interim response (1xx) that came first.
 *
 * Returns: 100..199; 0 when there is none of that index.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_informational(const skua_response *r, size_t index);

/* Give the fields of the index-th interim response, as skua_response_fields does.
 *
 * Returns: an array that ends with a NULL name; never NULL. *count, where asked for, is its length.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const skua_field *skua_response_informational_fields(const skua_response *r, size_t index,
                                                              size_t *count);

/* Give the length of the body, where the head says it.
 *
 * Returns: bytes; -1 where it is not known beforehand, as for a body that is being decoded, and for
 *          NULL. For a response to HEAD: what a GET would have carried, where it was said.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int64_t skua_response_content_length(const skua_response *r);

/* Give the content codings that are undone as the body is read: with the option decode, those that
 * Content-Encoding names, in the order they were applied. The header fields stay as they came, and
 * so describe the coded bytes.
 *
 * Returns: "gzip", or "gzip, br"; "" where the body is given out as it comes, and for NULL.
 * Owns: borrowed, until the response is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API const char *skua_response_content_coding(const skua_response *r);

/* Read body bytes, blocking until there is at least one. Chunked and close-delimited bodies read
 * like any other. Large reads go from the socket straight into buf, unless they are decoded.
 *
 * Returns: bytes read, at most len; 0 at the end of the body; a negative code.
 * Errors: SKUA_E_INCOMPLETE_READ (the connection ended within the body: bytes_received and
 *         bytes_expected tell, in bytes as they are transferred), SKUA_E_TLS, SKUA_E_TLS_EOF (the
 *         body ends with the connection, and a TLS connection without close_notify may have been
 *         cut by anyone), SKUA_E_BAD_CHUNK, SKUA_E_TIMEOUT, SKUA_E_CONNECTION_RESET,
 *         SKUA_E_NOT_CONNECTED (the connection object was freed or closed), for trailer fields what
 *         skua_conn_getresponse says of a head, SKUA_E_NOMEM, SKUA_E_INVALID_ARGUMENT for NULL.
 *         With decode, SKUA_E_CONTENT_CODING (a coding that is not known, or bytes that are not
 *         what it makes, or too few or too many of them) and SKUA_E_DECODED_TOO_LARGE. An error
 *         stays: reading on gives it again.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API ptrdiff_t skua_response_read(skua_response *r, void *buf, size_t len, skua_error *err);

/* Read the rest of the body into memory. max_bytes caps it, as it is given out: decoded, where it
 * is; 0 is the default cap of 64 MiB. Called again, it gives the same.
 *
 * Returns: 0, *data (never NULL, with a terminating NUL behind the body) and *len; or a negative
 *          code as skua_response_read, SKUA_E_BODY_TOO_LARGE past the cap. A failure stays.
 * Owns: *data is the response's: borrowed, until it is freed.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_read_all(skua_response *r, size_t max_bytes, const char **data,
                                    size_t *len, skua_error *err);

/* Look at the body bytes that come next without taking them, blocking until there is at least one.
 * Reading gives them again.
 *
 * Returns: 0, *data (never NULL) and *len, 0 at the end of the body only; or a negative code as
 *          skua_response_read.
 * Owns: *data is the response's: borrowed, until the next call that reads from it.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_peek(skua_response *r, const char **data, size_t *len, skua_error *err);

/* Read a line of the body: up to and with the next '\n', or to the end of the body, but at most
 * cap - 1 bytes, which a NUL then terminates. A line that does not end in '\n' is the last, or has
 * more to come because there was no room. What there is of a line when reading on fails can still
 * be had by skua_response_read.
 *
 * Returns: bytes read, a NUL among them counted like any other; 0 at the end of the body; or a
 *          negative code as skua_response_read, SKUA_E_INVALID_ARGUMENT also for a cap below 2.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API ptrdiff_t skua_response_readline(skua_response *r, char *buf, size_t cap, skua_error *err);

/* Give the descriptor that the body is read from, to wait on or to look up. It is the connection's:
 * to read from it, or to close it, breaks that. Bytes may have been read ahead of the caller, so
 * that it is quiet while there is something to read.
 *
 * Returns: the descriptor; -1 once the connection is the response's no longer (the body has come
 *          whole or failed, the stream was taken), where that has none, and for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_fd(const skua_response *r);

/* Take over the connection as a plain stream, after a response that switched to another protocol:
 * 101, or 2xx to CONNECT. What was read behind the head comes first. It is the connection object's
 * no longer, whose next request connects anew, and may outlive it. A response that is freed without
 * this closes the connection.
 *
 * Returns: the stream, or NULL: SKUA_E_IMPROPER_CONNECTION_STATE (the response did not switch),
 *          SKUA_E_NOT_CONNECTED (taken already, or closed with the connection object), SKUA_E_NOMEM
 *          (it can be tried again), SKUA_E_INVALID_ARGUMENT for NULL.
 * Owns: the caller closes it with stream->ops->close.
 * Thread: one at a time; so is the stream, as long as its connection object is used.
 * Since: 0.1 */
SKUA_API skua_stream *skua_response_take_stream(skua_response *r, skua_error *err);

/* Has the body been read to its end? Where its length is known, the last byte is that end;
 * otherwise, and where it is decoded, the read that gives 0.
 *
 * Returns: 1 or 0; 1 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_done(const skua_response *r);

/* Did the answer come before the whole body of the request had been sent? The rest stays unsent
 * then, and the connection is not used again. *sent_bytes, where asked for, is how many bytes of
 * the body have been handed to the connection, cut or not; what frames chunks counts against them.
 *
 * Returns: 1 or 0; 0 for NULL.
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API int skua_response_upload_cut(const skua_response *r, int64_t *sent_bytes);

/* Tell when the phases of the exchange were over; all -1 for NULL.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_response_timings(const skua_response *r, skua_timings *out);

/* Free a response. What was not read is received and dropped, so that the connection can be used
 * again, as far as the options drain_max_bytes and drain_timeout_ms allow; else the connection is
 * closed, at once where Content-Length says that it is too much. skua_conn_statistics counts both.
 * NULL is fine.
 *
 * Thread: one at a time.
 * Since: 0.1 */
SKUA_API void skua_response_free(skua_response *r);

#ifdef __cplusplus
}
#endif
#endif
