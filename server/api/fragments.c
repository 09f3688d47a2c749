/* SPDX-License-Identifier: Apache-2.0 */
/* Typed answers for cameras that hold what they filmed until it is safe: one PUT a fragment on a
 * kept connection, each answered with what became of it (docs/design/fragments.md). A stream is a
 * push whose pieces keep the order of their numbers. */
#include "api/handlers.h"
#include "api/upload_answer.h"
#include "base/clock.h"
#include "base/str.h"
#include "ingest/piece.h"

#include <stdio.h>
#include <string.h>

enum { FRAGMENT_BYTES_MAX = 32 << 20, FRAGMENT_S_MAX = 60, STREAM_NAME_MAX = 64 };

/* Every error, its number and name for programs, its sentence for people. Also in openapi.yaml. */
enum fragment_error {
    ERROR_TOO_LARGE,
    ERROR_TOO_LONG,
    ERROR_ORDER,
    ERROR_CONTAINER,
    ERROR_CAMERA_OFF,
    ERROR_CODEC,
    ERROR_ENCRYPTED,
    ERROR_QUOTA,
    ERROR_BUSY,
    ERROR_INTERNAL,
    ERROR_NOT_STORED
};
static const struct {
    int number, status;
    bool again; /* sending the same again later may help */
    const char *name, *text;
} errors[] = {
    [ERROR_TOO_LARGE] = {4001, 413, false, "fragment_too_large", "A fragment has at most 32 MiB."},
    [ERROR_TOO_LONG] = {4002, 422, false, "fragment_too_long", "A fragment lasts at most 60 s."},
    [ERROR_ORDER] = {4004, 409, false, "fragment_out_of_order",
                     "Its number and its time contradict fragments that are stored: begin another "
                     "stream when the clock or the numbers start over."},
    [ERROR_CONTAINER] = {4006, 415, false, "container_unreadable",
                         "It is not a fragment of MP4, MPEG-TS or Matroska that can be read."},
    [ERROR_CAMERA_OFF] = {4008, 403, false, "camera_off",
                          "This camera is switched off by its owner."},
    [ERROR_CODEC] = {4012, 415, false, "codec_unsupported",
                     "Pictures are H.264 or H.265; sound is AAC, Opus, MP3, AC-3, G.711 or PCM."},
    [ERROR_ENCRYPTED] = {4013, 422, false, "encrypted", "It is encrypted; the key is not here."},
    [ERROR_QUOTA] = {4100, 507, true, "storage_full", "There is no room for it at the moment."},
    [ERROR_BUSY] = {4290, 429, true, "busy", "Too many at once."},
    [ERROR_INTERNAL] = {5000, 500, true, "internal", "Something went wrong here."},
    [ERROR_NOT_STORED] = {5001, 503, true, "not_stored", "It could not be stored. Send it again."},
};

struct fragment {
    struct http_exchange *x;
    struct api *api;
    struct piece_name name;
    struct piece *piece;
};

static void answer(struct fragment *f, int status, const char *type, const struct clip *clip)
{
    json_t *ack = json_pack("{s:s, s:I}", "type", type, "fragment", (json_int_t)f->name.number);
    if (clip != NULL) {
        json_object_set_new(ack, "clip_id", api_id(&clip->id));
    }
    http_answer_json(f->x, status, json_pack("{s:[o], s:[]}", "acks", ack, "errors"));
}

static void answer_error(struct fragment *f, enum fragment_error e, const char *detail)
{
    if (errors[e].again) {
        http_add_header(f->x, "Retry-After", "2");
    }
    json_t *error =
        json_pack("{s:i, s:s, s:s, s:I, s:b}", "number", errors[e].number, "name", errors[e].name,
                  "detail", detail != NULL ? detail : errors[e].text, "fragment",
                  (json_int_t)f->name.number, "send_again", errors[e].again);
    http_answer_json(f->x, errors[e].status, json_pack("{s:[], s:[o]}", "acks", "errors", error));
}

static enum fragment_error error_of(const struct piece_result *r)
{
    switch (r->status) {
    case INGEST_E_TOO_LARGE:
        return ERROR_TOO_LARGE;
    case INGEST_E_TOO_LONG:
        return ERROR_TOO_LONG;
    case INGEST_E_ORDER:
        return ERROR_ORDER;
    case INGEST_E_NO_CAMERA:
        return ERROR_CAMERA_OFF;
    case INGEST_E_QUOTA:
    case INGEST_E_FULL:
        return ERROR_QUOTA;
    case INGEST_E_BUSY:
        return ERROR_BUSY;
    case INGEST_E_UNAVAILABLE:
        return ERROR_NOT_STORED;
    case INGEST_E_MEDIA:
        return r->remux_status == REMUX_E_UNSUPPORTED_CODEC ? ERROR_CODEC
               : r->remux_status == REMUX_E_ENCRYPTED       ? ERROR_ENCRYPTED
                                                            : ERROR_CONTAINER;
    default:
        return ERROR_INTERNAL;
    }
}

