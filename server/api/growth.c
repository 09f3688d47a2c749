/* SPDX-License-Identifier: Apache-2.0 */
#include "api/growth.h"

void api_growth_read(const struct db_reply *r, unsigned stmt, int row, int first_col,
                     struct forecast_camera *ret_camera)
{
    *ret_camera = (struct forecast_camera){.used_bytes = db_i64(r, stmt, row, first_col),
                                           .quota_bytes = db_i64(r, stmt, row, first_col + 1),
                                           .recent_bytes = db_i64(r, stmt, row, first_col + 2),
                                           .recent_us = db_i64(r, stmt, row, first_col + 3),
                                           .keep_us = db_i64(r, stmt, row, first_col + 4),
                                           .oldest_us = db_i64(r, stmt, row, first_col + 5)};
}

int64_t api_growth_full_us(const struct forecast_camera *c, int64_t now_us)
{
    return c->quota_bytes > 0 ? forecast_full_us(c, 1, c->quota_bytes - c->used_bytes, now_us) : 0;
}

json_t *api_growth_json(const struct forecast_camera *c, int64_t now_us)
{
    int64_t full_us = api_growth_full_us(c, now_us);
    return json_pack("{s:I, s:o, s:o}", "used_bytes", (json_int_t)c->used_bytes, "quota_bytes",
                     c->quota_bytes > 0 ? json_integer(c->quota_bytes) : json_null(), "full_on",
                     full_us != 0 ? api_time(full_us) : json_null());
}
