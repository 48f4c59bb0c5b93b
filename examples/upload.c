/* examples/upload.c - send standard input in chunks, step by step as with http.client:
 * upload https://example.org /blob <file
 *
 * What goes wrong in a step is kept, and skua_conn_getresponse reports it: no step needs an if. */
#include <skua/skua.h>
#include <stdio.h>

/* Returns the status of the response, or a negative code. */
static int upload(const char *server, const char *target, FILE *from, skua_error *err) {
    skua_conn *c = skua_conn_new(server, NULL, err);
    if (!c)
        return err->code;
    skua_conn_putrequest(c, "PUT", target);
    skua_conn_putheader(c, "Transfer-Encoding", "chunked");
    skua_conn_endheaders(c);
    char buf[16384];
    size_t n;
    while ((n = fread(buf, 1, sizeof buf, from)) > 0 && skua_conn_send(c, buf, n) == 0)
        ;
    skua_response *r = skua_conn_getresponse(c, err);
    int rc = r ? skua_response_status(r) : err->code;
    skua_response_free(r);
    skua_conn_free(c);
    return rc;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fputs("usage: upload SERVER TARGET\n", stderr);
        return 2;
    }
    skua_error err;
    int rc = upload(argv[1], argv[2], stdin, &err);
    if (rc < 0)
        fprintf(stderr, "upload: %s\n", err.msg);
    else
        printf("%d\n", rc);
    return rc < 200 || rc > 299;
}
