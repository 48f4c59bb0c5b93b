/* sys/identity.h - who runs this, and where. */
#ifndef SK_SYS_IDENTITY_H
#define SK_SYS_IDENTITY_H

#include <stddef.h>

/* "user@host", with digits for a user without a name; cut to cap. */
void sk_identity(char *out, size_t cap);

#endif
