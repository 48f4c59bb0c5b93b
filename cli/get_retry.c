/* get_retry.c - --retry: which failures pass, and how long to wait for it. curl's rules: after 1,
 * 2, 4... seconds, up to ten minutes, or after what Retry-After says where that is longer. */
#include "get.h"

#include "exit_status.h"
#include "report.h"
#include "stopwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t WAIT_FIRST_MS = 1000, WAIT_MOST_MS = 600000;

/* ---- what passes ---- */

static int is_one_of(int value, const int *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (values[i] == value)
            return 1;
    }
    return 0;
}

/* Is it for the server to do better next time? */
static int status_passes(const get_transfer *t) {
    static const int passing[] = {408, 429, 500, 502, 503, 504};
    return t->response && (t->status == 0 || t->status == CLI_EXIT_STATUS) &&
           is_one_of(skua_response_status(t->response), passing, sizeof passing / sizeof *passing);
}

static int passes(const get_transfer *t) {
    static const int passing[] = {CLI_EXIT_TIMEOUT, CLI_EXIT_RESOLVE, CLI_EXIT_RESOLVE_PROXY};
    const get_options *o = t->options;
    if (status_passes(t) || is_one_of(t->status, passing, sizeof passing / sizeof *passing))
        return 1;
    if (o->retry_refused && t->err.code == SKUA_E_CONNECTION_REFUSED && t->status)
        return 1;
    return o->retry_all && t->status != 0;
}

/* ---- how long ---- */

/* Seconds, or a date (RFC 9110 10.2.3). */
static int64_t retry_after_ms(const get_transfer *t) {
    const char *text = status_passes(t) ? skua_response_header(t->response, "Retry-After") : NULL;
    if (!text)
        return 0;
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && digits < 10 && !text[digits])
        return strtoll(text, NULL, 10) * 1000;
    int64_t date = get_date_parse(text), now = (int64_t)time(NULL);
    return date > now ? (date - now) * 1000 : 0;
}

static int64_t wait_ms(const get_transfer *t, int tried) {
    int64_t ms = t->options->retry_delay_ms;
    if (ms == 0) {
        ms = WAIT_FIRST_MS;
        for (int i = 1; i < tried && ms < WAIT_MOST_MS; i++)
            ms *= 2;
        ms = ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS;
    }
    int64_t said = retry_after_ms(t);
    return said > ms ? said : ms;
}

/* ---- both ---- */

static void tell(const get_transfer *t, int64_t ms, int left) {
    char why[sizeof t->err.msg];
    if (t->options->silent)
        return;
    if (t->status)
        snprintf(why, sizeof why, "%s", t->err.msg);
    else
        snprintf(why, sizeof why, "%.300s: the server answers %d %s", skua_url_text(t->url),
                 skua_response_status(t->response), skua_response_reason(t->response));
    cli_say("%s. Trying again in %.3g s; %d more %s", why, (double)ms / 1000, left,
            left == 1 ? "try" : "tries");
}

int get_retry_wait(get_transfer *t, int tried, double began) {
    const get_options *o = t->options;
    if (tried > o->retry || !passes(t))
        return 0;
    int64_t ms = wait_ms(t, tried);
    double waited = cli_now_ms() - began + (double)ms;
    if (o->retry_max_ms > 0 && waited > (double)o->retry_max_ms)
        return 0;
    tell(t, ms, o->retry - tried + 1);
    cli_sleep_ms(ms);
    return 1;
}
