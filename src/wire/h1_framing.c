/* wire/h1_framing.c - what a parsed head means for its message and its connection.
 *
 * Whatever two readers could understand differently is refused: that is how requests are smuggled
 * (RFC 9112 11.2). */
#include "wire/h1_framing.h"

#include "base/cold.h"
#include "wire/url.h"

#include <skua/status.h>

typedef struct framing {
    sk_head *head;
    const sk_h1_keys *keys;
    const char *what;
} framing;

SK_COLD static int refuse(framing *f, int code, const char *what) {
    f->what = what;
    return code;
}

static skua_str first_value(const framing *f, sk_h1_key key) {
    return f->head->fields.at[f->keys->first[key]].value;
}

static bool has_token(const framing *f, sk_h1_key key, skua_str token) {
    const sk_fields *fields = &f->head->fields;
    if (f->keys->count[key] == 0)
        return false;
    if (f->keys->count[key] == 1)
        return sk_list_has_token(first_value(f, key), token);
    return sk_fields_has_token(fields, fields->at[f->keys->first[key]].name, token);
}

sk_h1_method sk_h1_method_of(skua_str method) {
    if (sk_str_eq(method, SK_LIT("HEAD")))
        return SK_H1_HEAD;
    return sk_str_eq(method, SK_LIT("CONNECT")) ? SK_H1_CONNECT : SK_H1_OTHER;
}

bool sk_h1_status_has_body(int status) {
    return status >= 200 && status != SKUA_STATUS_NO_CONTENT && status != SKUA_STATUS_NOT_MODIFIED;
}

/* ---- Transfer-Encoding and Content-Length ---- */

/* How often chunked stands in all the codings, whether it is the last, whether there is another
 * beside it, and whether one of the lines holds something more than codings: empty elements. */
typedef struct codings {
    unsigned chunked;
    bool last;
    bool others;
    bool gaps;
} codings;

/* Does a list have an empty element? */
static bool has_gap(skua_str list) {
    bool gap = true;
    for (size_t i = 0; i < list.len; i++) {
        if (list.ptr[i] == ',' && gap)
            return true;
        if (!sk_is_blank(list.ptr[i]))
            gap = list.ptr[i] == ',';
    }
    return gap;
}

static codings read_codings(const framing *f) {
    const sk_fields *fields = &f->head->fields;
    const sk_field *field = &fields->at[f->keys->first[SK_H1_TRANSFER_ENCODING]];
    codings c = {0};
    for (; field; field = sk_fields_find_next(fields, field, SK_LIT("transfer-encoding"))) {
        skua_str rest = field->value, coding;
        c.gaps |= has_gap(rest);
        while (sk_list_next(&rest, &coding)) {
            c.last = sk_str_ieq(coding, SK_LIT("chunked"));
            c.chunked += c.last;
            c.others |= !c.last;
        }
    }
    return c;
}

static int frame_by_coding(framing *f, sk_role reader) {
    if (f->keys->count[SK_H1_CONTENT_LENGTH] > 0) /* RFC 9112 6.1 and 6.3 item 3 */
        return refuse(f, SKUA_E_BAD_FRAMING, "both Content-Length and Transfer-Encoding");
    codings c = read_codings(f);
    if (c.gaps && reader == SK_SERVER) /* not every reader passes over an empty element */
        return refuse(f, SKUA_E_BAD_FRAMING, "an empty element in Transfer-Encoding");
    if (c.last && c.others)
        return refuse(f, SKUA_E_UNKNOWN_TRANSFER_ENCODING, "a transfer coding besides chunked");
    if (c.chunked > 1) /* RFC 9112 6.1: chunked is applied once */
        return refuse(f, SKUA_E_BAD_FRAMING, "chunked more than once");
    if (!c.last && reader == SK_SERVER) /* RFC 9112 6.3 item 4 */
        return refuse(f, SKUA_E_BAD_FRAMING, "chunked is not the last transfer coding");
    if (!c.last)
        return refuse(f, SKUA_E_UNKNOWN_TRANSFER_ENCODING, "a transfer coding other than chunked");
    if (f->head->version == 10 && reader == SK_SERVER) /* RFC 9112 6.1 */
        return refuse(f, SKUA_E_BAD_FRAMING, "Transfer-Encoding in an HTTP/1.0 request");
    f->head->body = SK_BODY_CHUNKED;
    return 0;
}

