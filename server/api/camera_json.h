/* SPDX-License-Identifier: Apache-2.0 */
/* A camera as the API shows it, from a row of camera_list.sql and what live view knows. */
#ifndef API_CAMERA_JSON_H
#define API_CAMERA_JSON_H

#include "api/api.h"

json_t *api_camera_json(const struct api *api, const struct db_reply *r, unsigned stmt, int row);

#endif
