/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of an upload that is a piece of a push: a place in its run instead of a recording and a
 * clip of its own. Times of its segments are the recording's already (remux.h, raw times), so the
 * place is found in the commit itself. */
#include "base/clock.h"
#include "crypto/hash.h"
#include "ingest/upload_op.h"

#include <string.h>

enum { OBJECTS_TEXT_MAX = UPLOAD_SEGMENTS_MAX * ID_TEXT_SIZE + 16 };

static void span(const struct upload *u, int64_t *ret_from, int64_t *ret_to)
{
    int64_t from = INT64_MAX, to = 0;
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        const struct upload_segment *s = u->segments[i];
        from = s->shown_from_90k < from ? s->shown_from_90k : from;
        to = s->shown_to_90k > to ? s->shown_to_90k : to;
    }
    *ret_from = from;
    *ret_to = to > from ? to : from;
}

static void object_list(const struct upload *u, struct buf *out)
{
    char text[ID_TEXT_SIZE];
    buf_str(out, "{");
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        id_format(&u->segments[i]->object, text);
        buf_printf(out, "%s%s", i == 0 ? "" : ",", text);
    }
    buf_str(out, "}");
    buf_u8(out, 0);
}

static uint64_t body_bytes(const struct upload *u)
{
    uint64_t n = 0;
    for (size_t i = 0; i < u->p.attach->n_pieces; i++) {
        n += u->p.attach->pieces[i].bytes;
    }
    return u->p.attach->spooled ? n : u->body_bytes;
}

static void place(struct upload *u, struct db_tx *tx, const struct id *run, int64_t now)
{
    const struct upload_attach *a = u->p.attach;
    const struct attach_piece *k = &a->pieces[0];
    struct buf objects CLEANUP(buf_finish) = BUF_INIT(OBJECTS_TEXT_MAX);
    int64_t from, to;
    span(u, &from, &to);
    object_list(u, &objects);
    bool told = u->p.started_us != 0;
    int64_t start = told ? u->p.started_us : u->ended_us - (to - from) * 100 / 9;
    db_tx_add(
        tx, DB_PIECE_PLACE, DB_ID(&u->camera.id), DB_TEXT(a->stem), DB_ID(&k->id), DB_I64(k->track),
        DB_I64(k->number), DB_BYTES(a->spooled ? k->sha256 : u->body_sha256, SHA256_SIZE),
        DB_I64(a->spooled ? k->bytes : u->body_bytes), DB_BOOL(u->report.partial || a->broken),
        DB_I64(from), DB_I64(to), DB_I64(start), DB_BOOL(told), DB_I64(now), DB_ID(run),
        DB_ID(&u->recording), DB_ID(&u->clip_id), DB_TEXT((const char *)objects.data),
        DB_BOOL(u->looks > 1 && id_is_zero(&u->replaces)));
    for (size_t i = 1; i < a->n_pieces; i++) {
        db_tx_add(tx, DB_PIECE_ALSO, DB_ID(&k->id), DB_ID(&a->pieces[i].id));
    }
}

struct facts {
    const char *video, *audio;
    int64_t width, height, rotation, channels, sample_rate;
};

static struct facts facts_of(const struct upload *u)
{
    const struct index_track *v = upload_fact(&u->facts, INDEX_VIDEO),
                             *a = upload_fact(&u->facts, INDEX_AUDIO);
    struct facts f = {.video = ""};
    if (v != NULL) {
        f.video = v->codec;
        f.width = v->width;
        f.height = v->height;
        f.rotation = upload_rotation(v->matrix);
    }
    if (a != NULL) {
        f.audio = a->codec;
        f.channels = a->channels;
        f.sample_rate = a->sample_rate;
    }
    return f;
}

static void add_recording(struct upload *u, struct db_tx *tx, int64_t now)
{
    struct facts f = facts_of(u);
    db_tx_add(tx, DB_PIECE_RECORDING, DB_ID(&u->p.attach->pieces[0].id),
              DB_ID(&u->camera.household), DB_TEXT(u->report.container), DB_TEXT(f.video),
              DB_I64(f.width), DB_I64(f.height), DB_I64(f.rotation), DB_TEXT(f.audio),
              DB_I64(f.channels), DB_I64(f.sample_rate), DB_I64(u->arrived_us), DB_I64(now));
}

