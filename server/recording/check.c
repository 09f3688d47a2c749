/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a check, its questions, and its repairs. Database and store answer on the loop; a
 * check is alone there, so asking is: begin, run the loop, look at what the callback copied. */
#include "recording/check_op.h"

#include "base/clock.h"
#include "recording/garbage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ORPHANS_MIN = 10, ORPHANS_SHARE = 100 };

const char *check_kind_name(enum check_kind k)
{
    static const char *const names[CHECK_KINDS] = {"missing_object", "wrong_size",  "damaged",
                                                   "orphan",         "owned_twice", "foreign_file"};
    return names[k];
}

int check_cannot(struct check *c, const char *sentence)
{
    snprintf(c->reason, c->reason_size, "%s", sentence);
    return -EIO;
}

void check_found(struct check *c, enum check_kind k, const char *name)
{
    c->result->found[k]++;
    c->p->finding(c->p->arg, k, name);
}

void check_found_object(struct check *c, enum check_kind k, const struct id *object)
{
    char key[STORE_KEY_SIZE];
    store_key(object, key);
    check_found(c, k, key);
}

/* ---- asking ---- */
static int wait_db(struct check *c)
{
    loop_run(c->p->loop);
    return c->db_status == 0 ? 0 : check_cannot(c, "The database does not answer.");
}

/* Fixed-size column; anything else reads as zeros, which no key and no digest is. */
static void copy_bytes(const struct db_reply *r, int row, int col, uint8_t *out, size_t n)
{
    size_t have = 0;
    const uint8_t *p = db_is_null(r, 0, row, col) ? NULL : db_bytes(r, 0, row, col, &have);
    memset(out, 0, n);
    if (have == n) {
        memcpy(out, p, n);
    }
}

static void on_rows(void *arg, const struct db_reply *r)
{
    struct check *c = arg;
    c->db_status = db_status(r);
    c->n_rows = c->db_status == 0 ? db_rows(r, 0) : 0;
    for (int i = 0; i < c->n_rows; i++) {
        struct check_row *row = &c->rows[i];
        *row = (struct check_row){.id = db_id(r, 0, i, 0),
                                  .owner = db_id(r, 0, i, 1),
                                  .plain_bytes = (uint64_t)db_i64(r, 0, i, 2),
                                  .sealed_bytes = (uint64_t)db_i64(r, 0, i, 3)};
        copy_bytes(r, i, 4, row->digest, sizeof row->digest);
        copy_bytes(r, i, 5, row->wrapped_key, sizeof row->wrapped_key);
        copy_bytes(r, i, 6, row->owner_key, sizeof row->owner_key);
    }
    loop_stop(c->p->loop);
}

int check_ask_rows(struct check *c, const struct id *after)
{
    db_run(c->p->db, on_rows, c, DB_CHECK_ROWS, DB_ID(after), DB_I64(CHECK_PAGE));
    return wait_db(c);
}

static void on_owners(void *arg, const struct db_reply *r)
{
    struct check *c = arg;
    c->db_status = db_status(r);
    c->n_owned = c->db_status == 0 ? db_rows(r, 0) : 0;
    for (int i = 0; i < c->n_owned; i++) {
        c->owned[i] = (struct check_owned){.id = db_id(r, 0, i, 0),
                                           .rows = db_i64(r, 0, i, 1),
                                           .garbage = db_i64(r, 0, i, 2),
                                           .uploads = db_i64(r, 0, i, 3)};
    }
    loop_stop(c->p->loop);
}

int check_ask_owners(struct check *c, const struct id *ids, int n)
{
    struct buf array = BUF_INIT(CHECK_PAGE * (ID_TEXT_SIZE + 1) + 3);
    for (int i = 0; i < n; i++) {
        char text[ID_TEXT_SIZE];
        id_format(&ids[i], text);
        buf_printf(&array, "%s%s", i == 0 ? "{" : ",", text);
    }
    buf_str(&array, "}");
    ALWAYS(!array.overflow);
    db_run(c->p->db, on_owners, c, DB_CHECK_OWNERS, DB_TEXT((const char *)array.data));
    buf_finish(&array);
    return wait_db(c);
}

