/* get_options.c - the options of `skua get`, by subject. They mean what they mean to curl. */
#include "get_options.h"

#include "subcommands.h"

#include <skua/tls.h>
#include <string.h>

#define AT(member) offsetof(get_options, member)
#define RARE       1

enum { REDIRECTS_DEFAULT = 50, REDIRECTS_MAX = 100000, RETRIES_MAX = 100000 };

static const cli_option output[] = {
    {'o', "output", "FILE", CLI_MARKED, AT(outputs), GET_OUTPUT,
     "write the body to FILE, not to standard output. Once\nfor each URL", 0},
    {'O', "remote-name", NULL, CLI_MARKED, AT(outputs), GET_REMOTE_NAME,
     "write the body to a file named after the end of the\nURL's path", 0},
    {0, "remote-name-all", NULL, CLI_FLAG, AT(all_remote_names), 0,
     "as -O, for each URL that has none", RARE},
    {0, "output-dir", "DIR", CLI_TEXT, AT(output_dir), 0, "where the files of -o and -O go", RARE},
    {0, "create-dirs", NULL, CLI_FLAG, AT(create_dirs), 0,
     "make the directories that -o and --output-dir name", RARE},
    {'C', "continue-at", "OFFSET", CLI_TEXT, AT(resume), 0,
     "go on from OFFSET; -: from the end of the file that\nis there", 0},
    {'R', "remote-time", NULL, CLI_FLAG, AT(remote_time), 0,
     "give the file the time of Last-Modified", RARE},
    {'I', "head", NULL, CLI_FLAG, AT(head), 0, "ask with HEAD, and show the head", 0},
    {'i', "include", NULL, CLI_FLAG, AT(include), 0, "show the head before the body", 0},
    {'D', "dump-header", "FILE", CLI_TEXT, AT(dump_header), 0,
     "write the heads to FILE; -: to standard output", RARE},
    {0, "json", NULL, CLI_FLAG, AT(json), 0,
     "print one JSON object about each exchange in place of\nthe body", 0},
    {'w', "write-out", "FORMAT", CLI_TEXT, AT(write_out), 0,
     "afterwards print this, with %{http_code},\n%{time_total}... in it; @FILE: what FILE holds",
     0},
    {0, "timing", NULL, CLI_FLAG, AT(timing), 0, "draw on standard error what took how long", 0},
    {'f', "fail", NULL, CLI_FLAG, AT(fail), 0,
     "a status of 400 or more is an error: no body, exit 22", 0},
    {0, "fail-with-body", NULL, CLI_FLAG, AT(fail_with_body), 0, "the same, with the body", RARE},
    {'v', "verbose", NULL, CLI_FLAG, AT(verbose), 0,
     "show on standard error what is done (*), sent (>) and\nreceived (<)", 0},
    {'s', "silent", NULL, CLI_FLAG, AT(silent), 0, "no progress bar, no reports of errors", 0},
    {'S', "show-error", NULL, CLI_FLAG, AT(show_error), 0, "report them with -s all the same", 0},
    {0, "no-progress-meter", NULL, CLI_FLAG, AT(no_progress), 0, "no progress bar", RARE},
    {'#', "progress-bar", NULL, CLI_FLAG, AT(ignored), 0, "there is a bar in any case", RARE},
    {'N', "no-buffer", NULL, CLI_FLAG, AT(ignored), 0, "nothing is held back in any case", RARE},
    {'q', "disable", NULL, CLI_FLAG, AT(ignored), 0, "there is no file of settings in any case",
     RARE},
};

