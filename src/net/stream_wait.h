/* net/stream_wait.h - blocking until a stream is ready. */
#ifndef SK_NET_STREAM_WAIT_H
#define SK_NET_STREAM_WAIT_H

#include <skua/stream.h>
#include <stdbool.h>

/* Can its reads wait by themselves? Not those of a stream that was built before they could. */
static inline bool sk_stream_can_read_waiting(const skua_stream *s) {
    return s->ops->size >= sizeof *s->ops && s->ops->read_waiting;
}

/* Wait until what the stream wants for `events` is there, by its own wait or by polling. timeout_ms
 * < 0 is no end. 0, SKUA_E_TIMEOUT (unexplained), or an error. */
int sk_stream_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err);

#endif
