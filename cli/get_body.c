/* get_body.c - the body of a response, to where it belongs. */
#include "get.h"

#include "exit_status.h"
#include "stopwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, LOOK_BYTES = 2000, PIECES_A_SECOND = 10 };

static int cannot_write(get_transfer *t) {
    return get_fail_file(&t->err, CLI_EXIT_WRITE, cli_output_name(&t->output), errno);
}

int get_progress_wanted(const get_transfer *t) {
    const get_options *o = t->options;
    return !o->silent && !o->no_progress && (t->output.path || !isatty(STDOUT_FILENO));
}

/* A NUL early on is what text never holds: a terminal would show nothing that helps anybody. */
static int check_terminal(get_transfer *t, const char *piece, size_t len) {
    if (t->counts.download > 0 || t->output.asked_stdout || !cli_output_is_terminal(&t->output))
        return 0;
    if (!memchr(piece, '\0', len < LOOK_BYTES ? len : LOOK_BYTES))
        return 0;
    return get_fail(&t->err, CLI_EXIT_WRITE, SKUA_E_UNSUPPORTED,
                    "get: the body is not text: -o FILE keeps it, -o - shows it all the same");
}

/* --limit-rate: wait until so many bytes are due. */
static void keep_rate(const get_transfer *t, double began) {
    if (t->options->rate_max == 0)
        return;
    double due = (double)t->counts.download * 1000 / (double)t->options->rate_max;
    cli_sleep_ms((int64_t)(due - (cli_now_ms() - began)));
}

static size_t piece_bytes(const get_options *o) {
    int64_t most = o->rate_max / PIECES_A_SECOND + 1;
    return o->rate_max == 0 || most > READ_BYTES ? READ_BYTES : (size_t)most;
}

/* --max-filesize, as soon as it is known. */
static int check_size(get_transfer *t, int64_t size) {
    int64_t max = t->options->size_max;
    if (max == 0 || size <= max)
        return 0;
    return get_fail(&t->err, CLI_EXIT_LIMIT, SKUA_E_BODY_TOO_LARGE,
                    "%.300s: the body is larger than %lld bytes", skua_url_text(t->url),
                    (long long)max);
}

static int take_piece(get_transfer *t, const char *piece, size_t len) {
    int status = check_terminal(t, piece, len);
    if (!status)
        status = check_size(t, t->counts.download + (int64_t)len);
    if (status)
        return status;
    t->counts.download += (int64_t)len;
    if (t->hash)
        skua_sha256_update(t->hash, piece, len);
    if (cli_output_write(&t->output, piece, len) != 0)
        return cannot_write(t);
    cli_progress_add(&t->progress, (int64_t)len); /* of what is kept */
    return 0;
}

static int copy(get_transfer *t) {
    char piece[READ_BYTES];
    double began = cli_now_ms();
    int status = 0;
    while (!status) {
        ptrdiff_t n = skua_response_read(t->response, piece, piece_bytes(t->options), &t->err);
        if (n <= 0)
            return n < 0 ? cli_exit_status(&t->err) : 0;
        status = take_piece(t, piece, (size_t)n);
        keep_rate(t, began);
    }
    return status;
}

static int copy_shown(get_transfer *t) {
    int64_t length = skua_response_content_length(t->response);
    if (get_progress_wanted(t)) {
        cli_progress_begin(&t->progress, t->resume_from, length < 0 ? -1 : length + t->resume_from);
    }
    int status = copy(t);
    cli_progress_end(&t->progress);
    return status;
}

/* -R. A date that cannot be read leaves the time as it is. */
static void set_remote_time(get_transfer *t) {
    const char *text = skua_response_header(t->response, "Last-Modified");
    int64_t seconds = text ? get_date_parse(text) : -1;
    if (!t->options->remote_time || seconds < 0 || !t->output.path || t->output.fd < 0)
        return;
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds}};
    futimens(t->output.fd, times);
}

/* -f */
static int check_status(get_transfer *t) {
    int code = skua_response_status(t->response);
    if ((!t->options->fail && !t->options->fail_with_body) || code < 400)
        return 0;
    return get_fail(&t->err, CLI_EXIT_STATUS, SKUA_E_HTTP, "%.300s: the server answers %d %s",
                    skua_url_text(t->url), code, skua_response_reason(t->response));
}

int get_body_receive(get_transfer *t) {
    const get_options *o = t->options;
    int done = 0;
    int refused = check_status(t);
    skua_error refusal = t->err;
    if (refused && !o->fail_with_body)
        return refused;
    int status = refused ? 0 : get_resume_check(t, &done);
    if (!status && !done && !o->head)
        status = check_size(t, skua_response_content_length(t->response));
    if (status || done)
        return status;
    if (cli_output_open(&t->output) != 0)
        return cannot_write(t);
    if (strcmp(t->request.method, "HEAD") != 0 && !o->head)
        status = copy_shown(t);
    if (!status)
        status = get_trailers_write(t);
    set_remote_time(t);
    if (!status && refused)
        t->err = refusal;
    return status ? status : refused;
}
