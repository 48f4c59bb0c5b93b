/* matrix.h - what a server's connection says goes well, with each fault in turn: the nth allocation
 * fails, the nth read or write is short, late, reset, at its end or stalled. Then each reply is the
 * right one or says that the server is in trouble, nothing leaks, nothing stays for ever, and the
 * next connection is served. */
#ifndef SK_TEST_MATRIX_H
#define SK_TEST_MATRIX_H

#include "../unit/nomem.h"
#include "../unit/server/over_pair.h"

#define MATRIX_MOST 900 /* faults are tried until one is not met; this is never reached */

/* One connection, and what is to come of it. */
typedef struct matrix {
    void (*prepare)(over_pair *p); /* the routes, and what else the worker is to know */
    void (*later)(over_pair *p);   /* after each piece that was said; NULL: nothing */
    void (*undo)(void);            /* once the worker has gone; NULL: nothing */
    const char *const *requests;   /* pieces, NULL at the end */
    const int *statuses;           /* of the replies, 0 at the end */
    size_t capacity;               /* bytes that are under way at most, each way [5000] */
} matrix;

static inline void matrix_start(const matrix *m, over_pair *p) {
    op_init(p);
    m->prepare(p);
    /* What the test itself reads into is there before memory runs out. */
    assert_non_null(sk_buf_reserve(&p->heard, 1 << 20));
    p->worker = sk_worker_new(&p->settings, NULL);
    assert_non_null(p->worker);
}

static inline void matrix_connect(const matrix *m, over_pair *p) {
    p->pair = sk_pair_new(m->capacity ? m->capacity : 5000, &p->clock);
    assert_non_null(p->pair);
    p->client = sk_pair_end(p->pair, 0);
    p->ended = false;
    sk_buf_clear(&p->heard);
}

static inline void matrix_open(over_pair *p) {
    p->conn = sk_sconn_open_stream(p->worker, sk_pair_end(p->pair, 1));
}

static inline void matrix_say(const matrix *m, over_pair *p, size_t nth) {
    if (op_is_open(p) && !p->ended)
        op_say(p, m->requests[nth]);
    if (m->later) {
        m->later(p);
        op_settle(p);
    }
}

static inline void matrix_say_all(const matrix *m, over_pair *p) {
    for (size_t i = 0; m->requests[i]; i++)
        matrix_say(m, p, i);
}

static inline bool matrix_is_trouble(int status) {
    return status == 0 || status == 500 || status == 503 || status == 400;
}

static inline void matrix_check(const matrix *m, over_pair *p, bool trouble) {
    char *at = sk_buf_head(&p->heard), *end = at + sk_buf_len(&p->heard);
    while ((at = memchr(at, '\0', (size_t)(end - at))) != NULL)
        *at = '0'; /* of a body that is no text */
    const char *text = op_heard(p);
    int i = 0;
    for (; m->statuses[i] != 0; i++) {
        int status = op_status(text, i);
        if (trouble && matrix_is_trouble(status))
            return;
        assert_int_equal(status, m->statuses[i]);
    }
    assert_int_equal(op_status(text, i), 0);
}

static inline void matrix_end(const matrix *m, over_pair *p) {
    op_disconnect(p);
    if (m->later) {
        m->later(p);
        sk_loop_step(p->worker->loop, 0);
    }
    assert_false(op_is_open(p));
}

static inline void matrix_next_is_served(const matrix *m, over_pair *p) {
    matrix_end(m, p);
    matrix_connect(m, p);
    matrix_open(p);
    assert_non_null(p->conn);
    matrix_say_all(m, p);
    matrix_check(m, p, false);
    matrix_end(m, p);
    op_free(p);
    if (m->undo)
        m->undo();
}

/* The nth allocation fails: it alone, or with all behind it. */
static inline void matrix_fail_allocations(const matrix *m, void (*set_fault)(int n)) {
    int n = 1;
    for (bool met = true; met && n < MATRIX_MOST; n++) {
        over_pair p;
        matrix_start(m, &p);
        matrix_connect(m, &p);
        set_fault(n);
        matrix_open(&p);
        if (p.conn)
            matrix_say_all(m, &p);
        met = nomem_stop();
        op_settle(&p);
        matrix_check(m, &p, met);
        matrix_next_is_served(m, &p);
    }
    assert_in_range(n, 3, MATRIX_MOST - 1);
}

/* Memory is short while one piece is said, on a connection that outlives it. */
static inline void matrix_be_short_for_a_moment(const matrix *m) {
    for (size_t i = 0; m->requests[i]; i++) {
        over_pair p;
        matrix_start(m, &p);
        matrix_connect(m, &p);
        matrix_open(&p);
        assert_non_null(p.conn);
        for (size_t k = 0; k < i; k++)
            matrix_say(m, &p, k);
        nomem_fail_from(1);
        matrix_say(m, &p, i);
        bool met = nomem_stop();
        for (size_t k = i + 1; m->requests[k]; k++)
            matrix_say(m, &p, k);
        matrix_check(m, &p, met);
        matrix_next_is_served(m, &p);
    }
}

/* What stalls is ended by a time-out, whichever it is. */
static inline void matrix_time_out(const matrix *m, over_pair *p) {
    for (int i = 0; i < 10 && op_is_open(p); i++) {
        op_wait(p, 80000);
        if (m->later)
            m->later(p);
    }
    assert_false(op_is_open(p));
}

typedef void matrix_fault_fn(sk_pair *p, int which, unsigned nth, sk_fault_kind kind, size_t arg);

static inline void matrix_meet(const matrix *m, matrix_fault_fn *set_fault, sk_fault_kind kind) {
    unsigned n = 1;
    for (bool more = true; more && n < MATRIX_MOST; n++) {
        over_pair p;
        matrix_start(m, &p);
        matrix_connect(m, &p);
        matrix_open(&p);
        assert_non_null(p.conn);
        set_fault(p.pair, 1, n, kind, 1);
        matrix_say_all(m, &p);
        op_settle(&p);
        more = (set_fault == sk_pair_fault_read ? sk_pair_reads(p.pair, 1)
                                                : sk_pair_writes(p.pair, 1)) >= n;
        bool passes = kind == SK_FAULT_SHORT || kind == SK_FAULT_AGAIN;
        matrix_check(m, &p, more && !passes);
        if (op_is_open(&p))
            matrix_time_out(m, &p);
        matrix_next_is_served(m, &p);
    }
    assert_in_range(n, 2, MATRIX_MOST - 1);
}

/* All of the above. */
static inline void matrix_run(const matrix *m) {
    static const sk_fault_kind kinds[] = {SK_FAULT_SHORT, SK_FAULT_AGAIN, SK_FAULT_RESET,
                                          SK_FAULT_EOF, SK_FAULT_STALL};
    matrix_fail_allocations(m, nomem_fail_from);
    matrix_fail_allocations(m, nomem_fail_once);
    matrix_be_short_for_a_moment(m);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        matrix_meet(m, sk_pair_fault_read, kinds[i]);
        matrix_meet(m, sk_pair_fault_write, kinds[i]);
    }
}

#endif
