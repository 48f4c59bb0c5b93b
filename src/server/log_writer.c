/* server/log_writer.c - the thread that writes a server's logs.
 *
 *              put                       half a ring is full, or a moment has passed
 *     SLEEPS --------> GATHERS ------------------------------------------------------> WRITES
 *       ^                ^  |  all is written                                            |
 *       |                |  |  some was not taken: after a while, or when there is room  |
 *       +----------------+--+------------------------------------------------------------+
 *
 * It blocks all signals, SIGPIPE among them (see sk_thread_start), so a closed pipe is an error
 * like another. */
#include "base/fail.h"
#include "base/line.h"
#include "server/log_line.h"
#include "server/logs_state.h"
#include "sys/clock.h"
#include "sys/poller.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define GATHER_MS 50   /* how old a line may be when it is written */
#define RETRY_MS  1000 /* after which a file that failed is tried again */
#define END_MS    1000 /* in which what is left is to be written */

/* ---- what the thread has to say itself ---- */

static sk_log_port *own_port(sk_logs *l) {
    return &l->ports[l->port_count - 1];
}

static void say(sk_logs *l, skua_log_level level, sk_line *text) {
    if (level > l->opts.level)
        return;
    if (l->outputs[SK_LOG_ERROR].path)
        sk_log_put_error(own_port(l), level, text->text);
    sk_line_hide_controls(text);
    if (l->opts.log)
        l->opts.log(l->opts.user, text->text);
}

static void say_failed(sk_logs *l, const sk_log_output *s, const char *what, int os_errno) {
    sk_line text = {.len = 0};
    char room[SK_ERRNO_TEXT];
    sk_line_add(&text, "%s %s: %s: %s", sk_log_names[s - l->outputs], s->path, what,
                sk_errno_text(os_errno, room));
    say(l, SKUA_LOG_ERROR, &text);
}

/* In the log itself, behind what was put before; and of the access log in the other as well. */
static void say_dropped(sk_logs *l, sk_log_kind kind) {
    sk_log_output *s = &l->outputs[kind];
    uint64_t count = sk_log_count_dropped(l, kind) - s->reported;
    if (count == 0 || s->failed != 0 || sk_log_ring_len(&own_port(l)->rings[kind]) > 0)
        return;
    sk_line text = {.len = 0};
    sk_line_add(&text, "%s %s: lines dropped: %" PRIu64, sk_log_names[kind], s->path, count);
    say(l, SKUA_LOG_WARN, &text);
    if (kind == SK_LOG_ACCESS) {
        char out[SK_LOG_LINE_MAX];
        size_t len = sk_log_access_dropped(count, l->opts.format, sk_clock_unix_ms(), out);
        sk_log_put(own_port(l), kind, (skua_str){out, len});
    }
    s->reported += count;
}

/* ---- writing ---- */

static char last_of(const skua_str pieces[2], size_t len) {
    return len > pieces[0].len ? pieces[1].ptr[len - pieces[0].len - 1] : pieces[0].ptr[len - 1];
}

int sk_log_writer_write_ring(sk_log_output *s, sk_log_ring *ring) {
    skua_str pieces[2];
    size_t left = sk_log_ring_peek(ring, pieces);
    while (left > 0) {
        ptrdiff_t n = sk_log_file_write(&s->file, pieces);
        if (n <= 0)
            return n < 0 ? (int)n : -ENOSPC;
        s->broken = last_of(pieces, (size_t)n) != '\n';
        sk_log_ring_take(ring, (size_t)n);
        left = (size_t)n < left ? left - (size_t)n : 0;
        sk_log_ring_peek(ring, pieces);
    }
    return 0;
}

/* Write what all rings hold. 0 or -errno. */
static int write_output(sk_logs *l, sk_log_kind kind) {
    sk_log_output *s = &l->outputs[kind];
    for (unsigned i = 0; i < l->port_count; i++) {
        int rc = sk_log_writer_write_ring(s, &l->ports[s->at].rings[kind]);
        if (rc != 0)
            return rc;
        s->at = (s->at + 1) % l->port_count;
    }
    return 0;
}

static bool is_empty(const sk_logs *l, sk_log_kind kind) {
    for (unsigned i = 0; i < l->port_count; i++) {
        if (sk_log_ring_len(&l->ports[i].rings[kind]) > 0)
            return false;
    }
    return true;
}

