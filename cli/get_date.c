/* get_date.c - dates of HTTP (RFC 9110 5.6.7), in each of the forms that have to be understood. */
#include "get.h"

#include <string.h>
#include <time.h>

int64_t get_date_parse(const char *text) {
    static const char *const forms[] = {
        "%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
        "%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
        "%a %b %d %H:%M:%S %Y",      /* asctime */
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm when = {0};
        const char *end = strptime(text, forms[i], &when);
        if (end && !*end)
            return timegm(&when);
    }
    return -1;
}
