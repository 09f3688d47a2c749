/* SPDX-License-Identifier: Apache-2.0 */
/* read the row -> own (upload row with the new objects' ids) -> copy each piece -> commit. What
 * fails after `own` gives the new objects to the garbage. */
#include "retention/cut_out.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "recording/segment_copy.h"

#include <string.h>

struct part { /* a new segment */
    struct seal_params seal;
    uint8_t wrapped[KEY_WRAPPED_SIZE];
    struct index index;
    struct buf coded;
    int64_t start_us;
    uint64_t body_offset;
    struct seal_result sealed;
};

struct cut_out {
    struct cut_out_params p;
    struct id deletion, upload, camera, recording;
    struct segment_ref from;
    uint8_t household_wrapped[KEY_WRAPPED_SIZE];
    int64_t start_us, sequence, created_us, gone_from_us, gone_to_us;
    struct part parts[CUT_PARTS];
    uint32_t n_parts, at;
    int status;
    cut_out_fn *done;
    void *arg;
};

/* Columns of deletion_piece.sql. */
enum {
    ID,
    START_US,
    HOUSEHOLD,
    CAMERA,
    RECORDING,
    SEQUENCE,
    PLAIN_BYTES,
    WRAPPED,
    HOUSEHOLD_WRAPPED,
    SAMPLE_INDEX,
    CREATED_US,
    FROM_US,
    TO_US
};

/* ---- the end ---- */
static void finish(struct cut_out *c)
{
    c->done(c->arg, c->status);
    for (uint32_t i = 0; i < c->n_parts; i++) {
        index_finish(&c->parts[i].index);
        buf_finish(&c->parts[i].coded);
    }
    secret_wipe(c, sizeof *c);
    free(c);
}

static void given_up(void *arg, const struct db_reply *r)
{
    finish(arg); /* when this failed too, recovery finds the upload row */
}

static void give_up(struct cut_out *c)
{
    c->status = CUT_OUT_E_LATER;
    db_run(c->p.db, given_up, c, DB_UPLOAD_ABANDON, DB_ID(&c->upload), DB_I64(clock_now_us()));
}

/* ---- commit ---- */
static void committed(void *arg, const struct db_reply *r)
{
    struct cut_out *c = arg;
    crash_point("cut_out_after_commit");
    if (db_status(r) != 0) {
        give_up(c);
        return;
    }
    finish(c);
}

static void commit(struct cut_out *c)
{
    uint64_t added = 0;
    struct db_tx *tx = db_tx_begin(c->p.db);
    if (c->n_parts > 0) {
        db_tx_add(tx, DB_UPLOAD_CLOSE, DB_ID(&c->upload));
    }
    for (uint32_t i = 0; i < c->n_parts; i++) {
        const struct part *p = &c->parts[i];
        added += p->sealed.sealed_bytes;
        db_tx_add(tx, DB_SEGMENT_ADD, DB_ID(&p->seal.object), DB_I64(p->start_us),
                  DB_ID(&p->seal.household), DB_ID(&c->camera), DB_ID(&c->recording),
                  DB_I64(c->sequence), DB_I64(p->index.zero_90k), DB_I64(p->index.duration_90k),
                  DB_I64(p->sealed.plain_bytes), DB_I64(p->sealed.sealed_bytes),
                  DB_BYTES(p->sealed.digest, SHA256_SIZE), DB_BYTES(p->wrapped, KEY_WRAPPED_SIZE),
                  DB_BYTES(p->coded.data, p->coded.len), DB_I64(c->created_us));
    }
    db_tx_add(tx, DB_DELETION_CUT, DB_ID(&c->deletion), DB_ID(&c->from.seal.object),
              DB_I64(c->start_us), DB_I64(c->gone_from_us), DB_I64(c->gone_to_us), DB_I64(added),
              DB_I64(clock_now_us()));
    crash_point("cut_out_before_commit");
    db_tx_commit(tx, committed, c);
}

/* ---- copy ---- */
static void next_part(struct cut_out *c);

static void copied(void *arg, int status, const struct seal_result *sealed)
{
    struct cut_out *c = arg;
    if (status != 0) {
        log_error(loop_log(c->p.loop), "cut_failed", F_ID("object", &c->from.seal.object),
                  F_INT("status", status));
        give_up(c);
        return;
    }
    c->parts[c->at++].sealed = *sealed;
    crash_point("cut_out_copied");
    next_part(c);
}

static void next_part(struct cut_out *c)
{
    if (c->at == c->n_parts) {
        commit(c);
        return;
    }
    const struct part *p = &c->parts[c->at];
    const struct segment_copy_params params = {.loop = c->p.loop,
                                               .store = c->p.store,
                                               .from = &c->from,
                                               .to = &p->seal,
                                               .init_bytes = p->index.init_bytes,
                                               .body_offset = p->body_offset,
                                               .body_bytes =
                                                   p->index.plain_bytes - p->index.init_bytes};
    segment_copy(&params, copied, c);
}

/* ---- own ---- */
static void owned(void *arg, const struct db_reply *r)
{
    struct cut_out *c = arg;
    if (db_status(r) != 0) {
        give_up(c);
        return;
    }
    next_part(c);
}

