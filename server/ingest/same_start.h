/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: does a whole upload begin with what a partial clip holds? Then the partial clip may be
 * replaced. */
#ifndef INGEST_SAME_START_H
#define INGEST_SAME_START_H

#include "remux/index.h"

/* Segment by segment. All fragments must be equal (sketch); of a partial clip's very last segment
 * the last fragment may be shorter than its counterpart: its coded pictures must then be a
 * beginning of it. */
bool same_start(const struct index *partial, bool last_segment, const struct index *whole);

#endif
