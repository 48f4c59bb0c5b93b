/* told.h - for tests of the error log: the lines a server tells its program. Include it after
 * over_pair.h. */
#ifndef SK_TEST_TOLD_H
#define SK_TEST_TOLD_H

typedef struct told {
    char text[1 << 16]; /* lines, each with its end; terminated */
    size_t len;
    int lines;
} told;

static inline void told_line(void *user, const char *line) {
    told *t = user;
    size_t len = strlen(line);
    assert_true(t->len + len + 2 < sizeof t->text);
    memcpy(t->text + t->len, line, len);
    memcpy(t->text + t->len + len, "\n", 2);
    t->len += len + 1;
    t->lines++;
}

static inline void told_forget(told *t) {
    t->text[0] = '\0';
    t->len = 0;
    t->lines = 0;
}

static inline void told_by(over_pair *p, told *t, skua_log_level level) {
    told_forget(t);
    p->settings.log = told_line;
    p->settings.user = t;
    p->settings.log_level = level;
}

#endif
