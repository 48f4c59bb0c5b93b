/* sys/descriptor.h - reading and writing descriptors that somebody else has opened: files, pipes,
 * terminals, sockets. */
#ifndef SK_SYS_DESCRIPTOR_H
#define SK_SYS_DESCRIPTOR_H

#include <skua/types.h>

/* Bytes, 0 at the end, or -errno (-EAGAIN where it does not block). */
ptrdiff_t sk_descriptor_read(int fd, void *buf, size_t len);
/* Write all of the pieces, in one call where they are taken so; waits for a descriptor that does
 * not block. 0 or -errno. */
#define SK_DESCRIPTOR_PIECES 4
int sk_descriptor_write(int fd, const skua_str *pieces, size_t count);
/* Where it stands; -errno where it does not stand anywhere (-ESPIPE: a pipe). */
int64_t sk_descriptor_tell(int fd);
int sk_descriptor_seek(int fd, int64_t offset); /* 0 or -errno */

#endif
