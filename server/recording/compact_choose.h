/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: which of a recording's small segments become one. */
#ifndef RECORDING_COMPACT_CHOOSE_H
#define RECORDING_COMPACT_CHOOSE_H

#include "remux/index.h"

struct compact_choice {
    size_t first, n; /* n >= 2; 0: none */
};
/* list: small segments in order of their time. A group is without holes or overlaps, of one format,
 * and at most max_90k long. One that may still grow (it reaches the end of the list) is left for
 * later, unless `over`: nothing more comes. */
struct compact_choice compact_choose(const struct index *const *list, size_t n, int64_t max_90k,
                                     bool over);

#endif
