/* coding/memory.h - our memory, in the forms in which the libraries ask for it. `opaque` is theirs
 * to hand over, and not used. */
#ifndef SK_CODING_MEMORY_H
#define SK_CODING_MEMORY_H

#include <stddef.h>

/* NULL: no memory. */
void *sk_coding_take(void *opaque, size_t n);
void *sk_coding_take_items(void *opaque, unsigned items, unsigned size);
void sk_coding_give_back(void *opaque, void *block);

#endif
