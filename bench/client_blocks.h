/* client_blocks.h - what the clients that bench/run compares have in common.
 *
 *     client_NAME URL [CA-FILE]
 *
 * Each line on standard input is a number of requests. They are made one after the other, on one
 * connection that is kept; the answer is a line with the CPU time that they took this process, user
 * and system together, in microseconds, and the bytes of body that came. */
#ifndef CLIENT_BLOCKS_H
#define CLIENT_BLOCKS_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* What a caller who wants much would read with. */
#define CLIENT_BUFFER 65536

static inline long long client_cpu_us(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
}

/* get makes one request and returns the bytes of its body, or -1 when it failed (and said so). */
static inline int client_run(long long (*get)(void *client), void *client) {
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        long long bytes = 0, before = client_cpu_us();
        for (long left = strtol(line, NULL, 10); left > 0; left--) {
            long long n = get(client);
            if (n < 0)
                return 1;
            bytes += n;
        }
        printf("%lld %lld\n", client_cpu_us() - before, bytes);
        fflush(stdout);
    }
    return 0;
}

#endif