static void own(struct cut_out *c)
{
    if (c->n_parts == 0) {
        commit(c);
        return;
    }
    struct db_tx *tx = db_tx_begin(c->p.db);
    db_tx_add(tx, DB_GIVE_OPEN, DB_ID(&c->upload), DB_ID(&c->camera), DB_TEXT(c->p.node),
              DB_I64(clock_now_us()));
    for (uint32_t i = 0; i < c->n_parts; i++) {
        db_tx_add(tx, DB_UPLOAD_OBJECT_ADD, DB_ID(&c->upload), DB_ID(&c->parts[i].seal.object));
    }
    db_tx_commit(tx, owned, c);
}

/* ---- what stays ---- */
static int add_part(struct cut_out *c, const struct cut_source *source,
                    const struct cut_piece *piece)
{
    struct part *p = &c->parts[c->n_parts];
    *p = (struct part){.seal = {.household = c->from.seal.household, .object = id_new()},
                       .coded = BUF_INIT(INDEX_BYTES_MAX)};
    int r = cut_index(source, piece, true, &p->index, &p->start_us);
    if (r != 0) {
        return r;
    }
    c->n_parts++;
    p->body_offset = source->index->fragments[piece->first].offset;
    r = index_encode(&p->index, &p->coded);
    return r != 0 ? r
                  : keyring_new_object(c->p.keyring, &p->seal.household, c->household_wrapped,
                                       &p->seal.object, p->seal.key, p->wrapped);
}

static int64_t end_of(const struct part *p)
{
    return p->start_us + (int64_t)p->index.duration_90k * 100 / 9;
}

static int plan(struct cut_out *c, const struct index *ix, int64_t from_us, int64_t to_us)
{
    const struct cut_source source = {.index = ix, .start_us = c->start_us};
    struct cut_piece pieces[CUT_PARTS];
    uint32_t n = cut_around(&source, from_us, to_us, pieces);
    int64_t end_us = c->start_us + (int64_t)ix->duration_90k * 100 / 9;
    int r = 0;
    c->gone_from_us = c->start_us;
    c->gone_to_us = end_us > c->start_us ? end_us : c->start_us + 1;
    for (uint32_t i = 0; i < n && r == 0; i++) {
        r = add_part(c, &source, &pieces[i]);
        if (r == 0 && c->parts[i].start_us < from_us) {
            c->gone_from_us = end_of(&c->parts[i]);
        } else if (r == 0) {
            c->gone_to_us = c->parts[i].start_us;
        }
    }
    return r;
}

static int read_row(struct cut_out *c, const struct db_reply *r)
{
    size_t n, n_index;
    uint8_t wrapped[KEY_WRAPPED_SIZE];
    struct index ix = {0};
    memcpy(wrapped, db_bytes(r, 0, 0, WRAPPED, &n), sizeof wrapped);
    memcpy(c->household_wrapped, db_bytes(r, 0, 0, HOUSEHOLD_WRAPPED, &n), KEY_WRAPPED_SIZE);
    c->from.seal.object = db_id(r, 0, 0, ID);
    c->from.seal.household = db_id(r, 0, 0, HOUSEHOLD);
    c->from.plain_bytes = (uint64_t)db_i64(r, 0, 0, PLAIN_BYTES);
    c->camera = db_id(r, 0, 0, CAMERA);
    c->recording = db_id(r, 0, 0, RECORDING);
    c->start_us = db_i64(r, 0, 0, START_US);
    c->sequence = db_i64(r, 0, 0, SEQUENCE);
    c->created_us = db_i64(r, 0, 0, CREATED_US);
    int e = keyring_open_object(c->p.keyring, &c->from.seal.household, c->household_wrapped,
                                &c->from.seal.object, wrapped, c->from.seal.key);
    const uint8_t *coded = db_bytes(r, 0, 0, SAMPLE_INDEX, &n_index);
    e = e != 0 ? e : index_decode(coded, n_index, &ix);
    e = e != 0 ? e : plan(c, &ix, db_i64(r, 0, 0, FROM_US), db_i64(r, 0, 0, TO_US));
    index_finish(&ix);
    return e;
}

static void found(void *arg, const struct db_reply *r)
{
    struct cut_out *c = arg;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        c->status = db_status(r) != 0 ? CUT_OUT_E_LATER : CUT_OUT_E_NONE;
        finish(c);
        return;
    }
    int e = read_row(c, r);
    if (e != 0) {
        log_error(loop_log(c->p.loop), "cut_failed", F_ID("object", &c->from.seal.object),
                  F_ERR(e));
        c->status = CUT_OUT_E_LATER;
        finish(c);
        return;
    }
    own(c);
}

void cut_out_begin(const struct cut_out_params *p, const struct id *deletion, cut_out_fn *done,
                   void *arg)
{
    struct cut_out *c = mem_new(struct cut_out);
    *c = (struct cut_out){
        .p = *p, .deletion = *deletion, .upload = id_new(), .done = done, .arg = arg};
    db_run(p->db, found, c, DB_DELETION_PIECE, DB_ID(deletion), DB_I64(clock_now_us()));
}
