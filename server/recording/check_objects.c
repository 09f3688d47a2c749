/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant 2: every object is exactly one of: in a committed row, in a garbage row, owned by an
 * upload. The store is walked and the database asked about a page of objects at a time. */
#include "recording/check_op.h"

#include <errno.h>

/* A handful to repair, not a catastrophe: more than this is never deleted in one run. */
enum { ORPHANS_KEPT_MAX = 1 << 20 };

static void orphan_keep(struct check *c, const struct id *object)
{
    if (!c->p->delete_orphans || c->n_orphans == ORPHANS_KEPT_MAX) {
        return;
    }
    if (c->n_orphans == c->orphans_cap) {
        c->orphans_cap = c->orphans_cap == 0 ? CHECK_PAGE : c->orphans_cap * 2;
        c->orphans = mem_resize(c->orphans, c->orphans_cap, sizeof *c->orphans);
    }
    c->orphans[c->n_orphans++] = *object;
}

/* Nobody owned it: unless it has gone meanwhile, garbage that somebody finished while we looked. */
static int judge_orphan(struct check *c, const struct id *object)
{
    check_stat(c, object);
    if (c->store_status == STORE_E_NOT_FOUND) {
        return 0;
    }
    if (c->store_status != 0) {
        return check_cannot(c, "The store does not answer.");
    }
    check_found_object(c, CHECK_ORPHAN, object);
    orphan_keep(c, object);
    return 0;
}

static int judge_page(struct check *c)
{
    int r = c->n_listed > 0 ? check_ask_owners(c, c->listed, c->n_listed) : 0;
    int n = c->n_listed > 0 ? c->n_owned : 0;
    c->n_listed = 0;
    for (int i = 0; i < n && r == 0; i++) {
        const struct check_owned *o = &c->owned[i];
        int64_t owners = o->rows + o->garbage + o->uploads;
        if (owners == 0) {
            r = judge_orphan(c, &o->id);
        } else if (owners > 1) {
            check_found_object(c, CHECK_TWICE, &o->id);
        }
    }
    return r;
}

static int on_object(void *arg, const char *key, uint64_t size)
{
    struct check *c = arg;
    struct id object;
    if (store_key_parse(key, &object) != 0) {
        check_found(c, CHECK_FOREIGN, key);
        return 0;
    }
    c->result->objects++;
    c->result->object_bytes += size;
    c->listed[c->n_listed++] = object;
    return c->n_listed == CHECK_PAGE ? judge_page(c) : 0;
}

int check_objects(struct check *c)
{
    int r = store_list(c->p->store, on_object, c);
    if (r > 0) {
        return check_cannot(c, "The store cannot be listed.");
    }
    return r != 0 ? r : judge_page(c);
}
