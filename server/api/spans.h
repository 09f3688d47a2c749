/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the handlers that take a span of a camera's time. */
#ifndef API_SPANS_H
#define API_SPANS_H

#include "api/api.h"
#include "playback/timeline.h"

/* The query's from and to; answers 422 itself and returns false when they cannot be used. */
bool api_span(struct http_exchange *x, int64_t max_us, int64_t *ret_from_us, int64_t *ret_to_us);
/* Rows of timeline_gaps.sql; reasons are borrowed from r, ret_gaps is malloc'd. */
uint32_t api_gaps_of_rows(const struct db_reply *r, unsigned stmt, struct timeline_gap **ret_gaps);

#endif
