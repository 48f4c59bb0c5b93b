/* server/logs.c - the logs of a server: made, begun and ended, and taking lines. Who writes these
 * is log_writer.c. */
#include "base/fail.h"
#include "base/mem.h"
#include "server/log_line.h"
#include "server/logs_state.h"
#include "sys/clock.h"

#define ACCESS_RING (256u << 10)
#define ERROR_RING  (32u << 10)

const char *const sk_log_names[] = {[SK_LOG_ACCESS] = "access log", [SK_LOG_ERROR] = "error log"};
const int sk_log_standards[] = {[SK_LOG_ACCESS] = SK_LOG_STDOUT, [SK_LOG_ERROR] = SK_LOG_STDERR};
static const size_t sizes[] = {[SK_LOG_ACCESS] = ACCESS_RING, [SK_LOG_ERROR] = ERROR_RING};

/* ---- putting ---- */

bool sk_log_wants(const sk_log_port *p, sk_log_kind kind) {
    return p && p->logs->outputs[kind].path;
}

void sk_log_put(sk_log_port *p, sk_log_kind kind, skua_str line) {
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
    sk_log_put(p, SK_LOG_ACCESS, (skua_str){out, len});
}

void sk_log_put_error(sk_log_port *p, skua_log_level level, const char *text) {
    char out[SK_LOG_LINE_MAX];
    size_t len = sk_log_error(level, text, sk_clock_unix_ms(), out);
    sk_log_put(p, SK_LOG_ERROR, (skua_str){out, len});
}

/* ---- making and freeing ---- */

static int open_output(sk_logs *l, sk_log_kind kind, const char *path, skua_error *err) {
    sk_log_output *s = &l->outputs[kind];
    if (!path)
        return 0;
    s->path = sk_strdup(path);
    if (!s->path)
        return sk_fail_nomem(err);
    int rc = sk_log_file_open(&s->file, path, sk_log_standards[kind]);
    if (rc == 0)
        return 0;
    return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "cannot open the %s %s",
                      sk_log_names[kind], path);
}

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
    l->opts.access_path = l->opts.error_path = NULL; /* the outputs have copies */
    int rc = sk_wake_init(&l->wake);
    if (rc != 0)
        return sk_fail_os(err, SKUA_E_OS, SKUA_PHASE_NONE, -rc, "cannot make a log");
    rc = open_output(l, SK_LOG_ACCESS, opts->access_path, err);
    return rc == 0 ? open_output(l, SK_LOG_ERROR, opts->error_path, err) : rc;
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
    l->outputs[SK_LOG_ACCESS].file.fd = l->outputs[SK_LOG_ERROR].file.fd = -1;
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
        sk_log_file_close(&l->outputs[i].file);
        sk_free(l->outputs[i].path);
    }
    sk_wake_close(&l->wake);
    sk_mutex_free(&l->lock);
    sk_free(l);
}

/* ---- at work ---- */

static sk_log_port *program_port(sk_logs *l) {
    return &l->ports[l->port_count - 2];
}

uint64_t sk_log_count_dropped(const sk_logs *l, sk_log_kind kind) {
    uint64_t sum = l->dropped[kind];
    for (unsigned i = 0; i < l->port_count; i++)
        sum += atomic_load_explicit(&l->ports[i].rings[kind].dropped, memory_order_relaxed);
    return sum;
}

static int start(sk_logs *l, unsigned ports, skua_error *err) {
    if (!make_ports(l, ports + 2)) {
        free_ports(l);
        return sk_fail_nomem(err);
    }
    int rc = sk_thread_start(&l->thread, sk_log_writer_run, l);
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

/* The lines that nobody has written. */
static uint64_t count_left(const sk_logs *l, sk_log_kind kind) {
    uint64_t lines = 0;
    for (unsigned i = 0; i < l->port_count; i++) {
        skua_str pieces[2];
        sk_log_ring_peek(&l->ports[i].rings[kind], pieces);
        for (int k = 0; k < 2; k++) {
            for (size_t at = 0; at < pieces[k].len; at++)
                lines += pieces[k].ptr[at] == '\n';
        }
    }
    return lines;
}

/* Its thread has ended, and the lock is held. */
static void clear_up(sk_logs *l) {
    l->started = false;
    if (!l->outputs[SK_LOG_ERROR].broken)
        sk_log_writer_write_ring(&l->outputs[SK_LOG_ERROR], &program_port(l)->rings[SK_LOG_ERROR]);
    for (int i = 0; i < SK_LOG_KINDS; i++)
        l->dropped[i] = sk_log_count_dropped(l, (sk_log_kind)i) + count_left(l, (sk_log_kind)i);
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
    if (sk_log_file_write(&l->outputs[SK_LOG_ERROR].file, pieces) != (ptrdiff_t)line.len)
        l->dropped[SK_LOG_ERROR]++;
}

void sk_logs_say(sk_logs *l, skua_log_level level, const char *text) {
    char out[SK_LOG_LINE_MAX];
    if (!l || !l->outputs[SK_LOG_ERROR].path)
        return;
    skua_str line = {out, sk_log_error(level, text, sk_clock_unix_ms(), out)};
    sk_mutex_lock(&l->lock);
    if (l->started)
        sk_log_put(program_port(l), SK_LOG_ERROR, line);
    else
        write_at_once(l, line);
    sk_mutex_unlock(&l->lock);
}

uint64_t sk_logs_dropped(sk_logs *l, sk_log_kind kind) {
    if (!l)
        return 0;
    sk_mutex_lock(&l->lock);
    uint64_t count = l->ports ? sk_log_count_dropped(l, kind) : l->dropped[kind];
    sk_mutex_unlock(&l->lock);
    return count;
}
