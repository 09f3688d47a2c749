/* SPDX-License-Identifier: Apache-2.0 */
#include "app/upkeep.h"

#include "base/clock.h"
#include "db/db.h"

enum { MONTHS_AHEAD = 3, DAILY_MS = 24 * 3600 * 1000, SOON_MS = 60 * 1000 };

struct upkeep {
    struct loop *loop;
    struct db *db;
    struct timer *timer;
    bool busy, ended; /* busy: a reply will still come */
};

static struct upkeep *release(struct upkeep *u)
{
    if (u->ended && !u->busy) {
        free(u);
    }
    return NULL;
}

static void on_partitions(void *arg, const struct db_reply *r)
{
    struct upkeep *u = arg;
    u->busy = false;
    if (u->ended) {
        release(u);
        return;
    }
    if (db_status(r) != 0) {
        log_warn(loop_log(u->loop), "partitions_not_made", F_STR("reason", db_message(r)));
    } else if (db_i64(r, 0, 0, 0) > 0) {
        log_info(loop_log(u->loop), "partitions_made", F_INT("made", db_i64(r, 0, 0, 0)));
    }
    timer_set(u->timer, db_status(r) != 0 ? SOON_MS : DAILY_MS);
}

static void work(void *arg)
{
    struct upkeep *u = arg;
    u->busy = true;
    db_run(u->db, on_partitions, u, DB_SEGMENT_PARTITIONS_MAKE, DB_I64(clock_now_us()),
           DB_I64(MONTHS_AHEAD));
}

struct upkeep *upkeep_create(struct loop *l, struct db *db)
{
    struct upkeep *u = mem_new(struct upkeep);
    *u = (struct upkeep){.loop = l, .db = db, .timer = timer_create_on(l, work, u)};
    work(u);
    return u;
}

struct upkeep *upkeep_destroy(struct upkeep *u)
{
    if (u == NULL) {
        return NULL;
    }
    u->timer = timer_destroy(u->timer);
    u->ended = true;
    return release(u);
}
