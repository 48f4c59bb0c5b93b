/* skua/stream.h - bytes to and from one peer, whatever carries them.
 *
 * skua brings streams over TCP, Unix sockets and TLS. A program may bring its own (a tunnel, a
 * serial line, a test's script) by embedding skua_stream as the first member of its struct:
 *
 *     struct my_stream { skua_stream base; ... };
 *     static const skua_stream_ops my_ops = {.size = sizeof my_ops, .read = my_read, ...};
 */
#ifndef SKUA_STREAM_H
#define SKUA_STREAM_H

#include <skua/error.h>
#include <skua/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SKUA_WANT_READ  1u
#define SKUA_WANT_WRITE 2u

/* What a stream that answered SKUA_E_AGAIN waits for. */
typedef struct skua_want {
    int fd;          /* descriptor to poll, or -1 where there is none */
    unsigned events; /* SKUA_WANT_READ, SKUA_WANT_WRITE or both */
} skua_want;

/* A read that returns less than it was asked for has taken all there is for now.
 * Streams with this flag are not read again before they are readable. */
#define SKUA_STREAM_SHORT_IS_DRY 1u

/* What a stream knows of its peer and its protection. Empty strings where it does not apply. */
typedef struct skua_stream_info {
    size_t size;    /* set by the caller to sizeof(skua_stream_info) */
    char local[56]; /* "192.0.2.1:443", "[2001:db8::1]:443", "unix:/run/x" */
    char peer[56];
    char tls_version[16]; /* "TLSv1.3" */
    char tls_cipher[64];
    char alpn[32];         /* "http/1.1" */
    char tls_subject[192]; /* subject of the peer's certificate */
    int tls_resumed;       /* 1: an earlier TLS session was resumed */
} skua_stream_info;

typedef struct skua_stream skua_stream;

/* How a stream is driven. No call blocks but wait and read_waiting. */
typedef struct skua_stream_ops {
    size_t size;    /* sizeof(skua_stream_ops) */
    unsigned flags; /* SKUA_STREAM_* */
    /* Read up to len bytes (len > 0). Returns: bytes read; 0 at the orderly end; SKUA_E_AGAIN;
     * another negative code, with err filled. */
    ptrdiff_t (*read)(skua_stream *s, void *buf, size_t len, skua_error *err);
    /* Write from count pieces, as many bytes as can be taken now. Returns: bytes taken (> 0);
     * SKUA_E_AGAIN when none; another negative code, with err filled. */
    ptrdiff_t (*writev)(skua_stream *s, const skua_str *pieces, size_t count, skua_error *err);
    /* End the sending direction (TCP FIN, TLS close_notify). Returns: 0, SKUA_E_AGAIN or another
     * negative code, with err filled. */
    int (*shutdown)(skua_stream *s, skua_error *err);
    /* Close at once, and free what the stream holds, itself included if it was allocated. */
    void (*close)(skua_stream *s);
    /* Tell what the stream waits for after SKUA_E_AGAIN, in order to do what `events` asks. A TLS
     * stream may have to write before it can read. */
    skua_want (*want)(skua_stream *s, unsigned events);
    /* Optional: describe the peer. NULL leaves all of info empty. */
    void (*info)(skua_stream *s, skua_stream_info *info);
    /* Optional: block until what want() named is there. timeout_ms < 0 is no end. Returns: 0,
     * SKUA_E_TIMEOUT or another error. NULL: the caller polls want().fd. */
    int (*wait)(skua_stream *s, unsigned events, int timeout_ms, skua_error *err);
    /* Optional: send len bytes of a file from *offset, advancing it. Returns as writev does; 0 when
     * the file ends early. NULL: the caller reads the file and calls writev. */
    ptrdiff_t (*sendfile)(skua_stream *s, int fd, int64_t *offset, size_t len, skua_error *err);
    /* Optional: what the next writev takes is followed by more at once, and may be held back until
     * that comes, so that they leave together. NULL: nothing is held back. */
    void (*more)(skua_stream *s);
    /* Optional: read, and where nothing is there wait for it, SKUA_READ_WAITING_MS at most. Returns
     * as read does; it may also say SKUA_E_AGAIN before its time. It spares a caller that has time
     * to wait for what want() names ahead of each read. NULL: the caller does that. */
    ptrdiff_t (*read_waiting)(skua_stream *s, void *buf, size_t len, skua_error *err);
} skua_stream_ops;

#define SKUA_READ_WAITING_MS 100

/* The part of a stream that its users see. */
struct skua_stream {
    const skua_stream_ops *ops;
};

#ifdef __cplusplus
}
#endif
#endif