/* RFC 9110 8.6, RFC 9112 6.3 item 5: a response that repeats one value is read as that value; a
 * request that does is refused, for what is behind us may read it otherwise. */
static int read_lengths(framing *f, sk_role reader, int64_t *length) {
    static const char odd[] = "an invalid Content-Length";
    const sk_fields *fields = &f->head->fields;
    const sk_field *field = &fields->at[f->keys->first[SK_H1_CONTENT_LENGTH]];
    for (; field; field = sk_fields_find_next(fields, field, SK_LIT("content-length"))) {
        skua_str rest = field->value, element;
        if (reader == SK_SERVER && (*length >= 0 || memchr(rest.ptr, ',', rest.len)))
            return refuse(f, SKUA_E_BAD_CONTENT_LENGTH, "more than one Content-Length");
        if (rest.len == 0)
            return refuse(f, SKUA_E_BAD_CONTENT_LENGTH, odd);
        while (sk_list_next(&rest, &element)) {
            int64_t n;
            if (!sk_str_to_int64(element, &n))
                return refuse(f, SKUA_E_BAD_CONTENT_LENGTH, odd);
            if (*length >= 0 && n != *length)
                return refuse(f, SKUA_E_BAD_CONTENT_LENGTH, "differing Content-Lengths");
            *length = n;
        }
    }
    return *length >= 0 ? 0 : refuse(f, SKUA_E_BAD_CONTENT_LENGTH, odd);
}

static int frame_by_length(framing *f, sk_role reader) {
    int64_t length = -1;
    bool plain = f->keys->count[SK_H1_CONTENT_LENGTH] == 1 &&
                 sk_str_to_int64(first_value(f, SK_H1_CONTENT_LENGTH), &length);
    int rc = plain ? 0 : read_lengths(f, reader, &length);
    if (rc != 0)
        return rc;
    f->head->body = SK_BODY_LENGTH;
    f->head->content_length = length;
    return 0;
}

/* What the fields say; SK_BODY_NONE where they say nothing. */
static int frame_by_fields(framing *f, sk_role reader) {
    f->head->body = SK_BODY_NONE;
    f->head->content_length = -1;
    if (f->keys->count[SK_H1_TRANSFER_ENCODING] > 0)
        return frame_by_coding(f, reader);
    if (f->keys->count[SK_H1_CONTENT_LENGTH] > 0)
        return frame_by_length(f, reader);
    return 0;
}

/* RFC 9112 9.3. */
static bool goes_on(const framing *f) {
    if (has_token(f, SK_H1_CONNECTION, SK_LIT("close")))
        return false;
    return f->head->version >= 11 || has_token(f, SK_H1_CONNECTION, SK_LIT("keep-alive"));
}

/* ---- requests ---- */

/* RFC 9112 3.2: exactly one valid Host in 1.1; it may be missing from 1.0. */
static int check_host(framing *f) {
    unsigned count = f->keys->count[SK_H1_HOST];
    if (count == 0 && f->head->version == 10)
        return 0;
    if (count != 1)
        return refuse(f, SKUA_E_BAD_HOST, count ? "more than one Host" : "no Host");
    f->head->host = first_value(f, SK_H1_HOST);
    if (!sk_url_check_authority(f->head->host, NULL, NULL))
        return refuse(f, SKUA_E_BAD_HOST, "an invalid Host");
    return 0;
}

/* RFC 9112 3.2.3: the target of CONNECT is host ":" port, and only that. */
static int check_connect_target(framing *f) {
    int port = -1;
    skua_str host;
    if (!sk_url_check_authority(f->head->target, &host, &port) || host.len == 0 || port < 1)
        return refuse(f, SKUA_E_BAD_TARGET, "the target of CONNECT is not host:port");
    f->head->host = f->head->target;
    return 0;
}

