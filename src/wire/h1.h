/* wire/h1.h - HTTP/1.0 and 1.1 (RFC 9112) as a pull machine: bytes in, events out, bytes out.
 *
 * It reads no socket and no clock, allocates nothing but through the sk_buf it writes to, and
 * knows which end it is through one field.
 *
 *     sk_h1_feed(m, window)        the bytes not consumed so far, from the first on
 *     while (sk_h1_next(m, &ev) != SK_EV_NEED) ...
 *     sk_h1_consumed(m)            how many of them may now be dropped
 *     sk_h1_eof(m)                 the peer will send no more
 *
 * Views in an event live as long as the window's memory. A head is consumed whole or not at all:
 * until it is complete its bytes stay in the window, and the caller feeds them again with more
 * behind them, at any address. How far it has looked is remembered, so this costs no second scan.
 */
#ifndef SK_WIRE_H1_H
#define SK_WIRE_H1_H

#include "base/buf.h"
#include "wire/event.h"

/* What a peer may send; every member is at least 1, and sk_h1_limits_fault finds none. */
typedef struct sk_h1_limits {
    uint32_t line_max;       /* bytes of a start line or field line, without CRLF */
    uint32_t block_max;      /* bytes of a whole head, or of a trailer section */
    uint32_t fields_max;     /* fields in either; also the room in sk_head.fields */
    uint32_t chunk_line_max; /* bytes of a chunk-size line, extensions included */
} sk_h1_limits;

typedef struct sk_h1 {
    const sk_h1_limits *limits;
    const char *in; /* the window */
    uint32_t in_len;
    uint32_t used;    /* of the window */
    uint32_t scanned; /* of an incomplete head: searched so far */
    uint32_t line_at; /* of an incomplete head: where its last line begins */
    union {
        uint64_t recv_left; /* of the body or the chunk */
        const char *what;   /* once it has failed: what is wrong */
    };
    uint64_t send_left;
    uint32_t sent_head_at; /* where in the output the head being built begins */
    int16_t error;
    uint8_t role;       /* sk_role */
    uint8_t recv_state; /* drawn in h1.c */
    uint8_t send_state;
    uint8_t send_body; /* sk_body */
    uint8_t method;    /* of the exchange being received: what its response depends on */
    uint8_t next_method;
    int16_t send_error; /* latched while building a head */
    uint16_t flags;
} sk_h1;

/* NULL, or which limit is beyond what the machine can count; by its name in the public options. */
const char *sk_h1_limits_fault(const sk_h1_limits *limits);

void sk_h1_init(sk_h1 *m, sk_role role, const sk_h1_limits *limits);

/* ---- receiving ---- */

void sk_h1_feed(sk_h1 *m, const char *bytes, size_t len);
void sk_h1_eof(sk_h1 *m);
sk_event_kind sk_h1_next(sk_h1 *m, sk_event *ev);
/* Is a head due, so that without input there is nothing to say but SK_EV_NEED? */
bool sk_h1_awaits_head(const sk_h1 *m);
static inline size_t sk_h1_consumed(const sk_h1 *m) {
    return m->used;
}
/* How many bytes of body may be read straight into the caller's memory, past the machine: more
 * than 0 only when the window is used up within a body. Say how many with sk_h1_skip. For a body
 * that ends with the connection: UINT64_MAX. */
uint64_t sk_h1_direct(const sk_h1 *m);
void sk_h1_skip(sk_h1 *m, uint64_t n);
/* Has the message being received come whole, so that only its end is left to be told? Then it is
 * as if that had been. */
bool sk_h1_take_end(sk_h1 *m);
/* Is the message being received complete, or is there none? */
bool sk_h1_recv_idle(const sk_h1 *m);
/* Has the receiver seen the first byte of a message whose head is not complete? */
bool sk_h1_recv_started(const sk_h1 *m);

/* ---- sending ----
 * A head is built by start, fields and finish, in that order, straight into the output. A failure
 * latches; finish returns it and takes the half-built head back out of the buffer. */

/* Client. The target is written as it is given. */
void sk_h1_start_request(sk_h1 *m, sk_buf *out, skua_str method, skua_str target, int version);
/* Server; a status of 1xx other than 101 is interim and leaves the exchange where it is. An empty
 * reason is sent as such. */
void sk_h1_start_response(sk_h1 *m, sk_buf *out, int status, skua_str reason);
/* Content-Length, Transfer-Encoding and Connection are understood and decide the framing. Refused:
 * a name that is no token, a value with CR, LF, NUL or another control (SKUA_E_INVALID_ARGUMENT), a
 * Content-Length that is no number, framing that contradicts itself (SKUA_E_BAD_FRAMING). */
void sk_h1_field(sk_h1 *m, sk_buf *out, skua_str name, skua_str value);
/* The same for a name and a value that were looked at before. */
void sk_h1_valid_field(sk_h1 *m, sk_buf *out, skua_str name, skua_str value);
/* The same for one that frames nothing. */
void sk_h1_plain_field(sk_h1 *m, sk_buf *out, skua_str name, skua_str value);
/* The same for a whole line, CRLF included. */
void sk_h1_plain_line(sk_h1 *m, sk_buf *out, skua_str line);
/* Close the head. Where no field has framed the body, `body` and `length` do, and the field that
 * says so is added: Content-Length, or Transfer-Encoding: chunked (to a 1.0 peer: until close).
 * Adds "Connection: close" or "keep-alive" where the version's default does not say it. */
int sk_h1_finish_head(sk_h1 *m, sk_buf *out, sk_body body, int64_t length);
/* The other end, or we, will not go on after this exchange. Before finish_head. */
void sk_h1_set_close(sk_h1 *m);

/* Append body bytes with their framing. SKUA_E_STATE past the announced length. A body that must
 * not be sent (HEAD, 204, 304) is swallowed. */
int sk_h1_data(sk_h1 *m, sk_buf *out, const void *data, size_t len);
/* The same in three steps, for bytes that do not pass through out: begin, the bytes, end.
 * begin returns 1 when the bytes are to be sent, 0 when they are to be dropped. */
int sk_h1_data_begin(sk_h1 *m, sk_buf *out, uint64_t len);
void sk_h1_data_end(sk_h1 *m, sk_buf *out);
/* May a field of this name stand in a trailer section? */
bool sk_h1_may_trail(skua_str name);
/* End the message. Trailers (may be NULL, ends with a NULL name) only with a chunked body.
 * SKUA_E_STATE when the announced length was not reached: the connection must then be closed. */
int sk_h1_end(sk_h1 *m, sk_buf *out, const skua_field *trailers);

/* ---- the exchange ---- */

/* Both directions are complete and neither end wants to close: another exchange may follow. */
bool sk_h1_can_cycle(const sk_h1 *m);
/* Begin the next exchange. A server machine gives SK_EV_PAUSED at pipelined input until then. */
void sk_h1_cycle(sk_h1 *m);
/* Will the connection end with the exchange under way? */
bool sk_h1_closing(const sk_h1 *m);
/* Is our message complete? */
bool sk_h1_send_done(const sk_h1 *m);
/* Has our (final) head been sent? */
bool sk_h1_send_begun(const sk_h1 *m);

#endif
