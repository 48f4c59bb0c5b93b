/* server/exchange.c - the end of an exchange. What happens before is its worker's. */
#include "server/exchange.h"

#include "base/mem.h"
#include "server/reply.h"

void sk_exchange_free(sk_exchange *x) {
    sk_reply_release(&x->reply);
    sk_request_release(&x->request);
    sk_arena_free(&x->arena);
    sk_buf_free(&x->request.body);
    sk_free(x);
}
