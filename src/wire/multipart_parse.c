/* wire/multipart_parse.c - multipart/form-data as it comes (RFC 7578, RFC 2046 5.1).
 *
 *     PREAMBLE --delimiter--> AFTER --CR LF--> HEAD --empty line--> CONTENT --delimiter--+
 *                               ^ |                                                      |
 *                               | +--"--"--> LAST -> EPILOGUE (passed over)              |
 *                               +--------------------------------------------------------+
 *
 * A delimiter is CR LF "--" boundary, and only its first byte is a CR: where a match breaks off,
 * what has matched is content, the delimiter's own beginning, and the next match can begin at the
 * byte that broke it off. So nothing has to be kept between pieces but how much has matched. The
 * line end of a delimiter may be that of the empty line before it (RFC 2046 5.1.1: a body-part
 * without content), or the beginning of all. */
#include "wire/multipart_parse.h"

#include "base/str.h"

#include <skua/error.h>

#define ON 1 /* a step: the same again, in the state that is now */

static int fail(sk_multipart_parser *p, int code, const char *what) {
    p->state = SK_MULTIPART_FAILED;
    p->failed = code;
    p->what = what;
    return code;
}

static int bad(sk_multipart_parser *p, const char *what) {
    return fail(p, SKUA_E_BAD_MULTIPART, what);
}

static skua_str take(skua_str *in, size_t n) {
    skua_str taken = {in->ptr, n};
    *in = (skua_str){in->ptr + n, in->len - n};
    return taken;
}

/* ---- parameters ---- */

static void skip_blanks(skua_str *s) {
    while (s->len > 0 && sk_is_blank(s->ptr[0]))
        take(s, 1);
}

/* What stands between quotes: a backslash is itself, as browsers write it, but before a quote. */
static bool take_quoted(skua_str *rest, skua_str *value) {
    size_t n = 1;
    while (n < rest->len && rest->ptr[n] != '"')
        n += rest->ptr[n] == '\\' && n + 1 < rest->len && rest->ptr[n + 1] == '"' ? 2 : 1;
    if (n >= rest->len)
        return false;
    *value = (skua_str){rest->ptr + 1, n - 1};
    take(rest, n + 1);
    return true;
}

/* Take ";name=value" off *rest, which is not empty. False: it is none. */
static bool take_parameter(skua_str *rest, skua_str *name, skua_str *value) {
    skip_blanks(rest);
    if (rest->len == 0 || rest->ptr[0] != ';')
        return false;
    take(rest, 1);
    skip_blanks(rest);
    size_t n = 0;
    while (n < rest->len && sk_is_tchar(rest->ptr[n]))
        n++;
    *name = take(rest, n);
    if (n == 0 || rest->len == 0 || rest->ptr[0] != '=')
        return false;
    take(rest, 1);
    if (rest->len > 0 && rest->ptr[0] == '"') {
        if (!take_quoted(rest, value))
            return false;
    } else {
        for (n = 0; n < rest->len && rest->ptr[n] != ';' && !sk_is_blank(rest->ptr[n]);)
            n++;
        *value = take(rest, n);
    }
    skip_blanks(rest);
    return true;
}

/* What comes before the parameters. */
static skua_str take_type(skua_str *value) {
    size_t n = 0;
    while (n < value->len && value->ptr[n] != ';')
        n++;
    return sk_str_trim(take(value, n));
}

/* ---- the boundary ---- */

/* RFC 2046 5.1.1: bchars, of which the last is no space. */
static bool is_boundary(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!sk_is_alpha(c) && !sk_is_digit(c) && (c == '\0' || !strchr("'()+_,-./:=? ", c)))
            return false;
    }
    return s.len > 0 && s.len <= SK_MULTIPART_BOUNDARY_MAX && s.ptr[s.len - 1] != ' ';
}

int sk_multipart_begin(sk_multipart_parser *p, skua_str content_type) {
    skua_str name, value, boundary = {NULL, 0};
    if (!sk_str_ieq(take_type(&content_type), SK_LIT("multipart/form-data")))
        return SKUA_E_UNSUPPORTED;
    while (content_type.len > 0) {
        if (!take_parameter(&content_type, &name, &value))
            return SKUA_E_BAD_MULTIPART;
        if (!sk_str_ieq(name, SK_LIT("boundary")))
            continue;
        if (boundary.ptr)
            return SKUA_E_BAD_MULTIPART;
        boundary = value;
    }
    if (!boundary.ptr || !is_boundary(boundary))
        return SKUA_E_BAD_MULTIPART;
    p->state = SK_MULTIPART_PREAMBLE;
    memcpy(p->delimiter, "\r\n--", 4);
    memcpy(p->delimiter + 4, boundary.ptr, boundary.len);
    p->delimiter_len = (uint32_t)(4 + boundary.len);
    p->matched = p->assumed = 2;
    return 0;
}

/* ---- the head of a part ---- */

