/* SPDX-License-Identifier: Apache-2.0 */
/* Decode times of a fragment: whatever is found lies inside and is what stands there. */
#include "live/fragment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fragment_times t;
    if (fragment_times(data, size, &t) != 0) {
        return 0;
    }
    ALWAYS(t.n > 0 && t.n <= INDEX_TRACKS_MAX);
    for (unsigned i = 0; i < t.n; i++) {
        uint64_t v = 0;
        ALWAYS(t.track[i].at + 8 <= size && t.track[i].track > 0);
        for (unsigned k = 0; k < 8; k++) {
            v = v << 8 | data[t.track[i].at + k];
        }
        ALWAYS(v == t.track[i].time);
    }
    return 0;
}
