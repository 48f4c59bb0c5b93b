/* wire/h1_send.c - the sending half of the HTTP/1 machine: heads, bodies and trailers into a
 * buffer.
 *
 * A head is written line by line into the output as it is built. What is wrong with it latches in
 * send_error; finishing then cuts it back out, so that no part of a bad message ever leaves. */
#include "base/cold.h"
#include "wire/h1_scan.h"
#include "wire/h1_state.h"

#include <skua/error.h>
#include <skua/status.h>

SK_COLD static void latch(sk_h1 *m, int code) {
    if (m->send_error == 0)
        m->send_error = (int16_t)code;
}

static bool has(const sk_h1 *m, unsigned flag) {
    return (m->flags & flag) != 0;
}

/* ---- heads ---- */

static bool begin_head(sk_h1 *m, sk_buf *out) {
    bool idle = m->send_state == SK_H1_SEND_IDLE ||
                (m->role == SK_CLIENT && m->send_state == SK_H1_SEND_DONE);
    if (!idle || has(m, SK_H1_SENT_AHEAD)) {
        latch(m, SKUA_E_STATE);
        return false;
    }
    m->sent_head_at = (uint32_t)sk_buf_len(out);
    m->flags &= (uint16_t)~SK_H1_OF_HEAD;
    m->send_body = SK_BODY_NONE;
    m->send_left = 0;
    m->send_error = 0;
    m->send_state = SK_H1_SEND_HEAD;
    return true;
}

static bool is_target(skua_str target) {
    const char *end = target.ptr + target.len;
    return target.len > 0 && sk_h1_scan_target(target.ptr, end) == end;
}

void sk_h1_start_request(sk_h1 *m, sk_buf *out, skua_str method, skua_str target, int version) {
    if (!begin_head(m, out))
        return;
    if (!sk_str_is_token(method) || !is_target(target))
        latch(m, SKUA_E_INVALID_ARGUMENT);
    m->next_method = (uint8_t)sk_h1_method_of(method);
    if (version == 10)
        m->flags |= SK_H1_REQUEST_10;
    sk_buf_append_str(out, method);
    sk_buf_append(out, " ", 1);
    sk_buf_append_str(out, target);
    sk_buf_append_str(out, version == 10 ? SK_LIT(" HTTP/1.0\r\n") : SK_LIT(" HTTP/1.1\r\n"));
}

static void put_status_line(sk_buf *out, int status, skua_str reason) {
    char *p = sk_buf_reserve(out, sizeof "HTTP/1.1 000 \r\n" + reason.len);
    if (!p)
        return;
    memcpy(p, "HTTP/1.1 000 ", 13);
    p[9] = (char)('0' + status / 100 % 10);
    p[10] = (char)('0' + status / 10 % 10);
    p[11] = (char)('0' + status % 10);
    memcpy(p + 13, reason.ptr, reason.len);
    memcpy(p + 13 + reason.len, "\r\n", 2);
    sk_buf_commit(out, 15 + reason.len);
}

void sk_h1_start_response(sk_h1 *m, sk_buf *out, int status, skua_str reason) {
    if (!begin_head(m, out))
        return;
    if (status < 100 || status > 999 || !sk_str_is_field_value(reason))
        latch(m, SKUA_E_INVALID_ARGUMENT);
    bool tunnel = m->method == SK_H1_CONNECT && status / 100 == 2;
    if (tunnel || status == SKUA_STATUS_SWITCHING_PROTOCOLS)
        m->flags |= SK_H1_SWITCH;
    else if (status < 200)
        m->flags |= SK_H1_INTERIM;
    bool reset = status == SKUA_STATUS_RESET_CONTENT;
    if (tunnel || reset || !sk_h1_status_has_body(status))
        m->flags |= SK_H1_BODILESS | SK_H1_SWALLOW;
    if (m->method == SK_H1_HEAD)
        m->flags |= SK_H1_SWALLOW;
    put_status_line(out, status, reason);
    if (reset) /* RFC 9110 15.3.6: it has no content, and says so */
        sk_buf_append_str(out, SK_LIT("Content-Length: 0\r\n"));
}

