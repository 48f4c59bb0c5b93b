/* server/server_log.c - what the program has to say in the error log, and what the server has
 * counted. */
#include "server/log_line.h"
#include "server/server_state.h"

#include <stdarg.h>
#include <string.h>

#define TARGET_SAID 200 /* bytes of a target in the error log */
#define METHOD_SAID 32

/* ---- lines ---- */

void sk_request_put_whose(sk_line *line, skua_request *q) {
    const char *client = skua_request_client(q);
    sk_line_add(line, "%s %s: ", *client ? client : "-", skua_request_id(q));
    if (q->head.method.len == 0)
        return;
    char target[TARGET_SAID];
    size_t len = sk_log_mask_url(skua_request_target(q), target, sizeof target);
    sk_line_add(line, "%.*s %.*s: ", METHOD_SAID, skua_request_method(q), (int)len, target);
}

void skua_server_log(skua_server *s, skua_log_level level, const char *fmt, ...) {
    sk_line line = {.len = 0};
    if (!s || !fmt)
        return;
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&line, fmt, ap);
    va_end(ap);
    sk_log_sink_tell(&s->settings.callbacks->sink, level, &line);
}

void skua_request_log(skua_request *q, skua_log_level level, const char *fmt, ...) {
    sk_line line = {.len = 0};
    sk_callbacks *c = q ? sk_exchange_of_request(q)->callbacks : NULL;
    if (!c || !fmt)
        return;
    sk_request_put_whose(&line, q);
    va_list ap;
    va_start(ap, fmt);
    sk_line_vadd(&line, fmt, ap);
    va_end(ap);
    sk_log_sink_tell(&c->sink, level, &line);
}

/* ---- counts ---- */

void sk_server_add_counts(const skua_server *s, skua_server_stats *to) {
    for (uint32_t i = 0; s->crews && i < s->crew_count; i++) {
        if (!s->crews[i].entered)
            continue;
        const sk_worker_counts *c = &s->crews[i].worker->counts;
        to->connections += sk_counted(&c->connections);
        to->connections_open += sk_counted(&c->open);
        to->turned_away += sk_counted(&c->turned_away);
        to->requests += sk_counted(&c->requests);
    }
}

void skua_server_statistics(const skua_server *s, skua_server_stats *out) {
    if (!out || out->size < sizeof out->size)
        return;
    skua_server_stats all = {0};
    if (s) {
        sk_mutex_lock(&s->ending->lock);
        all = s->past;
        sk_server_add_counts(s, &all);
        sk_mutex_unlock(&s->ending->lock);
        all.access_lines_dropped = sk_logs_dropped(s->logs, SK_LOG_ACCESS);
        all.error_lines_dropped = sk_logs_dropped(s->logs, SK_LOG_ERROR);
    }
    all.size = out->size;
    memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
}
