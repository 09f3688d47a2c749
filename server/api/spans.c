/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's footage by time, whatever recordings and clips it came as: playlists, the segments
 * they name, an MP4 of any span, and links to them for players. */
#include "api/spans.h"
#include "api/fields.h"
#include "api/handlers.h"
#include "api/media.h"
#include "base/clock.h"
#include "base/str.h"
#include "playback/link.h"
#include "playback/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- which span ---- */

bool api_span(struct http_exchange *x, int64_t max_us, int64_t *ret_from_us, int64_t *ret_to_us)
{
    const char *from = http_query(x, "from"), *to = http_query(x, "to");
    int64_t from_us, to_us;
    if (from == NULL || clock_parse(from, &from_us) != 0 || from_us <= 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "from: a date-time of RFC 3339 is needed.");
    } else if (to == NULL || clock_parse(to, &to_us) != 0) {
        http_answer_problem(x, PROBLEM_invalid_field, "to: a date-time of RFC 3339 is needed.");
    } else if (to_us <= from_us) {
        http_answer_problem(x, PROBLEM_invalid_field, "to: must be after from.");
    } else if (to_us - from_us > max_us) {
        http_answer_problem(x, PROBLEM_invalid_field, "to: at most %d hours after from.",
                            (int)(max_us / CLOCK_US / 3600));
    } else {
        *ret_from_us = from_us;
        *ret_to_us = to_us;
        return true;
    }
    return false;
}

static struct media *span_begin(struct http_exchange *x, struct api *api,
                                const struct principal *who, const char *const *known,
                                int64_t max_us)
{
    int64_t from_us, to_us;
    struct media *m = media_begin(x, api, who, known);
    if (m == NULL || !api_span(x, max_us, &from_us, &to_us)) {
        return NULL;
    }
    m->subject = (struct playback_subject){
        .kind = PLAYBACK_SPAN, .id = m->id, .from_us = from_us, .to_us = to_us};
    return m;
}

/* ---- playlists ---- */

struct playlist {
    struct media *m;
    bool keys_only;
};

static void send_text(struct media *m)
{
    size_t n = m->text.len;
    media_add_headers(m);
    http_answer_owned(m->x, 200, "application/vnd.apple.mpegurl", buf_take(&m->text), n);
}

/* The text is made; who had it before need not have it again. */
static void answer_text(struct media *m)
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 *h = sha256_create();
    sha256_update(h, m->text.data, m->text.len);
    sha256_final(h, digest);
    sha256_destroy(h);
    char hex[2 * SHA256_SIZE + 1];
    str_hex(digest, SHA256_SIZE, hex);
    snprintf(m->etag, sizeof m->etag, "\"%.32s\"", hex);
    m->cache = MEDIA_CACHE_PLAYLIST;
    if (media_not_modified(m)) {
        return;
    }
    if (http_method(m->x) == HTTP_HEAD) {
        send_text(m);
    } else {
        media_record(m, send_text);
    }
}

/* What the playlist shows, as runs. */
static uint32_t runs_of(const struct hls *h, struct timeline_run **ret_runs)
{
    struct timeline_run *runs = mem_alloc(h->n_entries + 1, sizeof *runs);
    for (uint32_t i = 0; i < h->n_entries; i++) {
        const struct hls_entry *e = &h->entries[i];
        runs[i] = (struct timeline_run){.from_us = e->start_us,
                                        .to_us = e->start_us + take_us(e->duration_90k)};
    }
    *ret_runs = runs;
    return h->n_entries;
}

static void format_playlist(struct playlist *p, const struct timeline_gap *gaps, uint32_t n_gaps)
{
    struct media *m = p->m;
    struct hls_gap *told = mem_alloc(n_gaps + 1, sizeof *told);
    char query[MEDIA_QUERY_SIZE];
    media_link_query(m, query);
    for (uint32_t i = 0; i < n_gaps; i++) {
        told[i] = (struct hls_gap){gaps[i].from_us, gaps[i].to_us, gaps[i].reason};
    }
    const struct hls_text t = {.query = query,
                               .keys_only = p->keys_only,
                               .start_us = m->subject.from_us,
                               .gaps = told,
                               .n_gaps = n_gaps,
                               .name = playback_segment_name,
                               .arg = m->clip};
    int r = hls_format(&m->clip->hls, &t, &m->text);
    free(told);
    if (r < 0) {
        http_answer_problem(m->x, PROBLEM_internal, NULL);
    } else {
        answer_text(m);
    }
}

