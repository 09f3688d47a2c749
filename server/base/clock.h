/* SPDX-License-Identifier: Apache-2.0 */
/* Time. Wall time is UTC microseconds since 1970; monotonic time is for deadlines only. Media time
 * is 1/90000 s. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/status.h"

enum { CLOCK_US = 1000000, CLOCK_90K = 90000 };
enum { CLOCK_RFC3339_SIZE = 32 };

int64_t clock_now_us(void);
uint64_t clock_mono_ms(void);

/* RFC 3339 UTC with milliseconds: 2026-11-23T18:52:03.250Z. out holds CLOCK_RFC3339_SIZE bytes. */
void clock_format(int64_t us, char *out);
/* Any RFC 3339 date-time with Z or an offset, fraction optional (digits past microseconds are
 * dropped). -EINVAL otherwise. */
int clock_parse(const char *s, int64_t *ret_us) MUST_CHECK;

/* The date of an HTTP header, as senders must write it (RFC 9110, IMF-fixdate):
 * Mon, 23 Nov 2026 18:52:03 GMT. -EINVAL otherwise. */
int clock_parse_http(const char *s, int64_t *ret_us) MUST_CHECK;

#endif
