/* net/stream_wait.h - blocking until a stream is ready. */
#ifndef SK_NET_STREAM_WAIT_H
#define SK_NET_STREAM_WAIT_H

#include <skua/stream.h>

/* Wait until what the stream wants for `events` is there, by its own wait or by polling. timeout_ms
 * < 0 is no end. 0, SKUA_E_TIMEOUT (unexplained), or an error. */
int sk_stream_wait(skua_stream *s, unsigned events, int timeout_ms, skua_error *err);

#endif
