/* SPDX-License-Identifier: Apache-2.0 */
/* open (an upload row that owns the new object) -> read a block, seal it into a staged file on the
 * pool, and again -> put -> commit. A crash at any step leaves an upload row, which recovery gives
 * up like any other. */
#include "recording/segment_join.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/crash_point.h"

#include <errno.h>
#include <string.h>

struct join {
    struct segment_join_params p;
    struct segment_join_part parts[SEGMENT_JOIN_PARTS_MAX];
    struct index index; /* of the joined segment; owned */
    struct buf coded;
    struct id upload, object;
    uint8_t wrapped_key[KEY_WRAPPED_SIZE];
    struct store_stage *stage;
    struct sealer *sealer;
    struct seal_result sealed;
    size_t part;
    uint64_t at; /* in the part's plaintext */
    uint8_t *block;
    size_t block_n;
    int write_status;
    int status;
};

static void finish(struct join *j)
{
    j->p.done(j->p.arg, j->status);
    sealer_destroy(j->sealer);
    store_stage_drop(j->stage);
    index_finish(&j->index);
    buf_finish(&j->coded);
    free(j->block);
    secret_wipe(j->parts, sizeof j->parts);
    free(j);
}

/* ---- giving up: the new object becomes garbage ---- */

static void on_abandoned(void *arg, const struct db_reply *r)
{
    struct join *j = arg;
    if (db_status(r) != 0) { /* recovery of the next start takes it */
        log_warn(loop_log(j->p.loop), "join_not_given_up", F_STR("reason", db_message(r)));
    }
    finish(j);
}

static void give_up(struct join *j, int status)
{
    j->status = status;
    db_run(j->p.db, on_abandoned, j, DB_UPLOAD_ABANDON, DB_ID(&j->upload), DB_I64(clock_now_us()));
}

/* ---- commit ---- */

static void on_committed(void *arg, const struct db_reply *r)
{
    struct join *j = arg;
    int status = db_status(r);
    if (status != 0) {
        log_warn(loop_log(j->p.loop), "join_not_committed", F_STR("reason", db_message(r)));
        give_up(j, status == DB_E_REFUSED ? SEGMENT_JOIN_E_CHANGED : SEGMENT_JOIN_E_UNAVAILABLE);
        return;
    }
    crash_point("join_after_commit");
    finish(j);
}

static void id_list(const struct join *j, struct buf *out)
{
    char text[ID_TEXT_SIZE];
    for (size_t i = 0; i < j->p.n_parts; i++) {
        id_format(&j->parts[i].ref.seal.object, text);
        buf_printf(out, "%s%s", i == 0 ? "{" : ",", text);
    }
    buf_str(out, "}");
    buf_u8(out, 0);
}

static void commit(struct join *j)
{
    struct buf ids CLEANUP(buf_finish) = BUF_INIT(SEGMENT_JOIN_PARTS_MAX * ID_TEXT_SIZE + 16);
    id_list(j, &ids);
    crash_point("join_before_commit");
    int64_t now = clock_now_us();
    db_run(j->p.db, on_committed, j, DB_SEGMENTS_JOIN, DB_ID(&j->upload), DB_ID(&j->p.camera),
           DB_ID(&j->p.recording), DB_TEXT((const char *)ids.data), DB_ID(&j->object),
           DB_I64(j->parts[0].start_us), DB_I64(j->index.zero_90k), DB_I64(j->index.duration_90k),
           DB_I64(j->sealed.plain_bytes), DB_I64(j->sealed.sealed_bytes),
           DB_BYTES(j->sealed.digest, SHA256_SIZE), DB_BYTES(j->wrapped_key, KEY_WRAPPED_SIZE),
           DB_BYTES(j->coded.data, j->coded.len), DB_I64(now), DB_I64(now + j->p.keep_us));
}

/* ---- the object ---- */

static void on_put(void *arg, int status)
{
    struct join *j = arg;
    if (status != 0) {
        log_warn(loop_log(j->p.loop), "join_not_stored", F_INT("status", status));
        give_up(j, SEGMENT_JOIN_E_UNAVAILABLE);
        return;
    }
    commit(j);
}

static void put(struct join *j)
{
    char key[STORE_KEY_SIZE];
    struct store_stage *stage = j->stage;
    store_key(&j->object, key);
    j->stage = NULL;
    crash_point("join_before_put");
    store_put(j->p.store, stage, key, j->sealed.sealed_bytes, on_put, j);
}

/* On the pool. */
static int write_staged(void *arg, const uint8_t *p, size_t n)
{
    const struct join *j = arg;
    return fd_write_all(store_stage_fd(j->stage), p, n);
}

