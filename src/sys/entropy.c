/* sys/entropy.c - bytes that nobody can guess, from getrandom. */
#include "sys/entropy.h"

#include <errno.h>
#include <sys/random.h>

int sk_entropy_fill(void *buf, size_t len) {
    char *to = buf;
    while (len > 0) {
        ssize_t n = getrandom(to, len, 0);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            to += n;
            len -= (size_t)n;
        }
    }
    return 0;
}
