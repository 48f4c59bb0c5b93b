/* net/read_ahead.h - a stream that gives bytes first that were read of it too early: behind the
 * head that turned a connection into something else. */
#ifndef SK_NET_READ_AHEAD_H
#define SK_NET_READ_AHEAD_H

#include <skua/stream.h>

/* Reads give the bytes (copied), then what `below` gives; all else is below's. The new stream owns
 * `below`; on NULL (no memory) it stays the caller's. */
skua_stream *sk_read_ahead_new(skua_stream *below, skua_str bytes);

#endif
