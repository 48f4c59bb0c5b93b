/* bodies.h - bodies of all kinds, of bytes that can be told apart by where they stand. */
#ifndef SK_TEST_BODIES_H
#define SK_TEST_BODIES_H

#include <skua/conn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline char bodies_at(size_t i) {
    return (char)('a' + (i * 7 + i / 251) % 26);
}

static inline void bodies_write(char *to, size_t len) {
    for (size_t i = 0; i < len; i++)
        to[i] = bodies_at(i);
}

static inline bool bodies_are(const char *got, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (got[i] != bodies_at(i))
            return false;
    }
    return true;
}

/* Of len bytes, behind a line that does not belong to it; it stands at its beginning. */
static inline FILE *bodies_file(size_t len) {
    FILE *f = tmpfile();
    fputs("not this\n", f);
    for (size_t i = 0; i < len; i++)
        putc(bodies_at(i), f);
    fflush(f);
    fseek(f, 9, SEEK_SET);
    lseek(fileno(f), 9, SEEK_SET);
    return f;
}

/* A callback's state: it gives len bytes, `step` at most at once. */
typedef struct bodies_spring {
    size_t len, at, step;
    size_t fail_at; /* 0: never */
    int rewinds;
} bodies_spring;

static inline ptrdiff_t bodies_read(void *buf, size_t cap, void *user) {
    bodies_spring *s = user;
    size_t n = s->len - s->at < s->step ? s->len - s->at : s->step;
    if (s->fail_at && s->at >= s->fail_at)
        return -1;
    n = n < cap ? n : cap;
    for (size_t i = 0; i < n; i++)
        ((char *)buf)[i] = bodies_at(s->at + i);
    s->at += n;
    return (ptrdiff_t)n;
}

static inline int bodies_rewind(void *user) {
    bodies_spring *s = user;
    s->at = 0;
    s->rewinds++;
    return 0;
}

#endif
