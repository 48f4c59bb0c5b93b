/* server/html.h - text into HTML. */
#ifndef SK_SERVER_HTML_H
#define SK_SERVER_HTML_H

#include "base/buf.h"

/* Append text so that it is nothing but text, between tags and in a quoted attribute alike. */
void sk_html_append_text(sk_buf *out, skua_str text);

#endif
