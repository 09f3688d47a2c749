/* SPDX-License-Identifier: Apache-2.0 */
/* The gate remembers which entries were committed lately: a fixed table, a slot found by hash, the
 * newer entry takes it. */
#include "playback/playback_internal.h"

#include "base/clock.h"
#include "ledger/ledger.h"

#include <string.h>

enum { GATE_SLOTS = 4096 };

struct gate_key {
    struct id who, clip;
    uint8_t kind, action;
};

struct view_gate {
    struct {
        struct gate_key key;
        int64_t until_us;
    } slots[GATE_SLOTS];
};

struct record_op {
    struct playback *pb;
    struct gate_key key;
    enum playback_action action;
    playback_done_fn *done;
    void *arg;
};

static const struct {
    const char *name;
    int64_t quiet_s;
} actions[PLAYBACK_ACTIONS] = {
    [PLAYBACK_VIEW] = {"clip.view", PLAYBACK_VIEW_S},
    [PLAYBACK_STILL] = {"clip.still", PLAYBACK_STILL_S},
    [PLAYBACK_DOWNLOAD] = {"clip.download", PLAYBACK_DOWNLOAD_S},
};

struct view_gate *view_gate_create(void)
{
    return mem_new(struct view_gate);
}

struct view_gate *view_gate_destroy(struct view_gate *g)
{
    free(g);
    return NULL;
}

static size_t slot_of(const struct gate_key *k)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    const uint8_t *p = (const uint8_t *)k;
    for (size_t i = 0; i < sizeof *k; i++) {
        h = (h ^ p[i]) * 1099511628211u;
    }
    return h % GATE_SLOTS;
}

static struct gate_key key_of(const struct principal *who, const struct id *clip,
                              enum playback_action action)
{
    return (struct gate_key){
        .who = who->id, .clip = *clip, .kind = (uint8_t)who->kind, .action = (uint8_t)action};
}

static bool passes(const struct view_gate *g, const struct gate_key *k)
{
    size_t slot = slot_of(k);
    return memcmp(&g->slots[slot].key, k, sizeof *k) == 0 &&
           g->slots[slot].until_us > clock_now_us();
}

static void record_done(void *arg, const struct db_reply *r)
{
    struct record_op *op = arg;
    struct view_gate *gate = op->pb->gate;
    bool ok = db_status(r) == 0;
    if (ok) {
        size_t slot = slot_of(&op->key);
        gate->slots[slot].key = op->key;
        gate->slots[slot].until_us =
            clock_now_us() + actions[op->action].quiet_s * (int64_t)CLOCK_US;
    }
    op->done(op->arg, ok ? 0 : PLAYBACK_E_UNAVAILABLE);
    op->pb->under_way--;
    free(op);
}

bool playback_record(struct playback *pb, const struct playback_clip *c,
                     const struct principal *who, enum playback_action action,
                     const char *request_id, playback_done_fn *done, void *arg)
{
    struct gate_key key = key_of(who, &c->id, action);
    if (passes(pb->gate, &key)) {
        return true;
    }
    struct record_op *op = mem_new(struct record_op);
    *op = (struct record_op){.pb = pb, .key = key, .action = action, .done = done, .arg = arg};
    pb->under_way++;
    struct db_tx *tx = db_tx_begin(pb->p.db);
    const struct ledger_entry e = {
        .action = actions[action].name,
        .household = &c->household,
        .who = who,
        .subject_kind = "clip",
        .subject = &c->id,
        .request_id = request_id,
    };
    ledger_add(tx, &e);
    db_tx_commit(tx, record_done, op);
    return false;
}
