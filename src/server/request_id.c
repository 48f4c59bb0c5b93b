/* server/request_id.c - a name for each request, by which the lines of several logs are found to
 * belong together. */
#include "base/str.h"
#include "server/conn.h"
#include "sys/entropy.h"

#define GIVEN_MAX 128
#define MADE_LEN  32

int sk_worker_seed_ids(sk_worker *w) {
    return sk_entropy_fill(w->id_seed, sizeof w->id_seed);
}

/* What may stand in a log, a field or a URL as it is. */
static bool is_sane(skua_str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!sk_is_alpha(c) && !sk_is_digit(c) && (c == '\0' || !strchr("-._~+/=:@", c)))
            return false;
    }
    return s.len > 0 && s.len <= GIVEN_MAX;
}

/* NULL: the client gives none that is taken. */
static const char *given_id(skua_request *q, const sk_server_settings *settings) {
    if (!settings->trust_request_id)
        return NULL;
    skua_str name = settings->request_id_header;
    const char *given = skua_request_header(q, name.len > 0 ? name.ptr : "X-Request-Id");
    return given && is_sane(sk_str(given)) ? given : NULL;
}

static void put_hex(char *to, uint64_t v) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++)
        to[i] = digits[v >> (60 - 4 * i) & 0xf];
}

/* The worker's own half, and one that differs from request to request: a multiple of an odd number,
 * so that none comes twice, and how many there were cannot be read off it at a glance. */
static const char *make_id(const skua_request *q, const sk_worker *w) {
    char text[MADE_LEN];
    put_hex(text, w->id_seed[0]);
    put_hex(text + MADE_LEN / 2, w->id_seed[1] + q->serial * UINT64_C(0x9e3779b97f4a7c15));
    return sk_arena_strndup(sk_request_arena(q), text, sizeof text);
}

const char *skua_request_id(skua_request *q) {
    if (!q->id) {
        const sk_worker *w = sk_exchange_of_request(q)->conn->worker;
        q->id = given_id(q, w->settings);
        if (!q->id)
            q->id = make_id(q, w);
    }
    return q->id ? q->id : "";
}
