/* client/body.c - where the bytes of a request's body come from. */
#include "client/body.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/options.h"
#include "sys/descriptor.h"
#include "sys/file.h"
#include "sys/poller.h"

#include <errno.h>

/* Its own code whatever the errno: a pipe that broke is not the connection. */
static int fail_os(skua_error *err, int os_errno) {
    char room[SK_ERRNO_TEXT];
    sk_fail(err, SKUA_E_OS, SKUA_PHASE_SEND, "request body: %s", sk_errno_text(os_errno, room));
    if (err)
        err->os_errno = os_errno;
    return SKUA_E_OS;
}

static int refuse(skua_error *err, const char *text) {
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_NONE, "a request body %s", text);
}

/* ---- the kinds: how they open, read and go back ---- */

/* Read into the room: bytes, 0 at the end, or an error. */
typedef ptrdiff_t read_fn(sk_body_source *s, size_t room, int timeout_ms, skua_error *err);

static int open_bytes(sk_body_source *s, skua_error *err) {
    int64_t len = s->from.len;
    if (len < 0 || (!s->from.data && len > 0) || (int64_t)(size_t)len != len)
        return refuse(err, "of bytes needs them, and their number");
    s->length = len;
    return 0;
}

/* What a descriptor stands for. A file that says it is empty is not believed: some of the system's
 * hold what they say only when they are read. */
static int look_at(sk_body_source *s, int fd, int64_t at, skua_error *err) {
    sk_file_info info;
    int rc = sk_file_stat(fd, &info);
    if (rc != 0)
        return fail_os(err, -rc);
    s->start = at >= 0 ? at : -1;
    s->device = info.device;
    s->inode = info.inode;
    s->regular = info.is_regular && at >= 0;
    if (s->regular && s->from.len == 0 && info.size > at)
        s->length = info.size - at;
    return 0;
}

static int open_fd(sk_body_source *s, skua_error *err) {
    if (s->from.fd < 0)
        return refuse(err, "needs a descriptor");
    return look_at(s, s->from.fd, sk_descriptor_tell(s->from.fd), err);
}

static ptrdiff_t read_fd(sk_body_source *s, size_t room, int timeout_ms, skua_error *err) {
    int fd = s->from.fd;
    for (;;) {
        int rc = s->regular ? 0 : sk_poll_one(fd, SKUA_WANT_READ, timeout_ms, err);
        if (rc != 0)
            return rc;
        ptrdiff_t n = s->regular ? sk_file_read_at(fd, s->room, room, s->start + s->taken)
                                 : sk_descriptor_read(fd, s->room, room);
        if (n >= 0)
            return n;
        if (n != -EAGAIN)
            return fail_os(err, (int)-n);
    }
}

static int rewind_fd(sk_body_source *s, skua_error *err) {
    sk_file_info info;
    int rc = sk_file_stat(s->from.fd, &info);
    if (rc == 0 && (info.device != s->device || info.inode != s->inode))
        rc = -EBADF; /* closed meanwhile, and its number given to another */
    if (rc == 0 && !s->regular)
        rc = sk_descriptor_seek(s->from.fd, s->start);
    return rc == 0 ? 0 : fail_os(err, -rc);
}

static int open_file(sk_body_source *s, skua_error *err) {
    if (!s->from.file)
        return refuse(err, "needs a FILE");
    int64_t at = ftello(s->from.file);
    int fd = fileno(s->from.file);
    if (fd >= 0)
        return look_at(s, fd, at, err);
    s->start = at >= 0 ? at : -1; /* in memory */
    return 0;
}

static ptrdiff_t read_file(sk_body_source *s, size_t room, int timeout_ms, skua_error *err) {
    (void)timeout_ms;
    errno = 0;
    size_t n = fread(s->room, 1, room, s->from.file);
    if (n == 0 && ferror(s->from.file))
        return fail_os(err, errno ? errno : EIO);
    return (ptrdiff_t)n;
}

static int rewind_file(sk_body_source *s, skua_error *err) {
    return fseeko(s->from.file, s->start, SEEK_SET) == 0 ? 0 : fail_os(err, errno);
}

static int open_callback(sk_body_source *s, skua_error *err) {
    return s->from.read ? 0 : refuse(err, "needs a callback");
}

static int cancelled(skua_error *err, const char *what) {
    return sk_fail(err, SKUA_E_CANCELLED, SKUA_PHASE_SEND, "request body: the callback %s", what);
}

static ptrdiff_t read_callback(sk_body_source *s, size_t room, int timeout_ms, skua_error *err) {
    (void)timeout_ms;
    ptrdiff_t n = s->from.read(s->room, room, s->from.user);
    if (n < 0)
        return cancelled(err, "stopped the request");
    return (size_t)n <= room ? n : cancelled(err, "claims more bytes than there was room for");
}

static int rewind_callback(sk_body_source *s, skua_error *err) {
    return s->from.rewind(s->from.user) >= 0 ? 0 : cancelled(err, "cannot go back");
}

static int open_none(sk_body_source *s, skua_error *err) {
    (void)s;
    (void)err;
    return 0;
}

static int rewind_nothing(sk_body_source *s, skua_error *err) {
    (void)s;
    (void)err;
    return 0;
}