static void fragment_opened(void *arg, uint64_t max_bytes)
{
    struct fragment *f = arg;
    http_stream_body(f->x, piece_sink(f->piece), max_bytes);
}

static void fragment_done(void *arg, const struct piece_result *r)
{
    struct fragment *f = arg;
    if (r->status != 0) {
        enum fragment_error e = error_of(r);
        answer_error(f, e, e == ERROR_CONTAINER || e == ERROR_CODEC ? r->reason : NULL);
    } else if (r->state == PIECE_RECEIVED) {
        answer(f, 202, "received", NULL);
    } else {
        answer(f, r->created ? 201 : 200, r->state == PIECE_EMPTY ? "empty" : "persisted", r->clip);
    }
}

/* The stream's name makes a stem that no file name can be. False: answered. */
static bool read_stream(struct http_exchange *x, struct piece_name *ret_name)
{
    const char *stream = http_param(x, "stream");
    size_t n = strlen(stream);
    *ret_name = (struct piece_name){.role = PIECE_MEDIA, .track = -1};
    if (n == 0 || n > STREAM_NAME_MAX ||
        strspn(stream, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP"
                       "QRSTUVWXYZ0123456789._-") != n) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "A stream's name has 1 to 64 letters, digits, dots, - and _.");
        return false;
    }
    snprintf(ret_name->stem, sizeof ret_name->stem, "/%s", stream);
    return true;
}

void api_fragment_put(struct http_exchange *x, struct api *api, const struct principal *who)
{
    static const char *const known[] = {"started_at", "kind", NULL};
    struct fragment *f = http_alloc(x, sizeof *f);
    *f = (struct fragment){.x = x, .api = api};
    struct piece_params p = {.camera = who,
                             .name = &f->name,
                             .file = http_param(x, "stream"),
                             .request_id = http_request_id(x),
                             .declared_bytes = http_body_size(x),
                             .max_bytes = FRAGMENT_BYTES_MAX,
                             .max_90k = (int64_t)FRAGMENT_S_MAX * CLOCK_90K,
                             .opened = fragment_opened,
                             .done = fragment_done,
                             .arg = f};
    uint64_t number;
    const char *unknown = http_query_unknown(x, known);
    if (!read_stream(x, &f->name)) {
        return;
    }
    if (unknown != NULL) {
        http_answer_problem(x, PROBLEM_bad_request, "Unknown query argument: %s", unknown);
    } else if (str_parse_u64(http_param(x, "number"), (uint64_t)PIECE_NUMBER_MAX, &number) < 0) {
        http_answer_problem(x, PROBLEM_invalid_field,
                            "A fragment's number has decimal digits, at most 18.");
    } else if (api_upload_facts(x, &p.kind, &p.started_us)) {
        bool told = http_query(x, "kind") != NULL || http_header(x, "Doorward-Kind") != NULL;
        p.kind = told ? p.kind : "continuous";
        f->name.number = (int64_t)number;
        if (p.declared_bytes != SOURCE_UNKNOWN_SIZE && p.declared_bytes > FRAGMENT_BYTES_MAX) {
            answer_error(f, ERROR_TOO_LARGE, NULL);
            return;
        }
        f->piece = piece_begin(api->ingest, &p);
    }
}

/* ---- what is where ---- */

static void on_listed(void *arg, const struct db_reply *r)
{
    struct fragment *f = arg;
    if (api_db_failed(f->x, r)) {
        return;
    }
    json_t *persisted = json_array(), *received = json_array();
    for (int row = 0; row < db_rows(r, 0); row++) {
        json_array_append_new(db_bool(r, 0, row, 0) ? persisted : received,
                              json_pack("[I, I]", (json_int_t)db_i64(r, 0, row, 1),
                                        (json_int_t)db_i64(r, 0, row, 2)));
    }
    http_answer_json(f->x, 200,
                     json_pack("{s:s, s:o, s:o}", "stream", f->name.stem + 1, "persisted",
                               persisted, "received", received));
}

void api_fragments_list(struct http_exchange *x, struct api *api, const struct principal *who)
{
    static const char *const known[] = {"from", NULL};
    struct fragment *f = http_alloc(x, sizeof *f);
    *f = (struct fragment){.x = x, .api = api};
    const char *from = http_query(x, "from");
    uint64_t first = 0;
    if (!read_stream(x, &f->name)) {
        return;
    }
    if (http_query_unknown(x, known) != NULL ||
        (from != NULL && str_parse_u64(from, (uint64_t)PIECE_NUMBER_MAX, &first) < 0)) {
        http_answer_problem(x, PROBLEM_bad_request, "Only from=NUMBER may be asked.");
        return;
    }
    db_run(api->db, on_listed, f, DB_STREAM_PIECES, DB_ID(&who->id), DB_TEXT(f->name.stem),
           DB_I64(first));
}
