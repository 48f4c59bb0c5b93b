/* sys/random.h - bytes that nobody can guess. */
#ifndef SK_SYS_RANDOM_H
#define SK_SYS_RANDOM_H

#include <stddef.h>

/* Fill buf from the system's generator. 0 or -errno. Waits only while a machine starts that has not
 * gathered enough chance yet. */
int sk_random_bytes(void *buf, size_t len);

#endif
