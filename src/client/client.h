/* client/client.h - what stands behind a skua_client: settings that do not change, so that threads
 * may share them. */
#ifndef SK_CLIENT_CLIENT_H
#define SK_CLIENT_CLIENT_H

#include "client/settings.h"

#include <skua/client.h>

#define SK_CLIENT_TIMEOUT_MS 300000
#define SK_CLIENT_REDIRECTS  10

struct skua_client {
    sk_settings *settings;
    int64_t timeout_ms;
    int redirects_max;
};

#endif
