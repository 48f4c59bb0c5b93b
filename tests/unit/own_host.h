/* own_host.h - an address of the loopback that no other process uses: a port that was given back
 * there stays free, and nobody else answers at it. */
#ifndef SK_TEST_OWN_HOST_H
#define SK_TEST_OWN_HOST_H

#include <stdio.h>
#include <unistd.h>

static inline const char *own_host(void) {
    static char text[16];
    unsigned pid = (unsigned)getpid();
    snprintf(text, sizeof text, "127.%u.%u.%u", 1 + (pid >> 16) % 250, (pid >> 8) % 256, pid % 256);
    return text;
}

#endif
