/* coding/decoder.c - a chain of codings, undone from the last applied to the first.
 *
 *     "deflate, br":   wire -> br -> pipe -> deflate -> the caller
 *
 * The caller pulls at the last stage; a stage that has used up its input pulls at the one ahead. */
#include "coding/decoder.h"

#include "base/fail.h"
#include "base/mem.h"
#include "base/str.h"
#include "coding/coding.h"

#define PIPE_SIZE 16384
/* How much one call gives out at most: zlib counts in 32 bits. */
#define READ_MAX (1u << 30)
/* What has been compressed does not shrink a second time. A pipe that carries more than this for
 * each byte from the wire, past the first bytes, is there to keep us busy: the caller, who counts
 * what comes out at the end, might never see any of it. */
#define PIPE_RATIO_MAX 200
#define PIPE_FREE      (1u << 20)

typedef struct stage {
    const sk_coding *coding;
    void *state;
    char *pipe;      /* what the stage before has written; the first has none */
    skua_str unread; /* in pipe */
    uint64_t piped;  /* bytes that came through pipe */
    const char *why; /* of the error */
    int error;
    enum { FRESH, WITHIN, ENDED } at; /* nothing has come; in a stream; a stream has ended */
    bool full; /* the last step used up its room, so that more may be waiting inside */
} stage;

struct sk_decoder {
    uint64_t taken; /* from the wire */
    int count;
    stage stages[SK_DECODER_CODINGS_MAX]; /* the first reads from the wire */
};

/* What one call of sk_decoder_read brought. */
typedef struct supply {
    skua_str *in;
    bool at_end;
} supply;

const char *sk_decoder_accepts(void) {
    return sk_coding_names();
}

/* ---- making one ---- */

/* Look up the names. They come in the order they were applied: each goes ahead of the others. */
static int find_codings(sk_decoder *d, skua_str codings, skua_error *err) {
    const char *known = sk_coding_names();
    skua_str name;
    while (sk_list_next(&codings, &name)) {
        if (sk_str_ieq(name, SK_LIT("identity")))
            continue;
        const sk_coding *coding = sk_coding_find(name);
        if (!coding)
            return sk_fail(err, SKUA_E_CONTENT_CODING, SKUA_PHASE_DECODE,
                           "content coding \"%.*s\" is not known (known: %s)", (int)name.len,
                           name.ptr, *known ? known : "none");
        if (d->count == SK_DECODER_CODINGS_MAX)
            return sk_fail(err, SKUA_E_CONTENT_CODING, SKUA_PHASE_DECODE,
                           "more than %d content codings", SK_DECODER_CODINGS_MAX);
        memmove(d->stages + 1, d->stages, (size_t)d->count * sizeof d->stages[0]);
        d->stages[0] = (stage){.coding = coding};
        d->count++;
    }
    return 0;
}

static int open_stages(sk_decoder *d, skua_error *err) {
    for (int i = 0; i < d->count; i++) {
        stage *s = &d->stages[i];
        s->state = s->coding->decode->open();
        if (i > 0)
            s->pipe = sk_alloc(PIPE_SIZE);
        if (!s->state || (i > 0 && !s->pipe))
            return sk_fail_nomem(err);
    }
    return 0;
}

int sk_decoder_new(skua_str codings, sk_decoder **out, skua_error *err) {
    sk_decoder *d = sk_zalloc(sizeof *d);
    if (!d)
        return sk_fail_nomem(err);
    int rc = find_codings(d, codings, err);
    if (rc == 0)
        rc = open_stages(d, err);
    if (rc != 0 || d->count == 0) {
        sk_decoder_free(d);
        d = NULL;
    }
    if (rc == 0)
        *out = d;
    return rc;
}

void sk_decoder_free(sk_decoder *d) {
    if (!d)
        return;
    for (int i = 0; i < d->count; i++) {
        stage *s = &d->stages[i];
        if (s->state)
            s->coding->decode->close(s->state);
        sk_free(s->pipe);
    }
    sk_free(d);
}

/* ---- reading ---- */

static void break_stage(stage *s, const char *why) {
    s->error = SKUA_E_CONTENT_CODING;
    s->why = why;
}

/* One step, with input or for what is waiting inside. Returns how many bytes it gave. */
static size_t step(stage *s, skua_str *in, sk_room room) {
    const sk_decode_ops *ops = s->coding->decode;
    size_t cap = room.len;
    if (s->at == ENDED && !ops->repeats) {
        break_stage(s, SK_BEHIND_END);
        return 0;
    }
    sk_coded came_to = ops->step(s->state, in, &room, &s->why);
    s->at = came_to == SK_CODED_END ? ENDED : WITHIN;
    s->full = came_to == SK_CODED_MORE && room.len == 0;
    if (came_to == SK_CODED_BROKEN)
        s->error = SKUA_E_CONTENT_CODING;
    else if (came_to == SK_CODED_NOMEM)
        s->error = SKUA_E_NOMEM;
    return cap - room.len;
}

static int stage_error(const stage *s, skua_error *err) {
    if (s->error == SKUA_E_NOMEM)
        return sk_fail_nomem(err);
    return sk_fail(err, s->error, SKUA_PHASE_DECODE, "%s: %s", s->coding->name, s->why);
}

static ptrdiff_t pull(sk_decoder *d, stage *s, const supply *wire, sk_room room, skua_error *err);

/* Get the stage new input: 0, SKUA_E_AGAIN, an error; the end is told by unread staying empty. */
static int refill(sk_decoder *d, stage *s, const supply *wire, skua_error *err) {
    if (s == d->stages)
        return wire->at_end ? 0 : SKUA_E_AGAIN;
    ptrdiff_t n = pull(d, s - 1, wire, (sk_room){s->pipe, PIPE_SIZE}, err);
    if (n < 0)
        return (int)n;
    s->unread = (skua_str){s->pipe, (size_t)n};
    s->piped += (uint64_t)n;
    if (s->piped > PIPE_FREE && s->piped / PIPE_RATIO_MAX > d->taken) {
        break_stage(s, "too much for what came, within another coding");
        return stage_error(s, err);
    }
    return 0;
}

/* Get bytes out of a stage: how many (> 0); 0 at the end; SKUA_E_AGAIN; an error. What a stage gave
 * before it broke is given out first. */
static ptrdiff_t pull(sk_decoder *d, stage *s, const supply *wire, sk_room room, skua_error *err) {
    skua_str *in = s == d->stages ? wire->in : &s->unread;
    for (;;) {
        while (!s->error && (in->len > 0 || s->full)) {
            size_t before = in->len;
            size_t n = step(s, in, room);
            if (s == d->stages)
                d->taken += before - in->len;
            if (n > 0)
                return (ptrdiff_t)n;
        }
        if (s->error)
            return stage_error(s, err);
        int rc = refill(d, s, wire, err);
        if (rc != 0)
            return rc;
        if (in->len == 0 && s->at != WITHIN)
            return 0;
        if (in->len == 0)
            break_stage(s, "cut short");
    }
}

ptrdiff_t sk_decoder_read(sk_decoder *d, skua_str *in, bool at_end, void *out, size_t cap,
                          skua_error *err) {
    const supply wire = {in, at_end};
    if (!in->ptr)
        in->ptr = ""; /* NULL + 0 is undefined */
    sk_room room = {out, cap < READ_MAX ? cap : READ_MAX};
    return pull(d, &d->stages[d->count - 1], &wire, room, err);
}
