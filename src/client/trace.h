/* client/trace.h - telling what goes on, line by line, with secrets masked. */
#ifndef SK_CLIENT_TRACE_H
#define SK_CLIENT_TRACE_H

#include "client/settings.h"
#include "wire/event.h"

/* May the value of this field be shown? */
typedef bool sk_trace_secret_fn(const void *user, skua_str name);

void sk_trace_line(const sk_settings *s, skua_trace_kind kind, const char *fmt, ...)
    SKUA_PRINTF(3, 4);
/* A head as it was written. `secret` tells of names that are masked besides the known ones. */
void sk_trace_sent(const sk_settings *s, skua_str head, sk_trace_secret_fn *secret,
                   const void *user);
void sk_trace_received(const sk_settings *s, const sk_head *head);

#endif
