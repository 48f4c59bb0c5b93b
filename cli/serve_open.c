/* serve_open.c - showing what is served in the browser: --open. */
#include "serve_open.h"

#include "report.h"
#include "serve_url.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPENER "xdg-open"

/* The child of a child belongs to nobody here, and leaves nothing to be waited for. Before there
 * are threads: between fork and exec any function may be called. */
static void run(const char *url) {
    pid_t child = fork();
    if (child == 0) {
        if (fork() != 0)
            _exit(0);
        setsid();
        execlp(OPENER, OPENER, url, (char *)NULL);
        cli_say("serve: --open: " OPENER ": %s", strerror(errno));
        _exit(127);
    }
    if (child < 0 || waitpid(child, NULL, 0) < 0)
        cli_say("serve: --open: %s", strerror(errno));
}

void serve_open(const char *url) {
    char shown[SERVE_URL_BYTES];
    serve_url_at(url, "localhost", shown);
    if (geteuid() == 0)
        cli_say("serve: --open: no browser is started as root (see --user)");
    else
        run(shown);
}
