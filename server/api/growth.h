/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's storage as statements with camera_growth() tell it. */
#ifndef API_GROWTH_H
#define API_GROWTH_H

#include "api/api.h"
#include "retention/forecast.h"

/* Six columns from first_col: used_bytes, quota_bytes, recent_bytes, recent_us, keep_us, oldest_us.
 */
void api_growth_read(const struct db_reply *r, unsigned stmt, int row, int first_col,
                     struct forecast_camera *ret_camera);
/* When its quota is used up; 0: it has none, or never. */
int64_t api_growth_full_us(const struct forecast_camera *c, int64_t now_us);
/* {"used_bytes", "quota_bytes", "full_on"} */
json_t *api_growth_json(const struct forecast_camera *c, int64_t now_us);

#endif
