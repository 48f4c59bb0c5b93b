/* net/dial_state.h - what a dial knows. For net/dial*.c alone. */
#ifndef SK_NET_DIAL_STATE_H
#define SK_NET_DIAL_STATE_H

#include "net/dial.h"

typedef enum sk_dial_result {
    SK_DIAL_WAITING, /* its turn has not come */
    SK_DIAL_BUSY,    /* to be tried again in a moment */
    SK_DIAL_UNDER_WAY,
    SK_DIAL_CONNECTED,
    SK_DIAL_FAILED,    /* os_errno says why */
    SK_DIAL_FORBIDDEN, /* not made: its address is not public */
    SK_DIAL_OVERTAKEN  /* ended to make room for a later one */
} sk_dial_result;

typedef struct sk_dial_attempt {
    sk_addr to;
    sk_dial_result result;
    int fd; /* while it is under way, else -1 */
    int os_errno;
    int64_t began, ended;
} sk_dial_attempt;

struct sk_dial {
    sk_resolve *resolve;       /* NULL once the addresses are there */
    sk_dial_attempt *attempts; /* one an address, in the order in which they are tried */
    int count;
    int next; /* the first that has not begun */
    int racing;
    bool is_unix;
    bool public_only;
    bool has_from;
    sk_addr from;
    sk_family family;
    int64_t connect_ms, stagger_ms, deadline;
    int64_t started;
    int64_t phase_started; /* resolving, or racing */
    int64_t phase_end;
    int64_t next_at; /* when the next attempt begins */
    int64_t resolved_ms, connected_ms;
    int port;
    char host[];
};

/* Fill err, with all attempts so far, and return its code. */
int sk_dial_report_resolve(const sk_dial *d, int eai, skua_error *err);
int sk_dial_report_timeout(const sk_dial *d, int64_t now, skua_error *err);
int sk_dial_report_failed(const sk_dial *d, int64_t now, skua_error *err);

#endif