static const struct {
    int (*open)(sk_body_source *s, skua_error *err);
    read_fn *read; /* NULL: it needs none */
    int (*rewind)(sk_body_source *s, skua_error *err);
} kinds[] = {
    [SKUA_BODY_NONE] = {open_none, NULL, rewind_nothing},
    [SKUA_BODY_BYTES] = {open_bytes, NULL, rewind_nothing},
    [SKUA_BODY_FD] = {open_fd, read_fd, rewind_fd},
    [SKUA_BODY_FILE] = {open_file, read_file, rewind_file},
    [SKUA_BODY_CALLBACK] = {open_callback, read_callback, rewind_callback},
};

/* ---- a source ---- */

/* Is it empty after all? Then its length is known. */
static int try_empty(sk_body_source *s, skua_error *err) {
    int rc = sk_body_fill(s, 0, err);
    if (rc == 0 && s->ended)
        s->length = (int64_t)s->left;
    return rc;
}

int sk_body_open(sk_body_source *s, const skua_body *from, skua_error *err) {
    *s = (sk_body_source){.length = -1, .start = -1};
    int rc = sk_options_copy(&s->from, sizeof s->from, from, err);
    if (rc != 0)
        return rc;
    if ((size_t)s->from.kind >= sizeof kinds / sizeof kinds[0])
        rc = refuse(err, "is of no known kind");
    else if (s->from.len < SKUA_LENGTH_UNKNOWN)
        rc = refuse(err, "has a negative length");
    else
        rc = kinds[s->from.kind].open(s, err);
    if (rc == 0 && s->from.len > 0)
        s->length = s->from.len;
    if (rc == 0 && s->regular && s->length < 0 && s->from.len == 0)
        rc = try_empty(s, err);
    if (rc == 0)
        return 0;
    s->from.kind = SKUA_BODY_NONE;
    sk_body_close(s);
    return rc;
}

void sk_body_limit(sk_body_source *s, int64_t length) {
    uint64_t due = (uint64_t)(length - s->taken);
    s->length = length;
    if (s->left > due)
        s->left = (size_t)due;
    s->ended = s->left == due;
}

/* Of a known length no more is taken than that. */
static size_t room_for(const sk_body_source *s) {
    uint64_t due = s->length >= 0 ? (uint64_t)(s->length - s->taken) : SK_BODY_PIECE;
    return due < SK_BODY_PIECE ? (size_t)due : SK_BODY_PIECE;
}

static int too_short(const sk_body_source *s, skua_error *err) {
    sk_fail(err, SKUA_E_INCOMPLETE_READ, SKUA_PHASE_SEND,
            "request body: it ended after %lld of %lld bytes", (long long)s->taken,
            (long long)s->length);
    return SKUA_E_INCOMPLETE_READ;
}

static int fill_room(sk_body_source *s, int timeout_ms, skua_error *err) {
    size_t room = room_for(s);
    if (room == 0) {
        s->ended = true;
        return 0;
    }
    if (!s->room && !(s->room = sk_alloc(SK_BODY_PIECE)))
        return sk_fail_nomem(err);
    ptrdiff_t n = kinds[s->from.kind].read(s, room, timeout_ms, err);
    if (n < 0)
        return (int)n;
    if (n == 0 && s->length >= 0)
        return too_short(s, err);
    s->at = s->room;
    s->left = (size_t)n;
    s->ended = n == 0 || s->taken + n == s->length;
    return 0;
}

int sk_body_fill(sk_body_source *s, int timeout_ms, skua_error *err) {
    if (s->left > 0 || s->ended)
        return 0;
    if (kinds[s->from.kind].read)
        return fill_room(s, timeout_ms, err);
    if (s->length > 0) {
        s->at = (const char *)s->from.data + s->taken;
        s->left = (size_t)(s->length - s->taken);
    }
    s->ended = true;
    return 0;
}

void sk_body_take(sk_body_source *s, size_t n) {
    size_t buffered = n < s->left ? n : s->left;
    s->at += buffered;
    s->left -= buffered;
    s->taken += (int64_t)n;
    if (s->taken == s->length)
        s->ended = true;
}

bool sk_body_is_file(const sk_body_source *s) {
    return s->from.kind == SKUA_BODY_FD && s->regular && s->left == 0 && s->taken > 0 &&
           s->length - s->taken > 0;
}

bool sk_body_can_rewind(const sk_body_source *s) {
    if (s->from.kind == SKUA_BODY_FD || s->from.kind == SKUA_BODY_FILE)
        return s->start >= 0;
    return s->from.kind != SKUA_BODY_CALLBACK || s->from.rewind;
}

int sk_body_rewind(sk_body_source *s, skua_error *err) {
    int rc = kinds[s->from.kind].rewind(s, err);
    if (rc != 0)
        return rc;
    s->taken = 0;
    s->left = 0;
    s->ended = false;
    return 0;
}

void sk_body_settle(sk_body_source *s) {
    int64_t at = s->start + s->taken;
    if (s->from.kind == SKUA_BODY_FD && s->start >= 0)
        sk_descriptor_seek(s->from.fd, at);
    else if (s->from.kind == SKUA_BODY_FILE && s->start >= 0 && s->left > 0)
        fseeko(s->from.file, at, SEEK_SET);
}

void sk_body_close(sk_body_source *s) {
    sk_free(s->room);
    *s = (sk_body_source){0};
}
