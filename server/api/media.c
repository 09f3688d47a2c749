/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of clips and of spans of a camera: MP4, playlists, segments, stills. Every request goes:
 * open (the database says whether the account may see it) -> preconditions and range -> the record
 * (committed before the first byte) -> bytes. */
#include "api/media.h"
#include "api/handlers.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/range.h"
#include "playback/link.h"
#include "playback/name.h"
#include "playback/still.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- open, record ---- */

static void release(void *arg)
{
    struct media *m = arg;
    m->clip = playback_clip_unref(m->clip);
    buf_finish(&m->text);
}

void media_refuse(struct media *m, int status)
{
    switch (status) {
    case PLAYBACK_E_NOT_FOUND:
        http_answer_problem(m->x, PROBLEM_not_found, NULL);
        return;
    case PLAYBACK_E_EMPTY:
        http_answer_problem(m->x, PROBLEM_not_found, "There is no footage in this time.");
        return;
    case PLAYBACK_E_TOO_LARGE:
        http_answer_problem(m->x, PROBLEM_invalid_field,
                            "to: there are too many pictures in this time; ask for less of it.");
        return;
    case PLAYBACK_E_MIXED:
        http_answer_problem(m->x, PROBLEM_invalid_field,
                            "to: the camera's format changes in this time; more than 25 hours in "
                            "one file must have one format.");
        return;
    case PLAYBACK_E_UNAVAILABLE:
        http_add_header(m->x, "Retry-After", "2");
        http_answer_problem(m->x, PROBLEM_unavailable, NULL);
        return;
    default:
        http_answer_problem(m->x, PROBLEM_internal, NULL);
    }
}

static void opened(void *arg, int status, struct playback_clip *c, unsigned rights)
{
    struct media *m = arg;
    bool known = status == 0 || status == PLAYBACK_E_EMPTY;
    if (known && (m->download || m->export_right) && (rights & RIGHT_EXPORT) == 0) {
        http_answer_problem(m->x, PROBLEM_forbidden, "Downloading needs the right to export.");
    } else if (status != 0) {
        media_refuse(m, status);
    } else {
        m->clip = playback_clip_ref(c);
        http_on_finish(m->x, release, m);
        m->answer(m);
    }
}

void media_open(struct media *m)
{
    playback_open(m->api->playback, &m->who->id, &m->subject, opened, m);
}

struct media *media_begin(struct http_exchange *x, struct api *api, const struct principal *who,
                          const char *const *arguments)
{
    struct media *m = http_alloc(x, sizeof *m);
    *m = (struct media){
        .x = x, .api = api, .who = who, .file = STREAM_MP4, .text = BUF_INIT(HLS_TEXT_MAX)};
    const char *odd = http_query_unknown(x, arguments);
    if (!api_param_id(x, "id", &m->id)) {
        return NULL;
    }
    if (odd != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "%.64s: not an argument of this address.", odd);
        return NULL;
    }
    m->subject = (struct playback_subject){.kind = PLAYBACK_CLIP, .id = m->id};
    return m;
}

static void record_done(void *arg, int status)
{
    struct media *m = arg;
    if (status != 0) {
        media_refuse(m, status);
    } else {
        m->recorded(m);
    }
}

static void grant_recorded(void *arg, const struct db_reply *r)
{
    struct media *m = arg;
    if (!api_db_failed(m->x, r)) {
        m->recorded(m);
    }
}

/* Every download of a granted file, whole or part, is on the giver's record. */
static void record_grant(struct media *m)
{
    char range[64];
    snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, m->from, m->to - 1);
    db_run(m->api->db, grant_recorded, m, DB_EVIDENCE_RECORD, DB_ID(&m->grant), DB_ID(&m->who->id),
           DB_I64(clock_now_us()), DB_ID(&m->id), DB_TEXT(http_request_id(m->x)), DB_TEXT(range));
}

void media_record(struct media *m, void (*recorded)(struct media *m))
{
    m->recorded = recorded;
    if (!id_is_zero(&m->grant)) {
        record_grant(m);
        return;
    }
    if (playback_record(m->api->playback, m->clip, m->who, m->action, http_request_id(m->x),
                        record_done, m)) {
        recorded(m);
    }
}

void media_add_headers(struct media *m)
{
    http_add_header(m->x, "ETag", m->etag);
    http_add_header(m->x, "Cache-Control", m->cache);
}

bool media_not_modified(struct media *m)
{
    const char *known = http_header(m->x, "If-None-Match");
    if (known == NULL || !range_etag_listed(known, m->etag)) {
        return false;
    }
    media_add_headers(m);
    http_answer_empty(m->x, 304);
    return true;
}

/* ---- files with ranges ---- */

