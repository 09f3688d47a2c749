/* SPDX-License-Identifier: Apache-2.0 */
/* The story of an acceptance: own (and hold) -> every piece is copied -> commit -> answer. One step
 * at a time; whatever fails goes to give_up(), which hands the copies to the garbage. */
#include "share/give.h"

#include "base/clock.h"
#include "base/crash_point.h"
#include "crypto/keyring.h"
#include "recording/segment_copy.h"

#include <stdio.h>
#include <string.h>

#define COPYING_MAX_US INT64_C(3600000000) /* a crash leaves a hold for so long */

struct copy { /* one new object */
    const struct share_piece *piece;
    size_t item;
    uint32_t sequence; /* within the item */
    struct seal_params seal;
    uint8_t wrapped[KEY_WRAPPED_SIZE];
    struct seal_result sealed;
};

struct give {
    struct loop *loop;
    struct db *db;
    struct store *store;
    struct share_plan plan;
    struct id item, account, upload, grant, *files; /* files: one id per plan item */
    uint8_t grant_wrapped[KEY_WRAPPED_SIZE];
    char *node, *request_id, message[256];
    size_t n_copies, at; /* at: the one being made */
    struct copy *copies;
    int status;
    give_fn *done;
    void *arg;
};

static void next_piece(struct give *g);

/* ---- the end ---- */
static void finish(void *arg)
{
    struct give *g = arg;
    g->done(g->arg, g->status, g->message);
    for (size_t i = 0; i < g->n_copies; i++) {
        secret_wipe(&g->copies[i].seal, sizeof(g->copies[i].seal));
    }
    share_plan_finish(&g->plan);
    free(g->copies);
    free(g->files);
    free(g->node);
    free(g->request_id);
    free(g);
}

static void gave_up(void *arg, const struct db_reply *r)
{
    finish(arg); /* when this failed too, recovery finds the upload row */
}

static void give_up(struct give *g, int status, const char *message)
{
    g->status = status;
    snprintf(g->message, sizeof(g->message), "%s", message);
    struct db_tx *tx = db_tx_begin(g->db);
    db_tx_add(tx, DB_UPLOAD_ABANDON, DB_ID(&g->upload), DB_I64(clock_now_us()));
    db_tx_add(tx, DB_HOLD_LIFT, DB_ID(&g->item), DB_TEXT("request"), DB_I64(clock_now_us()));
    db_tx_commit(tx, gave_up, g);
}

/* ---- commit ---- */
static void committed(void *arg, const struct db_reply *r)
{
    struct give *g = arg;
    crash_point("give_after_commit");
    switch (db_status(r)) {
    case 0:
        finish(g);
        return;
    case DB_E_REFUSED:
        give_up(g, GIVE_E_REFUSED, db_message(r));
        return;
    case DB_E_UNIQUE:
        give_up(g, GIVE_E_REFUSED, "conflict: This was answered before.");
        return;
    default:
        give_up(g, GIVE_E_UNAVAILABLE, "");
    }
}

/* What is given stays where it came from: while it is copied, and then as long as the grant lasts.
 */
static void add_holds(struct give *g, struct db_tx *tx, const char *reason,
                      const struct id *subject, int64_t lasts_us)
{
    int64_t now_us = clock_now_us();
    for (size_t i = 0; i < g->plan.n_items; i++) {
        const struct share_item *t = &g->plan.items[i];
        db_tx_add(tx, DB_HOLD_FOR_SHARE, DB_ID(&g->item), DB_ID(&t->clip), DB_I64(t->span.from_us),
                  DB_I64(t->span.to_us), DB_TEXT(reason), DB_ID(subject), DB_I64(now_us + lasts_us),
                  DB_I64(now_us));
    }
}

static void add_files(struct give *g, struct db_tx *tx)
{
    for (size_t i = 0; i < g->plan.n_items; i++) {
        const struct share_item *t = &g->plan.items[i];
        db_tx_add(tx, DB_GRANT_ITEM_INSERT, DB_ID(&g->files[i]), DB_ID(&g->grant), DB_ID(&t->clip),
                  DB_I64(i), DB_I64(t->span.from_us),
                  DB_I64((t->span.to_us - t->span.from_us) / 1000),
                  DB_BYTES(t->parent_sha256, SHA256_SIZE), DB_I64(t->file_bytes));
    }
    for (size_t i = 0; i < g->n_copies; i++) {
        const struct copy *c = &g->copies[i];
        const struct share_piece *p = c->piece;
        db_tx_add(tx, DB_GRANT_SEGMENT_INSERT, DB_ID(&c->seal.object), DB_ID(&g->files[c->item]),
                  DB_I64(c->sequence), DB_I64(p->start_us), DB_I64(p->cut.zero_90k),
                  DB_I64(p->cut.duration_90k), DB_I64(c->sealed.plain_bytes),
                  DB_I64(c->sealed.sealed_bytes), DB_BYTES(c->sealed.digest, SHA256_SIZE),
                  DB_BYTES(c->wrapped, KEY_WRAPPED_SIZE), DB_BYTES(p->coded.data, p->coded.len));
    }
}

static void make_alias(char *out, size_t size)
{
    static const char *const birds[] = {
        "Avocet", "Bunting", "Curlew",  "Dunnock", "Egret",  "Finch",    "Godwit", "Heron",
        "Ibis",   "Jay",     "Kestrel", "Lark",    "Martin", "Nuthatch", "Oriole", "Plover",
        "Quail",  "Robin",   "Swift",   "Tern",    "Wren",   "Warbler"};
    uint8_t random[3];
    random_bytes(random, sizeof(random));
    snprintf(out, size, "Giver %s %u", birds[random[0] % ARRAY_LEN(birds)],
             (random[1] << 8 | random[2]) % 9000u + 1000u);
}

