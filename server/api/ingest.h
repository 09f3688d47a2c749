/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of the cameras' way in: PUT and POST /ingest/{camera_id}/{name}, POST
 * /ingest/{camera_id}. */
#ifndef API_INGEST_H
#define API_INGEST_H

#include "api/api.h"

void api_ingest_named(struct http_exchange *x, struct api *api, const struct principal *who);
void api_ingest_unnamed(struct http_exchange *x, struct api *api, const struct principal *who);

#endif