static void gaps_read(void *arg, const struct db_reply *r)
{
    struct playlist *p = arg;
    struct media *m = p->m;
    if (api_db_failed(m->x, r)) {
        return;
    }
    struct timeline_run *runs;
    struct timeline_gap *known, *gaps;
    struct timeline_params params = {.from_us = m->subject.from_us,
                                     .to_us = m->subject.to_us,
                                     .first_us = db_rows(r, 0) == 1 ? db_i64(r, 0, 0, 1) : 0,
                                     .now_us = clock_now_us()};
    params.n_runs = runs_of(&m->clip->hls, &runs);
    params.n_known = api_gaps_of_rows(r, 1, &known);
    params.runs = runs;
    params.known = known;
    uint32_t n = timeline_gaps(&params, &gaps);
    format_playlist(p, gaps, n);
    free(runs);
    free(known);
    free(gaps);
}

static void ask_gaps(struct media *m, bool keys_only)
{
    struct playlist *p = http_alloc(m->x, sizeof *p);
    *p = (struct playlist){.m = m, .keys_only = keys_only};
    int64_t now = clock_now_us();
    struct db_tx *tx = db_tx_begin(m->api->db);
    db_tx_add(tx, DB_CAMERA_ACCESS, DB_ID(&m->who->id), DB_I64(now), DB_ID(&m->id));
    db_tx_add(tx, DB_TIMELINE_GAPS, DB_ID(&m->id), DB_I64(m->subject.from_us),
              DB_I64(m->subject.to_us), DB_I64(now));
    db_tx_commit(tx, gaps_read, p);
}

static void answer_index(struct media *m)
{
    ask_gaps(m, false);
}

static void answer_keys(struct media *m)
{
    ask_gaps(m, true);
}

/* The most that an entry needs. */
static uint64_t bandwidth(const struct hls *h, bool keys_only)
{
    uint64_t most = 1;
    for (uint32_t i = 0; i < h->n_entries; i++) {
        const struct hls_entry *e = &h->entries[i];
        uint64_t bytes = keys_only ? e->key_bytes : e->length;
        uint64_t rate = bytes * 8 * CLOCK_90K / (uint64_t)e->duration_90k;
        most = rate > most ? rate : most;
    }
    return most;
}

static void answer_master(struct media *m)
{
    const struct playback_clip *c = m->clip;
    char query[MEDIA_QUERY_SIZE], from[CLOCK_RFC3339_SIZE], to[CLOCK_RFC3339_SIZE], span[128];
    media_link_query(m, query);
    clock_format(m->subject.from_us, from);
    clock_format(m->subject.to_us, to);
    snprintf(span, sizeof span, "?from=%s&to=%s%s", from, to, query[0] != 0 ? "&" : "");
    buf_printf(&m->text, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    buf_printf(&m->text,
               "#EXT-X-STREAM-INF:BANDWIDTH=%" PRIu64 ",CODECS=\"%s\",RESOLUTION=%ux%u\n"
               "index.m3u8%s%s\n",
               bandwidth(&c->hls, false), c->codecs, c->width, c->height, span,
               query[0] != 0 ? query + 1 : "");
    buf_printf(&m->text,
               "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=%" PRIu64 ",CODECS=\"%.*s\",RESOLUTION=%ux%u,"
               "URI=\"iframes.m3u8%s%s\"\n",
               bandwidth(&c->hls, true), (int)strcspn(c->codecs, ","), c->codecs, c->width,
               c->height, span, query[0] != 0 ? query + 1 : "");
    answer_text(m);
}

static void playlist(struct http_exchange *x, struct api *api, const struct principal *who,
                     void (*answer)(struct media *m))
{
    static const char *const known[] = {"from", "to", LINK_ARGUMENTS, NULL};
    struct media *m = span_begin(x, api, who, known, PLAYBACK_SPAN_MAX_US);
    if (m != NULL) {
        m->subject.list_only = true;
        m->answer = answer;
        media_open(m);
    }
}

API_HANDLER(api_camera_hls)
{
    playlist(x, api, who, answer_index);
}

API_HANDLER(api_camera_hls_keys)
{
    playlist(x, api, who, answer_keys);
}

API_HANDLER(api_camera_hls_master)
{
    playlist(x, api, who, answer_master);
}

API_HANDLER(api_camera_segment)
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
    m->subject = (struct playback_subject){
        .kind = PLAYBACK_SEGMENT, .id = m->segment, .camera = m->id, .list_only = true};
    m->answer = media_answer_file;
    media_open(m);
}

/* ---- the MP4 of a span ---- */

enum { EXPORT_DEADLINE_MS = 120000 }; /* the indexes of weeks are read before the first byte */

