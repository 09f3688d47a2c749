/* SPDX-License-Identifier: Apache-2.0 */
/* THE table: method, pattern, who may call, handler. */
#include "api/authenticate.h"
#include "api/handlers.h"

#include <pthread.h>

/* clang-format off */
const struct api_route api_routes[] = {
    {HTTP_POST, "/api/v1/session", API_PUBLIC, api_session_create},
    {HTTP_GET, "/api/v1/session", API_SIGNED_IN, api_session_show},
    {HTTP_DELETE, "/api/v1/session", API_SIGNED_IN, api_session_end},
    {HTTP_GET, "/api/v1/sessions", API_ACCOUNT, api_sessions_list},
    {HTTP_DELETE, "/api/v1/sessions/{id}", API_ACCOUNT, api_sessions_revoke},
    {HTTP_GET, "/api/v1/cameras", API_ACCOUNT, api_cameras_list},
    {HTTP_GET, "/api/v1/cameras/{id}", API_ACCOUNT, api_camera_show},
    {HTTP_PATCH, "/api/v1/cameras/{id}", API_ACCOUNT, api_camera_change},
    {HTTP_POST, "/api/v1/cameras/{id}/secret", API_ACCOUNT, api_camera_secret_rotate},
    {HTTP_GET, "/api/v1/cameras/{id}/live", API_ACCOUNT, api_camera_live},
    {HTTP_GET, "/api/v1/cameras/{id}/live.mp4", API_MEDIA, api_camera_live_mp4},
    {HTTP_GET, "/api/v1/cameras/{id}/live.m3u8", API_MEDIA, api_camera_live_hls},
    {HTTP_GET, "/api/v1/cameras/{id}/live/{file}", API_MEDIA, api_camera_live_file},
    {HTTP_GET, "/api/v1/cameras/{id}/viewers", API_ACCOUNT, api_viewers_list},
    {HTTP_DELETE, "/api/v1/cameras/{id}/viewers/{viewer_id}", API_ACCOUNT, api_viewer_cut},
    {HTTP_GET, "/api/v1/cameras/{id}/timeline", API_ACCOUNT, api_camera_timeline},
    {HTTP_GET, "/api/v1/cameras/{id}/master.m3u8", API_MEDIA, api_camera_hls_master},
    {HTTP_GET, "/api/v1/cameras/{id}/index.m3u8", API_MEDIA, api_camera_hls},
    {HTTP_GET, "/api/v1/cameras/{id}/iframes.m3u8", API_MEDIA, api_camera_hls_keys},
    {HTTP_GET, "/api/v1/cameras/{id}/segments/{file}", API_MEDIA, api_camera_segment},
    {HTTP_GET, "/api/v1/cameras/{id}/export.mp4", API_MEDIA, api_camera_export},
    {HTTP_GET, "/api/v1/cameras/{id}/still.jpg", API_MEDIA, api_camera_still},
    {HTTP_GET, "/api/v1/cameras/{id}/thumbs.vtt", API_MEDIA, api_camera_thumbs_list},
    {HTTP_GET, "/api/v1/cameras/{id}/thumbs/{file}", API_MEDIA, api_camera_thumbs_sprite},
    {HTTP_POST, "/api/v1/cameras/{id}/links", API_ACCOUNT, api_camera_links},
    {HTTP_GET, "/api/v1/clips", API_ACCOUNT, api_clips_list},
    {HTTP_POST, "/api/v1/clips", API_ACCOUNT, api_clip_create},
    {HTTP_GET, "/api/v1/clips/{id}", API_ACCOUNT, api_clip_show},
    {HTTP_DELETE, "/api/v1/clips/{id}", API_ACCOUNT, api_clip_delete},
    {HTTP_PUT, "/api/v1/clips/{id}/keep", API_ACCOUNT, api_clip_keep},
    {HTTP_DELETE, "/api/v1/clips/{id}/keep", API_ACCOUNT, api_clip_unkeep},
    {HTTP_GET, "/api/v1/clips/{id}/clip.mp4", API_MEDIA, api_clip_mp4},
    {HTTP_GET, "/api/v1/clips/{id}/index.m3u8", API_MEDIA, api_clip_hls},
    {HTTP_GET, "/api/v1/clips/{id}/segments/{file}", API_MEDIA, api_clip_segment},
    {HTTP_GET, "/api/v1/clips/{id}/still.jpg", API_MEDIA, api_clip_still},
    {HTTP_POST, "/api/v1/clips/{id}/links", API_ACCOUNT, api_clip_links},
    {HTTP_PUT, "/ingest/{camera_id}/{name}", API_CAMERA, api_ingest_named},
    {HTTP_POST, "/ingest/{camera_id}/{name}", API_CAMERA, api_ingest_named},
    {HTTP_HEAD, "/ingest/{camera_id}/{name}", API_CAMERA, api_ingest_look},
    {HTTP_OPTIONS, "/ingest/{camera_id}/tus", API_PUBLIC, api_tus_options},
    {HTTP_POST, "/ingest/{camera_id}/tus", API_CAMERA, api_tus_create},
    {HTTP_OPTIONS, "/ingest/{camera_id}/tus/{id}", API_PUBLIC, api_tus_options},
    {HTTP_HEAD, "/ingest/{camera_id}/tus/{id}", API_CAMERA, api_tus_look},
    {HTTP_PATCH, "/ingest/{camera_id}/tus/{id}", API_CAMERA, api_tus_patch},
    {HTTP_POST, "/ingest/{camera_id}/tus/{id}", API_CAMERA, api_tus_override},
    {HTTP_DELETE, "/ingest/{camera_id}/tus/{id}", API_CAMERA, api_tus_end},
    {HTTP_DELETE, "/ingest/{camera_id}/{name}", API_CAMERA, api_ingest_delete},
    {HTTP_PUT, "/ingest/{camera_id}/streams/{stream}/{number}", API_CAMERA, api_fragment_put},
    {HTTP_GET, "/ingest/{camera_id}/streams/{stream}", API_CAMERA, api_fragments_list},
    {HTTP_POST, "/ingest/{camera_id}", API_CAMERA, api_ingest_unnamed},
    {HTTP_POST, "/api/v1/cameras/{id}/deletions", API_ACCOUNT, api_footage_delete},
    {HTTP_GET, "/api/v1/deletions", API_ACCOUNT, api_deletions_list},
    {HTTP_POST, "/api/v1/deletions/{id}/undo", API_ACCOUNT, api_deletion_undo},
    {HTTP_GET, "/api/v1/cameras/{id}/holds", API_ACCOUNT, api_holds_list},
    {HTTP_GET, "/api/v1/cameras/{id}/retention", API_ACCOUNT, api_retention_show},
    {HTTP_PUT, "/api/v1/cameras/{id}/retention", API_ACCOUNT, api_retention_put},
    {HTTP_POST, "/api/v1/cameras/{id}/retention/preview", API_ACCOUNT, api_retention_preview},
    {HTTP_GET, "/s3", API_S3, api_s3},
    {HTTP_GET, "/s3/{path...}", API_S3, api_s3},
    {HTTP_PUT, "/s3/{path...}", API_S3, api_s3},
    {HTTP_POST, "/s3/{path...}", API_S3, api_s3},
    {HTTP_DELETE, "/s3/{path...}", API_S3, api_s3},
    {HTTP_POST, "/oauth/token", API_PUBLIC, api_oauth_token},
    {HTTP_GET, "/onvif/storage", API_PUBLIC, api_onvif_storage},
    {HTTP_GET, "/api/v1/storage", API_ACCOUNT, api_storage_show},
    {HTTP_GET, "/api/v1/ledger", API_SIGNED_IN, api_ledger_list},
    {HTTP_GET, "/api/v1/inbox", API_ACCOUNT, api_inbox_list},
    {HTTP_GET, "/api/v1/inbox/{id}", API_ACCOUNT, api_inbox_show},
    {HTTP_POST, "/api/v1/inbox/{id}/accept", API_ACCOUNT, api_inbox_accept},
    {HTTP_POST, "/api/v1/inbox/{id}/decline", API_ACCOUNT, api_inbox_decline},
    {HTTP_GET, "/api/v1/grants", API_ACCOUNT, api_grants_list},
    {HTTP_GET, "/api/v1/grants/{id}", API_ACCOUNT, api_grant_show},
    {HTTP_POST, "/api/v1/grants/{id}/withdraw", API_ACCOUNT, api_grant_withdraw},
    {HTTP_POST, "/api/v1/requests", API_OFFICER, api_request_create},
    {HTTP_GET, "/api/v1/requests", API_OFFICER, api_requests_list},
    {HTTP_GET, "/api/v1/requests/{id}", API_OFFICER, api_request_show},
    {HTTP_GET, "/api/v1/evidence", API_OFFICER, api_evidence_list},
    {HTTP_GET, "/api/v1/evidence/{grant_id}/{file}", API_OFFICER, api_evidence_file},
    {HTTP_GET, "/healthz", API_PUBLIC, api_health_live},
    {HTTP_GET, "/readyz", API_PUBLIC, api_health_ready},
    {HTTP_GET, "/api/openapi.json", API_PUBLIC, api_openapi},
    {HTTP_GET, "/problems/{code}", API_PUBLIC, api_problem_page},
    {HTTP_GET, "/", API_PUBLIC, api_page},
    {HTTP_GET, "/sign-in", API_PUBLIC, api_page},
    {HTTP_GET, "/clips/{id}", API_PUBLIC, api_page},
    {HTTP_GET, "/requests", API_PUBLIC, api_page},
    {HTTP_GET, "/requests/{id}", API_PUBLIC, api_page},
    {HTTP_GET, "/shares", API_PUBLIC, api_page},
    {HTTP_GET, "/log", API_PUBLIC, api_page},
    {HTTP_GET, "/cameras", API_PUBLIC, api_page},
    {HTTP_GET, "/cameras/{id}", API_PUBLIC, api_page},
    {HTTP_GET, "/cameras/{id}/timeline", API_PUBLIC, api_page},
    {HTTP_GET, "/cameras/{id}/keeping", API_PUBLIC, api_page},
    {HTTP_GET, "/storage", API_PUBLIC, api_page},
    {HTTP_GET, "/deleted", API_PUBLIC, api_page},
    {HTTP_GET, "/assets/{file}", API_PUBLIC, api_asset},
};
/* clang-format on */
const size_t api_routes_n = ARRAY_LEN(api_routes);

/* The same rows as the router wants them, made once and read by every loop. */
static struct http_route http_routes[ARRAY_LEN(api_routes)];
static pthread_once_t http_routes_made = PTHREAD_ONCE_INIT;

static void make_http_routes(void)
{
    for (size_t i = 0; i < api_routes_n; i++) {
        http_routes[i] = (struct http_route){
            .method = api_routes[i].method,
            .pattern = api_routes[i].pattern,
            .begin = api_authenticate,
            .access = api_routes[i].access,
            .tag = &api_routes[i],
        };
    }
}

const struct http_route *api_http_routes(void)
{
    pthread_once(&http_routes_made, make_http_routes);
    return http_routes;
}
