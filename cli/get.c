/* get.c - `skua get`: the command line, one transfer for each URL, and how it ends. Options mean
 * what they mean to curl. */
#include "get.h"

#include "exit_status.h"
#include "report.h"
#include "subcommands.h"

#include <stdio.h>

static const char more[] =
    "A URL without http:// or https:// is an http one. Several URLs are got one after\n"
    "the other, over one connection where the server is the same; the exit status is\n"
    "the last one's.\n\n"
    "Exit status:\n"
    "   0  a response was received, whatever its status\n"
    "   1  protocol not supported          33  the server cannot go on (-C)\n"
    "   2  wrong command line              35  TLS handshake failed\n"
    "   3  malformed URL                   43  internal error\n"
    "   5  proxy's name not resolved       47  too many redirects\n"
    "   6  host name not resolved          52  the server closed without an answer\n"
    "   7  cannot connect                  55  cannot send\n"
    "   8  malformed response              56  cannot receive; a proxy refused\n"
    "  18  response cut short              58  own certificate or key does not load\n"
    "  22  status 400 or more, with -f     60  server's certificate not verified\n"
    "  23  cannot write the output         61  content coding not understood\n"
    "  26  cannot read a file to be sent   63  a limit was passed\n"
    "  27  out of memory                   77  --cacert does not load\n"
    "  28  timed out                       90  no pinned key in the chain\n";

static int run(char **argv);

const cli_command cli_get = {
    .name = "get",
    .operands = "URL...",
    .summary = "Get URLs and write the bodies of the responses to standard output.",
    .more = more,
    .sections = get_sections,
    .section_count = GET_SECTIONS,
    .run = run,
};

static int begin(get_session *s, const get_options *o, skua_error *err) {
    *s = (get_session){.options = o};
    cli_output_init(&s->dump, o->dump_header);
    int status = get_peer_build(&s->peer, o, err);
    if (!status)
        status = get_auth_build(&s->authorization, &s->texts, o, err);
    if (!status)
        status = get_data_build(&s->data, o, err);
    return status ? status : get_form_build(&s->form, o, err);
}

static void end(get_session *s) {
    get_pool_free(&s->pool);
    get_peer_free(&s->peer);
    get_bytes_free(&s->data);
    skua_multipart_free(s->form);
    cli_texts_free(&s->texts);
    cli_output_close(&s->dump);
}

static void say(const get_options *o, const skua_error *err) {
    if (!o->silent || o->show_error)
        cli_say("%s", err->msg);
}

/* What is said of a transfer when it is over. Returns the exit status. */
static int tell(get_transfer *t) {
    const get_options *o = t->options;
    skua_error err;
    int status = t->status;
    if (status)
        say(o, &t->err);
    if (o->timing)
        get_timing_print(t);
    if (o->json)
        get_json_print(t);
    int failed = o->write_out ? get_write_out_print(t, &err) : 0;
    if (failed)
        say(o, &err);
    return status ? status : failed;
}

/* What went wrong before there was any URL to ask for is told as of the first. */
static int tell_failure(get_session *s, int status, const skua_error *err) {
    get_transfer t = {.session = s, .options = s->options, .text = s->options->urls.items[0]};
    t.status = status;
    t.err = *err;
    return tell(&t);
}

/* The last transfer's exit status is the command's, as with curl. */
static int get_all(get_session *s) {
    int status = 0;
    for (size_t i = 0; i < s->options->urls.count; i++) {
        get_transfer t;
        get_transfer_run(&t, s, i);
        status = tell(&t);
        get_transfer_free(&t);
        if (status == CLI_EXIT_MEMORY || (status && s->options->fail_early))
            break;
    }
    return status;
}

static int get(const get_options *o) {
    get_session s;
    skua_error err;
    int status = begin(&s, o, &err);
    status = status ? tell_failure(&s, status, &err) : get_all(&s);
    end(&s);
    return status;
}

static int run(char **argv) {
    get_options o;
    int status = CLI_EXIT_USAGE;
    get_options_init(&o);
    cli_parsed parsed = cli_parse(&cli_get, argv, &o, &o.urls);
    if (parsed == CLI_HELPED)
        status = CLI_EXIT_OK;
    else if (parsed == CLI_GO && get_options_check(&o) == 0)
        status = get(&o);
    cli_parse_free(&cli_get, &o, &o.urls);
    return status;
}