static void put_field(sk_buf *out, skua_str name, skua_str value) {
    char *p = sk_buf_reserve(out, name.len + value.len + 4);
    if (!p)
        return;
    memcpy(p, name.ptr, name.len);
    p += name.len;
    *p++ = ':';
    *p++ = ' ';
    if (value.len > 0)
        memcpy(p, value.ptr, value.len);
    p += value.len;
    *p++ = '\r';
    *p++ = '\n';
    sk_buf_commit(out, name.len + value.len + 4);
}

/* Is this direction's message to a peer that knows no chunks? */
static bool no_chunks(const sk_h1 *m) {
    return has(m, SK_H1_PEER_10) || has(m, SK_H1_REQUEST_10);
}

/* A field that frames or ends the message: note what it says. Returns whether it is to be written.
 */
static bool note_length(sk_h1 *m, skua_str value) {
    int64_t length;
    if (has(m, SK_H1_BODILESS)) /* RFC 9110 8.6 */
        return false;
    if (!sk_str_to_int64(value, &length))
        latch(m, SKUA_E_BAD_CONTENT_LENGTH);
    else if (has(m, SK_H1_FRAMED)) /* RFC 9112 6.2 */
        latch(m, SKUA_E_BAD_FRAMING);
    m->flags |= SK_H1_FRAMED;
    m->send_body = SK_BODY_LENGTH;
    m->send_left = m->send_error == 0 ? (uint64_t)length : 0;
    return true;
}

static bool note_coding(sk_h1 *m, skua_str value) {
    if (has(m, SK_H1_BODILESS)) /* RFC 9112 6.1 */
        return false;
    if (has(m, SK_H1_FRAMED) || !sk_str_ieq(value, SK_LIT("chunked")))
        latch(m, SKUA_E_BAD_FRAMING);
    m->flags |= SK_H1_FRAMED;
    m->send_body = SK_BODY_CHUNKED;
    if (!no_chunks(m))
        return true;
    if (m->role == SK_CLIENT) /* RFC 9112 6.1: a 1.0 request has no way to end such a body */
        latch(m, SKUA_E_BAD_FRAMING);
    m->send_body = SK_BODY_CLOSE;
    m->flags |= SK_H1_CLOSE;
    return false;
}

static bool note_connection(sk_h1 *m, skua_str value) {
    if (sk_list_has_token(value, SK_LIT("close")))
        m->flags |= SK_H1_CLOSE | SK_H1_SAID_CLOSE;
    if (sk_list_has_token(value, SK_LIT("keep-alive")))
        m->flags |= SK_H1_SAID_KEEP;
    return true;
}

static bool note_framing(sk_h1 *m, skua_str name, skua_str value) {
    switch (sk_h1_key_of(name)) {
    case SK_H1_CONTENT_LENGTH:
        return note_length(m, value);
    case SK_H1_TRANSFER_ENCODING:
        return note_coding(m, value);
    case SK_H1_CONNECTION:
        return note_connection(m, value);
    default:
        return true;
    }
}

/* May a field be written now? */
static bool in_head(sk_h1 *m) {
    if (m->send_state != SK_H1_SEND_HEAD)
        latch(m, SKUA_E_STATE);
    return m->send_error == 0;
}

void sk_h1_valid_field(sk_h1 *m, sk_buf *out, skua_str name, skua_str value) {
    if (!in_head(m))
        return;
    value = sk_str_trim(value);
    if (note_framing(m, name, value))
        put_field(out, name, value);
}

void sk_h1_plain_field(sk_h1 *m, sk_buf *out, skua_str name, skua_str value) {
    if (in_head(m))
        put_field(out, name, value);
}

void sk_h1_plain_line(sk_h1 *m, sk_buf *out, skua_str line) {
    if (in_head(m))
        sk_buf_append_str(out, line);
}