static void on_stat(void *arg, int status, uint64_t size)
{
    struct check *c = arg;
    c->store_status = status;
    c->size = size;
    loop_stop(c->p->loop);
}

void check_stat(struct check *c, const struct id *object)
{
    char key[STORE_KEY_SIZE];
    store_key(object, key);
    store_stat(c->p->store, key, on_stat, c);
    loop_run(c->p->loop);
}

static void on_got(void *arg, int status, uint8_t *p, size_t n)
{
    struct check *c = arg;
    c->store_status = status;
    c->bytes = p;
    c->n_bytes = n;
    loop_stop(c->p->loop);
}

void check_get(struct check *c, const struct id *object, uint64_t offset, size_t n)
{
    char key[STORE_KEY_SIZE];
    store_key(object, key);
    store_get(c->p->store, &(struct store_get_params){
                               .key = key, .offset = offset, .n = n, .done = on_got, .arg = c});
    loop_run(c->p->loop);
}

/* ---- repairs ---- */
static void on_claimed(void *arg, const struct db_reply *r)
{
    struct check *c = arg;
    c->db_status = db_status(r);
    c->result->orphans_deleted += c->db_status == 0 && db_bool(r, 0, 0, 0);
    loop_stop(c->p->loop);
}

/* Orphans become garbage like everything that is deleted; the pass over the garbage does the rest.
 */
static int orphans_to_garbage(struct check *c)
{
    uint64_t most = c->p->orphans_max;
    if (most == 0) {
        most = c->result->objects / ORPHANS_SHARE;
        most = most < ORPHANS_MIN ? ORPHANS_MIN : most;
    }
    if (c->result->found[CHECK_ORPHAN] > most) {
        c->result->stopped = true;
        return 0;
    }
    int r = 0;
    for (size_t i = 0; i < c->n_orphans && r == 0; i++) {
        db_run(c->p->db, on_claimed, c, DB_ORPHAN_CLAIM, DB_ID(&c->orphans[i]),
               DB_I64(clock_now_us()));
        r = wait_db(c);
    }
    return r;
}

static void on_garbage(void *arg, int status, uint64_t finished)
{
    struct check *c = arg;
    c->db_status = status == GARBAGE_E_DB ? DB_E_UNAVAILABLE : 0;
    c->store_status = status == GARBAGE_E_STORE ? STORE_E_UNAVAILABLE : 0;
    c->result->garbage_finished = finished;
    loop_stop(c->p->loop);
}

static int finish_garbage(struct check *c)
{
    garbage_pass_begin(c->p->db, c->p->store, on_garbage, c);
    int r = wait_db(c);
    return r == 0 && c->store_status != 0
               ? check_cannot(c, "The store did not delete some objects.")
               : r;
}

static void on_waiting(void *arg, const struct db_reply *r)
{
    struct check *c = arg;
    c->db_status = db_status(r);
    if (c->db_status == 0) {
        c->result->garbage = (uint64_t)db_i64(r, 0, 0, 0);
        c->result->uploads = (uint64_t)db_i64(r, 0, 0, 1);
    }
    loop_stop(c->p->loop);
}

static int count_waiting(struct check *c)
{
    db_run(c->p->db, on_waiting, c, DB_CHECK_WAITING);
    return wait_db(c);
}

int check_run(const struct check_params *p, struct check_result *ret_result, char *reason,
              size_t size)
{
    struct check_result result = {0};
    struct check *c = mem_new(struct check);
    *c = (struct check){.p = p, .result = &result, .reason = reason, .reason_size = size};
    int r = check_rows(c);
    r = r != 0 ? r : check_objects(c);
    if (r == 0 && p->delete_orphans) {
        r = orphans_to_garbage(c);
    }
    if (r == 0 && (p->finish_garbage || result.orphans_deleted > 0)) {
        r = finish_garbage(c);
    }
    r = r != 0 ? r : count_waiting(c);
    free(c->orphans);
    secret_wipe(c, sizeof *c);
    free(c);
    if (r == 0) {
        *ret_result = result;
    }
    return r;
}
