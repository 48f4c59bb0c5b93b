/* examples/status.c - act by the class of a status (RFC 9110 15): status https://example.org/
 *
 * A status of 404 or 500 is a response like any other; an error is that there is none. */
#include <skua/skua.h>
#include <stdio.h>

/* What a script would want as exit status: 0 done, 1 our mistake, 2 theirs. */
static int judge(const skua_response *r) {
    static const struct {
        const char *meaning;
        int exit_status;
    } classes[] = {{"informational", 2},
                   {"success", 0},
                   {"redirect that was not followed", 1},
                   {"error of the client", 1},
                   {"error of the server: try again later", 2}};
    int status = skua_response_status(r);
    if (status > 599)
        return 2;
    printf("%d %s: %s\n", status, skua_status_reason(status), classes[status / 100 - 1].meaning);
    return classes[status / 100 - 1].exit_status;
}

int main(int argc, char **argv) {
    skua_error err;
    skua_response *r = argc == 2 ? skua_get(NULL, argv[1], &err) : NULL;
    int rc = 3;
    if (r)
        rc = judge(r);
    else
        fprintf(stderr, "status: %s\n", argc == 2 ? err.msg : "usage: status URL");
    skua_response_free(r);
    return rc;
}
