/* server/error_page.h - the small HTML page that names an error. */
#ifndef SK_SERVER_ERROR_PAGE_H
#define SK_SERVER_ERROR_PAGE_H

#include "base/arena.h"

/* `explain` may be NULL; it is escaped. ptr NULL: no memory. */
skua_str sk_error_page(sk_arena *arena, int status, const char *explain);

#endif