static int64_t add_segments(struct upload *u, struct db_tx *tx, int64_t now)
{
    int64_t stored = 0;
    for (size_t i = 0; i < u->n_segments && u->segments[i]->complete; i++) {
        const struct upload_segment *s = u->segments[i];
        db_tx_add(tx, DB_PIECE_SEGMENT, DB_ID(&u->p.attach->pieces[0].id), DB_ID(&s->object),
                  DB_ID(&u->camera.household), DB_I64(i), DB_I64(s->zero_90k),
                  DB_I64(s->duration_90k), DB_I64(s->sealed.plain_bytes),
                  DB_I64(s->sealed.sealed_bytes), DB_BYTES(s->sealed.digest, SHA256_SIZE),
                  DB_BYTES(s->wrapped_key, KEY_WRAPPED_SIZE), DB_BYTES(s->index_bytes, s->index_n),
                  DB_I64(now));
        stored += (int64_t)s->sealed.sealed_bytes;
    }
    return stored;
}

static unsigned grow_clip(struct upload *u, struct db_tx *tx, int64_t stored, int64_t now)
{
    struct facts f = facts_of(u);
    return db_tx_add(tx, DB_PIECE_CLIP, DB_ID(&u->p.attach->pieces[0].id),
                     DB_ID(&u->camera.household), DB_TEXT(u->kind), DB_TEXT(u->name),
                     DB_I64(u->arrived_us), DB_I64(body_bytes(u)), DB_I64(stored),
                     DB_TEXT(u->report.container), DB_TEXT(f.video), DB_I64(f.width),
                     DB_I64(f.height), DB_I64(f.rotation), DB_TEXT(f.audio), DB_I64(f.channels),
                     DB_I64(f.sample_rate), DB_TEXT(u->report.notes), DB_I64(now));
}

void upload_piece_rows(struct upload *u, struct db_tx *tx)
{
    int64_t now = clock_now_us();
    struct id run = id_new(), entry = id_new();
    uint8_t salt[16];
    random_bytes(salt, sizeof salt);
    if (!id_is_zero(&u->replaces)) {
        db_tx_add(tx, DB_PIECE_REPLACE, DB_ID(&u->camera.id), DB_ID(&u->replaces), DB_I64(now));
    }
    place(u, tx, &run, now);
    add_recording(u, tx, now);
    int64_t stored = add_segments(u, tx, now);
    u->clip_stmt = grow_clip(u, tx, stored, now);
    db_tx_add(tx, DB_CAMERA_USED_ADD, DB_ID(&u->camera.id), DB_I64(stored));
    db_tx_add(tx, DB_PIECE_LEDGER, DB_ID(&entry), DB_I64(now), DB_ID(&u->camera.household),
              DB_ID(&u->camera.id), DB_ID(&run), DB_TEXT(u->request_id),
              DB_BYTES(salt, sizeof salt));
}

enum upload_piece_refusal upload_piece_refused(const struct db_reply *r)
{
    int status = db_status(r);
    const char *why = db_message(r);
    if (status == DB_E_UNIQUE && strcmp(db_constraint(r), "push_piece_same") == 0) {
        return UPLOAD_PIECE_IS_THERE;
    }
    return status != DB_E_REFUSED           ? UPLOAD_PIECE_OTHER
           : strcmp(why, "superseded") == 0 ? UPLOAD_PIECE_IS_THERE
           : strcmp(why, "partial") == 0    ? UPLOAD_PIECE_LOOK
           : strcmp(why, "order") == 0      ? UPLOAD_PIECE_ORDER
                                            : UPLOAD_PIECE_OTHER;
}

bool upload_piece_too_long(const struct upload *u)
{
    int64_t from, to, max = u->p.attach->max_90k;
    span(u, &from, &to);
    return max > 0 && to - from > max;
}

void upload_piece_find(struct upload *u, struct db_tx *tx)
{
    const struct upload_attach *a = u->p.attach;
    const struct attach_piece *k = &a->pieces[0];
    db_tx_add(tx, DB_PIECE_EXISTING, DB_ID(&u->camera.id), DB_TEXT(a->stem), DB_I64(k->track),
              DB_I64(k->number), DB_BYTES(a->spooled ? k->sha256 : u->body_sha256, SHA256_SIZE));
}
