/* server/log_mask.c - URLs as they may stand in a log: a password or a token in one is as good as
 * lost if everybody who reads the log has it. */
#include "base/str.h"
#include "server/log_line.h"
#include "wire/percent.h"

#define NAME_MAX_LEN 64 /* of a parameter whose name is looked at */

typedef struct masked {
    char *out;
    size_t len, cap;
} masked;

static void put(masked *m, skua_str s) {
    size_t n = s.len < m->cap - m->len ? s.len : m->cap - m->len;
    if (n > 0)
        memcpy(m->out + m->len, s.ptr, n);
    m->len += n;
}

static bool ends_with(skua_str s, skua_str end) {
    return s.len >= end.len && sk_str_ieq((skua_str){s.ptr + s.len - end.len, end.len}, end);
}

/* "access_token", "X-Amz-Signature", "clientSecret" and their like. */
static bool is_secret(skua_str name) {
    static const skua_str whole[] = {
        {"auth", 4}, {"authorization", 13}, {"code", 4}, {"key", 3}, {"pass", 4}, {"sig", 3},
    };
    static const skua_str endings[] = {
        {"token", 5},     {"secret", 6},    {"password", 8},    {"passwd", 6}, {"pwd", 3},
        {"signature", 9}, {"api_key", 7},   {"api-key", 7},     {"apikey", 6}, {"credential", 10},
        {"session", 7},   {"sessionid", 9}, {"session_id", 10}, {"jwt", 3},
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        if (sk_str_ieq(name, whole[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (ends_with(name, endings[i]))
            return true;
    }
    return false;
}

/* However it is written. */
static bool names_secret(skua_str name) {
    char plain[NAME_MAX_LEN];
    size_t len = sk_percent_decode(name, true, plain, sizeof plain);
    return len <= sizeof plain && is_secret((skua_str){plain, len});
}

static skua_str take(skua_str *rest, size_t n) {
    skua_str taken = {rest->ptr, n};
    *rest = (skua_str){rest->ptr + n, rest->len - n};
    return taken;
}

/* The bytes before the first of `stops`. */
static size_t until(skua_str s, const char *stops) {
    size_t n = 0;
    while (n < s.len && !strchr(stops, s.ptr[n]))
        n++;
    return n;
}

/* "scheme://user:password@": up to the last "@" of the authority (WHATWG URL 4.4). */
static void put_authority(masked *m, skua_str *rest) {
    size_t scheme = until(*rest, ":/?#");
    if (rest->len < scheme + 3 || memcmp(rest->ptr + scheme, "://", 3) != 0)
        return;
    put(m, take(rest, scheme + 3));
    size_t user = until(*rest, "/?#");
    while (user > 0 && rest->ptr[user - 1] != '@')
        user--;
    if (user == 0)
        return;
    take(rest, user);
    put(m, SK_LIT("***@"));
}

static void put_parameter(masked *m, skua_str p) {
    size_t name = until(p, "=");
    bool secret = p.len > name + 1 && names_secret((skua_str){p.ptr, name});
    if (secret)
        p.len = name + 1;
    put(m, p);
    if (secret)
        put(m, SK_LIT("***"));
}

size_t sk_log_mask_url(const char *url, char *out, size_t cap) {
    masked m = {.out = out, .cap = cap};
    skua_str rest = sk_str(url);
    put_authority(&m, &rest);
    put(&m, take(&rest, until(rest, "?#")));
    /* The query and, where tokens are handed over, the fragment: both are made of parameters. */
    while (rest.len > 0) {
        put(&m, take(&rest, 1));
        put_parameter(&m, take(&rest, until(rest, "&;?#")));
    }
    return m.len;
}
