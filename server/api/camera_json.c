/* SPDX-License-Identifier: Apache-2.0 */
#include "api/camera_json.h"

#include "api/growth.h"
#include "base/clock.h"
#include "live/live.h"

/* Columns of camera_list.sql */
enum {
    COL_ID,
    COL_NAME,
    COL_HOUSEHOLD,
    COL_ENABLED,
    COL_CREATED,
    COL_LAST_CLIP,
    COL_LAST_MEDIA,
    COL_CLOCK_OFFSET,
    COL_STOPPED,
    COL_GROWTH
};

static json_t *last_media(const struct db_reply *r, unsigned stmt, int row,
                          const struct live_status *live)
{
    int64_t stored_us = db_i64(r, stmt, row, COL_LAST_MEDIA);
    int64_t us = live->known && live->newest_us > stored_us ? live->newest_us : stored_us;
    return us > 0 ? api_time(us) : json_null();
}

json_t *api_camera_json(const struct api *api, const struct db_reply *r, unsigned stmt, int row)
{
    struct live_status live;
    struct id camera = db_id(r, stmt, row, COL_ID);
    bool enabled = db_bool(r, stmt, row, COL_ENABLED);
    live_hub_status(live_hub_of(api->live), &camera, &live);
    live.live = live.live && enabled;
    const char *state = !enabled                                 ? "off"
                        : live.live                              ? "live"
                        : !db_is_null(r, stmt, row, COL_STOPPED) ? "stopped"
                                                                 : "idle";
    json_t *offset = db_is_null(r, stmt, row, COL_CLOCK_OFFSET)
                         ? json_null()
                         : json_integer(db_i64(r, stmt, row, COL_CLOCK_OFFSET) / 1000);
    struct forecast_camera growth;
    api_growth_read(r, stmt, row, COL_GROWTH, &growth);
    return json_pack("{s:o, s:s, s:o, s:b, s:o, s:o, s:s, s:b, s:o, s:o, s:o}", "id",
                     api_id(&camera), "name", db_text(r, stmt, row, COL_NAME), "household_id",
                     api_id_or_null(r, stmt, row, COL_HOUSEHOLD), "enabled", enabled, "created_at",
                     api_time(db_i64(r, stmt, row, COL_CREATED)), "last_clip_at",
                     api_time_or_null(r, stmt, row, COL_LAST_CLIP), "state", state, "live",
                     live.live, "last_media_at", last_media(r, stmt, row, &live), "clock_offset_ms",
                     offset, "storage", api_growth_json(&growth, clock_now_us()));
}
