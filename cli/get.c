/* get.c - `skua get`: the command line and how it ends. Options mean what they mean to curl. */
#include "get.h"

#include "exit_status.h"
#include "report.h"
#include "subcommands.h"

#include <stdio.h>

#define AT(member) offsetof(get_options, member)

static const cli_option options[] = {
    {'o', "output", "FILE", CLI_TEXT, AT(output), 0,
     "write the body to FILE, not to standard output"},
    {'O', "remote-name", NULL, CLI_FLAG, AT(remote_name), 0,
     "write the body to a file named after the end of the\nURL's path"},
    {'I', "head", NULL, CLI_FLAG, AT(head), 0, "ask with HEAD, and show the head"},
    {'i', "include", NULL, CLI_FLAG, AT(include), 0, "show the head before the body"},
    {0, "json", NULL, CLI_FLAG, AT(json), 0,
     "print one JSON object about the exchange in place of\nthe body"},
    {'H', "header", "'NAME: VALUE'", CLI_LIST, AT(fields), 0,
     "send this field; 'NAME:' leaves out a default one,\n'NAME;' sends an empty one. Again for "
     "more"},
    {'A', "user-agent", "TEXT", CLI_TEXT, AT(user_agent), 0,
     "send this User-Agent (skua/" SKUA_VERSION "); empty: none"},
    {'d', "data", "DATA", CLI_LIST, AT(data), 0,
     "POST this; @FILE: what FILE holds, without line ends.\nAgain for more, joined by &"},
    {'X', "request", "METHOD", CLI_TEXT, AT(method), 0,
     "ask with METHOD, not GET, HEAD (-I) or POST (-d)"},
    {'f', "fail", NULL, CLI_FLAG, AT(fail), 0,
     "a status of 400 or more is an error: no body, exit 22"},
    {'v', "verbose", NULL, CLI_FLAG, AT(verbose), 0,
     "show on standard error what is done (*), sent (>) and\nreceived (<)"},
    {'s', "silent", NULL, CLI_FLAG, AT(silent), 0, "do not report errors"},
    {'S', "show-error", NULL, CLI_FLAG, AT(show_error), 0, "report them with -s all the same"},
    {0, "cacert", "FILE", CLI_TEXT, AT(cacert), 0,
     "believe the authorities in FILE (PEM), not the\nsystem's"},
    {'E', "cert", "FILE[:PASSWORD]", CLI_TEXT, AT(cert), 0, "show this certificate (PEM)"},
    {0, "key", "FILE", CLI_TEXT, AT(key), 0, "its private key, where that is not in FILE"},
    {0, "pass", "PASSWORD", CLI_TEXT, AT(pass), 0, "of the private key"},
    {'k', "insecure", NULL, CLI_FLAG, AT(insecure), 0,
     "do not verify who the server is: anyone may read and\nchange what is sent"},
    {0, "resolve", "HOST:PORT:ADDRESS", CLI_LIST, AT(resolve), 0,
     "connect to ADDRESS (or several, with commas) for\nHOST:PORT. Again for more"},
    {0, "connect-timeout", "SECONDS", CLI_MILLISECONDS, AT(connect_timeout_ms), 0,
     "for name, connection and TLS handshake together\n(by itself each has 5, 10, 10)"},
    {'m', "max-time", "SECONDS", CLI_MILLISECONDS, AT(max_time_ms), 0, "for everything (no limit)"},
};

static const char more[] =
    "A URL without http:// or https:// is an http one. Redirects are shown, not\n"
    "followed.\n\n"
    "Exit status:\n"
    "   0  a response was received, whatever its status\n"
    "   1  protocol not supported          27  out of memory\n"
    "   2  wrong command line              28  timed out\n"
    "   3  malformed URL                   35  TLS handshake failed\n"
    "   6  host name not resolved          43  internal error\n"
    "   7  cannot connect                  52  the server closed without an answer\n"
    "   8  malformed response              55  cannot send\n"
    "  18  response cut short              56  cannot receive\n"
    "  22  status 400 or more, with -f     58  own certificate or key does not load\n"
    "  23  cannot write the output         60  server's certificate not verified\n"
    "  26  cannot read -d @FILE            63  a limit was passed\n"
    "                                      77  --cacert does not load\n";

static int run(char **argv);

const cli_command cli_get = {
    .name = "get",
    .operands = "URL",
    .summary = "Get a URL and write the body of the response to standard output.",
    .more = more,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};

/* Returns 0, or -1 when it was said what is wrong. */
static int check(get_options *o, const cli_list *operands) {
    if (operands->count == 0) {
        cli_usage(&cli_get, "no URL given");
        return -1;
    }
    if (operands->count > 1) {
        cli_usage(&cli_get, "one URL at a time: %s is a second one", operands->items[1]);
        return -1;
    }
    if (o->output && o->remote_name) {
        cli_usage(&cli_get, "-o and -O both say where the body goes");
        return -1;
    }
    o->url = operands->items[0];
    return 0;
}

static int get(const get_options *o) {
    get_exchange x;
    get_exchange_run(&x, o);
    if (x.status && (!o->silent || o->show_error))
        cli_say("%s", x.err.msg);
    if (o->json)
        get_json_print(&x);
    int status = x.status;
    get_exchange_free(&x);
    return status;
}

static int run(char **argv) {
    get_options o = {0};
    cli_list operands = {0};
    int status = CLI_EXIT_USAGE;
    cli_parsed parsed = cli_parse(&cli_get, argv, &o, &operands);
    if (parsed == CLI_HELPED)
        status = CLI_EXIT_OK;
    else if (parsed == CLI_GO && check(&o, &operands) == 0)
        status = get(&o);
    cli_parse_free(&cli_get, &o, &operands);
    return status;
}
