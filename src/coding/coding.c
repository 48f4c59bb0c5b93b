/* coding/coding.c - the table of content codings. */
#include "coding/coding.h"

#include "base/str.h"

/* X(name, alias, decode), library by library. The build defines each SK_HAVE_ as 0 or 1. */
#if SK_HAVE_ZLIB
/* RFC 9110 8.4.1.3: "x-gzip" is to be taken for "gzip". */
#define ZLIB_CODINGS(X)                                                                            \
    X("gzip", "x-gzip", &sk_gzip_decode)                                                           \
    X("deflate", NULL, &sk_deflate_decode)
#else
#define ZLIB_CODINGS(X)
#endif
#if SK_HAVE_BROTLI
#define BROTLI_CODINGS(X) X("br", NULL, &sk_brotli_decode)
#else
#define BROTLI_CODINGS(X)
#endif
#if SK_HAVE_ZSTD
#define ZSTD_CODINGS(X) X("zstd", NULL, &sk_zstd_decode)
#else
#define ZSTD_CODINGS(X)
#endif
#define CODINGS(X) ZLIB_CODINGS(X) BROTLI_CODINGS(X) ZSTD_CODINGS(X)

#define ROW(name, alias, decode)    {name, alias, decode},
#define LISTED(name, alias, decode) ", " name

/* Ends with a row without a name: a build may know none. */
static const sk_coding codings[] = {CODINGS(ROW){NULL, NULL, NULL}};
static const char names[] = "" CODINGS(LISTED);

const sk_coding *sk_coding_find(skua_str name) {
    for (const sk_coding *c = codings; c->name; c++) {
        if (sk_str_ieq(name, sk_str(c->name)) || (c->alias && sk_str_ieq(name, sk_str(c->alias))))
            return c;
    }
    return NULL;
}

const char *sk_coding_names(void) {
    return names + (sizeof names > 2 ? 2 : 0);
}
