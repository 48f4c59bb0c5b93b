/* client/trace.h - telling what goes on, line by line, with secrets masked: to the callback of the
 * options, or without one to standard error. */
#ifndef SK_CLIENT_TRACE_H
#define SK_CLIENT_TRACE_H

#include "client/settings.h"
#include "wire/event.h"

/* Which kinds of line there are at which debuglevel. */
#define SK_TRACE_LEVEL_HEADS 1
#define SK_TRACE_LEVEL_ALL   2 /* and TLS and timing */

/* Must the value of this field not be shown? */
typedef bool sk_trace_secret_fn(const void *user, skua_str name);

/* Would lines of this kind be told? */
static inline bool sk_trace_is_on(const sk_settings *s, skua_trace_kind kind) {
    bool detail = kind == SKUA_TRACE_TLS || kind == SKUA_TRACE_TIMING;
    return s->o.debuglevel >= (detail ? SK_TRACE_LEVEL_ALL : SK_TRACE_LEVEL_HEADS);
}
void sk_trace_line(const sk_settings *s, skua_trace_kind kind, const char *fmt, ...)
    SKUA_PRINTF(3, 4);
/* A phase has ended, ms after the call began. */
void sk_trace_phase(const sk_settings *s, const char *phase, double ms);
/* A head as it was written. `secret` tells of names that are masked besides the known ones. */
void sk_trace_sent(const sk_settings *s, skua_str head, sk_trace_secret_fn *secret,
                   const void *user);
void sk_trace_received(const sk_settings *s, const sk_head *head, sk_trace_secret_fn *secret,
                       const void *user);
/* The fields behind a body that is sent (NULL: none), and behind one that was received. */
void sk_trace_sent_trailers(const sk_settings *s, const skua_field *fields);
void sk_trace_trailers(const sk_settings *s, const sk_fields *fields, sk_trace_secret_fn *secret,
                       const void *user);

#endif
