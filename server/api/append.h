/* SPDX-License-Identifier: Apache-2.0 */
/* Appends to a named body by Content-Range, and what every way of resuming says when it fails. */
#ifndef API_APPEND_H
#define API_APPEND_H

#include "api/api.h"
#include "ingest/resumable.h"

/* A PUT or POST that is one part of a body: it has Content-Range, or comes from a client that sends
 * the rest so and says nothing with the first part (?append=1; GStreamer's souphttpclientsink is
 * known by its name). */
bool api_is_append(const struct http_exchange *x);
/* libsoup sends a challenged request again with the credentials, but without its body: what has
 * come is kept on the connection for then. */
bool api_append_loses_body(const struct http_exchange *x);
void api_append(struct http_exchange *x, struct api *api, const struct principal *who);

/* Upload-Offset, and Upload-Length when it is known. */
void api_resumable_headers(struct http_exchange *x, const struct resumable_result *r);
/* r->status is not 0. */
void api_resumable_problem(struct http_exchange *x, const struct resumable_result *r);

/* The last bytes are there: the clip is made before the answer is given. */
enum { API_RESUMABLE_DEADLINE_MS = 300000 };

#endif
