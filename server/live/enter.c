/* SPDX-License-Identifier: Apache-2.0 */
/* Coming in: the right is asked of the database (for the many requests of a playlist at most every
 * two seconds), the viewer is listed, its entry is on the ledger before the first byte. And being
 * put out: running streams are looked at all together, in one question. */
#include "live/live_state.h"

#include "base/clock.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

enum { UNCHECKED_MAX_MS = 60000, RECHECK_MAX = 4000 };

struct enter_op {
    struct live *live;
    struct live_enter e;
    struct principal who;
    char peer[LIVE_PEER_SIZE], request_id[40];
    struct access access;
    struct live_view *view; /* once made */
    live_entered_fn *done;
    void *arg;
};

static void finish(struct enter_op *op, int status)
{
    struct live_view *v = op->view;
    if (status != 0 && v != NULL) {
        live_leave(v);
        v = NULL;
    }
    op->live->under_way--;
    op->done(op->arg, status, v);
    free(op);
}

/* ---- the view ---- */

static struct live_viewer_key key_of(const struct enter_op *op)
{
    return (struct live_viewer_key){
        .account = op->who.id, .session = op->who.session, .hls = op->e.hls, .peer = op->peer};
}

static struct live_view *make_view(struct enter_op *op)
{
    struct live_view *v = mem_new(struct live_view);
    v->live = op->live;
    v->household = op->access.household;
    v->rights = op->access.rights;
    v->until_us = op->e.until_us;
    v->sub = live_sub_open(op->live, &op->e.camera);
    list_init(&v->node);
    list_init(&v->waiter.node);
    return v;
}

void live_leave(struct live_view *v)
{
    if (v == NULL) {
        return;
    }
    list_remove(&v->node);
    list_remove(&v->waiter.node);
    hub_lock(v->live->p.hub);
    if (v->viewer != NULL && !v->viewer->hls) {
        live_viewer_end(v->viewer, LIVE_ENDED);
    }
    live_viewer_unref(v->viewer);
    hub_unlock(v->live->p.hub);
    live_sub_close(v->sub);
    free(v);
}

static void recorded(void *arg, const struct db_reply *r)
{
    struct enter_op *op = arg;
    if (db_status(r) != 0) {
        finish(op, LIVE_E_UNAVAILABLE);
        return;
    }
    struct live_viewer_key k = key_of(op);
    hub_lock(op->live->p.hub);
    op->view->viewer->recorded = true;
    channel_record(op->view->sub->channel, &k);
    hub_unlock(op->live->p.hub);
    finish(op, 0);
}

static void record(struct enter_op *op)
{
    struct db_tx *tx = db_tx_begin(op->live->p.db);
    ledger_add(tx, &(struct ledger_entry){.action = "camera.live",
                                          .household = &op->access.household,
                                          .who = &op->who,
                                          .subject_kind = "camera",
                                          .subject = &op->e.camera,
                                          .request_id = op->request_id});
    db_tx_commit(tx, recorded, op);
}

static void come_in(struct enter_op *op)
{
    struct live_viewer_key k = key_of(op);
    struct live_view *v = make_view(op);
    op->view = v;
    hub_lock(op->live->p.hub);
    bool banned = channel_banned(v->sub->channel, &k);
    v->viewer = banned ? NULL : channel_viewer(v->sub->channel, &k);
    bool known =
        v->viewer != NULL && (v->viewer->recorded || channel_recorded(v->sub->channel, &k));
    hub_unlock(op->live->p.hub);
    if (v->viewer == NULL) {
        finish(op, banned ? LIVE_E_CUT : LIVE_E_FULL);
        return;
    }
    if (!op->e.hls) {
        list_append(&op->live->views, &v->node);
    }
    if (known) {
        finish(op, 0);
    } else {
        record(op);
    }
}

/* ---- the right ---- */

static void decide(struct enter_op *op)
{
    unsigned wanted = RIGHT_LIVE | (op->e.history ? RIGHT_HISTORY : 0);
    if (op->access.rights == 0) {
        finish(op, LIVE_E_NOT_FOUND);
    } else if ((op->access.rights & wanted) != wanted) {
        finish(op, LIVE_E_FORBIDDEN);
    } else if (!op->access.enabled) {
        finish(op, LIVE_E_OFF);
    } else {
        come_in(op);
    }
}

static struct access *slot_of(struct live *l, const struct id *account, const struct id *camera)
{
    unsigned at = account->b[15] * 256u + account->b[14] + camera->b[15] * 31u + camera->b[14];
    return &l->access[at % ACCESS_SLOTS];
}

/* Columns of live_access.sql */
enum { ACCESS_RIGHTS, ACCESS_ENABLED, ACCESS_HOUSEHOLD };

static void asked(void *arg, const struct db_reply *r)
{
    struct enter_op *op = arg;
    if (db_status(r) != 0) {
        finish(op, LIVE_E_UNAVAILABLE);
        return;
    }
    if (db_rows(r, 0) == 1) {
        op->access.rights = (unsigned)db_i64(r, 0, 0, ACCESS_RIGHTS);
        op->access.enabled = db_bool(r, 0, 0, ACCESS_ENABLED);
        op->access.household = db_id(r, 0, 0, ACCESS_HOUSEHOLD);
    }
    *slot_of(op->live, &op->who.id, &op->e.camera) = op->access;
    decide(op);
}

