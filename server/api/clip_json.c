/* SPDX-License-Identifier: Apache-2.0 */
#include "api/clip_json.h"

#include "base/str.h"

static json_t *parsed(const char *text)
{
    json_t *j = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    return j != NULL ? j : json_null();
}

static json_t *media_url(const struct api *api, const char *clip, const char *file)
{
    return json_sprintf("%s/api/v1/clips/%s/%s", api->public_url, clip, file);
}

json_t *api_clip_json(const struct api *api, const struct clip *k)
{
    char id[ID_TEXT_SIZE], sha256[2 * SHA256_SIZE + 1];
    id_format(&k->id, id);
    str_hex(k->upload_sha256, SHA256_SIZE, sha256);
    return json_pack(
        "{s:s, s:o, s:s, s:s, s:o, s:s, s:b, s:o, s:I, s:I, s:s?, s:s, s:o, s:o, s:b, s:b, s:o, "
        "s:o, "
        "s:{s:o, s:o, s:o}}",                                                        //
        "id", id, "camera_id", api_id(&k->camera), "kind", k->kind, "name", k->name, //
        "started_at", api_time(k->start_us), "start_source", k->start_source, "late", k->late,
        "clock_offset_ms", //
        k->has_clock_offset ? json_integer(k->clock_offset_us / 1000) : json_null(), "duration_ms",
        (json_int_t)k->duration_ms, "bytes", (json_int_t)k->upload_bytes, "sha256",
        k->hashed ? sha256 : NULL, //
        "container", k->container, "video", parsed(k->video_json), "audio",
        parsed(k->audio_json), //
        "partial", k->partial, "kept", k->kept, "notes", parsed(k->notes_json), "created_at",
        api_time(k->created_us), //
        "urls", "mp4", media_url(api, id, "clip.mp4"), "hls", media_url(api, id, "index.m3u8"),
        "still", media_url(api, id, "still.jpg"));
}
