/* coding/memory.c - our memory, in the forms in which the libraries ask for it. */
#include "coding/memory.h"

#include "base/mem.h"

void *sk_coding_take(void *opaque, size_t n) {
    (void)opaque;
    return sk_alloc(n);
}

void *sk_coding_take_items(void *opaque, unsigned items, unsigned size) {
    (void)opaque;
    return sk_alloc((size_t)items * size); /* no product of what is asked for is beyond 1 MiB */
}

void sk_coding_give_back(void *opaque, void *block) {
    (void)opaque;
    sk_free(block);
}
