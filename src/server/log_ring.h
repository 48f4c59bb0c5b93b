/* server/log_ring.h - lines on their way from one thread to another, without a lock.
 *
 *     bytes   |....|---- whole lines that wait ----|......|
 *                  ^ taken (the reader's)          ^ put (the writer's)
 *
 * One thread puts lines, one takes bytes. Neither waits for the other: a line that does not fit is
 * dropped, and counted. */
#ifndef SK_SERVER_LOG_RING_H
#define SK_SERVER_LOG_RING_H

#include <skua/types.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct sk_log_ring {
    char *bytes;
    size_t size;      /* a power of two */
    atomic_size_t in; /* bytes ever put, and ever taken */
    atomic_size_t out;
    atomic_uint_fast64_t dropped; /* lines, ever */
} sk_log_ring;

bool sk_log_ring_init(sk_log_ring *r, size_t size); /* false: no memory */
void sk_log_ring_free(sk_log_ring *r);

/* ---- the one who puts ---- */

/* Put a line, its end included. False: it is dropped. */
bool sk_log_ring_put(sk_log_ring *r, skua_str line);

/* ---- the one who takes ---- */

/* What waits, whole lines but for the first, of which a part may have been taken: two pieces, since
 * it may go past the end of the memory. Returns their length. */
size_t sk_log_ring_peek(const sk_log_ring *r, skua_str pieces[2]);
void sk_log_ring_take(sk_log_ring *r, size_t len);

/* ---- either ---- */

size_t sk_log_ring_len(const sk_log_ring *r);

#endif