API_HANDLER(api_camera_export)
{
    static const char *const known[] = {"from", "to", "download", LINK_ARGUMENTS, NULL};
    struct media *m = span_begin(x, api, who, known, PLAYBACK_FILE_MAX_US);
    if (m == NULL) {
        return;
    }
    http_set_deadline(x, EXPORT_DEADLINE_MS);
    const char *download = http_query(x, "download");
    m->download = download != NULL && strcmp(download, "0") != 0;
    m->export_right = true;
    m->action = PLAYBACK_EXPORT;
    m->answer = media_answer_file;
    media_open(m);
}

/* ---- links ---- */

struct link_request {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id camera;
    int64_t from_us, to_us, ttl_s; /* from_us 0: of the camera as it is now */
};

static json_t *link_url(const struct link_request *q, const char *file, const char *query)
{
    char id[ID_TEXT_SIZE], from[CLOCK_RFC3339_SIZE], to[CLOCK_RFC3339_SIZE];
    id_format(&q->camera, id);
    if (q->from_us == 0) {
        return json_sprintf("%s/api/v1/cameras/%s/%s?%s", q->api->public_url, id, file, query);
    }
    clock_format(q->from_us, from);
    clock_format(q->to_us, to);
    return json_sprintf("%s/api/v1/cameras/%s/%s?from=%s&to=%s&%s", q->api->public_url, id, file,
                        from, to, query);
}

static void answer_links(struct link_request *q)
{
    char query[LINK_QUERY_SIZE];
    int64_t expires_s = clock_now_us() / CLOCK_US + q->ttl_s;
    const struct link_subject camera = {.kind = LINK_CAMERA, .id = q->camera};
    link_format(playback_link_key(q->api->playback), &camera, &q->who->id, expires_s, query);
    json_t *urls =
        q->from_us == 0
            ? json_pack("{s:o, s:o}", "live", link_url(q, "live.mp4", query), "live_hls",
                        link_url(q, "live.m3u8", query))
            : json_pack("{s:o, s:o, s:o}", "hls", link_url(q, "index.m3u8", query), "master",
                        link_url(q, "master.m3u8", query), "mp4", link_url(q, "export.mp4", query));
    http_answer_json(
        q->x, 200,
        json_pack("{s:o, s:o}", "expires_at", api_time(expires_s * CLOCK_US), "urls", urls));
}

static void found_to_link(void *arg, const struct db_reply *r)
{
    struct link_request *q = arg;
    if (api_db_failed(q->x, r)) {
        return;
    }
    if (db_rows(r, 0) != 1) {
        http_answer_problem(q->x, PROBLEM_not_found, NULL);
    } else {
        answer_links(q);
    }
}

static bool read_span(struct link_request *q, const json_t *body)
{
    bool has_from = json_object_get(body, "from") != NULL,
         has_to = json_object_get(body, "to") != NULL;
    if (!has_from && !has_to) {
        return true;
    }
    if (!api_field_time(q->x, body, "from", &q->from_us) ||
        !api_field_time(q->x, body, "to", &q->to_us)) {
        return false;
    }
    if (q->from_us <= 0 || q->to_us <= q->from_us) {
        http_answer_problem(q->x, PROBLEM_invalid_field, "/to: must be after /from.");
        return false;
    }
    return true;
}

static void links_body(void *arg, struct http_exchange *x, json_t *body)
{
    static const char *const known[] = {"ttl_s", "from", "to", NULL};
    struct link_request *q = arg;
    if (body == NULL || !api_fields_known(x, body, known) || !read_span(q, body)) {
        return;
    }
    const json_t *ttl = json_object_get(body, "ttl_s");
    q->ttl_s = ttl != NULL ? json_integer_value(ttl) : LINK_TTL_DEFAULT_S;
    if ((ttl != NULL && !json_is_integer(ttl)) || q->ttl_s < 1 || q->ttl_s > LINK_TTL_MAX_S) {
        http_answer_problem(x, PROBLEM_invalid_field, "/ttl_s: a number from 1 to %d.",
                            LINK_TTL_MAX_S);
        return;
    }
    db_run(q->api->db, found_to_link, q, DB_CAMERA_ACCESS, DB_ID(&q->who->id),
           DB_I64(clock_now_us()), DB_ID(&q->camera));
}

API_HANDLER(api_camera_links)
{
    struct link_request *q = http_alloc(x, sizeof *q);
    *q = (struct link_request){.x = x, .api = api, .who = who};
    if (api_param_id(x, "id", &q->camera)) {
        http_read_json(x, 1024, links_body, q);
    }
}
