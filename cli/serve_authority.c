/* serve_authority.c - where --tls keeps its authority (XDG Base Directory Specification), and which
 * names its certificate holds. */
#include "serve_authority.h"

#include "serve_options.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 480 };

static int fail(skua_error *err, int code, const char *what, const char *why) {
    *err = (skua_error){.code = code, .bytes_expected = -1};
    snprintf(err->msg, sizeof err->msg, "%.300s: %.100s", what, why);
    return code;
}

static const char *home(void) {
    const char *path = getenv("HOME");
    if (path && path[0] == '/')
        return path;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_dir : NULL;
}

static int find_directory(char path[static PATH_BYTES], skua_error *err) {
    const char *data = getenv("XDG_DATA_HOME");
    int len;
    if (data && data[0] == '/') { /* a relative one is to be ignored */
        len = snprintf(path, PATH_BYTES, "%s/skua", data);
    } else {
        const char *base = home();
        if (!base)
            return fail(err, SKUA_E_OS, "--tls", "neither HOME nor XDG_DATA_HOME is set");
        len = snprintf(path, PATH_BYTES, "%s/.local/share/skua", base);
    }
    if (len >= PATH_BYTES)
        return fail(err, SKUA_E_OS, path, strerror(ENAMETOOLONG));
    return 0;
}

/* Make the directories above `path`; the last one is the library's business. */
static int make_parents(char *path, skua_error *err) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc =
            mkdir(path, 0700) != 0 && errno != EEXIST
                ? fail(err, errno == EACCES ? SKUA_E_PERMISSION : SKUA_E_OS, path, strerror(errno))
                : 0;
        *slash = '/';
        if (rc)
            return rc;
    }
    return 0;
}

int serve_authority(const char *bind, skua_local_ca_files *out, skua_error *err) {
    char dir[PATH_BYTES];
    char host[256] = "";
    const char *names[] = {"localhost", "127.0.0.1", "::1", NULL, NULL};
    int rc = find_directory(dir, err);
    if (rc == 0)
        rc = make_parents(dir, err);
    if (rc)
        return rc;
    if (serve_is_wildcard(bind)) {
        gethostname(host, sizeof host - 1);
    } else {
        snprintf(host, sizeof host, "%.*s", (int)strcspn(bind + (bind[0] == '['), "]"),
                 bind + (bind[0] == '['));
    }
    int is_there = !host[0];
    for (size_t i = 0; names[i]; i++)
        is_there |= strcmp(names[i], host) == 0;
    names[3] = is_there ? NULL : host;
    skua_local_ca_opts opts = {.size = sizeof opts, .dir = dir, .names = names};
    return skua_local_ca_ensure(&opts, out, err);
}
