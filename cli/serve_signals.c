/* serve_signals.c - what signals do to a server that runs. SIGINT and SIGTERM have handlers, which
 * may call what is async-signal-safe. Reading files is not: a thread waits for SIGHUP. */
#include "serve_signals.h"

#include "report.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* The server that a signal is for: a handler is given nothing else to find it by. */
static skua_server *volatile running;
static serve_reload_fn *reload;
static void *reload_user;

static pthread_t hangups;
static atomic_int has_ended;
static int had_terminal;

static void stop(int number) {
    (void)number;
    skua_server_stop(running);
}

static void drain(int number) {
    (void)number;
    skua_server_begin_drain(running, 0);
}

static void *wait_for_hangups(void *set) {
    int number;
    while (sigwait(set, &number) == 0 && !has_ended) {
        if (had_terminal && !isatty(STDERR_FILENO))
            skua_server_begin_drain(running, 0); /* nobody is there any more to end it */
        else
            reload(reload_user);
    }
    return NULL;
}

int serve_signals_begin(skua_server *s, serve_reload_fn *fn, void *user) {
    static sigset_t set; /* as long as the thread */
    running = s;
    reload = fn;
    reload_user = user;
    had_terminal = isatty(STDERR_FILENO);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    int rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
    /* The thread must not take the signals that are for the server's loop. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = rc ? rc : pthread_create(&hangups, NULL, wait_for_hangups, &set);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) {
        cli_say("serve: %s", strerror(rc));
        return -1;
    }
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = drain;
    sigaction(SIGTERM, &action, NULL);
    return 0;
}

void serve_signals_end(void) {
    has_ended = 1;
    pthread_kill(hangups, SIGHUP);
    pthread_join(hangups, NULL);
    running = NULL;
}
