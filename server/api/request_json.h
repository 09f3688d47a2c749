/* SPDX-License-Identifier: Apache-2.0 */
/* The Request and the Grant of docs/openapi.yaml, each written in one place. */
#ifndef API_REQUEST_JSON_H
#define API_REQUEST_JSON_H

#include "api/api.h"

/* From the standard request columns, in this order: id, case_ref, incident, contact, reason,
 * area::text, window_from_us, window_to_us, state, created_us, published_us, expires_us, officer's
 * name and badge, agency's id and name. first: where they start. */
enum { REQUEST_COLUMNS = 16 };
json_t *api_request_json(const struct db_reply *r, unsigned stmt, int row, int first);
/* Grants from the rows of grant_list.sql: a list, one entry a grant. */
json_t *api_grants_json(const struct db_reply *r, unsigned stmt);

#endif