static void add_file_headers(struct media *m)
{
    const struct playback_clip *c = m->clip;
    char text[NAME_DISPOSITION_SIZE];
    media_add_headers(m);
    http_add_header(m->x, "Accept-Ranges", "bytes");
    if (m->partial) {
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, m->from, m->to - 1,
                 stream_size(c, m->file));
        http_add_header(m->x, "Content-Range", text);
    }
    if (m->file == STREAM_MP4) {
        name_disposition(&(struct name_params){.camera = c->camera_name,
                                               .kind = c->kind,
                                               .start_us = c->start_us,
                                               .attachment = m->download},
                         text);
        http_add_header(m->x, "Content-Disposition", text);
    }
}

static void block_read(void *arg, int status, uint8_t *p, size_t n)
{
    struct media *m = arg;
    if (status != 0) {
        log_error(m->api->log, "clip_read_failed", F_ID("clip", &m->id), F_INT("status", status));
        http_answer_problem(
            m->x, status == STORE_E_UNAVAILABLE ? PROBLEM_unavailable : PROBLEM_internal, NULL);
        return;
    }
    add_file_headers(m);
    http_answer_owned(m->x, m->partial ? 206 : 200, "video/mp4", p, n);
}

static void send_range(struct media *m)
{
    bool head = http_method(m->x) == HTTP_HEAD;
    if (!head && m->to - m->from <= STREAM_BLOCK_MAX) {
        stream_block(m->clip, m->file, m->from, m->to, block_read, m);
        return;
    }
    add_file_headers(m);
    http_answer_source(m->x, m->partial ? 206 : 200, "video/mp4",
                       stream_create(m->clip, m->file, m->from, m->to));
}

/* False: answered with 416. */
static bool choose_range(struct media *m)
{
    uint64_t size = stream_size(m->clip, m->file), first, last;
    const char *range = http_header(m->x, "Range");
    char text[80];
    m->from = 0;
    m->to = size;
    if (range == NULL || http_method(m->x) == HTTP_HEAD ||
        !range_if_range(http_header(m->x, "If-Range"), m->etag)) {
        return true;
    }
    int r = range_parse(range, size, &first, &last);
    if (r == RANGE_E_UNSATISFIABLE) {
        snprintf(text, sizeof text, "bytes */%" PRIu64, size);
        http_add_header(m->x, "Content-Range", text);
        http_answer_problem(m->x, PROBLEM_range_not_satisfiable, NULL);
        return false;
    }
    if (r == 0) {
        m->partial = true;
        m->from = first;
        m->to = last + 1;
    }
    return true;
}

/* Which file it is, by what name it is known. False: answered. */
static bool choose_file(struct media *m)
{
    const struct playback_clip *c = m->clip;
    char id[ID_TEXT_SIZE];
    if (id_is_zero(&m->segment)) {
        snprintf(m->etag, sizeof m->etag, "\"%s\"", c->tag);
        return true;
    }
    m->file = playback_find_segment(c, &m->segment);
    if (m->file == UINT32_MAX) {
        http_answer_problem(m->x, PROBLEM_not_found, NULL);
        return false;
    }
    id_format(&m->segment, id);
    snprintf(m->etag, sizeof m->etag, "\"%s\"", id);
    return true;
}

void media_answer_file(struct media *m)
{
    m->cache = id_is_zero(&m->grant) ? MEDIA_CACHE_FILE : "no-store"; /* a withdrawal ends it */
    if (!choose_file(m) || media_not_modified(m) || !choose_range(m)) {
        return;
    }
    if (m->file != STREAM_MP4 && !playback_part_readable(m->clip, m->file, m->from, m->to)) {
        http_answer_problem(m->x, PROBLEM_not_found,
                            "Not all of this is shown: read the ranges that the playlist names.");
        return;
    }
    if (http_method(m->x) == HTTP_HEAD) {
        send_range(m);
    } else {
        media_record(m, send_range);
    }
}

API_HANDLER(api_clip_mp4)
{
    static const char *const known[] = {"download", LINK_ARGUMENTS, NULL};
    struct media *m = media_begin(x, api, who, known);
    if (m == NULL) {
        return;
    }
    const char *download = http_query(x, "download");
    m->download = download != NULL && strcmp(download, "0") != 0;
    m->action = m->download ? PLAYBACK_DOWNLOAD : PLAYBACK_VIEW;
    m->answer = media_answer_file;
    media_open(m);
}

/* ---- granted files ---- */

static void grant_opened(void *arg, const struct db_reply *r)
{
    struct media *m = arg;
    if (api_db_failed(m->x, r)) {
        return;
    }
    int status = playback_load(m->api->playback, &m->id, r, 0, 1, &m->clip);
    if (status != 0) {
        media_refuse(m, status);
        return;
    }
    http_on_finish(m->x, release, m);
    media_answer_file(m);
}

bool media_file_id(const char *file, struct id *ret_id)
{
    char text[ID_TEXT_SIZE];
    if (strlen(file) != sizeof text - 1 + 4 || !str_suffix(file, ".mp4")) {
        return false;
    }
    memcpy(text, file, sizeof text - 1);
    text[sizeof text - 1] = 0;
    return id_parse(text, ret_id) == 0;
}