void sk_h1_field(sk_h1 *m, sk_buf *out, skua_str name, skua_str value) {
    if (sk_str_is_token(name) && sk_str_is_field_value(value))
        sk_h1_valid_field(m, out, name, value);
    else
        latch(m, m->send_state == SK_H1_SEND_HEAD ? SKUA_E_INVALID_ARGUMENT : SKUA_E_STATE);
}

/* No field has framed the body: say what the caller says, where it may be said. */
static void frame(sk_h1 *m, sk_buf *out, sk_body body, int64_t length) {
    if (has(m, SK_H1_BODILESS))
        return;
    if (body == SK_BODY_NONE && m->role == SK_CLIENT)
        return;
    if (body == SK_BODY_CHUNKED) {
        if (note_coding(m, SK_LIT("chunked")))
            put_field(out, SK_LIT("Transfer-Encoding"), SK_LIT("chunked"));
        return;
    }
    m->send_body = (uint8_t)body;
    if (body == SK_BODY_CLOSE) {
        if (m->role == SK_CLIENT)
            latch(m, SKUA_E_BAD_FRAMING);
        m->flags |= SK_H1_CLOSE;
        return;
    }
    m->send_body = SK_BODY_LENGTH;
    m->send_left = body == SK_BODY_LENGTH ? (uint64_t)length : 0;
    sk_buf_append_str(out, SK_LIT("Content-Length: "));
    sk_buf_append_uint(out, m->send_left);
    sk_buf_append(out, "\r\n", 2);
}

/* RFC 9112 9.3, 9.6: say where this differs from what the version means by itself. */
static void say_persistence(sk_h1 *m, sk_buf *out) {
    if (has(m, SK_H1_INTERIM) || has(m, SK_H1_SWITCH))
        return;
    bool peer_10 = no_chunks(m);
    if (has(m, SK_H1_CLOSE) && !peer_10 && !has(m, SK_H1_SAID_CLOSE))
        put_field(out, SK_LIT("Connection"), SK_LIT("close"));
    if (!has(m, SK_H1_CLOSE) && peer_10 && !has(m, SK_H1_SAID_KEEP))
        put_field(out, SK_LIT("Connection"), SK_LIT("keep-alive"));
}

static void head_sent(sk_h1 *m) {
    if (has(m, SK_H1_INTERIM)) {
        m->send_state = SK_H1_SEND_IDLE;
        return;
    }
    if (has(m, SK_H1_SWITCH)) {
        m->send_state = m->recv_state = SK_H1_SWITCHED;
        m->flags |= SK_H1_CLOSE;
        return;
    }
    if (m->role == SK_CLIENT)
        sk_h1_request_sent(m);
    bool done =
        m->send_body == SK_BODY_NONE || (m->send_body == SK_BODY_LENGTH && m->send_left == 0);
    m->send_state = done ? SK_H1_SEND_DONE : SK_H1_SEND_BODY;
}

static int take_back(sk_h1 *m, sk_buf *out) {
    if (m->send_state == SK_H1_SEND_HEAD) {
        sk_buf_truncate(out, m->sent_head_at);
        m->send_state = m->role == SK_CLIENT ? SK_H1_SEND_DONE : SK_H1_SEND_IDLE;
    }
    int code = m->send_error;
    m->send_error = 0;
    return code;
}

int sk_h1_finish_head(sk_h1 *m, sk_buf *out, sk_body body, int64_t length) {
    if (m->send_state != SK_H1_SEND_HEAD)
        latch(m, SKUA_E_STATE);
    if (m->send_error == 0 && !has(m, SK_H1_FRAMED))
        frame(m, out, body, length);
    if (m->send_error == 0) {
        say_persistence(m, out);
        sk_buf_append(out, "\r\n", 2);
    }
    if (out->failed)
        latch(m, SKUA_E_NOMEM);
    if (m->send_error != 0)
        return take_back(m, out);
    if (has(m, SK_H1_INTERIM) && has(m, SK_H1_PEER_10)) /* RFC 9110 15.2: 1.0 knows no 1xx */
        sk_buf_truncate(out, m->sent_head_at);
    head_sent(m);
    return 0;
}

/* ---- bodies ---- */

