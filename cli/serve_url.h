/* serve_url.h - URLs of listeners that stand for all addresses. */
#ifndef CLI_SERVE_URL_H
#define CLI_SERVE_URL_H

enum { SERVE_URL_BYTES = 600 };

/* Is its host "0.0.0.0", "[::]" or "*"? */
int serve_url_is_for_all(const char *url);

/* Write the URL, with `host` in place of one that stands for all. */
void serve_url_at(const char *url, const char *host, char out[SERVE_URL_BYTES]);

#endif
