/* server/log_line.c - the lines of the two logs. Times are UTC. */
#include "server/log_line.h"

#include "base/date.h"
#include "base/json_text.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>

/* What a field may come to, escaped: together they, and all else, fit a line. */
#define TARGET_MAX  4096
#define REFERER_MAX 1024
#define AGENT_MAX   1024
#define SHORT_MAX   256
#define TEXT_MAX    2048
_Static_assert(TARGET_MAX + REFERER_MAX + AGENT_MAX + 6 * SHORT_MAX < SK_LOG_LINE_MAX,
               "a line must hold the longest fields");

/* Take a character off *s, and write it as it may stand in the line. */
typedef size_t take_fn(skua_str *s, char to[SK_JSON_CHARACTER_MAX]);

typedef struct line {
    char *out;
    size_t len;
    take_fn *take; /* how the line escapes */
} line;

static void put(line *l, skua_str s) {
    memcpy(l->out + l->len, s.ptr, s.len);
    l->len += s.len;
}

static void put_number(line *l, int64_t v) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRId64, v);
    put(l, (skua_str){digits, (size_t)n});
}

/* ---- escaping ---- */

static size_t take_unless(skua_str *s, char to[SK_JSON_CHARACTER_MAX], char quote) {
    static const char digits[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)*s->ptr;
    *s = (skua_str){s->ptr + 1, s->len - 1};
    if (c >= 0x20 && c < 0x7f && c != '\\' && c != (unsigned char)quote) {
        *to = (char)c;
        return 1;
    }
    const char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 0xf]};
    memcpy(to, escape, sizeof escape);
    return sizeof escape;
}

/* As nginx does: a reader may look for the next quote, whatever stands before it. */
static size_t take_quoted(skua_str *s, char to[SK_JSON_CHARACTER_MAX]) {
    return take_unless(s, to, '"');
}

static size_t take_plain(skua_str *s, char to[SK_JSON_CHARACTER_MAX]) {
    return take_unless(s, to, '\\');
}

/* At most `max` bytes. */
static void put_escaped(line *l, skua_str s, size_t max) {
    const skua_str dots = SK_LIT("...");
    size_t end = l->len + max - dots.len;
    char character[SK_JSON_CHARACTER_MAX];
    while (s.len > 0) {
        size_t n = l->take(&s, character);
        if (l->len + n > end) {
            put(l, dots);
            return;
        }
        put(l, (skua_str){character, n});
    }
}

static void put_masked(line *l, const char *url, size_t max) {
    char masked[TARGET_MAX];
    size_t len = sk_log_mask_url(url, masked, sizeof masked);
    put_escaped(l, (skua_str){masked, len}, max);
}

/* ---- times ---- */

static int month_of(const char *name) {
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int month = 0;
    while (month < 11 && memcmp(names + (size_t)3 * (size_t)month, name, 3) != 0)
        month++;
    return month + 1;
}

/* "06/Nov/1994:08:49:37 +0000" */
static void put_common_time(line *l, int64_t unix_ms) {
    char d[SK_DATE_LEN], text[32];
    sk_date_format(unix_ms / 1000, d);
    int n = snprintf(text, sizeof text, "%.2s/%.3s/%.4s:%.8s +0000", d + 5, d + 8, d + 12, d + 17);
    put(l, (skua_str){text, (size_t)n});
}

/* "1994-11-06T08:49:37.123Z" (RFC 3339) */
static void put_time(line *l, int64_t unix_ms) {
    char d[SK_DATE_LEN], text[32];
    sk_date_format(unix_ms / 1000, d);
    int n = snprintf(text, sizeof text, "%.4s-%02d-%.2sT%.8s.%03dZ", d + 12, month_of(d + 8), d + 5,
                     d + 17, (int)(unix_ms % 1000));
    put(l, (skua_str){text, (size_t)n});
}

/* ---- Common and Combined ---- */

/* The address without its port, as these formats have it. */
static skua_str host_of(const char *client) {
    skua_str s = sk_str(client);
    const char *colon = s.len > 0 ? strrchr(client, ':') : NULL;
    if (colon && colon[1] != '\0')
        s.len = (size_t)(colon - client);
    if (s.len > 1 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']')
        s = (skua_str){s.ptr + 1, s.len - 2};
    return s.len > 0 ? s : SK_LIT("-");
}

static const char *version_text(int version) {
    return version == 10 ? "HTTP/1.0" : "HTTP/1.1";
}

static void put_request_line(line *l, const skua_access *a) {
    put(l, SK_LIT("\""));
    if (a->version == 0) {
        put(l, SK_LIT("-"));
    } else {
        put_escaped(l, sk_str(a->method), SHORT_MAX);
        put(l, SK_LIT(" "));
        put_masked(l, a->target, TARGET_MAX);
        put(l, SK_LIT(" "));
        put(l, sk_str(version_text(a->version)));
    }
    put(l, SK_LIT("\""));
}