/* True: there is something to be written, and it cannot be now. */
static bool serve_output(sk_logs *l, sk_log_kind kind, int64_t now) {
    sk_log_output *s = &l->outputs[kind];
    if (!s->path || (s->failed != 0 && now < s->retry_at))
        return s->path != NULL;
    int rc = write_output(l, kind);
    if (rc != 0 && rc != -EAGAIN) {
        if (s->failed != rc)
            say_failed(l, s, "cannot write", -rc);
        s->failed = rc;
        s->retry_at = now + RETRY_MS;
        return true;
    }
    s->failed = 0;
    say_dropped(l, kind);
    return rc != 0;
}

/* ---- opening again ---- */

/* A line whose beginning stands in the old file has no place in the new one. */
static void drop_broken(sk_logs *l, sk_log_output *s) {
    sk_log_ring *ring = &l->ports[s->at].rings[s - l->outputs];
    skua_str pieces[2];
    if (!s->broken)
        return;
    sk_log_ring_peek(ring, pieces);
    for (int i = 0; s->broken && i < 2; i++) {
        const char *end = pieces[i].len > 0 ? memchr(pieces[i].ptr, '\n', pieces[i].len) : NULL;
        s->broken = !end;
        sk_log_ring_take(ring, end ? (size_t)(end - pieces[i].ptr) + 1 : pieces[i].len);
    }
    s->broken = false;
    atomic_fetch_add(&ring->dropped, 1);
}

static void reopen(sk_logs *l) {
    for (int i = 0; i < SK_LOG_KINDS; i++) {
        sk_log_output *s = &l->outputs[i];
        sk_log_file file;
        if (!s->path || !s->file.owned)
            continue;
        int rc = sk_log_file_open(&file, s->path, sk_log_standards[i]);
        if (rc != 0) {
            say_failed(l, s, "cannot open again", -rc);
            continue;
        }
        drop_broken(l, s);
        sk_log_file_close(&s->file);
        s->file = file;
        s->failed = 0;
    }
}

/* ---- the thread ---- */

static void wait_for(int fd, unsigned events, int64_t ms) {
    if (fd >= 0)
        sk_poll_one(fd, events, (int)ms, NULL);
}

/* Until something is put, and then for a moment more: it is cheaper to write much at once. */
static void gather(sk_logs *l) {
    atomic_store(&l->sleeps, true);
    if (is_empty(l, SK_LOG_ACCESS) && is_empty(l, SK_LOG_ERROR) && !atomic_load(&l->ends) &&
        !atomic_load(&l->reopen))
        wait_for(l->wake.read_fd, SKUA_WANT_READ, -1);
    atomic_store(&l->sleeps, false);
    sk_wake_clear(&l->wake);
    if (!atomic_load(&l->ends) && !atomic_load(&l->reopen))
        wait_for(l->wake.read_fd, SKUA_WANT_READ, GATHER_MS);
    sk_wake_clear(&l->wake);
}

/* A file is waited for until it takes more, or may have been mended. */
static void wait_blocked(sk_logs *l) {
    for (int i = 0; i < SK_LOG_KINDS; i++) {
        const sk_log_output *s = &l->outputs[i];
        if (s->path && s->failed == 0 && !is_empty(l, (sk_log_kind)i)) {
            wait_for(s->file.fd, SKUA_WANT_WRITE, GATHER_MS);
            return;
        }
    }
    if (!atomic_load(&l->ends))
        wait_for(l->wake.read_fd, SKUA_WANT_READ, GATHER_MS);
    sk_wake_clear(&l->wake);
}

static bool serve(sk_logs *l) {
    int64_t now = sk_clock_ms();
    bool blocked = false;
    if (atomic_exchange(&l->reopen, false))
        reopen(l);
    for (int i = 0; i < SK_LOG_KINDS; i++)
        blocked |= serve_output(l, (sk_log_kind)i, now);
    return blocked;
}

/* What could not be written so far is tried once more. */
static int64_t begin_end(sk_logs *l) {
    int64_t now = sk_clock_ms();
    for (int i = 0; i < SK_LOG_KINDS; i++)
        l->outputs[i].retry_at = now;
    return now + END_MS;
}

/* Is all written that can be? What a file has refused is not waited for. */
static bool is_done(const sk_logs *l) {
    for (int i = 0; i < SK_LOG_KINDS; i++) {
        if (l->outputs[i].failed == 0 && !is_empty(l, (sk_log_kind)i))
            return false;
    }
    return true;
}

void *sk_log_writer_run(void *logs) {
    sk_logs *l = logs;
    int64_t end = SK_NEVER;
    for (;;) {
        bool blocked = serve(l);
        if (end == SK_NEVER && atomic_load(&l->ends))
            end = begin_end(l);
        else if (end != SK_NEVER && (is_done(l) || sk_clock_ms() >= end))
            return NULL;
        if (blocked)
            wait_blocked(l);
        else if (end == SK_NEVER)
            gather(l);
    }
}
