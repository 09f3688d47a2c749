/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: Range, If-Range and conditional headers (RFC 9110, sections 13 and 14). One range only: a
 * list of ranges is answered with the whole, as the RFC allows. */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include "base/status.h"

#include <stdbool.h>

enum { RANGE_E_NONE = 1, RANGE_E_UNSATISFIABLE };
#define RANGE_UNKNOWN UINT64_MAX
/* size: of the resource. 0: [*ret_first, *ret_last] inclusive. RANGE_E_NONE: serve the whole (no,
 * odd or several ranges). */
int range_parse(const char *header, uint64_t size, uint64_t *ret_first,
                uint64_t *ret_last) MUST_CHECK;
/* Does a strong ETag (with quotes) match a list such as `"a", "b"` or `*`? */
bool range_etag_listed(const char *list, const char *etag);
/* Does If-Range allow the range? NULL header: yes. Dates never match: we give strong ETags. */
bool range_if_range(const char *header, const char *etag);
/* Content-Range of a request's body: "bytes 0-99/1000", or an asterisk for a total that is not
 * known yet (*ret_total: RANGE_UNKNOWN). -EINVAL: malformed, or the range is not inside the total.
 */
int range_content_parse(const char *header, uint64_t *ret_first, uint64_t *ret_last,
                        uint64_t *ret_total) MUST_CHECK;

#endif
