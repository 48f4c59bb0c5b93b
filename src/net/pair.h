/* net/pair.h - two streams joined in memory, with scripted faults and a manual clock: a test's
 * network. One thread only. */
#ifndef SK_NET_PAIR_H
#define SK_NET_PAIR_H

#include <skua/stream.h>
#include <stdbool.h>

typedef enum sk_fault_kind {
    SK_FAULT_NONE,
    SK_FAULT_SHORT, /* this one call moves at most `arg` bytes */
    SK_FAULT_AGAIN, /* this one call says SKUA_E_AGAIN */
    SK_FAULT_RESET, /* this and every later call fails with SKUA_E_CONNECTION_RESET */
    SK_FAULT_EOF,   /* reads: this and every later call says end; writes: SKUA_E_BROKEN_PIPE */
    SK_FAULT_STALL  /* SKUA_E_AGAIN for good: only a time-out ends it */
} sk_fault_kind;

typedef struct sk_pair sk_pair;

/* A clock that stands still until it is told, or until somebody waits on one of the pair's
 * streams: a wait that nothing can satisfy moves it to the end of the wait. A wait without end that
 * nothing can satisfy is SKUA_E_STATE, so that a test fails where a program would hang. */
typedef struct sk_manual_clock {
    int64_t now_ms;
} sk_manual_clock;
skua_clock sk_manual_clock_face(sk_manual_clock *c);

/* The turn of an end is called when the other end waits and is not ready: its chance to act (feed
 * bytes, run a server's step). Returns false when it has nothing more to do. */
typedef bool sk_pair_turn_fn(void *user);

/* NULL: no memory. `capacity` is how many bytes stand unread in each direction before writes say
 * SKUA_E_AGAIN; they are allocated at once. `clock` may be NULL. The pair goes when both ends are
 * closed and sk_pair_free was called. */
sk_pair *sk_pair_new(size_t capacity, sk_manual_clock *clock);
void sk_pair_free(sk_pair *p);
skua_stream *sk_pair_end(sk_pair *p, int which); /* 0 or 1 */
void sk_pair_set_turn(sk_pair *p, int which, sk_pair_turn_fn *fn, void *user);
/* The nth read (or write) from now, counted from 1, of that end meets the fault. One at a time per
 * end and direction. */
void sk_pair_fault_read(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg);
void sk_pair_fault_write(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg);
/* How many reads and writes an end has made. */
unsigned sk_pair_reads(const sk_pair *p, int which);
unsigned sk_pair_writes(const sk_pair *p, int which);

#endif
