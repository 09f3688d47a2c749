/* SPDX-License-Identifier: Apache-2.0 */
/* The row owns the object before there is one; what a crash leaves is found by its row. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "playback/playback_internal.h"
#include "playback/sprite_make.h"

#include <string.h>

struct store_op {
    struct sprite_store_params p;
    char tiles[THUMB_TILES + 1];
    struct seal_params seal;
    struct seal_result sealed;
    uint8_t wrapped[KEY_WRAPPED_SIZE];
    struct store_stage *stage;
    int work_status;
    bool shown;
};

static void finish(struct store_op *op)
{
    store_stage_drop(op->stage);
    free(op->p.jpeg);
    op->p.done(op->p.arg, op->shown);
    secret_wipe(&op->seal, sizeof op->seal);
    free(op);
}

static void given_up(void *arg, const struct db_reply *r)
{
    (void)r; /* unanswered: recovery finds the row */
    finish(arg);
}

static void give_up(struct store_op *op)
{
    db_run(op->p.pb->p.db, given_up, op, DB_SPRITE_GIVE_UP, DB_ID(&op->seal.object),
           DB_I64(clock_now_us()));
}

static void committed(void *arg, const struct db_reply *r)
{
    struct store_op *op = arg;
    op->shown = db_status(r) == 0 && db_rows(r, 0) == 1 && db_bool(r, 0, 0, 0);
    if (db_status(r) != 0) { /* perhaps it was committed: then this finds nothing */
        give_up(op);
    } else {
        finish(op);
    }
}

static void put_done(void *arg, int status)
{
    struct store_op *op = arg;
    if (status != 0) {
        give_up(op);
        return;
    }
    crash_point("sprite_before_done");
    db_run(op->p.pb->p.db, committed, op, DB_SPRITE_DONE, DB_ID(&op->seal.object),
           DB_I64(clock_now_us()), DB_I64(op->sealed.plain_bytes), DB_I64(op->sealed.sealed_bytes),
           DB_BYTES(op->sealed.digest, SHA256_SIZE), DB_TEXT(op->tiles));
}

static int write_stage(void *arg, const uint8_t *p, size_t n)
{
    const struct store_op *op = arg;
    return fd_write_all(store_stage_fd(op->stage), p, n);
}

static void seal_on_pool(void *arg)
{
    struct store_op *op = arg;
    struct sealer *s = sealer_create(&op->seal, write_stage, op);
    op->work_status = sealer_write(s, op->p.jpeg, op->p.jpeg_n);
    op->work_status = op->work_status < 0 ? op->work_status : sealer_finish(s, &op->sealed);
    sealer_destroy(s);
}

static void sealed(void *arg)
{
    struct store_op *op = arg;
    char key[STORE_KEY_SIZE];
    struct store_stage *stage = op->stage;
    if (op->work_status < 0) {
        give_up(op);
        return;
    }
    op->stage = NULL;
    store_key(&op->seal.object, key);
    crash_point("sprite_before_put");
    store_put(op->p.pb->p.store, stage, key, op->sealed.sealed_bytes, put_done, op);
}

static void owned(void *arg, const struct db_reply *r)
{
    struct store_op *op = arg;
    if (db_status(r) != 0 || store_stage(op->p.pb->p.store, &op->stage) != 0) {
        op->stage = NULL;
        give_up(op);
        return;
    }
    loop_offload(op->p.pb->p.loop, seal_on_pool, sealed, op);
}

static void refused(void *arg)
{
    finish(arg);
}

void sprite_store(const struct sprite_store_params *p)
{
    struct store_op *op = mem_new(struct store_op);
    op->p = *p;
    memcpy(op->tiles, p->tiles, THUMB_TILES);
    op->seal.household = p->household;
    op->seal.object = id_new();
    if (keyring_new_object(p->pb->p.keyring, &p->household, p->household_key, &op->seal.object,
                           op->seal.key, op->wrapped) < 0) {
        loop_post(p->pb->p.loop, refused, op);
        return;
    }
    db_run(p->pb->p.db, owned, op, DB_SPRITE_BEGIN, DB_ID(&op->seal.object), DB_ID(&p->household),
           DB_ID(&p->camera), DB_I64(p->slot), DB_TEXT(p->pb->p.node), DB_I64(clock_now_us()),
           DB_I64(p->print), DB_BYTES(op->wrapped, KEY_WRAPPED_SIZE));
}
