/* SPDX-License-Identifier: Apache-2.0 */
#include "retention/verify.h"

#include "retention/tombstone.h"

#include <errno.h>

enum { PAGE = 500 };

struct verify {
    const struct verify_params *p;
    struct verify_result result;
    int db_status, rows;
    struct id after;
};

const char *verify_kind_name(enum verify_kind k)
{
    static const char *const names[VERIFY_KINDS] = {"wrong_row", "forged_tombstone"};
    return names[k];
}

static void found(struct verify *v, enum verify_kind k, const char *what, const struct id *row)
{
    v->result.found[k]++;
    v->p->finding(v->p->arg, k, what, row);
}

static void on_rows(void *arg, const struct db_reply *r)
{
    struct verify *v = arg;
    v->db_status = db_status(r);
    for (int i = 0; v->db_status == 0 && i < db_rows(r, 0); i++) {
        struct id row = db_id(r, 0, i, 1);
        found(v, VERIFY_ROW, db_text(r, 0, i, 0), &row);
    }
    loop_stop(v->p->loop);
}

static void on_tombstones(void *arg, const struct db_reply *r)
{
    struct verify *v = arg;
    v->db_status = db_status(r);
    v->rows = v->db_status == 0 ? db_rows(r, 0) : 0;
    for (int i = 0; i < v->rows; i++) {
        v->after = db_id(r, 0, i, 0);
        v->result.tombstones++;
        if (!tombstone_verify(r, 0, i)) {
            found(v, VERIFY_TOMBSTONE, "the signature does not fit", &v->after);
        }
    }
    loop_stop(v->p->loop);
}

int verify_run(const struct verify_params *p, struct verify_result *ret_result)
{
    struct verify v = {.p = p};
    db_run(p->db, on_rows, &v, DB_CHECK_KEEPING);
    loop_run(p->loop);
    do {
        if (v.db_status == 0) {
            db_run(p->db, on_tombstones, &v, DB_TOMBSTONE_LIST, DB_ID(&v.after), DB_I64(PAGE));
            loop_run(p->loop);
        }
    } while (v.db_status == 0 && v.rows > 0);
    if (v.db_status != 0) {
        return -EIO;
    }
    *ret_result = v.result;
    return 0;
}