static void put_common(line *l, const skua_access *a, int64_t unix_ms) {
    put_escaped(l, host_of(a->client), SHORT_MAX);
    put(l, SK_LIT(" - - ["));
    put_common_time(l, unix_ms);
    put(l, SK_LIT("] "));
    put_request_line(l, a);
    put(l, SK_LIT(" "));
    put_number(l, a->status);
    put(l, SK_LIT(" "));
    put_number(l, a->body_bytes);
}

static void put_combined(line *l, const skua_access *a, int64_t unix_ms) {
    put_common(l, a, unix_ms);
    put(l, SK_LIT(" \""));
    put_masked(l, a->referer ? a->referer : "-", REFERER_MAX);
    put(l, SK_LIT("\" \""));
    put_escaped(l, sk_str(a->user_agent ? a->user_agent : "-"), AGENT_MAX);
    put(l, SK_LIT("\""));
}

/* ---- JSON ---- */

static void put_name(line *l, const char *name) {
    put(l, SK_LIT(",\""));
    put(l, sk_str(name));
    put(l, SK_LIT("\":"));
}

static void put_int(line *l, const char *name, int64_t v) {
    put_name(l, name);
    put_number(l, v);
}

/* Left out where there is none. */
static void put_string(line *l, const char *name, const char *v, size_t max) {
    if (!v)
        return;
    put_name(l, name);
    put(l, SK_LIT("\""));
    put_escaped(l, sk_str(v), max);
    put(l, SK_LIT("\""));
}

static void put_url(line *l, const char *name, const char *v, size_t max) {
    if (!v)
        return;
    put_name(l, name);
    put(l, SK_LIT("\""));
    put_masked(l, v, max);
    put(l, SK_LIT("\""));
}

static void put_json_time(line *l, int64_t unix_ms) {
    put(l, SK_LIT("{\"time\":\""));
    put_time(l, unix_ms);
    put(l, SK_LIT("\""));
}

static void put_json(line *l, const skua_access *a, int64_t unix_ms) {
    put_json_time(l, unix_ms);
    put_string(l, "client", a->client, SHORT_MAX);
    if (a->version != 0) {
        put_string(l, "method", a->method, SHORT_MAX);
        put_url(l, "target", a->target, TARGET_MAX);
        put_string(l, "version", version_text(a->version), SHORT_MAX);
    }
    put_int(l, "status", a->status);
    put_int(l, "bytes", a->body_bytes);
    put_int(l, "duration_us", a->duration_us);
    put_string(l, "tls", a->tls_version, SHORT_MAX);
    put_string(l, "request_id", a->request_id, SHORT_MAX);
    put_url(l, "referer", a->referer, REFERER_MAX);
    put_string(l, "user_agent", a->user_agent, AGENT_MAX);
    if (a->cut)
        put(l, SK_LIT(",\"cut\":true"));
    put(l, SK_LIT("}"));
}

/* ---- lines ---- */

size_t sk_log_access(const skua_access *a, skua_access_format format, int64_t unix_ms,
                     char out[SK_LOG_LINE_MAX]) {
    static void (*const formats[])(line * l, const skua_access *a, int64_t unix_ms) = {
        [SKUA_ACCESS_COMBINED] = put_combined,
        [SKUA_ACCESS_COMMON] = put_common,
        [SKUA_ACCESS_JSON] = put_json,
    };
    line l = {.out = out, .take = format == SKUA_ACCESS_JSON ? sk_json_take : take_quoted};
    formats[format](&l, a, unix_ms);
    put(&l, SK_LIT("\n"));
    return l.len;
}

size_t sk_log_access_dropped(uint64_t count, skua_access_format format, int64_t unix_ms,
                             char out[SK_LOG_LINE_MAX]) {
    line l = {.out = out};
    if (format == SKUA_ACCESS_JSON) {
        put_json_time(&l, unix_ms);
        put_int(&l, "dropped", (int64_t)count);
        put(&l, SK_LIT("}\n"));
        return l.len;
    }
    put(&l, SK_LIT("# "));
    put_time(&l, unix_ms);
    put(&l, SK_LIT(" lines dropped: "));
    put_number(&l, (int64_t)count);
    put(&l, SK_LIT("\n"));
    return l.len;
}

size_t sk_log_error(skua_log_level level, const char *text, int64_t unix_ms,
                    char out[SK_LOG_LINE_MAX]) {
    static const char *const names[] = {
        [SKUA_LOG_DEFAULT] = "info", [SKUA_LOG_ERROR] = "error", [SKUA_LOG_WARN] = "warn",
        [SKUA_LOG_INFO] = "info",    [SKUA_LOG_DEBUG] = "debug",
    };
    line l = {.out = out, .take = take_plain};
    put_time(&l, unix_ms);
    put(&l, SK_LIT(" "));
    put(&l, sk_str(names[level]));
    put(&l, SK_LIT(": "));
    put_escaped(&l, sk_str(text), TEXT_MAX);
    put(&l, SK_LIT("\n"));
    return l.len;
}
