/* client/client.c - one client, used by several threads at the same time. */
#include "answering.h"
#include "script.h"

#include <skua/client.h>

#define THREADS 4
#define CALLS   25

typedef struct caller {
    skua_client *client;
    const char *url;
    int good;
    pthread_t thread;
} caller;

static void *call_often(void *user) {
    caller *me = user;
    for (int i = 0; i < CALLS; i++) {
        skua_error err;
        const char *data;
        size_t len;
        skua_response *r = skua_get(me->client, me->url, &err);
        if (r && skua_response_read_all(r, 0, &data, &len, &err) == 0 && len == 2)
            me->good++;
        skua_response_free(r);
    }
    return NULL;
}

static void threads_share_a_client(void **state) {
    (void)state;
    answering server;
    skua_error err;
    caller callers[THREADS];
    assert_int_equal(answering_start(&server), 0);
    skua_client *c = skua_client_new(NULL, &err);
    assert_non_null(c);
    for (int i = 0; i < THREADS; i++) {
        callers[i] = (caller){.client = c, .url = server.origin};
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].good, CALLS);
    }
    skua_client_free(c);
    answering_end(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
