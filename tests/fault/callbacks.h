/* callbacks.h - what a test's server calls of the program's, and what it compresses with. */
#ifndef SK_TEST_CALLBACKS_H
#define SK_TEST_CALLBACKS_H

#include "../unit/server/over_pair.h"
#include "server/compression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static sk_callbacks *callbacks;

static inline void make_callbacks(over_pair *p) {
    callbacks = sk_callbacks_new();
    assert_non_null(callbacks);
    p->settings.callbacks = callbacks;
}

/* The same for a server that compresses. */
static inline void make_compression(over_pair *p) {
    make_callbacks(p);
    callbacks->compression =
        sk_compression_new(SKUA_OPTS(skua_server_opts, .compress = 1), &callbacks->arena);
    assert_non_null(callbacks->compression);
}

static inline void drop_callbacks(void) {
    sk_callbacks_unref(callbacks);
    callbacks = NULL;
}

#endif
