/* client/round_trip.h - one request and the head of its answer, over a channel that somebody else
 * has found.
 *
 * Sending and receiving overlap: a peer may answer before it has all of the request, and that
 * answer counts. */
#ifndef SK_CLIENT_ROUND_TRIP_H
#define SK_CLIENT_ROUND_TRIP_H

#include "client/draft.h"
#include "client/response.h"

/* Bytes of body, in memory or in a file. The last piece may be empty; it ends the body, as far as
 * that has come. */
typedef struct sk_piece {
    const char *at; /* NULL: of the file */
    size_t left;
    bool last;
    int fd;
    int64_t offset;
    const skua_field *trailers; /* behind the last one; NULL: none */
} sk_piece;

typedef struct sk_round_trip {
    sk_draft draft;
    sk_timeline timeline;
    /* What follows is forgotten at once, from here on. */
    sk_channel *channel;   /* held from when the head is written until the answer is handed over */
    skua_response *answer; /* being put together; NULL before the first of it has come */
    bool answered;         /* its final head is there */
    int64_t announced;     /* of the body; -1: chunked */
    int64_t taken;         /* of the body, so far */
    int64_t received_before; /* on the channel, ahead of the answer */
    int64_t sent_before;     /* and ahead of the request */
    bool asked;              /* for 100-continue: once is enough */
    bool tried;              /* the stream was given some of it */
    bool cut;                /* some of it will never leave */
} sk_round_trip;

/* Forget the round trip, but for the memory of its draft. */
void sk_round_trip_reset(sk_round_trip *t);
void sk_round_trip_free(sk_round_trip *t);

/* Write the head into the channel's output. Nothing leaves yet. */
int sk_round_trip_write_head(sk_round_trip *t, sk_channel *ch, const sk_draft_frame *frame,
                             skua_error *err);
/* Send what is queued, and a piece of body behind it. SKUA_E_BROKEN_PIPE when an answer came
 * before all of it had left; SKUA_E_INCOMPLETE_READ when the file ended. */
int sk_round_trip_send(sk_round_trip *t, sk_piece piece, sk_bound call, skua_error *err);
/* Has all of the request left, its end included? */
bool sk_round_trip_all_sent(const sk_round_trip *t);
/* Wait for the final head. */
int sk_round_trip_await(sk_round_trip *t, sk_bound call, skua_error *err);
/* Bytes of the answer, interim responses among them. */
int64_t sk_round_trip_received(const sk_round_trip *t);
/* May the peer have seen some of the request? */
bool sk_round_trip_was_sent(const sk_round_trip *t);
/* Has the kept connection ended without a byte of an answer? `code` is what it failed with. */
bool sk_round_trip_died_unanswered(const sk_round_trip *t, int code);
/* Hand over the answer: its body is read from the channel. Only when it is answered. */
skua_response *sk_round_trip_take_answer(sk_round_trip *t);

/* ---- between round_trip.c and round_trip_send.c ---- */

/* Take what has come: 0 with the final head, SKUA_E_AGAIN, or an error. */
int sk_round_trip_look(sk_round_trip *t, skua_error *err);
/* The channel has gone with an earlier response that was not read to its end. */
int sk_round_trip_gone(const sk_round_trip *t, skua_error *err);
/* A phase is over now: *at, of the timeline. */
void sk_round_trip_note(sk_round_trip *t, double *at, const char *phase);

#endif
