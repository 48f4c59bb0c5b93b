/* sys/identity.c - who runs this, and where. */
#include "sys/identity.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

void sk_identity(char *out, size_t cap) {
    char host[256] = "localhost", strings[1024], digits[24];
    struct passwd entry, *found = NULL;
    uid_t uid = getuid();
    snprintf(digits, sizeof digits, "%lu", (unsigned long)uid);
    if (getpwuid_r(uid, &entry, strings, sizeof strings, &found) != 0)
        found = NULL;
    if (gethostname(host, sizeof host) != 0)
        snprintf(host, sizeof host, "localhost");
    host[sizeof host - 1] = '\0'; /* a name that was cut need not be terminated */
    snprintf(out, cap, "%s@%s", found ? entry.pw_name : digits, host);
}
