/* SPDX-License-Identifier: Apache-2.0 */
/* What segment-pushing tools send, by name: a numbered piece becomes a part of its push's clip, a
 * header and a playlist are kept for the pieces, a DELETE is taken and removes nothing. The answer
 * says what became of a piece: `persisted` (footage), `received` (synced, waits for what it needs),
 * `empty`. */
#include "api/pieces.h"

#include "api/clip_json.h"
#include "api/handlers.h"
#include "api/upload_answer.h"
#include "base/clock.h"
#include "ingest/piece.h"
#include "ingest/piece_work.h"
#include "ingest/playlist_hint.h"
#include "ingest/snapshot.h"

#include <string.h>

enum { INIT_BYTES_MAX = 16384 };

struct piece_call {
    struct http_exchange *x;
    struct api *api;
    struct principal camera;
    struct piece *piece;
    struct piece_name name;
};

static json_t *piece_json(const struct piece_name *n, const char *state)
{
    return n->role == PIECE_MEDIA ? json_pack("{s:s, s:I, s:s}", "stem", n->stem, "number",
                                              (json_int_t)n->number, "state", state)
                                  : json_pack("{s:s, s:s}", "stem", n->stem, "state", state);
}

static void answer(struct piece_call *c, int status, const char *state)
{
    http_answer_json(c->x, status, json_pack("{s:o}", "piece", piece_json(&c->name, state)));
}

/* ---- pieces ---- */

static void piece_opened(void *arg, uint64_t max_bytes)
{
    struct piece_call *c = arg;
    http_stream_body(c->x, piece_sink(c->piece), max_bytes);
}

static void piece_done(void *arg, const struct piece_result *r)
{
    struct piece_call *c = arg;
    char location[API_CLIP_LOCATION_SIZE];
    if (r->status != 0) {
        api_upload_problem(c->x, &(struct upload_result){.status = r->status,
                                                         .remux_status = r->remux_status,
                                                         .reason = r->reason});
    } else if (r->clip != NULL) {
        api_clip_location(&r->clip->id, location);
        http_add_header(c->x, "Location", location);
        http_answer_json(c->x, r->created ? 201 : 200,
                         json_pack("{s:o, s:o}", "piece", piece_json(&c->name, "persisted"), "clip",
                                   api_clip_json(c->api, r->clip)));
    } else if (r->state == PIECE_RECEIVED) {
        answer(c, r->created ? 202 : 200, "received");
    } else {
        answer(c, 200, "empty");
    }
}

static void take_piece(struct piece_call *c, const char *file)
{
    struct piece_params p = {
        .camera = &c->camera,
        .name = &c->name,
        .file = file,
        .request_id = http_request_id(c->x),
        .declared_bytes = http_body_size(c->x),
        .opened = piece_opened,
        .done = piece_done,
        .arg = c,
    };
    if (api_upload_facts(c->x, &p.kind, &p.started_us)) {
        bool told = http_query(c->x, "kind") != NULL || http_header(c->x, "Doorward-Kind") != NULL;
        p.kind = told ? p.kind : "continuous";
        c->piece = piece_begin(c->api->ingest, &p);
    }
}

/* ---- what helps pieces ---- */

static void on_kept(void *arg, const struct db_reply *r)
{
    struct piece_call *c = arg;
    if (db_status(r) != 0) {
        api_answer_later(c->x, PROBLEM_unavailable, "2", "It could not be stored. Send it again.");
    } else if (db_rows(r, 0) == 0) {
        http_answer_problem(c->x, PROBLEM_forbidden,
                            "This camera is switched off by its owner; nothing was stored.");
    } else {
        answer(c, 200, c->name.role == PIECE_INIT ? "header" : "hint");
        piece_work(c->api->ingest);
    }
}

static void on_init(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n)
{
    struct piece_call *c = arg;
    if (bytes == NULL) {
        return;
    }
    if (n == 0) { /* CMAF ingest opens with nothing at all */
        answer(c, 200, "empty");
        return;
    }
    if (n < 8 || memcmp(bytes + 4, "ftyp", 4) != 0) {
        http_answer_problem(x, PROBLEM_unsupported_media,
                            "This is not the header (ftyp and moov) of fragmented MP4.");
        return;
    }
    db_run(c->api->db, on_kept, c, DB_PUSH_INIT_PUT, DB_ID(&c->camera.id), DB_TEXT(c->name.stem),
           DB_I64(c->name.track), DB_BYTES(bytes, n), DB_I64(clock_now_us()));
}

