/* SPDX-License-Identifier: Apache-2.0 */
/* The gate remembers which entries were committed lately: a fixed table, a slot found by hash, the
 * newer entry takes it. */
#include "playback/playback_internal.h"

#include "base/clock.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

enum { GATE_SLOTS = 4096 };
#define HOUR_US ((int64_t)3600 * CLOCK_US)

struct gate_key {
    struct id who, subject;
    int64_t from_us, to_us; /* of a span; 0: any part of the camera's time */
    uint8_t kind, action, pad[6];
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
    playback_done_fn *done;
    void *arg;
};

static const struct {
    const char *of_clip, *of_camera;
    int64_t quiet_s;
} actions[PLAYBACK_ACTIONS] = {
    [PLAYBACK_VIEW] = {"clip.view", "camera.view", PLAYBACK_VIEW_S},
    [PLAYBACK_STILL] = {"clip.still", "camera.still", PLAYBACK_STILL_S},
    [PLAYBACK_DOWNLOAD] = {"clip.download", "camera.download", PLAYBACK_DOWNLOAD_S},
    [PLAYBACK_EXPORT] = {"clip.export", "camera.export", PLAYBACK_EXPORT_S},
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

/* Pictures of a camera's time are on the record once an hour of it. A segment needs no entry of its
 * own after one of any span of its camera: who has its name got it from a playlist that is on the
 * record. */
static struct gate_key key_of(const struct principal *who, const struct playback_looked *c,
                              enum playback_action action)
{
    struct gate_key k = {.who = who->id,
                         .subject = c->subject.id,
                         .kind = (uint8_t)who->kind,
                         .action = (uint8_t)action};
    if (c->subject.kind == PLAYBACK_SEGMENT) {
        k.subject = c->camera;
    }
    k.from_us = c->subject.from_us;
    k.to_us = c->subject.to_us;
    if (c->subject.kind != PLAYBACK_CLIP && action == PLAYBACK_STILL) { /* looking along a day */
        k.subject = c->camera;
        k.from_us = c->from_us / HOUR_US;
        k.to_us = 1;
    }
    return k;
}

static bool passes(const struct view_gate *g, const struct gate_key *k)
{
    size_t slot = slot_of(k);
    return memcmp(&g->slots[slot].key, k, sizeof *k) == 0 &&
           g->slots[slot].until_us > clock_now_us();
}

static void remember(struct view_gate *g, const struct gate_key *k)
{
    size_t slot = slot_of(k);
    g->slots[slot].key = *k;
    g->slots[slot].until_us = clock_now_us() + actions[k->action].quiet_s * (int64_t)CLOCK_US;
}

static void record_done(void *arg, const struct db_reply *r)
{
    struct record_op *op = arg;
    bool ok = db_status(r) == 0;
    if (ok) {
        remember(op->pb->gate, &op->key);
        op->key.from_us = op->key.to_us = 0;
        remember(op->pb->gate, &op->key);
    }
    op->done(op->arg, ok ? 0 : PLAYBACK_E_UNAVAILABLE);
    op->pb->under_way--;
    free(op);
}

static void add_entry(struct db_tx *tx, const struct playback_looked *c,
                      const struct principal *who, enum playback_action action,
                      const char *request_id)
{
    bool clip = c->subject.kind == PLAYBACK_CLIP;
    char detail[2 * CLOCK_RFC3339_SIZE + 32], from[CLOCK_RFC3339_SIZE], to[CLOCK_RFC3339_SIZE];
    clock_format(c->from_us, from);
    clock_format(c->to_us, to);
    snprintf(detail, sizeof detail, "{\"from\":\"%s\",\"to\":\"%s\"}", from, to);
    const struct ledger_entry e = {
        .action = clip ? actions[action].of_clip : actions[action].of_camera,
        .household = &c->household,
        .who = who,
        .subject_kind = clip ? "clip" : "camera",
        .subject = clip ? &c->subject.id : &c->camera,
        .detail_json = clip ? NULL : detail,
        .request_id = request_id,
    };
    ledger_add(tx, &e);
}

bool playback_record(struct playback *pb, const struct playback_clip *c,
                     const struct principal *who, enum playback_action action,
                     const char *request_id, playback_done_fn *done, void *arg)
{
    const struct playback_looked l = {.subject = c->subject,
                                      .camera = c->camera,
                                      .household = c->household,
                                      .from_us = c->start_us,
                                      .to_us = c->end_us};
    return playback_record_look(pb, &l, who, action, request_id, done, arg);
}

bool playback_record_look(struct playback *pb, const struct playback_looked *c,
                          const struct principal *who, enum playback_action action,
                          const char *request_id, playback_done_fn *done, void *arg)
{
    struct gate_key key = key_of(who, c, action);
    if (passes(pb->gate, &key)) {
        return true;
    }
    struct record_op *op = mem_new(struct record_op);
    *op = (struct record_op){.pb = pb, .key = key, .done = done, .arg = arg};
    pb->under_way++;
    struct db_tx *tx = db_tx_begin(pb->p.db);
    add_entry(tx, c, who, action, request_id);
    db_tx_commit(tx, record_done, op);
    return false;
}
