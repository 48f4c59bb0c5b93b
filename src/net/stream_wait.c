/* net/stream_wait.c - blocking until a stream is ready. */
#include "net/stream_wait.h"

#include "sys/poller.h"

int sk_stream_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err) {
    if (s->ops->wait)
        return s->ops->wait(s, events, timeout_ms, err);
    skua_want want = s->ops->want(s, events);
    return sk_poll_one(want.fd, want.events, timeout_ms, err);
}
