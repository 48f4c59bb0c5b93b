/* wire/h1_parse.c - from bytes to lines: heads, trailer sections and chunk-size lines.
 *
 * One strictness, for both roles: lines end in CRLF and nothing else; no white space around a field
 * name; no control characters; no folding, but in responses, where it MUST be understood. All
 * reading goes through a cursor that knows its end. Each piece either parses, is incomplete, or is
 * wrong; incomplete and wrong end the parse through `stop`, so that the pieces read as the grammar
 * does. */
#include "wire/h1_parse.h"

#include "wire/h1_scan.h"

#define INCOMPLETE 0

typedef struct cursor {
    const char *p;
    const char *end;
    const char *begin;
    const sk_h1_limits *limits;
    const char *what;
    bool unfolds; /* the role does: RFC 9112 5.2 */
    int stop;     /* INCOMPLETE, or a code: valid once a piece has returned false */
} cursor;

static bool wrong(cursor *c, int code, const char *what) {
    c->stop = code;
    c->what = what;
    return false;
}

static bool incomplete(cursor *c) {
    c->stop = INCOMPLETE;
    return false;
}

static bool expect_byte(cursor *c, char byte, int code, const char *what) {
    if (c->p == c->end)
        return incomplete(c);
    if (*c->p != byte)
        return wrong(c, code, what);
    c->p++;
    return true;
}

/* RFC 9112 2.2: a line ends in CRLF; a bare CR is invalid, and a bare LF is one of the ways to
 * smuggle a request past a more liberal reader. */
static bool other_line_end(cursor *c, int code, const char *what) {
    if (c->p == c->end)
        return incomplete(c);
    if (*c->p == '\n')
        return wrong(c, SKUA_E_BAD_LINE_END, "a line ends in LF alone");
    if (*c->p != '\r')
        return wrong(c, code, what);
    c->p++;
    return expect_byte(c, '\n', SKUA_E_BAD_LINE_END, "CR without LF");
}

static inline bool line_end(cursor *c, int code, const char *what) {
    if (c->end - c->p < 2 || memcmp(c->p, "\r\n", 2) != 0)
        return other_line_end(c, code, what);
    c->p += 2;
    return true;
}

/* Did the line that began at `line` stay within the limit? Asked at its end, and where the input
 * ends within it. */
static bool line_fits(cursor *c, const char *line, int code, const char *what) {
    if ((size_t)(c->p - line) > c->limits->line_max + 2u)
        return wrong(c, code, what);
    return true;
}

static inline void blanks(cursor *c) {
    const char *p = c->p;
    while (p < c->end && sk_is_blank(*p))
        p++;
    c->p = p;
}

/* ---- start lines ---- */

static const char other_version[] = "a version of HTTP other than 1.x";

