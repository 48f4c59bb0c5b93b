/* server/log_ring.c - lines on their way from one thread to another, without a lock. */
#include "server/log_ring.h"

#include "base/mem.h"

#include <string.h>

bool sk_log_ring_init(sk_log_ring *r, size_t size) {
    r->bytes = sk_alloc(size);
    r->size = size;
    atomic_init(&r->in, 0);
    atomic_init(&r->out, 0);
    atomic_init(&r->dropped, 0);
    return r->bytes != NULL;
}

void sk_log_ring_free(sk_log_ring *r) {
    sk_free(r->bytes);
    r->bytes = NULL;
}

size_t sk_log_ring_len(const sk_log_ring *r) {
    size_t out = atomic_load(&r->out); /* first: what is put meanwhile does no harm */
    return atomic_load(&r->in) - out;
}

bool sk_log_ring_put(sk_log_ring *r, skua_str line) {
    size_t in = atomic_load_explicit(&r->in, memory_order_relaxed);
    size_t used = in - atomic_load_explicit(&r->out, memory_order_acquire);
    if (line.len > r->size - used) {
        atomic_fetch_add_explicit(&r->dropped, 1, memory_order_relaxed);
        return false;
    }
    size_t at = in & (r->size - 1);
    size_t first = line.len < r->size - at ? line.len : r->size - at;
    memcpy(r->bytes + at, line.ptr, first);
    memcpy(r->bytes, line.ptr + first, line.len - first);
    /* In one order with whether the one who takes sleeps: see log_writer.c. */
    atomic_store(&r->in, in + line.len);
    return true;
}

size_t sk_log_ring_peek(const sk_log_ring *r, skua_str pieces[2]) {
    size_t out = atomic_load_explicit(&r->out, memory_order_relaxed);
    size_t len = atomic_load(&r->in) - out;
    size_t at = out & (r->size - 1);
    size_t first = len < r->size - at ? len : r->size - at;
    pieces[0] = (skua_str){r->bytes + at, first};
    pieces[1] = (skua_str){r->bytes, len - first};
    return len;
}

void sk_log_ring_take(sk_log_ring *r, size_t len) {
    size_t out = atomic_load_explicit(&r->out, memory_order_relaxed);
    atomic_store_explicit(&r->out, out + len, memory_order_release);
}
