/* sys/entropy.h - bytes that nobody can guess. */
#ifndef SK_SYS_ENTROPY_H
#define SK_SYS_ENTROPY_H

#include <stddef.h>

/* Fill buf from the system's generator. 0 or -errno. Waits only while a machine starts that has not
 * gathered enough chance yet. */
int sk_entropy_fill(void *buf, size_t len);

#endif
