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
#include "server/log_writer.h"

#include "base/fail.h"
#include "base/line.h"
#include "base/mem.h"
#include "server/log_line.h"
#include "sys/clock.h"
#include "sys/log_file.h"
#include "sys/poller.h"
#include "sys/thread.h"
#include "sys/wake.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ACCESS_RING (256u << 10)
#define ERROR_RING  (32u << 10)
#define GATHER_MS   50   /* how old a line may be when it is written */
#define RETRY_MS    1000 /* after which a file that failed is tried again */
#define END_MS      1000 /* in which what is left is to be written */

/* One log. */
typedef struct sink {
    char *path; /* NULL: there is none */
    sk_log_file file;
    unsigned at;       /* the port whose ring is written next, or of which a line was begun */
    bool broken;       /* of which only the beginning was taken */
    int failed;        /* -errno of the last write that failed; 0: none since */
    int64_t retry_at;  /* when it is tried again */
    uint64_t reported; /* of the lines that were dropped */
} sink;

struct sk_logs {
    sink sinks[SK_LOG_KINDS];
    sk_logs_opts opts;
    sk_log_port *ports; /* one for each worker, the program's, and the thread's own */
    unsigned port_count;
    sk_wake wake;
    atomic_bool sleeps; /* until somebody has put something */
    atomic_bool reopen;
    atomic_bool ends;
    sk_thread thread;
    sk_mutex lock; /* guards what follows, and the putting into the program's port */
    bool started;
    uint64_t dropped[SK_LOG_KINDS]; /* and in no ring any more */
};

static const char *const names[] = {[SK_LOG_ACCESS] = "access log", [SK_LOG_ERROR] = "error log"};
static const int standards[] = {[SK_LOG_ACCESS] = SK_LOG_STDOUT, [SK_LOG_ERROR] = SK_LOG_STDERR};
static const size_t sizes[] = {[SK_LOG_ACCESS] = ACCESS_RING, [SK_LOG_ERROR] = ERROR_RING};

/* ---- putting ---- */

bool sk_log_wants(const sk_log_port *p, sk_log_kind kind) {
    return p && p->logs->sinks[kind].path;
}

static void put(sk_log_port *p, sk_log_kind kind, skua_str line) {
    sk_log_ring *ring = &p->rings[kind];
    sk_logs *l = p->logs;
    size_t before = sk_log_ring_len(ring);
    if (!sk_log_ring_put(ring, line))
        return;
    bool half = before < ring->size / 2 && before + line.len >= ring->size / 2;
    /* It looks for lines after it has said that it sleeps, and this is after the line was put. */
    if ((atomic_load(&l->sleeps) && atomic_exchange(&l->sleeps, false)) || half)
        sk_wake_set(&l->wake);
}

void sk_log_put_access(sk_log_port *p, const skua_access *a) {
    char out[SK_LOG_LINE_MAX];
    size_t len = sk_log_access(a, p->logs->opts.format, sk_clock_unix_ms(), out);
    put(p, SK_LOG_ACCESS, (skua_str){out, len});
}

void sk_log_put_error(sk_log_port *p, skua_log_level level, const char *text) {
    char out[SK_LOG_LINE_MAX];
    size_t len = sk_log_error(level, text, sk_clock_unix_ms(), out);
    put(p, SK_LOG_ERROR, (skua_str){out, len});
}

/* ---- what the thread has to say itself ---- */

static sk_log_port *own_port(sk_logs *l) {
    return &l->ports[l->port_count - 1];
}

static sk_log_port *program_port(sk_logs *l) {
    return &l->ports[l->port_count - 2];
}

static void say(sk_logs *l, skua_log_level level, sk_line *text) {
    if (level > l->opts.level)
        return;
    if (l->sinks[SK_LOG_ERROR].path)
        sk_log_put_error(own_port(l), level, text->text);
    sk_line_hide_controls(text);
    if (l->opts.log)
        l->opts.log(l->opts.user, text->text);
}

static void say_failed(sk_logs *l, const sink *s, const char *what, int os_errno) {
    sk_line text = {.len = 0};
    char room[SK_ERRNO_TEXT];
    sk_line_add(&text, "%s %s: %s: %s", names[s - l->sinks], s->path, what,
                sk_errno_text(os_errno, room));
    say(l, SKUA_LOG_ERROR, &text);
}

static uint64_t dropped(const sk_logs *l, sk_log_kind kind) {
    uint64_t sum = l->dropped[kind];
    for (unsigned i = 0; i < l->port_count; i++)
        sum += atomic_load_explicit(&l->ports[i].rings[kind].dropped, memory_order_relaxed);
    return sum;
}

