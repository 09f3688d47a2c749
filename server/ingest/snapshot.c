/* SPDX-License-Identifier: Apache-2.0 */
/* ask for the household's key -> have it decoded and encoded anew in the jail -> seal -> put the
 * row */
#include "ingest/snapshot.h"

#include "base/buf.h"
#include "base/clock.h"
#include "crypto/keyring.h"
#include "crypto/seal.h"

#include <string.h>

enum { WIDTH_MAX = 1920, SEALED_MAX = SNAPSHOT_BYTES_MAX + (1 << 20) };

struct snapshot {
    struct ingest *in;
    struct principal camera;
    uint8_t *jpeg; /* owned */
    size_t n;
    uint8_t household_wrapped[KEY_WRAPPED_SIZE];
    struct buf sealed;
    int64_t taken_us;
    size_t plain_bytes;
    int status;
    const char *reason;
    snapshot_done_fn *done;
    void *arg;
};

static void finish(void *arg)
{
    struct snapshot *s = arg;
    s->done(s->arg, s->status, s->reason, s->taken_us, s->plain_bytes);
    s->in->live--;
    buf_finish(&s->sealed);
    free(s->jpeg);
    free(s);
}

static void fail(struct snapshot *s, int status, const char *reason)
{
    s->status = status;
    s->reason = reason;
    finish(s);
}

static void on_put(void *arg, const struct db_reply *r)
{
    struct snapshot *s = arg;
    s->status = db_status(r) == 0 ? 0 : INGEST_E_UNAVAILABLE;
    finish(s);
}

static int take_sealed(void *arg, const uint8_t *p, size_t n)
{
    struct snapshot *s = arg;
    buf_append(&s->sealed, p, n);
    return s->sealed.overflow ? -E2BIG : 0;
}

static int seal(struct snapshot *s, const uint8_t *jpeg, size_t n, struct id *ret_object,
                uint8_t ret_wrapped[KEY_WRAPPED_SIZE])
{
    struct seal_params p = {.household = s->camera.household, .object = id_new()};
    struct seal_result result;
    int r = keyring_new_object(s->in->keyring, &p.household, s->household_wrapped, &p.object, p.key,
                               ret_wrapped);
    if (r == 0) {
        struct sealer *sealer = sealer_create(&p, take_sealed, s);
        r = sealer_write(sealer, jpeg, n);
        r = r < 0 ? r : sealer_finish(sealer, &result);
        sealer_destroy(sealer);
    }
    *ret_object = p.object;
    secret_wipe(&p, sizeof p);
    return r;
}

static void on_picture(void *arg, int status, const uint8_t *jpeg, size_t n)
{
    struct snapshot *s = arg;
    struct id object;
    uint8_t wrapped[KEY_WRAPPED_SIZE];
    if (status != 0) {
        fail(s, INGEST_E_MEDIA, "This JPEG cannot be decoded.");
        return;
    }
    if (seal(s, jpeg, n, &object, wrapped) < 0) {
        fail(s, INGEST_E_INTERNAL, NULL);
        return;
    }
    s->plain_bytes = n;
    db_run(s->in->db, on_put, s, DB_SNAPSHOT_PUT, DB_ID(&s->camera.id), DB_ID(&object),
           DB_BYTES(wrapped, sizeof wrapped), DB_I64(n), DB_BYTES(s->sealed.data, s->sealed.len),
           DB_I64(s->taken_us));
}

static void on_opened(void *arg, const struct db_reply *r)
{
    struct snapshot *s = arg;
    if (db_status(r) != 0 || db_rows(r, 0) == 0) {
        fail(s, db_status(r) != 0 ? INGEST_E_UNAVAILABLE : INGEST_E_NO_CAMERA, NULL);
        return;
    }
    size_t n;
    const uint8_t *wrapped = db_bytes(r, 0, 0, 0, &n);
    ALWAYS(n == KEY_WRAPPED_SIZE);
    memcpy(s->household_wrapped, wrapped, n);
    int e = remux_snapshot_begin(s->in->remux, s->jpeg, s->n, WIDTH_MAX, on_picture, s);
    if (e != 0) {
        fail(s, e == REMUX_E_BUSY ? INGEST_E_BUSY : INGEST_E_INTERNAL, NULL);
    }
}

void snapshot_begin(struct ingest *in, const struct principal *camera, const uint8_t *jpeg,
                    size_t n, snapshot_done_fn *done, void *arg)
{
    struct snapshot *s = mem_new(struct snapshot);
    *s = (struct snapshot){.in = in,
                           .camera = *camera,
                           .jpeg = mem_dup(jpeg, n),
                           .n = n,
                           .sealed = BUF_INIT(SEALED_MAX),
                           .taken_us = clock_now_us(),
                           .done = done,
                           .arg = arg};
    in->live++;
    db_run(in->db, on_opened, s, DB_SNAPSHOT_OPEN, DB_ID(&camera->id));
}
