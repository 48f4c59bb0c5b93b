/* client/response_read.c - giving a body out: piece by piece, or whole. */
#include "client/response.h"

#include "base/fail.h"
#include "base/mem.h"

#define ALL_MAX_DEFAULT ((size_t)64 << 20)
#define ALL_FIRST       ((size_t)16 << 10) /* it grows as bytes come, not as they are promised */

int sk_response_report(const skua_response *r, skua_error *err) {
    if (err)
        *err = r->failure;
    return r->failed;
}

ptrdiff_t sk_response_pull(skua_response *r, void *buf, size_t len) {
    if (r->failed)
        return r->failed;
    return r->decoding ? sk_response_decode(r, buf, len) : sk_response_receive(r, buf, len);
}

static ptrdiff_t take(skua_response *r, void *buf, size_t len) {
    size_t ahead = sk_buf_len(&r->ahead);
    if (ahead == 0)
        return sk_response_pull(r, buf, len);
    if (len > ahead)
        len = ahead;
    memcpy(buf, sk_buf_head(&r->ahead), len);
    sk_buf_consume(&r->ahead, len);
    return (ptrdiff_t)len;
}

ptrdiff_t skua_response_read(skua_response *r, void *buf, size_t len, skua_error *err) {
    if (!r)
        return sk_fail_absent(err, "a response is needed");
    if (!buf && len > 0)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "room to read into is needed");
    if (len == 0)
        return 0;
    ptrdiff_t n = take(r, buf, len);
    return n < 0 ? sk_response_report(r, err) : n;
}

/* ---- all of it ---- */

static bool grow(sk_gathered *all) {
    size_t cap = all->cap ? all->cap * 2 : ALL_FIRST;
    char *data = cap > all->cap ? sk_realloc(all->data, cap) : NULL;
    if (!data)
        return false;
    all->data = data;
    all->cap = cap;
    return true;
}

static int fail_all(skua_response *r, int code, size_t max) {
    if (code == SKUA_E_NOMEM)
        sk_fail_nomem(&r->failure);
    else
        sk_fail(&r->failure, code, SKUA_PHASE_LIMIT, "body larger than %zu bytes", max);
    return sk_response_fail(r);
}

/* Does what is left exceed the cap by its own length? That of a coded body says nothing of it. */
static bool announces_more(const skua_response *r, size_t max) {
    if (r->failed || r->decoding || r->body.expected < 0)
        return false;
    int64_t left = r->body.expected - r->body.received;
    return (uint64_t)left + sk_buf_len(&r->ahead) > max;
}

/* Room for what comes next, with a terminator behind it. One byte beyond the cap is enough to know
 * that there are too many. */
static size_t room(const sk_gathered *all, size_t max) {
    size_t free = all->cap - all->len - 1;
    return max - all->len < free ? max - all->len + 1 : free;
}

static int gather(skua_response *r, size_t max) {
    sk_gathered *all = &r->all;
    if (all->len > max || announces_more(r, max - all->len))
        return fail_all(r, SKUA_E_BODY_TOO_LARGE, max);
    for (;;) {
        if (all->cap - all->len < 2 && !grow(all))
            return fail_all(r, SKUA_E_NOMEM, max);
        ptrdiff_t n = take(r, all->data + all->len, room(all, max));
        if (n < 0)
            return (int)n;
        all->len += (size_t)n;
        if (all->len > max)
            return fail_all(r, SKUA_E_BODY_TOO_LARGE, max);
        if (n == 0) {
            all->data[all->len] = '\0';
            return 0;
        }
    }
}

int skua_response_read_all(skua_response *r, size_t max_bytes, const char **data, size_t *len,
                           skua_error *err) {
    if (!r)
        return sk_fail_absent(err, "a response is needed");
    if (!data || !len)
        return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE,
                       "places for data and len are needed");
    int rc = gather(r, max_bytes ? max_bytes : ALL_MAX_DEFAULT);
    if (rc != 0)
        return sk_response_report(r, err);
    *data = r->all.data;
    *len = r->all.len;
    return 0;
}