API_HANDLER(api_evidence_file)
{
    static const char *const known[] = {NULL};
    const char *odd = http_query_unknown(x, known);
    struct media *m = http_alloc(x, sizeof *m);
    *m = (struct media){.x = x, .api = api, .who = who, .file = STREAM_MP4, .download = true};
    if (!api_param_id(x, "grant_id", &m->grant)) {
        return;
    }
    if (odd != NULL || !media_file_id(http_param(x, "file"), &m->id)) {
        http_answer_problem(x, odd != NULL ? PROBLEM_bad_request : PROBLEM_not_found, NULL);
        return;
    }
    struct db_tx *tx = db_tx_begin(api->db);
    db_tx_add(tx, DB_EVIDENCE_OPEN, DB_ID(&who->agency), DB_I64(clock_now_us()), DB_ID(&m->grant),
              DB_ID(&m->id));
    db_tx_add(tx, DB_EVIDENCE_SEGMENTS, DB_ID(&m->id));
    db_tx_commit(tx, grant_opened, m);
}

API_HANDLER(api_clip_segment)
{
    static const char *const known[] = {LINK_ARGUMENTS, NULL};
    struct media *m = media_begin(x, api, who, known);
    if (m == NULL) {
        return;
    }
    if (!media_file_id(http_param(x, "file"), &m->segment)) {
        http_answer_problem(x, PROBLEM_not_found, NULL);
        return;
    }
    m->answer = media_answer_file;
    media_open(m);
}

/* ---- the playlist ---- */

void media_link_query(const struct media *m, char out[MEDIA_QUERY_SIZE])
{
    uint64_t exp = 0;
    out[0] = 0;
    if (m->who->kind != PRINCIPAL_LINK ||
        str_parse_u64(http_query(m->x, "exp"), INT64_MAX, &exp) != 0) {
        return;
    }
    const struct link_subject subject = {
        .kind = m->subject.kind == PLAYBACK_CLIP ? LINK_CLIP : LINK_CAMERA, .id = m->id};
    out[0] = '?';
    link_format(playback_link_key(m->api->playback), &subject, &m->who->id, (int64_t)exp, out + 1);
}

static void send_playlist(struct media *m)
{
    char query[MEDIA_QUERY_SIZE];
    media_link_query(m, query);
    const struct hls_text t = {.query = query, .name = playback_segment_name, .arg = m->clip};
    if (hls_format(&m->clip->hls, &t, &m->text) < 0) {
        http_answer_problem(m->x, PROBLEM_internal, NULL);
        return;
    }
    size_t n = m->text.len;
    media_add_headers(m);
    http_answer_owned(m->x, 200, "application/vnd.apple.mpegurl", buf_take(&m->text), n);
}

static void answer_playlist(struct media *m)
{
    const char *exp = m->who->kind == PRINCIPAL_LINK ? http_query(m->x, "exp") : "";
    snprintf(m->etag, sizeof m->etag, "\"%s-hls%.20s\"", m->clip->tag, exp);
    m->cache = MEDIA_CACHE_PLAYLIST;
    if (media_not_modified(m)) {
        return;
    }
    if (http_method(m->x) == HTTP_HEAD) {
        send_playlist(m);
    } else {
        media_record(m, send_playlist);
    }
}

API_HANDLER(api_clip_hls)
{
    static const char *const known[] = {LINK_ARGUMENTS, NULL};
    struct media *m = media_begin(x, api, who, known);
    if (m != NULL) {
        m->answer = answer_playlist;
        media_open(m);
    }
}

/* ---- the still ---- */

static void still_made(void *arg, int status, const uint8_t *jpeg, size_t n)
{
    struct media *m = arg;
    if (status == 0) {
        media_add_headers(m);
        http_answer_bytes(m->x, 200, "image/jpeg", jpeg, n);
    } else if (status == STILL_E_BUSY) {
        http_add_header(m->x, "Retry-After", "1");
        http_answer_problem(m->x, PROBLEM_unavailable, NULL);
    } else {
        http_answer_problem(m->x, PROBLEM_not_found, "No picture can be made from this clip.");
    }
}

static void send_still(struct media *m)
{
    still_get(m->clip, still_made, m);
}

void media_answer_still(struct media *m)
{
    snprintf(m->etag, sizeof m->etag, "\"%s-jpg\"", m->clip->tag);
    m->cache = MEDIA_CACHE_FILE;
    if (media_not_modified(m)) {
        return;
    }
    media_record(m, send_still);
}

API_HANDLER(api_clip_still)
{
    static const char *const known[] = {LINK_ARGUMENTS, NULL};
    struct media *m = media_begin(x, api, who, known);
    if (m != NULL) {
        m->action = PLAYBACK_STILL;
        m->answer = media_answer_still;
        media_open(m);
    }
}
