/* server/worker_tell.c - what a worker says in the error log, and to the program.
 *
 * A peer can bring about most of it, as often as it likes. So in one second no more than so many
 * lines of a level are said, and after it how many there would have been; but for those of
 * SKUA_LOG_DEBUG, which are asked for to see each. */
#include "server/worker.h"

#include "base/line.h"

#include <inttypes.h>

#define LINES_MAX 50   /* of a level and a worker */
#define SPAN_MS   1000 /* in so long */

bool sk_worker_tells(const sk_worker *w, skua_log_level level) {
    return level <= w->settings->log_level &&
           (w->settings->log || sk_log_wants(w->port, SK_LOG_ERROR));
}

bool sk_worker_reports(const sk_worker *w) {
    return w->settings->access || sk_log_wants(w->port, SK_LOG_ACCESS);
}

static void say(sk_worker *w, skua_log_level level, sk_line *line) {
    if (sk_log_wants(w->port, SK_LOG_ERROR))
        sk_log_put_error(w->port, level, line->text);
    sk_line_hide_controls(line);
    if (w->settings->log)
        w->settings->log(w->settings->user, line->text);
}

/* False: enough has been said for now. */
static bool may_say(sk_worker *w, skua_log_level level) {
    sk_told *told = &w->told[level];
    int64_t now = sk_loop_now(w->loop);
    if (told->lines == 0 || now - told->since >= SPAN_MS) {
        uint64_t left_out = told->left_out;
        *told = (sk_told){.since = now};
        if (left_out > 0) {
            sk_line line = {.len = 0};
            sk_line_add(&line, "lines left out: %" PRIu64, left_out);
            say(w, level, &line);
        }
    }
    if (level == SKUA_LOG_DEBUG || told->lines++ < LINES_MAX)
        return true;
    told->left_out++;
    return false;
}

void sk_worker_tell(sk_worker *w, skua_log_level level, const char *fmt, ...) {
    if (!sk_worker_tells(w, level) || !may_say(w, level))
        return;
    sk_line line = {.len = 0};
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&line, fmt, ap);
    va_end(ap);
    say(w, level, &line);
}
