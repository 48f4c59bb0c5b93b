/* serve_qr.h - a QR code of a short text. */
#ifndef CLI_SERVE_QR_H
#define CLI_SERVE_QR_H

enum { SERVE_QR_SIZE_MAX = 37, SERVE_QR_TEXT_MAX = 106 };

typedef struct serve_qr {
    int size; /* modules on each side, without the quiet zone */
    unsigned char dark[SERVE_QR_SIZE_MAX][SERVE_QR_SIZE_MAX]; /* by row and column */
} serve_qr;

/* Returns 0, or -1 for a text that is longer than SERVE_QR_TEXT_MAX bytes. */
int serve_qr_encode(const char *text, serve_qr *out);

#endif