static void read_on(struct join *j);

static void seal_block(void *arg)
{
    struct join *j = arg;
    if (j->block == NULL) {
        j->write_status = sealer_finish(j->sealer, &j->sealed);
    } else {
        j->write_status = sealer_write(j->sealer, j->block, j->block_n);
    }
}

static void on_sealed(void *arg)
{
    struct join *j = arg;
    bool ended = j->block == NULL;
    free(j->block);
    j->block = NULL;
    if (j->write_status < 0) {
        give_up(j, SEGMENT_JOIN_E_UNAVAILABLE);
    } else if (!ended) {
        read_on(j);
    } else if (j->sealed.plain_bytes != j->index.plain_bytes) {
        give_up(j, SEGMENT_JOIN_E_UNFIT);
    } else {
        put(j);
    }
}

static void on_read(void *arg, int status, uint8_t *p, size_t n)
{
    struct join *j = arg;
    if (status != 0) { /* gone: deleted this moment */
        give_up(j, status == -EBADMSG            ? SEGMENT_JOIN_E_BROKEN
                   : status == STORE_E_NOT_FOUND ? SEGMENT_JOIN_E_CHANGED
                                                 : SEGMENT_JOIN_E_UNAVAILABLE);
        return;
    }
    j->block = p;
    j->block_n = n;
    j->at += n;
    loop_offload(j->p.loop, seal_block, on_sealed, j);
}

/* The next block: all of the first part, of the others what follows their init. */
static void read_on(struct join *j)
{
    while (j->part < j->p.n_parts && j->at == j->parts[j->part].ref.plain_bytes) {
        j->part++;
        j->at = j->part < j->p.n_parts ? j->parts[j->part].index->init_bytes : 0;
    }
    if (j->part == j->p.n_parts) {
        loop_offload(j->p.loop, seal_block, on_sealed, j);
        return;
    }
    const struct segment_join_part *part = &j->parts[j->part];
    uint64_t left = part->ref.plain_bytes - j->at;
    uint64_t n = left < SEGMENT_READ_MAX ? left : SEGMENT_READ_MAX;
    segment_read(j->p.store, &part->ref, j->at, j->at + n, on_read, j);
}

/* ---- open ---- */

static void on_opened(void *arg, const struct db_reply *r)
{
    struct join *j = arg;
    if (db_status(r) != 0) {
        give_up(j, SEGMENT_JOIN_E_UNAVAILABLE);
        return;
    }
    crash_point("join_opened");
    struct seal_params seal = {.household = j->p.household, .object = j->object};
    if (keyring_new_object(j->p.keyring, &j->p.household, j->p.household_wrapped, &j->object,
                           seal.key, j->wrapped_key) < 0) {
        give_up(j, SEGMENT_JOIN_E_BROKEN);
        return;
    }
    if (store_stage(j->p.store, &j->stage) != 0) {
        secret_wipe(&seal, sizeof seal);
        give_up(j, SEGMENT_JOIN_E_UNAVAILABLE);
        return;
    }
    j->sealer = sealer_create(&seal, write_staged, j); /* writes the object's header */
    secret_wipe(&seal, sizeof seal);
    read_on(j);
}

static void unfit(void *arg)
{
    finish(arg);
}

static bool make_index(struct join *j)
{
    const struct index *list[SEGMENT_JOIN_PARTS_MAX];
    for (size_t i = 0; i < j->p.n_parts; i++) {
        list[i] = j->parts[i].index;
    }
    return j->p.n_parts >= 2 && index_join(list, j->p.n_parts, &j->index) == 0 &&
           index_encode(&j->index, &j->coded) == 0;
}

void segment_join_begin(const struct segment_join_params *p)
{
    ALWAYS(p->n_parts <= SEGMENT_JOIN_PARTS_MAX);
    struct join *j = mem_new(struct join);
    j->p = *p;
    memcpy(j->parts, p->parts, p->n_parts * sizeof *p->parts);
    j->p.parts = NULL;
    j->coded = BUF_INIT(INDEX_BYTES_MAX);
    j->upload = id_new();
    j->object = id_new();
    if (!make_index(j)) {
        j->status = SEGMENT_JOIN_E_UNFIT;
        loop_post(p->loop, unfit, j);
        return;
    }
    db_run(p->db, on_opened, j, DB_JOIN_OPEN, DB_ID(&j->upload), DB_ID(&p->camera),
           DB_TEXT(p->node), DB_ID(&j->object), DB_I64(clock_now_us()));
}
