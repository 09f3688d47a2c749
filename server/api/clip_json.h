/* SPDX-License-Identifier: Apache-2.0 */
/* The Clip of docs/openapi.yaml, the one place that writes it: answers to uploads, lists, inbox. */
#ifndef API_CLIP_JSON_H
#define API_CLIP_JSON_H

#include "api/api.h"
#include "recording/clip.h"

json_t *api_clip_json(const struct api *api, const struct clip *k);

#endif
