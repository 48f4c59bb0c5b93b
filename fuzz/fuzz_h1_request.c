/* Fuzz the HTTP/1 machine as it reads requests. The first byte says how the rest is split. */
#include "h1_replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    compare_splits(SK_SERVER, data, size);
    return 0;
}