static const cli_option request[] = {
    {0, "url", "URL", CLI_LIST, AT(urls), 0, "get this URL, as if it stood by itself", RARE},
    {'g', "globoff", NULL, CLI_FLAG, AT(ignored), 0,
     "brackets and braces mean nothing in a URL in any case", RARE},
    {0, "path-as-is", NULL, CLI_FLAG, AT(ignored), 0, "/../ stays in a URL in any case", RARE},
    {0, "basic", NULL, CLI_FLAG, AT(ignored), 0, "-u is Basic in any case", RARE},
    {'X', "request", "METHOD", CLI_TEXT, AT(method), 0,
     "ask with METHOD, not GET, HEAD (-I), POST (-d, -F) or\nPUT (-T)", 0},
    {'H', "header", "'NAME: VALUE'", CLI_LIST, AT(fields), 0,
     "send this field; 'NAME:' leaves out a default one,\n'NAME;' sends an empty one. Again for "
     "more",
     0},
    {'A', "user-agent", "TEXT", CLI_TEXT, AT(user_agent), 0,
     "send this User-Agent (skua/" SKUA_VERSION "); empty: none", 0},
    {'e', "referer", "URL", CLI_TEXT, AT(referer), 0,
     "send this Referer; with ';auto' behind it, with -L the\nURL that led on", RARE},
    {'b', "cookie", "'NAME=VALUE'", CLI_TEXT, AT(cookie), 0, "send this Cookie", RARE},
    {'u', "user", "NAME[:PASSWORD]", CLI_TEXT, AT(user), 0,
     "say who you are (Basic); asks for a missing password", 0},
    {0, "oauth2-bearer", "TOKEN", CLI_TEXT, AT(bearer), 0, "say it with this token (Bearer)", RARE},
    {'d', "data", "DATA", CLI_MARKED, AT(data), GET_DATA,
     "POST this; @FILE: what FILE holds, without line ends.\nAgain for more, joined by &", 0},
    {0, "data-raw", "DATA", CLI_MARKED, AT(data), GET_DATA_RAW, "the same, and @ means nothing",
     RARE},
    {0, "data-binary", "DATA", CLI_MARKED, AT(data), GET_DATA_BINARY,
     "as -d; what FILE holds as it is", 0},
    {0, "data-urlencode", "[NAME=]DATA", CLI_MARKED, AT(data), GET_DATA_URLENCODE,
     "as -d, percent-encoded; [NAME]@FILE: what FILE holds", 0},
    {'G', "get", NULL, CLI_FLAG, AT(as_query), 0, "put what -d says into the URL's query", 0},
    {'F', "form", "NAME=VALUE", CLI_MARKED, AT(form), GET_FORM,
     "POST a form's field; NAME=@FILE: a file, NAME=<FILE:\nwhat it holds; ;type=T and "
     ";filename=F behind it",
     0},
    {0, "form-string", "NAME=VALUE", CLI_MARKED, AT(form), GET_FORM_STRING,
     "the same, and @, < and ; mean nothing", RARE},
    {'T', "upload-file", "FILE", CLI_LIST, AT(uploads), 0,
     "PUT this file; -: standard input. Once for each URL", 0},
    {'r', "range", "RANGE", CLI_TEXT, AT(range), 0, "ask for these bytes: 0-99, 100-, -100", RARE},
    {0, "compressed", NULL, CLI_FLAG, AT(compressed), 0,
     "ask for a compressed response, and decode it", 0},
    {0, "expect100-timeout", "SECONDS", CLI_MILLISECONDS, AT(expect_timeout_ms), 0,
     "how long a large upload waits for the server's word (1)", RARE},
};

