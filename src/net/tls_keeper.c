/* net/tls_keeper.c - see the header. Files are known by what stat says of them, so that one that is
 * exchanged by a rename is noticed as well as one that is written to. What was seen before reading
 * is what is compared: a change while they are read is found by the next look. */
#include "net/tls_keeper.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/options.h"
#include "sys/file.h"
#include "sys/thread.h"

#include <string.h>

#define LOOK_MS 1000

typedef struct watched {
    const char *path;
    sk_file_info seen; /* all zero: nothing was there */
} watched;

struct sk_tls_keeper {
    sk_arena arena; /* what the options point to */
    skua_tls_opts opts;
    watched *files;
    size_t file_count;
    sk_mutex lock;
    sk_cond idle;    /* told when it is not busy any more */
    sk_tls_ctx *ctx; /* with the lock; changed by who made it busy alone */
    bool busy;       /* one thread reads files: those above are that thread's */
    bool looked;
    int64_t looked_at;
};

/* ---- options of its own ---- */

static bool copy_text(sk_tls_keeper *k, const char **text) {
    if (!*text)
        return true;
    *text = sk_arena_strndup(&k->arena, *text, strlen(*text));
    return *text != NULL;
}

static bool copy_certs(sk_tls_keeper *k) {
    size_t count = 0;
    while (k->opts.certs && k->opts.certs[count].cert_file)
        count++;
    skua_tls_cert *all = sk_arena_zalloc(&k->arena, (count + 1) * sizeof *all);
    for (size_t i = 0; all && i < count; i++) {
        all[i] = k->opts.certs[i];
        if (!copy_text(k, &all[i].cert_file) || !copy_text(k, &all[i].key_file) ||
            !copy_text(k, &all[i].key_password) || !copy_text(k, &all[i].ocsp_file))
            return false;
    }
    k->opts.certs = all;
    return all != NULL;
}

/* What is for clients is refused, and so not copied. */
static bool copy_options(sk_tls_keeper *k) {
    const char **const texts[] = {
        &k->opts.cert_file, &k->opts.key_file,    &k->opts.key_password, &k->opts.ca_file,
        &k->opts.ca_dir,    &k->opts.alpn,        &k->opts.ciphers,      &k->opts.ciphersuites,
        &k->opts.crl_file,  &k->opts.keylog_file, &k->opts.ocsp_file,    &k->opts.ticket_key_file,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!copy_text(k, texts[i]))
            return false;
    }
    return copy_certs(k);
}

/* ---- what is watched ---- */

static void watch(sk_tls_keeper *k, const char *path) {
    if (path)
        k->files[k->file_count++].path = path;
}

static bool watch_all(sk_tls_keeper *k) {
    const skua_tls_opts *o = &k->opts;
    const char *const own[] = {o->cert_file, o->key_file,  o->ca_file,        o->ca_dir,
                               o->crl_file,  o->ocsp_file, o->ticket_key_file};
    size_t count = sizeof own / sizeof own[0];
    for (const skua_tls_cert *c = o->certs; c->cert_file; c++)
        count += 3;
    k->files = sk_arena_zalloc(&k->arena, count * sizeof *k->files);
    if (!k->files)
        return false;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        watch(k, own[i]);
    for (const skua_tls_cert *c = o->certs; c->cert_file; c++) {
        watch(k, c->cert_file);
        watch(k, c->key_file);
        watch(k, c->ocsp_file);
    }
    return true;
}

/* Remember what is there now. True: it is not what was there. */
static bool look(sk_tls_keeper *k) {
    bool changed = false;
    for (size_t i = 0; i < k->file_count; i++) {
        watched *f = &k->files[i];
        sk_file_info now;
        if (sk_file_stat_path(f->path, &now) != 0)
            now = (sk_file_info){0};
        changed |= !sk_file_is_same(&now, &f->seen);
        f->seen = now;
    }
    return changed;
}

/* ---- reading again: by who has made it busy ---- */

static int load(sk_tls_keeper *k, skua_error *err) {
    sk_tls_ctx *old = k->ctx;
    sk_tls_ctx *fresh = sk_tls_server_ctx_again(old, &k->opts, err);
    if (!fresh)
        return err->code;
    sk_mutex_lock(&k->lock);
    k->ctx = fresh;
    sk_mutex_unlock(&k->lock);
    sk_tls_ctx_unref(old);
    return 0;
}