static void ask(void *arg)
{
    struct enter_op *op = arg;
    const struct access *known = slot_of(op->live, &op->who.id, &op->e.camera);
    uint64_t now_ms = clock_mono_ms();
    if (op->e.hls && known->asked_ms != 0 && now_ms < known->asked_ms + ACCESS_MS &&
        id_equal(&known->account, &op->who.id) && id_equal(&known->camera, &op->e.camera)) {
        op->access = *known;
        decide(op);
        return;
    }
    op->access = (struct access){.account = op->who.id, .camera = op->e.camera, .asked_ms = now_ms};
    db_run(op->live->p.db, asked, op, DB_LIVE_ACCESS, DB_ID(&op->who.id), DB_I64(clock_now_us()),
           DB_ID(&op->e.camera));
}

void live_enter(struct live *l, const struct live_enter *e, live_entered_fn *done, void *arg)
{
    struct enter_op *op = mem_new(struct enter_op);
    *op = (struct enter_op){.live = l, .e = *e, .who = *e->who, .done = done, .arg = arg};
    snprintf(op->peer, sizeof op->peer, "%s", e->peer);
    snprintf(op->request_id, sizeof op->request_id, "%s", e->request_id);
    l->under_way++;
    loop_post(l->p.loop, ask, op);
}

/* ---- running views ---- */

struct recheck {
    struct live *live;
    size_t n;
    struct live_viewer *viewers[RECHECK_MAX]; /* held */
    bool good[RECHECK_MAX];
};

static void end_bad(struct recheck *k, bool answered)
{
    hub_lock(k->live->p.hub);
    for (size_t i = 0; i < k->n; i++) {
        if (answered && !k->good[i]) {
            live_viewer_end(k->viewers[i], LIVE_REVOKED);
        }
        live_viewer_unref(k->viewers[i]);
    }
    hub_unlock(k->live->p.hub);
}

/* Columns of live_recheck.sql: number of a view that goes on, from 1 */
static void rechecked(void *arg, const struct db_reply *r)
{
    struct recheck *k = arg;
    struct live *l = k->live;
    bool answered = db_status(r) == 0;
    for (int i = 0; answered && i < db_rows(r, 0); i++) {
        int64_t at = db_i64(r, 0, i, 0);
        k->good[at - 1] = true;
    }
    if (answered) {
        l->checked_ms = clock_mono_ms();
    } else if (clock_mono_ms() >= l->checked_ms + UNCHECKED_MAX_MS) {
        answered = true; /* nobody can say that they still may */
    }
    end_bad(k, answered);
    l->rechecking = false;
    l->under_way--;
    free(k);
}

static void add_id(struct buf *b, const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    buf_printf(b, "%s%s", b->len == 0 ? "{" : ",", text);
}

/* A link is over by itself. */
static bool is_over(const struct live_view *v)
{
    return v->until_us != 0 && clock_now_us() >= v->until_us;
}

static void send_recheck(struct recheck *k, struct buf ids[3])
{
    for (size_t i = 0; i < 3; i++) {
        buf_str(&ids[i], "}");
    }
    k->live->rechecking = true;
    k->live->under_way++;
    db_run(k->live->p.db, rechecked, k, DB_LIVE_RECHECK, DB_TEXT((const char *)ids[0].data),
           DB_TEXT((const char *)ids[1].data), DB_TEXT((const char *)ids[2].data),
           DB_I64(clock_now_us()));
}

void live_recheck(struct live *l)
{
    if (l->rechecking || list_empty(&l->views)) {
        l->checked_ms = l->rechecking ? l->checked_ms : clock_mono_ms();
        return;
    }
    struct recheck *k = mem_new(struct recheck);
    struct buf ids[3];
    for (size_t i = 0; i < 3; i++) {
        ids[i] = BUF_INIT(RECHECK_MAX * ID_TEXT_SIZE + 2);
    }
    k->live = l;
    hub_lock(l->p.hub);
    list_for_each (it, &l->views) {
        struct live_view *v = CONTAINER_OF(it, struct live_view, node);
        if (is_over(v)) {
            live_viewer_end(v->viewer, LIVE_REVOKED);
        } else if (k->n < RECHECK_MAX && v->viewer->end == LIVE_GOES_ON) {
            k->viewers[k->n++] = v->viewer;
            v->viewer->refs++;
            add_id(&ids[0], &v->viewer->account);
            add_id(&ids[1], &v->viewer->session);
            add_id(&ids[2], &v->sub->channel->camera);
        }
    }
    hub_unlock(l->p.hub);
    if (k->n > 0) {
        send_recheck(k, ids);
    } else {
        free(k);
    }
    for (size_t i = 0; i < 3; i++) {
        buf_finish(&ids[i]);
    }
}