static const cli_option course[] = {
    {'L', "location", NULL, CLI_FLAG, AT(follow), 0, "follow redirects", 0},
    {0, "max-redirs", "N", CLI_NUMBER_OR_ALL, AT(max_redirs), REDIRECTS_MAX,
     "at most N of them (50); -1: any number", RARE},
    {0, "retry", "N", CLI_NUMBER, AT(retry), RETRIES_MAX,
     "try up to N times more after a time-out or a status of\n408, 429, 500, 502, 503, 504", 0},
    {0, "retry-delay", "SECONDS", CLI_MILLISECONDS, AT(retry_delay_ms), 0,
     "wait this long in between (1, 2, 4... or what\nRetry-After says)", RARE},
    {0, "retry-max-time", "SECONDS", CLI_MILLISECONDS, AT(retry_max_ms), 0,
     "begin no other try after this long", RARE},
    {0, "retry-connrefused", NULL, CLI_FLAG, AT(retry_refused), 0,
     "try again after a refused connection, too", RARE},
    {0, "retry-all-errors", NULL, CLI_FLAG, AT(retry_all), 0, "try again after any error", RARE},
    {0, "fail-early", NULL, CLI_FLAG, AT(fail_early), 0,
     "of several URLs, end with the first that fails", RARE},
    {'m', "max-time", "SECONDS", CLI_MILLISECONDS, AT(max_time_ms), 0,
     "for all of one URL (no limit)", 0},
    {0, "connect-timeout", "SECONDS", CLI_MILLISECONDS, AT(connect_timeout_ms), 0,
     "for name, connection and TLS handshake together\n(by itself each has 5, 10, 10)", 0},
    {0, "max-filesize", "BYTES", CLI_BYTES, AT(size_max), 0, "receive no larger body (exit 63)",
     RARE},
    {0, "limit-rate", "BYTES", CLI_BYTES, AT(rate_max), 0,
     "receive so many bytes a second: 100k, 2M", RARE},
};

static const cli_option place[] = {
    {0, "resolve", "HOST:PORT:ADDRESS", CLI_LIST, AT(resolve), 0,
     "connect to ADDRESS (or several, with commas) for\nHOST:PORT. Again for more", 0},
    {'4', "ipv4", NULL, CLI_CHOICE, AT(ip_version), 4, "IPv4 alone", 0},
    {'6', "ipv6", NULL, CLI_CHOICE, AT(ip_version), 6, "IPv6 alone", 0},
    {0, "interface", "ADDRESS", CLI_TEXT, AT(interface), 0, "connect from this address", RARE},
    {0, "unix-socket", "PATH", CLI_TEXT, AT(unix_socket), 0, "connect to this socket", RARE},
    {0, "http1.1", NULL, CLI_FLAG, AT(ignored), 0, "it is HTTP/1.1 in any case", RARE},
    {'x', "proxy", "[http://]HOST[:PORT]", CLI_TEXT, AT(proxy), 0,
     "ask through this proxy, in place of what http_proxy,\nhttps_proxy and all_proxy say; "
     "empty: none",
     0},
    {0, "noproxy", "HOST,...", CLI_TEXT, AT(no_proxy), 0,
     "but not for these hosts and those below them; '*': all", RARE},
    {'U', "proxy-user", "NAME[:PASSWORD]", CLI_TEXT, AT(proxy_user), 0,
     "say to the proxy who you are", RARE},
    {'p', "proxytunnel", NULL, CLI_FLAG, AT(proxy_tunnel), 0, "a tunnel for http, too", RARE},
    {0, "proxy-header", "'NAME: VALUE'", CLI_LIST, AT(proxy_fields), 0,
     "send this field to the proxy. Again for more", RARE},
    {0, "proxy-cacert", "FILE", CLI_TEXT, AT(proxy_cacert), 0,
     "believe the authorities in FILE as to an https proxy", RARE},
    {0, "proxy-insecure", NULL, CLI_FLAG, AT(proxy_insecure), 0,
     "do not verify who an https proxy is", RARE},
};

