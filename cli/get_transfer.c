/* get_transfer.c - all that becomes of one URL: tries, and in each of them one exchange for the URL
 * and one for each redirect.
 *
 *     prepare --> try: exchange --> redirect? --> exchange ... --> body --> retry? --> tell
 *                  ^                                                          |
 *                  +----------------------------------------------------------+
 *
 * Each step returns 0, or the exit status with t->err filled, which ends it. What has been received
 * until then stays, in the transfer as on the output. */
#include "get.h"

#include "exit_status.h"
#include "stopwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- before anything is sent ---- */

typedef int step(get_transfer *t);

static int begin_digest(get_transfer *t) {
    skua_sha256_free(t->hash);
    t->hash = t->options->json ? skua_sha256_new() : NULL;
    return t->hash || !t->options->json ? 0 : get_no_memory(&t->err);
}

static int run_steps(get_transfer *t, step *const *steps) {
    int status = 0;
    for (; *steps && !status; steps++)
        status = (*steps)(t);
    return status;
}

/* ---- one try ---- */

void get_transfer_end_hop(get_transfer *t) {
    get_hop *hop = t->hop_count > 0 ? &t->hops[t->hop_count - 1] : NULL;
    if (!hop)
        return;
    if (t->response)
        skua_response_timings(t->response, &hop->timings);
    else if (t->conn)
        skua_conn_timings(t->conn, &hop->timings);
}

static void forget_hops(get_transfer *t) {
    for (size_t i = 0; i < t->hop_count; i++)
        free(t->hops[i].url);
    free(t->hops);
    t->hops = NULL;
    t->hop_count = 0;
}

/* Forget what an earlier try has brought. */
static int begin_try(get_transfer *t) {
    skua_response_free(t->response);
    t->response = NULL;
    t->conn = NULL;
    forget_hops(t);
    t->counts = (get_counts){0};
    t->upload.dropped = 0;
    t->began = cli_now_ms();
    t->redirected = 0;
    if (get_upload_rewind(&t->upload) != 0) {
        return get_fail(&t->err, CLI_EXIT_REWIND, SKUA_E_UNSUPPORTED,
                        "get: what was sent cannot be read again for another try");
    }
    if (cli_output_rewind(&t->output) != 0)
        return get_fail_file(&t->err, CLI_EXIT_WRITE, cli_output_name(&t->output), errno);
    skua_url_free(t->url);
    t->url = NULL;
    return skua_url_parse(skua_url_text(t->start), &t->url, &t->err) ? cli_exit_status(&t->err) : 0;
}

static int ask(get_transfer *t) {
    int again = 1, status = 0;
    while (!status && again) {
        status = get_exchange_run(t);
        if (!status)
            status = get_head_write(t);
        if (!status)
            status = get_redirect_follow(t, &again);
    }
    return status;
}

static int run_try(get_transfer *t) {
    static step *const steps[] = {begin_try, begin_digest,     get_request_build,
                                  ask,       get_body_receive, NULL};
    int status = run_steps(t, steps);
    get_transfer_end_hop(t);
    t->total = cli_now_ms() - t->began;
    return status;
}

static void try_until_done(get_transfer *t) {
    double began = cli_now_ms();
    int tried = 0;
    do {
        t->status = run_try(t);
        tried++;
    } while (get_retry_wait(t, tried, began));
}

/* ---- all of it ---- */

void get_transfer_run(get_transfer *t, get_session *s, size_t index) {
    static step *const steps[] = {get_url_build, get_target_build, get_upload_build, NULL};
    const get_options *o = s->options;
    *t = (get_transfer){.session = s, .options = o, .index = index, .text = o->urls.items[index]};
    t->upload_name = index < o->uploads.count ? o->uploads.items[index] : NULL;
    t->upload.source.fd = -1;
    cli_output_init(&t->output, NULL);
    t->began = cli_now_ms();
    t->status = run_steps(t, steps);
    if (!t->status)
        try_until_done(t);
    if (cli_output_close(&t->output) != 0 && t->status == 0)
        t->status = get_fail_file(&t->err, CLI_EXIT_WRITE, cli_output_name(&t->output), errno);
}

void get_transfer_free(get_transfer *t) {
    skua_sha256_free(t->hash);
    skua_response_free(t->response);
    forget_hops(t);
    get_upload_free(&t->upload);
    cli_texts_free(&t->request.texts);
    free(t->request.fields);
    skua_url_free(t->url);
    skua_url_free(t->start);
    cli_texts_free(&t->texts);
}
