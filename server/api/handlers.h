/* SPDX-License-Identifier: Apache-2.0 */
/* Every handler of the route table (routes.c), one line each, in the table's order. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/api.h"

#define API_HANDLER(name)                                                                          \
    void name(struct http_exchange *x, struct api *api, const struct principal *who)

API_HANDLER(api_session_create);
API_HANDLER(api_session_show);
API_HANDLER(api_session_end);
API_HANDLER(api_sessions_list);
API_HANDLER(api_sessions_revoke);
API_HANDLER(api_cameras_list);
API_HANDLER(api_camera_show);
API_HANDLER(api_camera_change);
API_HANDLER(api_camera_secret_rotate);
API_HANDLER(api_camera_live);
API_HANDLER(api_camera_live_mp4);
API_HANDLER(api_camera_live_hls);
API_HANDLER(api_camera_live_file);
API_HANDLER(api_viewers_list);
API_HANDLER(api_viewer_cut);
API_HANDLER(api_camera_timeline);
API_HANDLER(api_camera_hls);
API_HANDLER(api_camera_hls_keys);
API_HANDLER(api_camera_hls_master);
API_HANDLER(api_camera_segment);
API_HANDLER(api_camera_export);
API_HANDLER(api_camera_still);
API_HANDLER(api_camera_thumbs_list);
API_HANDLER(api_camera_thumbs_sprite);
API_HANDLER(api_camera_links);
API_HANDLER(api_clips_list);
API_HANDLER(api_clip_create);
API_HANDLER(api_clip_show);
API_HANDLER(api_clip_delete);
API_HANDLER(api_clip_keep);
API_HANDLER(api_clip_unkeep);
API_HANDLER(api_clip_mp4);
API_HANDLER(api_clip_hls);
API_HANDLER(api_clip_segment);
API_HANDLER(api_clip_still);
API_HANDLER(api_clip_links);
API_HANDLER(api_ingest_named);
API_HANDLER(api_ingest_look);
API_HANDLER(api_tus_options);
API_HANDLER(api_tus_create);
API_HANDLER(api_tus_look);
API_HANDLER(api_tus_patch);
API_HANDLER(api_tus_override);
API_HANDLER(api_tus_end);
API_HANDLER(api_ingest_delete);
API_HANDLER(api_fragment_put);
API_HANDLER(api_fragments_list);
API_HANDLER(api_ingest_unnamed);
API_HANDLER(api_footage_delete);
API_HANDLER(api_deletions_list);
API_HANDLER(api_deletion_undo);
API_HANDLER(api_holds_list);
API_HANDLER(api_retention_show);
API_HANDLER(api_retention_put);
API_HANDLER(api_retention_preview);
API_HANDLER(api_s3);
API_HANDLER(api_oauth_token);
API_HANDLER(api_onvif_storage);
API_HANDLER(api_storage_show);
API_HANDLER(api_ledger_list);
API_HANDLER(api_inbox_list);
API_HANDLER(api_inbox_show);
API_HANDLER(api_inbox_accept);
API_HANDLER(api_inbox_decline);
API_HANDLER(api_grants_list);
API_HANDLER(api_grant_show);
API_HANDLER(api_grant_withdraw);
API_HANDLER(api_request_create);
API_HANDLER(api_requests_list);
API_HANDLER(api_request_show);
API_HANDLER(api_evidence_list);
API_HANDLER(api_evidence_file);
API_HANDLER(api_health_live);
API_HANDLER(api_health_ready);
API_HANDLER(api_openapi);
API_HANDLER(api_problem_page);
API_HANDLER(api_page);
API_HANDLER(api_asset);

#endif