static void on_playlist(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n)
{
    struct piece_call *c = arg;
    if (bytes == NULL) {
        return;
    }
    struct playlist_hint h;
    struct piece_name map = {.role = PIECE_NONE};
    playlist_hint_parse((const char *)bytes, n, &h);
    if (!h.has_pieces || h.last.track >= 0) {
        answer(c, 200, "hint");
        return;
    }
    piece_name_parse(h.map, &map);
    db_run(c->api->db, on_kept, c, DB_PUSH_HINT, DB_ID(&c->camera.id), DB_TEXT(h.last.stem),
           DB_TEXT(map.role == PIECE_INIT ? map.stem : NULL), h.timed ? DB_I64(h.number) : DB_NULL,
           h.timed ? DB_I64(h.start_us) : DB_NULL, DB_I64(clock_now_us()));
}

/* ---- snapshots ---- */

static void snapshot_done(void *arg, int status, const char *reason, int64_t taken_us, size_t bytes)
{
    struct piece_call *c = arg;
    if (status != 0) {
        api_upload_problem(c->x, &(struct upload_result){.status = status,
                                                         .remux_status = REMUX_E_BROKEN,
                                                         .reason = reason});
        return;
    }
    http_answer_json(c->x, 200,
                     json_pack("{s:{s:o, s:I}}", "still", "taken_at", api_time(taken_us), "bytes",
                               (json_int_t)bytes));
}

static void on_snapshot(void *arg, struct http_exchange *x, const uint8_t *bytes, size_t n)
{
    struct piece_call *c = arg;
    if (bytes == NULL) {
        return;
    }
    if (n < 3 || memcmp(bytes, "\xff\xd8\xff", 3) != 0) {
        http_answer_problem(x, PROBLEM_unsupported_media, "This is not a JPEG.");
        return;
    }
    snapshot_begin(c->api->ingest, &c->camera, bytes, n, snapshot_done, c);
}

static bool is_small(const struct http_exchange *x)
{
    uint64_t n = http_body_size(x);
    return n == SOURCE_UNKNOWN_SIZE || n <= INIT_BYTES_MAX;
}

bool api_piece(struct http_exchange *x, struct api *api, const struct principal *who)
{
    static const char *const known[] = {"started_at", "kind", NULL};
    const char *file = http_param(x, "name");
    struct piece_name name;
    piece_name_parse(file, &name);
    bool live = http_body_size(x) == SOURCE_UNKNOWN_SIZE;
    bool taken = name.role == PIECE_PLAYLIST || name.role == PIECE_SNAPSHOT ||
                 (name.role == PIECE_INIT && is_small(x)) ||
                 (name.role == PIECE_MEDIA && (live || !name.needs_live));
    if (!taken || http_query_unknown(x, known) != NULL ||
        http_header(x, "Content-Encoding") != NULL || http_header(x, "If-None-Match") != NULL) {
        return false; /* an ordinary upload says what is wrong */
    }
    struct piece_call *c = http_alloc(x, sizeof *c);
    *c = (struct piece_call){.x = x, .api = api, .camera = *who, .name = name};
    if (name.role == PIECE_MEDIA) {
        if (api_upload_name(x, file)) {
            take_piece(c, file);
        }
    } else if (name.role == PIECE_SNAPSHOT) {
        http_read_body(x, SNAPSHOT_BYTES_MAX, on_snapshot, c);
    } else if (name.role == PIECE_INIT) {
        http_read_body(x, INIT_BYTES_MAX, on_init, c);
    } else {
        http_read_body(x, PLAYLIST_BYTES_MAX, on_playlist, c);
    }
    return true;
}

/* Tools that tidy up behind themselves delete what they pushed. What the camera gave is its
 * owner's: nothing goes. */
void api_ingest_delete(struct http_exchange *x, struct api *api, const struct principal *who)
{
    http_answer_json(x, 200, json_pack("{s:b}", "removed", false));
}
