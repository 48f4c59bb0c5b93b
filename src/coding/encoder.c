/* coding/encoder.c - one coding, applied into a buffer. */
#include "coding/encoder.h"

#include "base/mem.h"

#include <skua/error.h>

/* How much room a step is given. */
#define ROOM_MIN 256u
#define ROOM_MAX 16384u

struct sk_encoder {
    const sk_encode_ops *ops;
    void *state;
};

/* X(name, encode), the best first. */
#if SK_HAVE_BROTLIENC
#define BROTLI_CODINGS(X) X("br", &sk_brotli_encode)
#else
#define BROTLI_CODINGS(X)
#endif
#if SK_HAVE_ZSTD
#define ZSTD_CODINGS(X) X("zstd", &sk_zstd_encode)
#else
#define ZSTD_CODINGS(X)
#endif
#if SK_HAVE_ZLIB
#define ZLIB_CODINGS(X) X("gzip", &sk_gzip_encode)
#else
#define ZLIB_CODINGS(X)
#endif
#define CODINGS(X) BROTLI_CODINGS(X) ZSTD_CODINGS(X) ZLIB_CODINGS(X)

#define NAME(name, encode) name,
#define OPS(name, encode)  encode,

static const char *const names[] = {CODINGS(NAME) NULL};
static const sk_encode_ops *const codings[] = {CODINGS(OPS) NULL};

const char *const *sk_encoder_names(void) {
    return names;
}

sk_encoder *sk_encoder_new(int which, size_t size) {
    sk_encoder *e = sk_alloc(sizeof *e);
    if (!e)
        return NULL;
    *e = (sk_encoder){.ops = codings[which], .state = codings[which]->open(size)};
    if (e->state)
        return e;
    sk_free(e);
    return NULL;
}

void sk_encoder_free(sk_encoder *e) {
    if (!e)
        return;
    e->ops->close(e->state);
    sk_free(e);
}

/* Text shrinks to a third or less; what does not is given room again. */
static size_t room_for(size_t len) {
    size_t room = len / 3 + ROOM_MIN;
    return room < ROOM_MAX ? room : ROOM_MAX;
}

int sk_encoder_write(sk_encoder *e, skua_str in, sk_encode_to to, sk_buf *out) {
    sk_coded came_to = SK_CODED_MORE;
    if (!in.ptr)
        in.ptr = ""; /* NULL + 0 is undefined */
    while (came_to == SK_CODED_MORE) {
        size_t cap = room_for(in.len);
        sk_room room = {sk_buf_reserve(out, cap), cap};
        if (!room.ptr)
            return SKUA_E_NOMEM;
        came_to = e->ops->step(e->state, &in, to, &room);
        sk_buf_commit(out, cap - room.len);
    }
    return came_to == SK_CODED_END ? 0 : SKUA_E_NOMEM;
}