/* Take the backslashes before quotes out, in place: the bytes are the parser's own. */
static skua_str unescape(sk_multipart_parser *p, skua_str s) {
    char *text = p->head + (s.ptr - p->head);
    size_t to = 0;
    for (size_t from = 0; from < s.len; from++) {
        if (text[from] == '\\' && from + 1 < s.len && text[from + 1] == '"')
            from++;
        text[to++] = text[from];
    }
    return (skua_str){text, to};
}

/* RFC 7578 4.2: form-data, with a name; "filename*" is not to be used, and is not looked at. */
static int read_disposition(sk_multipart_parser *p, skua_str v, sk_multipart_event *ev) {
    if (!sk_str_ieq(take_type(&v), SK_LIT("form-data")))
        return bad(p, "a part's Content-Disposition is not form-data");
    while (v.len > 0) {
        skua_str name, value;
        if (!take_parameter(&v, &name, &value))
            return bad(p, "a part's Content-Disposition is malformed");
        bool is_file = sk_str_ieq(name, SK_LIT("filename"));
        if (!is_file && !sk_str_ieq(name, SK_LIT("name")))
            continue;
        skua_str *to = is_file ? &ev->filename : &ev->name;
        if (to->ptr)
            return bad(p, "a part's Content-Disposition names it twice");
        *to = unescape(p, value);
    }
    return ev->name.ptr ? 0 : bad(p, "a part has no name");
}

/* RFC 7578 4.7: deprecated, and what it would stand for is not undone here. */
static bool is_identity(skua_str v) {
    return sk_str_ieq(v, SK_LIT("7bit")) || sk_str_ieq(v, SK_LIT("8bit")) ||
           sk_str_ieq(v, SK_LIT("binary"));
}

/* The known fields of a part. */
enum { DISPOSITION = 1, TYPE = 2 };

static int read_field(sk_multipart_parser *p, skua_str line, unsigned *seen,
                      sk_multipart_event *ev) {
    const char *colon = memchr(line.ptr, ':', line.len);
    skua_str name = {line.ptr, colon ? (size_t)(colon - line.ptr) : 0};
    if (!colon || !sk_str_is_token(name))
        return bad(p, "a line in a part's head is no field");
    skua_str value = sk_str_trim((skua_str){colon + 1, line.len - name.len - 1});
    if (!sk_str_is_field_value(value))
        return bad(p, "a part's head has a control character");
    unsigned known = sk_str_ieq(name, SK_LIT("Content-Disposition")) ? DISPOSITION
                     : sk_str_ieq(name, SK_LIT("Content-Type"))      ? TYPE
                                                                     : 0;
    if (*seen & known)
        return bad(p, "a part's head has a field twice");
    *seen |= known;
    if (known == DISPOSITION)
        return read_disposition(p, value, ev);
    if (known == TYPE)
        ev->type = value;
    if (sk_str_ieq(name, SK_LIT("Content-Transfer-Encoding")) && !is_identity(value))
        return bad(p, "a part has a Content-Transfer-Encoding");
    return 0;
}

static int read_head(sk_multipart_parser *p, sk_multipart_event *ev) {
    skua_str rest = {p->head, p->head_len - 2}; /* without the empty line */
    unsigned seen = 0, count = 0;
    while (rest.len > 0) {
        size_t n = (size_t)((const char *)memchr(rest.ptr, '\r', rest.len) - rest.ptr);
        skua_str line = take(&rest, n);
        take(&rest, 2);
        if (++count > SK_MULTIPART_FIELDS_MAX)
            return fail(p, SKUA_E_HEAD_TOO_LARGE, "a part's head has too many fields");
        int rc = read_field(p, line, &seen, ev);
        if (rc != 0)
            return rc;
    }
    return seen & DISPOSITION ? 0 : bad(p, "a part has no Content-Disposition");
}

static int step_head(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    while (in->len > 0) {
        char c = take(in, 1).ptr[0];
        bool after_cr = p->head_len > 0 && p->head[p->head_len - 1] == '\r';
        if (after_cr != (c == '\n'))
            return bad(p, "a line in a part's head does not end in CRLF");
        if (p->head_len == sizeof p->head)
            return fail(p, SKUA_E_HEAD_TOO_LARGE, "a part's head is too large");
        p->head[p->head_len++] = c;
        uint32_t n = p->head_len;
        if (c != '\n' || (n != 2 && memcmp(p->head + n - 4, "\r\n\r\n", 4) != 0))
            continue;
        *ev = (sk_multipart_event){.kind = SK_MULTIPART_PART};
        int rc = read_head(p, ev);
        if (rc == 0) {
            p->state = SK_MULTIPART_CONTENT;
            p->matched = p->assumed = 2;
        }
        return rc;
    }
    return SKUA_E_AGAIN;
}

/* ---- content ---- */

/* Match on. True: the delimiter has come whole. Else it broke off, or the input is used up. */
static bool match(sk_multipart_parser *p, skua_str *in) {
    while (p->matched < p->delimiter_len && in->len > 0 && in->ptr[0] == p->delimiter[p->matched]) {
        p->matched++;
        take(in, 1);
    }
    return p->matched == p->delimiter_len;
}

