/* wire/accept.h - what a client would rather have: weighing the values of Accept and
 * Accept-Encoding (RFC 9110 12.5). Pure.
 *
 * Weights are thousandths, 0 to 1000. An element that is malformed is passed over. */
#ifndef SK_WIRE_ACCEPT_H
#define SK_WIRE_ACCEPT_H

#include <skua/types.h>
#include <stdbool.h>

#define SK_WEIGHT_MAX 1000

/* The weight of a content coding ("gzip", "identity") by Accept-Encoding (ptr NULL: there is none);
 * 0: it is not acceptable. "identity" that is not named has the least weight above 0: it may be
 * sent, and all that was asked for is preferred (RFC 9110 12.5.3). Without a field only "identity"
 * is acceptable, for a client that names no coding may know none. */
int sk_accept_coding(skua_str field, skua_str coding);

/* Which of some codings the client likes best, NULL-terminated, the sender's own favourite first;
 * -1: none of them, send "identity". Those marked in `passed` (a bit each) do not stand to choice.
 */
int sk_accept_best_coding(skua_str field, const char *const *codings, unsigned passed);

/* Does the client prefer one media type ("application/json") to another by Accept (ptr NULL: there
 * is none)? By weight; where that is the same, what is named exactly goes before what a "*" lets
 * in. */
bool sk_accept_prefers_type(skua_str field, skua_str type, skua_str to);

#endif