/* RFC 9112 3.2.2: its authority counts, whatever Host says. */
static int check_absolute_target(framing *f) {
    sk_url_parts parts;
    const char *what;
    size_t at;
    if (!sk_url_split(f->head->target, &parts, &what, &at) || parts.host.len == 0 ||
        (!sk_str_ieq(parts.scheme, SK_LIT("http")) && !sk_str_ieq(parts.scheme, SK_LIT("https"))))
        return refuse(f, SKUA_E_BAD_TARGET, "a target that is no http URL");
    if (parts.userinfo.ptr) /* RFC 9110 4.2.4 */
        return refuse(f, SKUA_E_BAD_TARGET, "user information in the target");
    const char *end = f->head->target.ptr + f->head->target.len;
    const char *from = parts.scheme.ptr + parts.scheme.len + 3; /* behind "://" */
    const char *to = from;
    while (to < end && *to != '/' && *to != '?')
        to++;
    f->head->host = (skua_str){from, (size_t)(to - from)};
    if (!sk_url_check_authority(f->head->host, NULL, NULL))
        return refuse(f, SKUA_E_BAD_TARGET, "an invalid authority in the target");
    return 0;
}

static int check_target(framing *f, sk_h1_method method) {
    skua_str target = f->head->target;
    if (memchr(target.ptr, '#', target.len))
        return refuse(f, SKUA_E_BAD_TARGET, "a fragment in the target");
    if (method == SK_H1_CONNECT)
        return check_connect_target(f);
    if (target.ptr[0] == '/') /* origin form, RFC 9112 3.2.1 */
        return 0;
    if (target.len == 1 && target.ptr[0] == '*') /* RFC 9112 3.2.4 */
        return sk_str_eq(f->head->method, SK_LIT("OPTIONS"))
                   ? 0
                   : refuse(f, SKUA_E_BAD_TARGET, "the target * is for OPTIONS alone");
    return check_absolute_target(f);
}

int sk_h1_frame_request(sk_head *head, const sk_h1_keys *keys, const char **what) {
    framing f = {.head = head, .keys = keys};
    sk_h1_method method = sk_h1_method_of(head->method);
    head->host = (skua_str){"", 0};
    int rc = check_host(&f);
    if (rc == 0)
        rc = check_target(&f, method);
    if (rc == 0)
        rc = frame_by_fields(&f, SK_SERVER);
    *what = f.what;
    if (rc != 0)
        return rc;
    head->keep_alive = goes_on(&f);
    /* RFC 9110 10.1.1: 1.0 knows no 100. */
    head->expect_continue =
        head->version >= 11 && has_token(&f, SK_H1_EXPECT, SK_LIT("100-continue"));
    /* RFC 9110 7.8: nor can it upgrade. */
    head->upgrade =
        method == SK_H1_CONNECT || (head->version >= 11 && keys->count[SK_H1_UPGRADE] > 0 &&
                                    has_token(&f, SK_H1_CONNECTION, SK_LIT("upgrade")));
    return 0;
}

/* ---- responses ---- */

int sk_h1_frame_response(sk_head *head, const sk_h1_keys *keys, sk_h1_method request,
                         const char **what) {
    framing f = {.head = head, .keys = keys};
    bool tunnel = request == SK_H1_CONNECT && head->status / 100 == 2;
    int rc = tunnel ? 0 : frame_by_fields(&f, SK_CLIENT); /* RFC 9110 9.3.6: they mean nothing */
    *what = f.what;
    if (rc != 0)
        return rc;
    bool chunked = head->body == SK_BODY_CHUNKED;
    if (tunnel || request == SK_H1_HEAD || !sk_h1_status_has_body(head->status))
        head->body = SK_BODY_NONE;
    else if (head->body == SK_BODY_NONE)
        head->body = SK_BODY_CLOSE; /* RFC 9112 6.3 item 8 */
    head->upgrade = tunnel || head->status == SKUA_STATUS_SWITCHING_PROTOCOLS;
    /* RFC 9112 6.1: 1.0 knows no chunks; whoever sends them is not to be trusted any further. */
    head->keep_alive =
        goes_on(&f) && head->body != SK_BODY_CLOSE && !(chunked && head->version == 10);
    return 0;
}