static bool token(cursor *c, skua_str *out, int code, const char *what) {
    const char *from = c->p, *p = sk_h1_scan_token(from, c->end);
    c->p = p;
    *out = (skua_str){from, (size_t)(p - from)};
    if (p == c->end)
        return incomplete(c);
    return out->len > 0 || wrong(c, code, what);
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT (RFC 9112 2.3). What is malformed is another protocol
 * where a response names it so ("HTTP/2 200"), and nonsense in a request. */
static bool version(cursor *c, sk_role reader, int *out) {
    static const char prefix[] = "HTTP/";
    static const char malformed[] = "malformed HTTP version";
    if (c->end - c->p >= 8 && memcmp(c->p, "HTTP/1.1", 8) == 0) { /* as nearly always */
        c->p += 8;
        *out = 11;
        return true;
    }
    int code = reader == SK_SERVER ? SKUA_E_BAD_REQUEST_LINE : SKUA_E_BAD_STATUS_LINE;
    const char *other = reader == SK_SERVER ? malformed : "not an HTTP response";
    for (size_t i = 0; i < sizeof prefix - 1; i++) {
        if (!expect_byte(c, prefix[i], code, other))
            return false;
    }
    if (c->end - c->p < 3)
        return incomplete(c);
    if (memchr(c->p, '\r', 3)) /* no status behind it, and so no version of anything */
        return wrong(c, code, malformed);
    if (reader == SK_CLIENT && (c->p[0] != '1' || c->p[1] != '.'))
        return wrong(c, SKUA_E_UNKNOWN_PROTOCOL, other_version);
    if (!sk_is_digit(c->p[0]) || c->p[1] != '.' || !sk_is_digit(c->p[2]))
        return wrong(c, code, malformed);
    /* RFC 9110 2.5: a higher minor version is read as the highest we know. */
    *out = c->p[0] != '1' ? 0 : c->p[2] == '0' ? 10 : 11;
    c->p += 3;
    return true;
}

/* request-line = method SP request-target SP HTTP-version (RFC 9112 3). */
static bool request_line(cursor *c, sk_head *head) {
    static const char malformed[] = "malformed request line";
    if (!token(c, &head->method, SKUA_E_BAD_REQUEST_LINE, "the method is no token"))
        return false;
    if (!expect_byte(c, ' ', SKUA_E_BAD_REQUEST_LINE, "the method is no token"))
        return false;
    const char *from = c->p;
    c->p = sk_h1_scan_target(c->p, c->end);
    head->target = (skua_str){from, (size_t)(c->p - from)};
    if (c->p < c->end && *c->p != ' ')
        return line_end(c, SKUA_E_BAD_TARGET, "an invalid byte in the request target") &&
               wrong(c, SKUA_E_BAD_REQUEST_LINE, "no HTTP version in the request line");
    if (c->p < c->end && head->target.len == 0)
        return wrong(c, SKUA_E_BAD_REQUEST_LINE, "no target in the request line");
    if (!expect_byte(c, ' ', SKUA_E_BAD_REQUEST_LINE, malformed) ||
        !version(c, SK_SERVER, &head->version) ||
        !line_end(c, SKUA_E_BAD_REQUEST_LINE, "something behind the HTTP version"))
        return false;
    return head->version != 0 || wrong(c, SKUA_E_UNKNOWN_PROTOCOL, other_version);
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 4). The second SP may be
 * missing where no reason follows: that section lets recipients part the line on white space. */
static bool status_line(cursor *c, sk_head *head) {
    static const char malformed[] = "malformed status line";
    if (!version(c, SK_CLIENT, &head->version) ||
        !expect_byte(c, ' ', SKUA_E_BAD_STATUS_LINE, malformed))
        return false;
    if (c->end - c->p < 3)
        return incomplete(c);
    head->status = 0;
    for (int i = 0; i < 3; i++, c->p++) {
        if (!sk_is_digit(*c->p))
            return wrong(c, SKUA_E_BAD_STATUS_LINE, "the status code is not three digits");
        head->status = head->status * 10 + (*c->p - '0');
    }
    if (head->status < 100)
        return wrong(c, SKUA_E_BAD_STATUS_LINE, "a status code below 100");
    head->reason = (skua_str){c->p, 0};
    if (c->p < c->end && *c->p == ' ') {
        const char *from = ++c->p;
        c->p = sk_h1_scan_value(c->p, c->end);
        head->reason = (skua_str){from, (size_t)(c->p - from)};
    }
    return line_end(c, SKUA_E_BAD_STATUS_LINE, malformed);
}

static bool start_line(cursor *c, sk_role role, sk_head *head) {
    static const char too_long[] = "the start line is longer than the limit";
    const char *line = c->p;
    bool parsed = role == SK_SERVER ? request_line(c, head) : status_line(c, head);
    /* An error that stands within the limit comes first; one beyond it was never looked for. */
    if (!parsed && c->stop != INCOMPLETE)
        return line_fits(c, line, SKUA_E_LINE_TOO_LONG, too_long) && false;
    if (!parsed)
        c->p = c->end;
    return line_fits(c, line, SKUA_E_LINE_TOO_LONG, too_long) && parsed;
}

/* ---- fields ---- */

static const char field_too_long[] = "a field line is longer than the limit";

/* No two of these names are equally long, so that the length finds the only one a name can be. */
static const struct {
    const char *name;
    sk_h1_key key;
} key_of_length[] = {
    [4] = {"host", SK_H1_HOST},
    [6] = {"expect", SK_H1_EXPECT},
    [7] = {"upgrade", SK_H1_UPGRADE},
    [10] = {"connection", SK_H1_CONNECTION},
    [14] = {"content-length", SK_H1_CONTENT_LENGTH},
    [17] = {"transfer-encoding", SK_H1_TRANSFER_ENCODING},
};

static inline sk_h1_key key_of(skua_str name) {
    if (name.len >= sizeof key_of_length / sizeof key_of_length[0])
        return SK_H1_KEYS;
    const char *only = key_of_length[name.len].name;
    if (!only || !sk_str_ieq(name, (skua_str){only, name.len}))
        return SK_H1_KEYS;
    return key_of_length[name.len].key;
}

sk_h1_key sk_h1_key_of(skua_str name) {
    return key_of(name);
}

static void note_key(sk_h1_keys *keys, const sk_fields *fields) {
    uint32_t latest = fields->count - 1;
    sk_h1_key key = key_of(fields->at[latest].name);
    if (key != SK_H1_KEYS && keys->count[key]++ == 0)
        keys->first[key] = (uint16_t)latest;
}

/* What begins at the cursor is no name with a colon right behind it: at p its token ends. */
static bool no_field_name(cursor *c, const char *p) {
    static const char invalid[] = "an invalid byte in a field name";
    bool nameless = p == c->p;
    c->p = p;
    if (p == c->end)
        return incomplete(c);
    if (nameless && sk_is_blank(*p)) /* RFC 9112 2.2 and 5.2 */
        return wrong(c, SKUA_E_BAD_FIELD, "a field line that begins with white space (folding)");
    if (nameless)
        return wrong(c, SKUA_E_BAD_FIELD, *p == ':' ? "a field line without a name" : invalid);
    if (*p == '\r')
        return wrong(c, SKUA_E_BAD_FIELD, "a field line without a colon");
    if (sk_is_blank(*p)) /* RFC 9112 5.1 */
        return wrong(c, SKUA_E_BAD_FIELD, "white space within or behind a field name");
    return wrong(c, SKUA_E_BAD_FIELD, invalid);
}

/* Where white space ends, and so a value. */
static size_t trimmed(const char *from, const char *to) {
    while (to > from && (sk_is_blank(to[-1]) || to[-1] == '\r' || to[-1] == '\n'))
        to--;
    return (size_t)(to - from);
}

/* field-line = field-name ":" OWS field-value OWS (RFC 9112 5). */
static bool field_line(cursor *c, sk_field *out) {
    const char *name = c->p, *colon = sk_h1_scan_token(name, c->end);
    if (colon == name || colon == c->end || *colon != ':')
        return no_field_name(c, colon);
    out->name = (skua_str){name, (size_t)(colon - name)};
    c->p = colon + 1;
    blanks(c);
    const char *from = c->p;
    c->p = sk_h1_scan_value(from, c->end);
    out->value = (skua_str){from, trimmed(from, c->p)};
    return line_end(c, SKUA_E_BAD_FIELD, "a control character in a field value");
}

/* RFC 9112 5.2: a user agent MUST take a line that begins with white space for the end of the value
 * before it; the CRLF between them stays in the view. What frames the message is never folded in
 * good faith. */
static bool folded_line(cursor *c, sk_field *field) {
    const char *line = c->p;
    if (key_of(field->name) != SK_H1_KEYS)
        return wrong(c, SKUA_E_BAD_FIELD, "a framing field that is folded");
    blanks(c);
    const char *from = field->value.len > 0 ? field->value.ptr : c->p;
    c->p = sk_h1_scan_value(c->p, c->end);
    field->value = (skua_str){from, trimmed(from, c->p)};
    return line_end(c, SKUA_E_BAD_FIELD, "a control character in a field value") &&
           line_fits(c, line, SKUA_E_FIELD_TOO_LONG, field_too_long);
}

/* What follows the latest field begins with white space. */
static bool folded_lines(cursor *c, sk_fields *fields) {
    while (c->unfolds && c->p < c->end && sk_is_blank(*c->p)) {
        fields->folded = true;
        if (!folded_line(c, &fields->at[fields->count - 1]))
            return false;
    }
    return true;
}

static bool one_field(cursor *c, sk_fields *fields) {
    const char *line = c->p;
    bool parsed = field_line(c, &fields->at[fields->count]);
    if (!parsed && c->stop != INCOMPLETE)
        return line_fits(c, line, SKUA_E_FIELD_TOO_LONG, field_too_long) && false;
    if (!parsed)
        c->p = c->end;
    if (!line_fits(c, line, SKUA_E_FIELD_TOO_LONG, field_too_long) || !parsed)
        return false;
    fields->count++;
    return c->p == c->end || !sk_is_blank(*c->p) || folded_lines(c, fields);
}

/* *( field-line CRLF ) CRLF */
static bool field_section(cursor *c, sk_fields *fields, sk_h1_keys *keys) {
    const uint32_t most = fields->cap < c->limits->fields_max ? fields->cap : c->limits->fields_max;
    fields->count = 0;
    fields->folded = false;
    while (c->p < c->end && *c->p != '\r') {
        if (*c->p == '\n')
            return line_end(c, 0, "");
        if (fields->count >= most)
            return wrong(c, SKUA_E_TOO_MANY_FIELDS, "more fields than the limit");
        if (!one_field(c, fields))
            return false;
        if ((size_t)(c->p - c->begin) > c->limits->block_max)
            return wrong(c, SKUA_E_HEAD_TOO_LARGE, "the fields are larger than the limit");
        note_key(keys, fields);
    }
    return line_end(c, SKUA_E_BAD_LINE_END, "CR without LF");
}

/* ---- whole pieces ---- */

static cursor begin(const sk_h1_input *in) {
    return (cursor){
        .p = in->bytes, .end = in->bytes + in->len, .begin = in->bytes, .limits = in->limits};
}

static ptrdiff_t result(sk_h1_input *in, cursor *c, bool parsed) {
    if (!parsed && c->stop == INCOMPLETE && in->len > in->limits->block_max)
        (void)wrong(c, SKUA_E_HEAD_TOO_LARGE, "the head is larger than the limit");
    in->what = c->what;
    return parsed ? c->p - in->bytes : c->stop;
}

ptrdiff_t sk_h1_parse_head(sk_h1_input *in, sk_role role, sk_head *head, sk_h1_keys *keys) {
    cursor c = begin(in);
    c.unfolds = role == SK_CLIENT;
    *keys = (sk_h1_keys){0};
    bool parsed = start_line(&c, role, head) && field_section(&c, &head->fields, keys);
    return result(in, &c, parsed);
}

ptrdiff_t sk_h1_parse_trailers(sk_h1_input *in, sk_role role, sk_fields *fields) {
    cursor c = begin(in);
    sk_h1_keys unused = {0};
    c.unfolds = role == SK_CLIENT;
    return result(in, &c, field_section(&c, fields, &unused));
}

int sk_h1_scan_block(sk_h1_input *in, uint32_t *scanned, uint32_t *line_at) {
    const char *end = in->bytes + in->len;
    const char *p = in->bytes + *scanned;
    for (const char *lf; p < end && (lf = memchr(p, '\n', (size_t)(end - p))) != NULL;) {
        const char *line = in->bytes + *line_at;
        if (lf == line || lf[-1] != '\r') {
            in->what = "a line ends in LF alone";
            return SKUA_E_BAD_LINE_END;
        }
        if (lf == line + 1)
            return 1;
        if (*line == '\r') { /* what comes of it must not depend on the pieces it came in */
            in->what = "CR without LF";
            return SKUA_E_BAD_LINE_END;
        }
        p = lf + 1;
        *line_at = (uint32_t)(p - in->bytes);
    }
    *scanned = (uint32_t)in->len;
    const char *line = in->bytes + *line_at;
    const char *cr = memchr(line, '\r', (size_t)(end - line));
    if (cr && cr + 1 < end) {
        in->what = "CR without LF";
        return SKUA_E_BAD_LINE_END;
    }
    if ((size_t)(end - line) > in->limits->line_max + 1u) {
        bool start = *line_at == 0;
        in->what = start ? "the start line is longer than the limit"
                         : "a field line is longer than the limit";
        return start ? SKUA_E_LINE_TOO_LONG : SKUA_E_FIELD_TOO_LONG;
    }
    if (in->len > in->limits->block_max) {
        in->what = "the head is larger than the limit";
        return SKUA_E_HEAD_TOO_LARGE;
    }
    return 0;
}

/* ---- chunks ---- */

static bool quoted_string(cursor *c) {
    c->p++;
    while (c->p < c->end && *c->p != '"') {
        if (*c->p == '\\' && ++c->p == c->end)
            break;
        if (!sk_h1_is_value_byte((unsigned char)*c->p))
            return wrong(c, SKUA_E_BAD_CHUNK, "a control character in a chunk extension");
        c->p++;
    }
    return expect_byte(c, '"', SKUA_E_BAD_CHUNK, "malformed chunk extension");
}

/* chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) (RFC 9112 7.1.1).
 * They are checked and ignored: a reader that takes anything here can be led astray. */
static bool chunk_extensions(cursor *c) {
    static const char malformed[] = "malformed chunk extension";
    skua_str part;
    while (c->p < c->end && *c->p != '\r') {
        blanks(c);
        if (!expect_byte(c, ';', SKUA_E_BAD_CHUNK, "something behind the chunk size"))
            return false;
        blanks(c);
        if (!token(c, &part, SKUA_E_BAD_CHUNK, malformed))
            return false;
        const char *name_end = c->p;
        blanks(c);
        if (c->p < c->end && *c->p != '=') {
            c->p = name_end;
            continue;
        }
        if (!expect_byte(c, '=', SKUA_E_BAD_CHUNK, malformed))
            return false;
        blanks(c);
        if (c->p == c->end)
            return incomplete(c);
        if (*c->p == '"' ? !quoted_string(c) : !token(c, &part, SKUA_E_BAD_CHUNK, malformed))
            return false;
    }
    return true;
}

static bool chunk_size(cursor *c, uint64_t *size) {
    const char *from = c->p;
    *size = 0;
    for (int digit; c->p < c->end && (digit = sk_hex_value(*c->p)) >= 0; c->p++) {
        if (*size > (uint64_t)INT64_MAX >> 4) /* RFC 9112 7.1: guard against overflow */
            return wrong(c, SKUA_E_BAD_CHUNK, "a chunk size that is too large");
        *size = *size << 4 | (unsigned)digit;
    }
    if (c->p == from && c->p < c->end)
        return wrong(c, SKUA_E_BAD_CHUNK, "the chunk size is no hexadecimal number");
    return c->p < c->end || incomplete(c);
}

ptrdiff_t sk_h1_parse_chunk_line(sk_h1_input *in, uint64_t *size) {
    cursor c = begin(in);
    bool parsed = chunk_size(&c, size) && chunk_extensions(&c) &&
                  line_end(&c, SKUA_E_BAD_CHUNK, "malformed chunk-size line");
    size_t looked_at = parsed ? (size_t)(c.p - in->bytes) : in->len;
    if (looked_at > in->limits->chunk_line_max + 2u && (parsed || c.stop == INCOMPLETE))
        parsed = wrong(&c, SKUA_E_BAD_CHUNK, "a chunk-size line longer than the limit");
    in->what = c.what;
    return parsed ? c.p - in->bytes : c.stop;
}
