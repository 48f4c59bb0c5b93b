/* server/reply_file.c - a reply whose body comes out of a file.
 *
 * Nothing of the file is read here: the connection sends it, piece by piece, when the handler has
 * returned, or who deferred the reply has finished it. */
#include "server/conn.h"
#include "server/reply_parts.h"
#include "sys/file.h"

static int64_t length_of(const sk_file_piece *pieces, uint32_t count) {
    int64_t length = 0;
    for (uint32_t i = 0; i < count; i++)
        length += (int64_t)pieces[i].text.len + pieces[i].len;
    return length;
}

static int begin(skua_reply *a, const sk_file_piece *pieces, uint32_t count) {
    if (a->error)
        return a->error;
    if (a->state != SK_REPLY_NAMED || a->interim)
        return sk_reply_latch(a, SKUA_E_STATE);
    a->whole = true;
    int64_t length = length_of(pieces, count);
    int rc = sk_reply_open_body(a, SK_BODY_LENGTH, length);
    if (rc != 0 || length == 0 || !sk_reply_body_is_sent(a))
        return rc;
    a->pieces = pieces;
    a->pieces_left = count;
    return 0;
}

int sk_reply_file_pieces(skua_reply *a, int fd, sk_open_file *shared, const sk_file_piece *pieces,
                         uint32_t count) {
    if (a->file >= 0) {
        if (!shared)
            sk_file_close(fd);
        return sk_reply_latch(a, SKUA_E_STATE);
    }
    a->file = fd;
    a->shared = sk_open_file_share(shared);
    int rc = begin(a, pieces, count);
    if (a->pieces_left == 0)
        sk_reply_release(a);
    return rc;
}

int sk_reply_file(skua_reply *a, int fd, sk_open_file *shared, int64_t offset, int64_t length) {
    const sk_file_piece piece = {.at = offset, .len = length};
    int rc = sk_reply_file_pieces(a, fd, shared, &piece, 1);
    if (a->pieces != &piece)
        return rc;
    a->pieces = NULL;
    a->pieces_left = 0;
    a->file_at = offset;
    a->file_left = length;
    return rc;
}

int sk_reply_next_piece(skua_reply *a) {
    sk_session *s = &sk_exchange_of_reply(a)->conn->session;
    const sk_file_piece *piece = a->pieces++;
    a->pieces_left--;
    a->file_at = piece->at;
    a->file_left = piece->len;
    a->body_bytes += (int64_t)piece->text.len;
    return piece->text.len > 0 ? sk_h1_data(&s->h1, s->out, piece->text.ptr, piece->text.len) : 0;
}