static void keep_note(void *user, const char *line) {
    sk_buf_append(user, line, strlen(line) + 1);
}

static void look_after(sk_tls_keeper *k, int64_t now_ms, sk_buf *notes) {
    skua_error err;
    if (look(k)) {
        sk_line l = {.len = 0};
        if (load(k, &err) == 0)
            sk_line_add(&l, "tls: files have changed, and were read again");
        else
            sk_line_add(&l, "%s: files have changed, and the last good settings stay in use",
                        err.msg);
        keep_note(notes, l.text);
    }
    sk_tls_ctx_look_after(k->ctx, now_ms, keep_note, notes);
}

static void set_idle(sk_tls_keeper *k) {
    sk_mutex_lock(&k->lock);
    k->busy = false;
    sk_cond_tell_all(&k->idle);
    sk_mutex_unlock(&k->lock);
}

/* True: it is the caller's to look. */
static bool begin_look(sk_tls_keeper *k, int64_t now_ms) {
    sk_mutex_lock(&k->lock);
    bool due = !k->busy && (!k->looked || now_ms - k->looked_at >= LOOK_MS);
    if (due) {
        k->busy = k->looked = true;
        k->looked_at = now_ms;
    }
    sk_mutex_unlock(&k->lock);
    return due;
}

/* When nothing is held any more: whoever hears it may ask for a reload. */
static void tell(sk_buf *notes, sk_tls_note_fn *fn, void *user) {
    while (sk_buf_len(notes) > 0) {
        const char *line = sk_buf_head(notes);
        fn(user, line);
        sk_buf_consume(notes, strlen(line) + 1);
    }
    sk_buf_free(notes);
}

sk_tls_ctx *sk_tls_keeper_get(sk_tls_keeper *k, int64_t now_ms, sk_tls_note_fn *fn, void *user) {
    if (begin_look(k, now_ms)) {
        sk_buf notes = {0};
        look_after(k, now_ms, &notes);
        set_idle(k);
        tell(&notes, fn, user);
    }
    sk_mutex_lock(&k->lock);
    sk_tls_ctx *c = k->ctx;
    sk_tls_ctx_ref(c);
    sk_mutex_unlock(&k->lock);
    return c;
}

int sk_tls_keeper_reload(sk_tls_keeper *k, skua_error *err) {
    skua_error unused;
    sk_mutex_lock(&k->lock);
    while (k->busy)
        sk_cond_wait(&k->idle, &k->lock);
    k->busy = true;
    sk_mutex_unlock(&k->lock);
    look(k);
    int rc = load(k, err ? err : &unused);
    set_idle(k);
    return rc;
}

int64_t sk_tls_keeper_expiry(sk_tls_keeper *k, size_t index) {
    sk_mutex_lock(&k->lock);
    int64_t when = sk_tls_ctx_expiry(k->ctx, index);
    sk_mutex_unlock(&k->lock);
    return when;
}

/* ---- making ---- */

static bool init_lock(sk_tls_keeper *k) {
    if (sk_mutex_init(&k->lock) != 0)
        return false;
    if (sk_cond_init(&k->idle) == 0)
        return true;
    sk_mutex_free(&k->lock);
    return false;
}

sk_tls_keeper *sk_tls_keeper_new(const skua_tls_opts *opts, skua_error *err) {
    sk_tls_keeper *k = sk_zalloc(sizeof *k);
    if (!k || !init_lock(k)) {
        sk_free(k);
        sk_fail_nomem(err);
        return NULL;
    }
    int rc = sk_options_copy(&k->opts, sizeof k->opts, opts, err);
    k->opts.size = sizeof k->opts;
    if (rc == 0 && (!copy_options(k) || !watch_all(k)))
        rc = sk_fail_nomem(err);
    if (rc == 0) {
        look(k);
        k->ctx = sk_tls_server_ctx(&k->opts, err);
    }
    if (k->ctx)
        return k;
    sk_tls_keeper_free(k);
    return NULL;
}

void sk_tls_keeper_free(sk_tls_keeper *k) {
    if (!k)
        return;
    sk_tls_ctx_unref(k->ctx);
    sk_cond_free(&k->idle);
    sk_mutex_free(&k->lock);
    sk_arena_free(&k->arena);
    sk_free(k);
}
