/* wire/h1_framing.h - what a parsed head means: how long its body is and whether the connection
 * goes on (RFC 9112 3.2, 6.3, 9.3). It decides; parsing is done in h1_parse. */
#ifndef SK_WIRE_H1_FRAMING_H
#define SK_WIRE_H1_FRAMING_H

#include "wire/h1_parse.h"

/* Of the request, what its response depends on. */
typedef enum sk_h1_method { SK_H1_OTHER, SK_H1_HEAD, SK_H1_CONNECT } sk_h1_method;

sk_h1_method sk_h1_method_of(skua_str method);

/* Fill in host, body, content_length, keep_alive, expect_continue and upgrade of a parsed head.
 * Returns 0, or a code with *what. */
int sk_h1_frame_request(sk_head *head, const sk_h1_keys *keys, const char **what);
int sk_h1_frame_response(sk_head *head, const sk_h1_keys *keys, sk_h1_method request,
                         const char **what);

/* May a response of this status have a body (RFC 9112 6.3)? */
bool sk_h1_status_has_body(int status);

#endif
