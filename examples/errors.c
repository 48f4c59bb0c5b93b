/* examples/errors.c - tell the kinds of failure apart: errors https://expired.example.org/
 *
 * The code says what happened, the phase when, msg all of it to a person; see docs/errors.md. */
#include <skua/skua.h>
#include <stdio.h>

static const char *advice(const skua_error *err) {
    switch (err->code) {
    case SKUA_E_INVALID_URL:
        return "check how the URL is written";
    case SKUA_E_RESOLVE:
        return "check the name, then the network";
    case SKUA_E_CONNECTION_REFUSED:
        return "nobody listens there: is the server running?";
    case SKUA_E_TIMEOUT:
        return err->retry_safe ? "try again" : "look whether it was done before you try again";
    case SKUA_E_TLS_CERTIFICATE:
        return "do not go on: this may not be the server that you mean";
    case SKUA_E_INCOMPLETE_READ:
        return "what came is not all of it";
    default:
        return skua_error_class_of(err->code) == SKUA_CLASS_PROTOCOL ? "the server is at fault"
                                                                     : "give up";
    }
}

int main(int argc, char **argv) {
    skua_error err;
    const char *body;
    size_t len;
    skua_response *r = skua_get(NULL, argc == 2 ? argv[1] : "", &err);
    int rc = r ? skua_response_read_all(r, 0, &body, &len, &err) : err.code;
    if (rc != 0)
        fprintf(stderr, "%s in phase \"%s\": %s\n%s\n", skua_error_name(rc),
                skua_phase_name(err.phase), err.msg, advice(&err));
    skua_response_free(r);
    return rc != 0;
}
