/* server/log_sink.c - lines of the program's own for the error log. */
#include "server/log_sink.h"

int sk_log_sink_init(sk_log_sink *s) {
    *s = (sk_log_sink){.level = SKUA_LOG_INFO};
    int rc = sk_mutex_init(&s->lock);
    if (rc != 0)
        return rc;
    rc = sk_cond_init(&s->quiet);
    if (rc != 0)
        sk_mutex_free(&s->lock);
    return rc;
}

void sk_log_sink_free(sk_log_sink *s) {
    sk_cond_free(&s->quiet);
    sk_mutex_free(&s->lock);
}

/* False: it is closed. Else an end is due. */
static bool begin(sk_log_sink *s) {
    sk_mutex_lock(&s->lock);
    bool open = !s->closed;
    s->telling += open ? 1 : 0;
    sk_mutex_unlock(&s->lock);
    return open;
}

static void end(sk_log_sink *s) {
    sk_mutex_lock(&s->lock);
    if (--s->telling == 0)
        sk_cond_tell_all(&s->quiet);
    sk_mutex_unlock(&s->lock);
}

void sk_log_sink_tell(sk_log_sink *s, skua_log_level level, sk_line *line) {
    if (level < SKUA_LOG_ERROR || level > SKUA_LOG_DEBUG)
        level = SKUA_LOG_INFO;
    if (level > s->level || !begin(s))
        return;
    sk_logs_say(s->logs, level, line->text);
    sk_line_hide_controls(line);
    if (s->log)
        s->log(s->user, line->text);
    end(s);
}

void sk_log_sink_close(sk_log_sink *s) {
    sk_mutex_lock(&s->lock);
    s->closed = true;
    while (s->telling > 0)
        sk_cond_wait(&s->quiet, &s->lock);
    sk_mutex_unlock(&s->lock);
}