static void commit(struct give *g)
{
    char alias[32];
    int64_t now = clock_now_us();
    make_alias(alias, sizeof(alias));
    crash_point("give_before_commit");
    struct db_tx *tx = db_tx_begin(g->db);
    db_tx_add(tx, DB_UPLOAD_CLOSE, DB_ID(&g->upload));
    db_tx_add(tx, DB_INBOX_ACCEPT, DB_ID(&g->item), DB_ID(&g->account), DB_I64(now));
    db_tx_add(tx, DB_GRANT_INSERT, DB_ID(&g->grant), DB_ID(&g->item), DB_TEXT(alias),
              DB_ID(&g->account), DB_I64(now), DB_I64(now + GIVE_UNDO_US),
              DB_I64(now + GIVE_EXPIRE_US), DB_BYTES(g->grant_wrapped, KEY_WRAPPED_SIZE));
    add_files(g, tx);
    add_holds(g, tx, "grant", &g->grant, GIVE_EXPIRE_US);
    db_tx_add(tx, DB_HOLD_LIFT, DB_ID(&g->item), DB_TEXT("request"), DB_I64(now));
    db_tx_add(tx, DB_GRANT_LEDGER, DB_ID(&g->grant), DB_TEXT("grant.accept"), DB_ID(&g->account),
              DB_I64(now), DB_TEXT(g->request_id));
    db_tx_commit(tx, committed, g);
}

/* ---- copy one piece ---- */
static void copied(void *arg, int status, const struct seal_result *sealed)
{
    struct give *g = arg;
    if (status != 0) {
        log_error(loop_log(g->loop), "give_copy_failed",
                  F_ID("object", &g->copies[g->at].piece->from.seal.object),
                  F_INT("status", status));
        give_up(g, status == STORE_E_FULL ? GIVE_E_FULL : GIVE_E_UNAVAILABLE, "");
        return;
    }
    g->copies[g->at].sealed = *sealed;
    g->at++;
    next_piece(g);
}

static void next_piece(struct give *g)
{
    if (g->at == g->n_copies) {
        commit(g);
        return;
    }
    crash_point("give_copy");
    const struct copy *c = &g->copies[g->at];
    const struct segment_copy_params p = {
        .loop = g->loop,
        .store = g->store,
        .from = &c->piece->from,
        .to = &c->seal,
        .init_bytes = c->piece->cut.init_bytes,
        .body_offset = c->piece->body_offset,
        .body_bytes = c->piece->body_bytes,
    };
    segment_copy(&p, copied, g);
}

/* ---- own ---- */
static void owned(void *arg, const struct db_reply *r)
{
    struct give *g = arg;
    if (db_status(r)) {
        give_up(g, db_status(r) == DB_E_REFUSED ? GIVE_E_REFUSED : GIVE_E_UNAVAILABLE,
                db_message(r));
        return;
    }
    next_piece(g);
}

static void own(struct give *g)
{
    struct db_tx *tx = db_tx_begin(g->db);
    db_tx_add(tx, DB_GIVE_OPEN, DB_ID(&g->upload), DB_ID(&g->plan.items[0].camera),
              DB_TEXT(g->node), DB_I64(clock_now_us()));
    for (size_t i = 0; i < g->n_copies; i++) {
        db_tx_add(tx, DB_UPLOAD_OBJECT_ADD, DB_ID(&g->upload), DB_ID(&g->copies[i].seal.object));
    }
    add_holds(g, tx, "request", &g->item, COPYING_MAX_US);
    db_tx_commit(tx, owned, g);
}

/* The new objects, their keys and coded indexes. */
static void prepare_copies(struct give *g, const struct keyring *keyring)
{
    for (size_t i = 0; i < g->plan.n_items; i++) {
        g->n_copies += g->plan.items[i].n_pieces;
    }
    g->copies = mem_alloc(g->n_copies, sizeof(*g->copies));
    g->files = mem_alloc(g->plan.n_items, sizeof(*g->files));
    struct copy *c = g->copies;
    for (size_t i = 0; i < g->plan.n_items; i++) {
        g->files[i] = id_new();
        for (uint32_t p = 0; p < g->plan.items[i].n_pieces; p++, c++) {
            *c = (struct copy){.piece = &g->plan.items[i].pieces[p],
                               .item = i,
                               .sequence = p,
                               .seal = {.household = g->grant, .object = id_new()}};
            ALWAYS(keyring_new_object(keyring, &g->grant, g->grant_wrapped, &c->seal.object,
                                      c->seal.key, c->wrapped) == 0);
        }
    }
}

void give_begin(const struct give_params *p, give_fn *done, void *arg)
{
    struct give *g = mem_new(struct give);
    *g = (struct give){.loop = p->loop,
                       .db = p->db,
                       .store = p->store,
                       .plan = *p->plan,
                       .item = *p->item,
                       .account = *p->account,
                       .upload = id_new(),
                       .grant = id_new(),
                       .node = mem_str(p->node),
                       .request_id = mem_str(p->request_id),
                       .done = done,
                       .arg = arg};
    *p->plan = (struct share_plan){0};
    ALWAYS(g->plan.n_items > 0);
    keyring_new_household(p->keyring, &g->grant, g->grant_wrapped);
    prepare_copies(g, p->keyring);
    own(g);
}
