/* serve_place.c - where an upload goes. Each segment of a path is opened below the one before it,
 * and no link is followed: nothing leads out of the directory. */
#include "serve_place.h"

#include "serve_file.h"
#include "utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- directories ---- */

const char *serve_place_path(skua_request *q) {
    const char *target = skua_request_target(q);
    const char *hidden = strcasestr(target, "%2f");
    const char *query = strchr(target, '?');
    return hidden && (!query || hidden < query) ? NULL : skua_request_param(q, "path");
}

/* Open one below another, and close that one. */
static int step_down(int dir, const char *segment, size_t len) {
    char name[NAME_MAX + 1];
    int below = -1;
    errno = ENOENT;
    if (len > 0 && len < sizeof name && segment[0] != '.') {
        snprintf(name, sizeof name, "%.*s", (int)len, segment);
        below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    int number = errno;
    close(dir);
    errno = number;
    return below;
}

int serve_place_open(const serve_upload *upload, const char *path, size_t len) {
    if (len > 0 && !upload->served) {
        errno = ENOENT;
        return -1;
    }
    int dir = fcntl(upload->dir, F_DUPFD_CLOEXEC, 0);
    const char *end = path + len;
    for (const char *at = path; dir >= 0 && len > 0 && at <= end;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        size_t segment = (size_t)((slash ? slash : end) - at);
        dir = step_down(dir, at, segment);
        at += segment + 1;
    }
    if (dir >= 0 && !upload->nameless)
        serve_file_sweep(dir);
    return dir;
}

/* ---- names ---- */

/* A name of one file that is shown, and that harms no terminal and no listing. */
static int is_good_name(const char *name) {
    if (!*name || *name == '.')
        return 0;
    for (size_t left = strlen(name), n; left > 0; name += n, left -= n) {
        unsigned char c = (unsigned char)*name;
        n = cli_utf8_length(name, left);
        if (n == 0 || c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return 0;
        if (n == 2 && c == 0xc2 && (unsigned char)name[1] < 0xa0) /* U+0080 to U+009F */
            return 0;
    }
    return 1;
}

int serve_place_check(const serve_upload *upload, int dir, const char *name) {
    struct stat st;
    if (!is_good_name(name))
        return 400;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return upload->overwrite && !S_ISDIR(st.st_mode) ? 0 : 409;
    return errno == ENOENT ? 0 : serve_place_status();
}

/* ---- other sites ---- */

/* Is it the origin of the request's own host? The scheme is left out: a proxy may speak TLS for
 * us. */
static int is_own(const char *origin, const char *host) {
    const char *at = strstr(origin, "://");
    return at && strcasecmp(at + 3, host) == 0;
}

/* Browsers let any page post a form anywhere, with the credentials that they remember, and say
 * where it comes from: by Sec-Fetch-Site to who is trustworthy (HTTPS, this machine), by Origin to
 * all. Programs say neither. */
int serve_place_is_foreign(const serve_upload *upload, skua_request *q) {
    const char *origin = skua_request_header(q, "Origin");
    const char *site = skua_request_header(q, "Sec-Fetch-Site");
    if (origin && upload->cors && strcmp(origin, upload->cors) == 0)
        return 0;
    if (site)
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    return origin && !is_own(origin, skua_request_host(q));
}

/* ---- answers ---- */

typedef struct known_status {
    int number; /* of errno, or a code */
    int status;
} known_status;

/* Returns 0 where it is not known. */
static int find_status(const known_status *known, int number) {
    while (known->status && known->number != number)
        known++;
    return known->status;
}

int serve_place_status(void) {
    static const known_status known[] = {
        {EEXIST, 409}, {EISDIR, 409}, {ENOTEMPTY, 409}, {ENOENT, 404}, {ENOTDIR, 404},
        {ELOOP, 404},  {EACCES, 403}, {EPERM, 403},     {EROFS, 403},  {ENAMETOOLONG, 400},
        {EFBIG, 413},  {ENOSPC, 507}, {EDQUOT, 507},    {0, 0},
    };
    int status = find_status(known, errno);
    return status ? status : 500;
}

int serve_place_status_of(int code) {
    static const known_status known[] = {
        {SKUA_E_BODY_TOO_LARGE, 413},  {SKUA_E_TIMEOUT, 408},         {SKUA_E_BAD_CHUNK, 400},
        {SKUA_E_BAD_MULTIPART, 400},   {SKUA_E_INCOMPLETE_READ, 400}, {SKUA_E_HEAD_TOO_LARGE, 400},
        {SKUA_E_TOO_MANY_FIELDS, 400}, {SKUA_E_UNSUPPORTED, 415},     {0, 0},
    };
    int status = find_status(known, code);
    return status ? status : code;
}

static const char *explain(int status) {
    static const struct {
        int status;
        const char *text;
    } known[] = {
        {400, "this is no name of a file that may be uploaded"},
        {403, "it may not be written here"},
        {404, "there is no such directory"},
        {409, "there is something of this name already"},
        {413, "it is too large"},
        {507, "the disk is full"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].status == status)
            return known[i].text;
    }
    return "it cannot be stored";
}

int serve_place_refuse(skua_reply *a, int status, const char *name) {
    char text[NAME_MAX + 200];
    snprintf(text, sizeof text, "%.*s%sNothing was uploaded: %s.", name ? NAME_MAX : 0,
             name ? name : "", name ? ": " : "", explain(status));
    return skua_reply_send_error(a, status, text);
}