/* What had matched of the delimiter is content. */
static skua_str give_up(sk_multipart_parser *p) {
    skua_str held = {p->delimiter + p->assumed, p->matched - p->assumed};
    p->matched = p->assumed = 0;
    return held;
}

/* Does the delimiter begin here, as far as the input goes? */
static bool may_begin(const sk_multipart_parser *p, const char *at, size_t left) {
    return memcmp(at, p->delimiter, left < p->delimiter_len ? left : p->delimiter_len) == 0;
}

/* What comes before the next delimiter. A CR that begins none is content: data of any kind is given
 * out in pieces as large as they come. */
static skua_str take_plain(const sk_multipart_parser *p, skua_str *in) {
    const char *end = in->ptr + in->len, *from = in->ptr;
    for (const char *cr; (cr = memchr(from, '\r', (size_t)(end - from))) != NULL; from = cr + 1) {
        if (may_begin(p, cr, (size_t)(end - cr)))
            return take(in, (size_t)(cr - in->ptr));
    }
    return take(in, in->len);
}

/* The next piece of content; empty: there is none before the delimiter, or the input's end. */
static skua_str next_piece(sk_multipart_parser *p, skua_str *in) {
    while (in->len > 0) {
        skua_str plain = p->matched == 0 ? take_plain(p, in) : (skua_str){NULL, 0};
        if (plain.len > 0)
            return plain;
        if (match(p, in) || in->len == 0)
            break;
        skua_str held = give_up(p);
        if (held.len > 0)
            return held;
    }
    return (skua_str){NULL, 0};
}

static bool is_delimited(sk_multipart_parser *p) {
    if (p->matched < p->delimiter_len)
        return false;
    p->matched = p->assumed = 0;
    p->state = SK_MULTIPART_AFTER;
    return true;
}

static int step_preamble(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    (void)ev;
    while (next_piece(p, in).len > 0)
        ;
    return is_delimited(p) ? ON : SKUA_E_AGAIN;
}

static int step_content(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    skua_str data = next_piece(p, in);
    if (data.len > 0) {
        *ev = (sk_multipart_event){.kind = SK_MULTIPART_DATA, .data = data};
        return 0;
    }
    if (!is_delimited(p))
        return SKUA_E_AGAIN;
    *ev = (sk_multipart_event){.kind = SK_MULTIPART_PART_END};
    return 0;
}

/* ---- behind a delimiter ---- */

/* RFC 2046 5.1.1: "--" behind the last, else blanks and a line end. */
static int step_after(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    (void)ev;
    if (in->len == 0)
        return SKUA_E_AGAIN;
    char c = take(in, 1).ptr[0];
    bool first = p->state == SK_MULTIPART_AFTER;
    if (p->state == SK_MULTIPART_AFTER_DASH && c == '-') {
        p->state = SK_MULTIPART_LAST;
    } else if (p->state == SK_MULTIPART_AFTER_CR && c == '\n') {
        p->state = SK_MULTIPART_HEAD;
        p->head_len = 0;
    } else if (first && c == '-') {
        p->state = SK_MULTIPART_AFTER_DASH;
    } else if ((first || p->state == SK_MULTIPART_AFTER_BLANK) && sk_is_blank(c)) {
        p->state = SK_MULTIPART_AFTER_BLANK;
    } else if ((first || p->state == SK_MULTIPART_AFTER_BLANK) && c == '\r') {
        p->state = SK_MULTIPART_AFTER_CR;
    } else {
        return bad(p, "a boundary does not end its line");
    }
    return ON;
}

static int step_last(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    (void)in;
    *ev = (sk_multipart_event){.kind = SK_MULTIPART_END};
    p->state = SK_MULTIPART_EPILOGUE;
    return 0;
}

static int step_epilogue(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    (void)p;
    (void)ev;
    take(in, in->len);
    return SKUA_E_AGAIN;
}

static int step_failed(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    (void)in;
    (void)ev;
    return p->failed;
}

typedef int step_fn(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev);
static step_fn *const steps[] = {
    [SK_MULTIPART_PREAMBLE] = step_preamble, [SK_MULTIPART_AFTER] = step_after,
    [SK_MULTIPART_AFTER_DASH] = step_after,  [SK_MULTIPART_AFTER_BLANK] = step_after,
    [SK_MULTIPART_AFTER_CR] = step_after,    [SK_MULTIPART_HEAD] = step_head,
    [SK_MULTIPART_CONTENT] = step_content,   [SK_MULTIPART_LAST] = step_last,
    [SK_MULTIPART_EPILOGUE] = step_epilogue, [SK_MULTIPART_FAILED] = step_failed,
};

int sk_multipart_next(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev) {
    int rc;
    do
        rc = steps[p->state](p, in, ev);
    while (rc == ON);
    if (rc != 0 && rc != SKUA_E_AGAIN)
        ev->what = p->what;
    return rc;
}

bool sk_multipart_is_whole(const sk_multipart_parser *p) {
    return p->state == SK_MULTIPART_EPILOGUE || p->state == SK_MULTIPART_LAST;
}