int sk_h1_data_begin(sk_h1 *m, sk_buf *out, uint64_t len) {
    if (len == 0)
        return 0;
    if (has(m, SK_H1_SWALLOW) && m->send_state >= SK_H1_SEND_BODY)
        return 0;
    if (m->send_state != SK_H1_SEND_BODY)
        return SKUA_E_STATE;
    if (m->send_body == SK_BODY_LENGTH) {
        if (len > m->send_left)
            return SKUA_E_STATE;
        m->send_left -= len;
    } else if (m->send_body == SK_BODY_CHUNKED) {
        sk_buf_append_hex(out, len);
        sk_buf_append(out, "\r\n", 2);
    }
    return out->failed ? SKUA_E_NOMEM : 1;
}

void sk_h1_data_end(sk_h1 *m, sk_buf *out) {
    if (m->send_body == SK_BODY_CHUNKED)
        sk_buf_append(out, "\r\n", 2);
    else if (m->send_body == SK_BODY_LENGTH && m->send_left == 0)
        m->send_state = SK_H1_SEND_DONE;
}

int sk_h1_data(sk_h1 *m, sk_buf *out, const void *data, size_t len) {
    int rc = sk_h1_data_begin(m, out, len);
    if (rc <= 0)
        return rc;
    sk_buf_append(out, data, len);
    sk_h1_data_end(m, out);
    return out->failed ? SKUA_E_NOMEM : 0;
}

/* RFC 9110 6.5.1: what frames, routes or guards a message has no place behind it. */
bool sk_h1_may_trail(skua_str name) {
    static const skua_str never[] = {
        {"content-length", 14}, {"transfer-encoding", 17}, {"host", 4},   {"trailer", 7},
        {"connection", 10},     {"authorization", 13},     {"cookie", 6}, {"content-encoding", 16},
        {"content-type", 12},   {"content-range", 13},     {"te", 2},     {"set-cookie", 10},
    };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        if (sk_str_ieq(name, never[i]))
            return false;
    }
    return sk_str_is_token(name);
}

static int check_trailers(const sk_h1 *m, const skua_field *trailers) {
    if (!trailers || !trailers->name)
        return 0;
    if (m->send_body != SK_BODY_CHUNKED)
        return SKUA_E_STATE;
    for (; trailers->name; trailers++) {
        if (!sk_h1_may_trail(sk_str(trailers->name)) ||
            !sk_str_is_field_value(sk_str(trailers->value)))
            return SKUA_E_INVALID_ARGUMENT;
    }
    return 0;
}

static void end_chunked(sk_h1 *m, sk_buf *out, const skua_field *trailers) {
    if (has(m, SK_H1_SWALLOW))
        return;
    sk_buf_append(out, "0\r\n", 3);
    for (; trailers && trailers->name; trailers++)
        put_field(out, sk_str(trailers->name), sk_str_trim(sk_str(trailers->value)));
    sk_buf_append(out, "\r\n", 2);
}

int sk_h1_end(sk_h1 *m, sk_buf *out, const skua_field *trailers) {
    if (m->send_state == SK_H1_SEND_DONE)
        return trailers && trailers->name ? SKUA_E_STATE : 0;
    if (m->send_state != SK_H1_SEND_BODY)
        return SKUA_E_STATE;
    int rc = check_trailers(m, trailers);
    if (rc != 0)
        return rc;
    if (m->send_body == SK_BODY_LENGTH && m->send_left > 0 && !has(m, SK_H1_SWALLOW)) {
        m->flags |= SK_H1_CLOSE;
        return SKUA_E_STATE;
    }
    if (m->send_body == SK_BODY_CHUNKED)
        end_chunked(m, out, trailers);
    m->send_state = SK_H1_SEND_DONE;
    return out->failed ? SKUA_E_NOMEM : 0;
}

bool sk_h1_send_done(const sk_h1 *m) {
    return m->send_state == SK_H1_SEND_DONE || m->send_state == SK_H1_SWITCHED;
}

bool sk_h1_send_begun(const sk_h1 *m) {
    return m->send_state == SK_H1_SEND_BODY || sk_h1_send_done(m);
}