static const cli_option tls[] = {
    {0, "cacert", "FILE", CLI_TEXT, AT(cacert), 0,
     "believe the authorities in FILE (PEM), not the\nsystem's", 0},
    {0, "capath", "DIR", CLI_TEXT, AT(capath), 0, "those in DIR, a directory of hashed names",
     RARE},
    {'E', "cert", "FILE[:PASSWORD]", CLI_TEXT, AT(cert), 0, "show this certificate (PEM)", 0},
    {0, "key", "FILE", CLI_TEXT, AT(key), 0, "its private key, where that is not in FILE", 0},
    {0, "pass", "PASSWORD", CLI_TEXT, AT(pass), 0, "of the private key", 0},
    {'k', "insecure", NULL, CLI_FLAG, AT(insecure), 0,
     "do not verify who the server is: anyone may read and\nchange what is sent", 0},
    {0, "tlsv1.2", NULL, CLI_CHOICE, AT(tls_min), SKUA_TLS_1_2, "TLS 1.2 or newer, as by default",
     RARE},
    {0, "tlsv1.3", NULL, CLI_CHOICE, AT(tls_min), SKUA_TLS_1_3, "TLS 1.3", RARE},
    {0, "tls-max", "VERSION", CLI_TEXT, AT(tls_max), 0, "at most 1.2, 1.3 or default", RARE},
    {0, "ciphers", "LIST", CLI_TEXT, AT(ciphers), 0, "these of TLS 1.2, in OpenSSL's names", RARE},
    {0, "tls13-ciphers", "LIST", CLI_TEXT, AT(ciphersuites), 0, "these of TLS 1.3", RARE},
    {0, "pinnedpubkey", "sha256//BASE64;...", CLI_TEXT, AT(pins), 0,
     "one of these keys must be in the server's chain", RARE},
    {0, "crlfile", "FILE", CLI_TEXT, AT(crl_file), 0, "refuse what is revoked in FILE (PEM)", RARE},
    {0, "cert-status", NULL, CLI_FLAG, AT(cert_status), 0,
     "the server must show that its certificate is not\nrevoked (a stapled OCSP response)", RARE},
};

#define SECTION(title, table)                                                                      \
    { title, table, sizeof(table) / sizeof *(table) }

const cli_section get_sections[GET_SECTIONS] = {
    SECTION("Output", output),    SECTION("Request", request), SECTION("Course", course),
    SECTION("Connection", place), SECTION("TLS", tls),
};

void get_options_init(get_options *o) {
    *o = (get_options){.max_redirs = REDIRECTS_DEFAULT};
}

/* ---- what goes together ---- */

static size_t count_outputs(const get_options *o, int mark) {
    size_t count = 0;
    for (size_t i = 0; i < o->outputs.count; i++)
        count += o->outputs.items[i].mark == mark;
    return count;
}

/* Each -o and -O has a URL of its own. */
static int check_outputs(const get_options *o) {
    if (o->outputs.count <= o->urls.count)
        return 0;
    if (count_outputs(o, GET_OUTPUT) > 0 && count_outputs(o, GET_REMOTE_NAME) > 0) {
        cli_usage(&cli_get, "-o and -O both say where the body goes, and there is only %s",
                  o->urls.count == 1 ? "one URL" : "one of them for each URL");
    } else {
        cli_usage(&cli_get, "%s is given more often than there are URLs",
                  count_outputs(o, GET_OUTPUT) > 0 ? "-o" : "-O");
    }
    return -1;
}

/* curl's rule: one thing says what is asked. */
static int check_method(const get_options *o) {
    int posts = o->data.count > 0 && !o->as_query;
    const struct {
        int given;
        const char *text;
    } ways[] = {{o->head, "-I asks for HEAD"},
                {posts, "-d for POST"},
                {o->form.count > 0, "-F for POST of a form"},
                {o->uploads.count > 0, "-T for PUT"}};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].given && first) {
            cli_usage(&cli_get, "%s and %s", first, ways[i].text);
            return -1;
        }
        first = ways[i].given ? ways[i].text : first;
    }
    return 0;
}

static int check_resume(const get_options *o) {
    const char *at = o->resume;
    if (!at || strcmp(at, "-") == 0)
        return 0;
    if (*at && strlen(at) <= 18 && !at[strspn(at, "0123456789")])
        return 0;
    cli_usage(&cli_get, "-C '%s' is neither an offset nor -", at);
    return -1;
}

int get_options_check(const get_options *o) {
    if (o->urls.count == 0) {
        cli_usage(&cli_get, "no URL given");
        return -1;
    }
    if (o->range && o->resume) {
        cli_usage(&cli_get, "-r and -C both say which bytes are wanted");
        return -1;
    }
    if (check_outputs(o) != 0 || check_method(o) != 0)
        return -1;
    return check_resume(o);
}
