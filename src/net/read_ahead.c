/* net/read_ahead.c - a stream that gives bytes first that were read of it too early. */
#include "net/read_ahead.h"

#include "base/mem.h"
#include "net/stream_wait.h"

#include <stdbool.h>
#include <string.h>

typedef struct read_ahead {
    skua_stream base;
    skua_stream *below;
    size_t at, len;
    char bytes[];
} read_ahead;

static read_ahead *self(skua_stream *s) {
    return (read_ahead *)(void *)s;
}

static bool has_bytes(const read_ahead *r, unsigned events) {
    return (events & SKUA_WANT_READ) && r->at < r->len;
}

static ptrdiff_t ahead_read(skua_stream *s, void *buf, size_t len, skua_error *err) {
    read_ahead *r = self(s);
    size_t n = r->len - r->at;
    if (n == 0)
        return r->below->ops->read(r->below, buf, len, err);
    if (n > len)
        n = len;
    memcpy(buf, r->bytes + r->at, n);
    r->at += n;
    return (ptrdiff_t)n;
}

static ptrdiff_t ahead_writev(skua_stream *s, const skua_str *pieces, size_t count,
                              skua_error *err) {
    skua_stream *below = self(s)->below;
    return below->ops->writev(below, pieces, count, err);
}

static int ahead_shutdown(skua_stream *s, skua_error *err) {
    skua_stream *below = self(s)->below;
    return below->ops->shutdown(below, err);
}

static void ahead_close(skua_stream *s) {
    read_ahead *r = self(s);
    r->below->ops->close(r->below);
    sk_free(r);
}

/* What is ready already needs a descriptor that is: one that may be written to mostly is. */
static skua_want ahead_want(skua_stream *s, unsigned events) {
    const read_ahead *r = self(s);
    unsigned more = has_bytes(r, events) ? SKUA_WANT_WRITE : 0;
    return r->below->ops->want(r->below, events | more);
}

static int ahead_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err) {
    const read_ahead *r = self(s);
    return has_bytes(r, events) ? 0 : sk_stream_wait(r->below, events, timeout_ms, err);
}

static void ahead_info(skua_stream *s, skua_stream_info *info) {
    skua_stream *below = self(s)->below;
    if (below->ops->info)
        below->ops->info(below, info);
}

static const skua_stream_ops ahead_ops = {
    .size = sizeof ahead_ops,
    .read = ahead_read,
    .writev = ahead_writev,
    .shutdown = ahead_shutdown,
    .close = ahead_close,
    .want = ahead_want,
    .info = ahead_info,
    .wait = ahead_wait,
};

skua_stream *sk_read_ahead_new(skua_stream *below, skua_str bytes) {
    read_ahead *r = sk_zalloc(sizeof *r + bytes.len);
    if (!r)
        return NULL;
    r->base.ops = &ahead_ops;
    r->below = below;
    r->len = bytes.len;
    if (bytes.len > 0)
        memcpy(r->bytes, bytes.ptr, bytes.len);
    return &r->base;
}
