/* SPDX-License-Identifier: Apache-2.0 */
/* What every way in says about an upload, and reads about one: the same words whether the bytes
 * came in one body, in ranges, by tus or in a form. Each function that returns false has answered.
 */
#ifndef API_UPLOAD_ANSWER_H
#define API_UPLOAD_ANSWER_H

#include "api/api.h"
#include "ingest/upload.h"

enum { UPLOAD_NAME_MAX_BYTES = 255 };

/* 201 or 200 with the clip and its Location, or the problem. */
void api_upload_answer(struct http_exchange *x, const struct api *api,
                       const struct upload_result *r);
/* Only the problem; r->status is not 0. */
void api_upload_problem(struct http_exchange *x, const struct upload_result *r);
void api_clip_location(const struct id *clip, char *out); /* out holds API_CLIP_LOCATION_SIZE */
enum { API_CLIP_LOCATION_SIZE = sizeof "/api/v1/clips/" + ID_TEXT_SIZE };

/* text NULL: not told. */
bool api_upload_started(struct http_exchange *x, const char *text, int64_t *ret_us);
/* The camera's own clock, from the Date header; 0: it does not show it. */
int64_t api_camera_clock(struct http_exchange *x);
bool api_upload_kind(struct http_exchange *x, const char *text, const char **ret_kind);
/* Both, from the query or else the headers Doorward-Kind and Doorward-Started-At. */
bool api_upload_facts(struct http_exchange *x, const char **ret_kind, int64_t *ret_started_us);
bool api_upload_name(struct http_exchange *x, const char *name);
void api_answer_later(struct http_exchange *x, enum problem p, const char *seconds,
                      const char *detail);

#endif
