/* SPDX-License-Identifier: Apache-2.0 */
/* An agency asks. In this form a request is published at once: the states for a second officer's
 * approval and the operator's review are in the schema and come with them. */
#ifndef REQUEST_REQUEST_H
#define REQUEST_REQUEST_H

#include "ledger/principal.h"
#include "request/area.h"

struct db_tx;

struct request_new {
    const char *case_ref, *incident, *contact, *reason;
    const struct area_point *area;
    size_t n_area;
    int64_t from_us, to_us;
};
enum {
    REQUEST_E_ROLE = 1, /* this officer may not ask */
    REQUEST_E_INCIDENT,
    REQUEST_E_AREA,       /* not a polygon */
    REQUEST_E_AREA_SMALL, /* under 0.065 km2 */
    REQUEST_E_AREA_LARGE, /* over 1.295 km2 */
    REQUEST_E_WINDOW,     /* not 15 min to 12 h */
    REQUEST_E_PAST,       /* begins more than 30 days ago */
    REQUEST_E_FUTURE      /* ends after now */
};
/* The rules that need no database; texts' lengths are the caller's. */
int request_check(const struct request_new *n, const struct principal *officer, int64_t now_us,
                  double *ret_km2) MUST_CHECK;
/* For people, beginning with a JSON pointer where there is one. */
const char *request_complaint(int error);
/* Add the request, whom it reaches and the ledger entries to the transaction. Refused: forbidden,
 * too_many_requests, invalid_field, each with a detail. */
void request_publish(struct db_tx *tx, const struct request_new *n, double km2,
                     const struct principal *officer, const char *request_id, struct id *ret_id);

#endif