/* In the log itself, behind what was put before; and of the access log in the other as well. */
static void say_dropped(sk_logs *l, sk_log_kind kind) {
    sink *s = &l->sinks[kind];
    uint64_t count = dropped(l, kind) - s->reported;
    if (count == 0 || s->failed != 0 || sk_log_ring_len(&own_port(l)->rings[kind]) > 0)
        return;
    sk_line text = {.len = 0};
    sk_line_add(&text, "%s %s: lines dropped: %" PRIu64, names[kind], s->path, count);
    say(l, SKUA_LOG_WARN, &text);
    if (kind == SK_LOG_ACCESS) {
        char out[SK_LOG_LINE_MAX];
        size_t len = sk_log_access_dropped(count, l->opts.format, sk_clock_unix_ms(), out);
        put(own_port(l), kind, (skua_str){out, len});
    }
    s->reported += count;
}

/* ---- writing ---- */

static char last_of(const skua_str pieces[2], size_t len) {
    return len > pieces[0].len ? pieces[1].ptr[len - pieces[0].len - 1] : pieces[0].ptr[len - 1];
}

/* Write what the ring held at the beginning. 0 or -errno. */
static int write_ring(sink *s, sk_log_ring *ring) {
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
static int write_sink(sk_logs *l, sk_log_kind kind) {
    sink *s = &l->sinks[kind];
    for (unsigned i = 0; i < l->port_count; i++) {
        int rc = write_ring(s, &l->ports[s->at].rings[kind]);
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
static bool serve_sink(sk_logs *l, sk_log_kind kind, int64_t now) {
    sink *s = &l->sinks[kind];
    if (!s->path || (s->failed != 0 && now < s->retry_at))
        return s->path != NULL;
    int rc = write_sink(l, kind);
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

/* ---- opening ---- */

static int open_sink(sk_logs *l, sk_log_kind kind, const char *path, skua_error *err) {
    sink *s = &l->sinks[kind];
    if (!path)
        return 0;
    s->path = sk_strdup(path);
    if (!s->path)
        return sk_fail_nomem(err);
    int rc = sk_log_file_open(&s->file, path, standards[kind]);
    if (rc == 0)
        return 0;
    return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "cannot open the %s %s", names[kind],
                      path);
}

/* A line whose beginning stands in the old file has no place in the new one. */
static void drop_broken(sk_logs *l, sink *s) {
    sk_log_ring *ring = &l->ports[s->at].rings[s - l->sinks];
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
        sink *s = &l->sinks[i];
        sk_log_file file;
        if (!s->path || !s->file.owned)
            continue;
        int rc = sk_log_file_open(&file, s->path, standards[i]);
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
        const sink *s = &l->sinks[i];
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
        blocked |= serve_sink(l, (sk_log_kind)i, now);
    return blocked;
}

/* What could not be written so far is tried once more. */
static int64_t begin_end(sk_logs *l) {
    int64_t now = sk_clock_ms();
    for (int i = 0; i < SK_LOG_KINDS; i++)
        l->sinks[i].retry_at = now;
    return now + END_MS;
}

/* Is all written that can be? What a file has refused is not waited for. */
static bool is_done(const sk_logs *l) {
    for (int i = 0; i < SK_LOG_KINDS; i++) {
        if (l->sinks[i].failed == 0 && !is_empty(l, (sk_log_kind)i))
            return false;
    }
    return true;
}

static void *run(void *arg) {
    sk_logs *l = arg;
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

/* ---- making and freeing ---- */

static void free_ports(sk_logs *l) {
    for (unsigned i = 0; l->ports && i < l->port_count; i++) {
        for (int k = 0; k < SK_LOG_KINDS; k++)
            sk_log_ring_free(&l->ports[i].rings[k]);
    }
    sk_free(l->ports);
    l->ports = NULL;
}

static bool make_ports(sk_logs *l, unsigned count) {
    l->port_count = count;
    l->ports = sk_zalloc(count * sizeof *l->ports);
    for (unsigned i = 0; l->ports && i < count; i++) {
        l->ports[i].logs = l;
        for (int k = 0; k < SK_LOG_KINDS; k++) {
            /* What only the log's thread, or the program, puts is little. */
            bool little = k == SK_LOG_ACCESS && i + 2 >= count;
            if (!sk_log_ring_init(&l->ports[i].rings[k], little ? ERROR_RING : sizes[k]))
                return false;
        }
    }
    return l->ports != NULL;
}

static int init(sk_logs *l, const sk_logs_opts *opts, skua_error *err) {
    l->opts = *opts;
    l->opts.access_path = l->opts.error_path = NULL; /* the sinks have copies */
    int rc = sk_wake_init(&l->wake);
    if (rc != 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "cannot make a log");
    rc = open_sink(l, SK_LOG_ACCESS, opts->access_path, err);
    return rc == 0 ? open_sink(l, SK_LOG_ERROR, opts->error_path, err) : rc;
}

int sk_logs_new(const sk_logs_opts *opts, sk_logs **out, skua_error *err) {
    *out = NULL;
    if (!opts->access_path && !opts->error_path)
        return 0;
    sk_logs *l = sk_zalloc(sizeof *l);
    if (!l || sk_mutex_init(&l->lock) != 0) {
        sk_free(l);
        return sk_fail_nomem(err);
    }
    l->wake = (sk_wake){-1, -1};
    l->sinks[SK_LOG_ACCESS].file.fd = l->sinks[SK_LOG_ERROR].file.fd = -1;
    int rc = init(l, opts, err);
    if (rc == 0)
        *out = l;
    else
        sk_logs_free(l);
    return rc;
}

void sk_logs_free(sk_logs *l) {
    if (!l)
        return;
    sk_logs_stop(l);
    for (int i = 0; i < SK_LOG_KINDS; i++) {
        sk_log_file_close(&l->sinks[i].file);
        sk_free(l->sinks[i].path);
    }
    sk_wake_close(&l->wake);
    sk_mutex_free(&l->lock);
    sk_free(l);
}

/* ---- at work ---- */

static int start(sk_logs *l, unsigned ports, skua_error *err) {
    if (!make_ports(l, ports + 2)) {
        free_ports(l);
        return sk_fail_nomem(err);
    }
    int rc = sk_thread_start(&l->thread, run, l);
    l->started = rc == 0;
    if (rc == 0)
        return 0;
    free_ports(l);
    return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "cannot start the logs' thread");
}

int sk_logs_start(sk_logs *l, unsigned ports, skua_error *err) {
    if (!l)
        return 0;
    sk_mutex_lock(&l->lock);
    int rc = start(l, ports, err);
    sk_mutex_unlock(&l->lock);
    return rc;
}

/* Its thread has ended, and the lock is held. */
static void clear_up(sk_logs *l) {
    l->started = false;
    if (!l->sinks[SK_LOG_ERROR].broken)
        write_ring(&l->sinks[SK_LOG_ERROR], &program_port(l)->rings[SK_LOG_ERROR]);
    for (int i = 0; i < SK_LOG_KINDS; i++)
        l->dropped[i] = dropped(l, (sk_log_kind)i);
    free_ports(l);
}

void sk_logs_stop(sk_logs *l) {
    if (!l || !l->started)
        return;
    atomic_store(&l->ends, true);
    sk_wake_set(&l->wake);
    sk_thread_join(l->thread);
    sk_mutex_lock(&l->lock);
    clear_up(l);
    sk_mutex_unlock(&l->lock);
}

sk_log_port *sk_logs_port(sk_logs *l, unsigned index) {
    return l ? &l->ports[index] : NULL;
}

void sk_logs_reopen(sk_logs *l) {
    if (!l)
        return;
    atomic_store(&l->reopen, true);
    sk_wake_set(&l->wake);
}

/* ---- from any thread ---- */

/* There is no thread that could: see sk_log_file_write for how little it waits. */
static void write_at_once(sk_logs *l, skua_str line) {
    const skua_str pieces[2] = {line, {"", 0}};
    if (sk_log_file_write(&l->sinks[SK_LOG_ERROR].file, pieces) != (ptrdiff_t)line.len)
        l->dropped[SK_LOG_ERROR]++;
}

void sk_logs_say(sk_logs *l, skua_log_level level, const char *text) {
    char out[SK_LOG_LINE_MAX];
    if (!l || !l->sinks[SK_LOG_ERROR].path)
        return;
    skua_str line = {out, sk_log_error(level, text, sk_clock_unix_ms(), out)};
    sk_mutex_lock(&l->lock);
    if (l->started)
        put(program_port(l), SK_LOG_ERROR, line);
    else
        write_at_once(l, line);
    sk_mutex_unlock(&l->lock);
}

uint64_t sk_logs_dropped(sk_logs *l, sk_log_kind kind) {
    if (!l)
        return 0;
    sk_mutex_lock(&l->lock);
    uint64_t count = l->ports ? dropped(l, kind) : l->dropped[kind];
    sk_mutex_unlock(&l->lock);
    return count;
}
