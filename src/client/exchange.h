/* client/exchange.h - one request and the head of its answer, over a channel that somebody else
 * has found.
 *
 * Sending and receiving overlap: a peer may answer before it has all of the request, and that
 * answer counts. */
#ifndef SK_CLIENT_EXCHANGE_H
#define SK_CLIENT_EXCHANGE_H

#include "client/draft.h"
#include "client/response.h"

/* Bytes of body. The last piece may be empty; it ends the body, as far as that has come. */
typedef struct sk_piece {
    const char *at;
    size_t left;
    bool last;
} sk_piece;

typedef struct sk_exchange {
    sk_draft draft;
    sk_timeline timeline;
    sk_channel *channel;   /* held from when the head is written until the answer is handed over */
    skua_response *answer; /* being put together; NULL before the first of it has come */
    bool answered;         /* its final head is there */
    int64_t announced;     /* of the body; -1: chunked */
    int64_t taken;         /* of the body, so far */
    int64_t received_before; /* on the channel, ahead of the answer */
    bool asked;              /* for 100-continue: once is enough */
} sk_exchange;

/* Forget the exchange, but for the memory of its draft. */
void sk_exchange_reset(sk_exchange *x);
void sk_exchange_free(sk_exchange *x);

/* Write the head into the channel's output. Nothing leaves yet. */
int sk_exchange_write_head(sk_exchange *x, sk_channel *ch, const sk_origin *origin,
                           sk_draft_body body, skua_error *err);
/* Send what is queued, and a piece of body behind it. SKUA_E_BROKEN_PIPE when an answer came
 * before all of it had left. */
int sk_exchange_send(sk_exchange *x, sk_piece piece, sk_bound call, skua_error *err);
/* Wait for the final head. */
int sk_exchange_await(sk_exchange *x, sk_bound call, skua_error *err);
/* Has the connection ended without a byte of an answer? `code` is what it failed with. */
bool sk_exchange_died_unanswered(const sk_exchange *x, int code);
/* Hand over the answer: its body is read from the channel. Only when it is answered. */
skua_response *sk_exchange_take_answer(sk_exchange *x);

#endif
