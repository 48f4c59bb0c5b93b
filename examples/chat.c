/* examples/chat.c - what one says, all see at once: server-sent events, from whichever thread:
 * chat http://127.0.0.1:8080
 *
 * Open it in two windows, or: curl -N .../events and curl -d text=hello .../say. Interrupt it to
 * end it in order: who listens is told that it is over. */
#include <pthread.h>
#include <signal.h>
#include <skua/skua.h>
#include <stdio.h>

#define LISTENERS_MAX 1000

static const char page[] =
    "<!DOCTYPE html><title>chat</title><ul id=said></ul>"
    "<form id=form><input name=text autofocus></form><script>\n"
    "form.onsubmit = () => { fetch('say', {method: 'POST',"
    " body: new URLSearchParams(new FormData(form))}); form.reset(); return false }\n"
    "new EventSource('events').onmessage = e => said.append("
    "Object.assign(document.createElement('li'), {textContent: e.data}))\n"
    "</script>\n";

static skua_server *server;

/* Replies that are not finished. Who takes one out of here finishes it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static skua_reply *listeners[LISTENERS_MAX];
static size_t count;

static void stop(int signal) {
    (void)signal;
    skua_server_begin_drain(server, 5000);
}

static int home(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "text/html; charset=utf-8", page, sizeof page - 1);
}

static int enter(skua_reply *a) {
    pthread_mutex_lock(&lock);
    int entered = count < LISTENERS_MAX;
    if (entered)
        listeners[count++] = a;
    pthread_mutex_unlock(&lock);
    return entered;
}

/* The lock is free again before the reply is finished: that waits for callbacks which take it. */
static void leave(skua_reply *a, void *user) {
    (void)user;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        if (listeners[i] == a) {
            listeners[i] = listeners[--count];
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    skua_reply_finish(a);
}

static int events(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_events(a, 0);
    if (rc == 0 && (!enter(a) || skua_reply_on_gone(a, leave, NULL) != 0))
        leave(a, NULL);
    return rc;
}

static int say(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    const skua_form *form = skua_request_form(q, NULL);
    const char *text = skua_form_get(form, "text");
    if (!text)
        return skua_reply_send_error(a, 400, "There is no text.");
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) /* whoever is too slow misses some */
        skua_reply_event(listeners[i], SKUA_OPTS(skua_event, .data = text));
    pthread_mutex_unlock(&lock);
    return skua_reply_bytes(a, 204, NULL, NULL, 0);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: chat URL\n", stderr);
        return 2;
    }
    skua_error err;
    server = skua_server_new(NULL, &err);
    skua_route(server, "GET /{$}", home, NULL);
    skua_route(server, "GET /events", events, NULL);
    skua_route(server, "POST /say", say, NULL);
    skua_server_listen(server, argv[1], NULL);
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    if (skua_server_check(server, &err) == 0)
        fprintf(stderr, "serving at %s\n", skua_server_url(server, 0));
    int rc = skua_server_run(server, &err);
    if (rc)
        fprintf(stderr, "chat: %s\n", err.msg);
    skua_server_free(server);
    return rc != 0;
}
