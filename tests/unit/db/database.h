/* SPDX-License-Identifier: Apache-2.0 */
/* What the database tests share: the cluster that tests/support/pg.py started, a blocking
 * connection to look and to disturb with, a loop with a pool, and a step that waits for a reply. */
#ifndef TESTS_UNIT_DB_DATABASE_H
#define TESTS_UNIT_DB_DATABASE_H

#include "tests/support/unit.h"

#include "base/clock.h"
#include "db/db.h"
#include "db/migrate.h"

#include <libpq-fe.h>
#include <stdio.h>

static const struct log quiet = {.fd = 2, .level = LOG_ERROR};

static inline const char *test_url(void)
{
    const char *url = getenv("DOORWARD_TEST_URL");
    ALWAYS(url != NULL);
    return url;
}

/* The cluster's command: stop fast, start, ... */
static inline void cluster_do(const char *what)
{
    char *command = mem_printf("%s %s", getenv("DOORWARD_TEST_PG"), what);
    ALWAYS(system(command) == 0);
    free(command);
}

static inline void no_notice(void *arg, const char *text)
{
}

static inline PGconn *side_door(void)
{
    PGconn *pg = PQconnectdb(test_url());
    PQsetNoticeProcessor(pg, no_notice, NULL);
    ALWAYS(PQstatus(pg) == CONNECTION_OK);
    return pg;
}

/* Run SQL aside; returns the first value (caller frees) or an empty string. */
static inline char *aside(PGconn *pg, const char *sql)
{
    PGresult *res = PQexec(pg, sql);
    if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s\n", PQresultErrorMessage(res));
        ALWAYS(!"the statement aside works");
    }
    char *value = mem_str(PQntuples(res) > 0 && PQnfields(res) > 0 ? PQgetvalue(res, 0, 0) : "");
    PQclear(res);
    return value;
}

static inline int64_t count_aside(const char *sql)
{
    PGconn *pg = side_door();
    char *value = aside(pg, sql);
    int64_t n = strtoll(value, NULL, 10);
    free(value);
    PQfinish(pg);
    return n;
}

static inline void run_aside(const char *sql)
{
    PGconn *pg = side_door();
    free(aside(pg, sql));
    PQfinish(pg);
}

struct house {
    struct loop *loop;
    struct db *db;
    struct timer *patience;
    bool timed_out;
};

static inline void patience_over(void *arg)
{
    struct house *h = arg;
    h->timed_out = true;
    uv_stop(loop_uv(h->loop));
}

/* Turn the loop until *flag is set; false when ms passed first. */
static inline bool turn_until(struct house *h, const bool *flag, uint64_t ms)
{
    h->timed_out = false;
    timer_set(h->patience, ms);
    while (!*flag && !h->timed_out) {
        uv_run(loop_uv(h->loop), UV_RUN_ONCE);
    }
    timer_stop(h->patience);
    return *flag;
}

static inline void turn_for(struct house *h, uint64_t ms)
{
    bool never = false;
    turn_until(h, &never, ms);
}

static inline void turn_until_ready(struct house *h, uint64_t ms)
{
    uint64_t end = clock_mono_ms() + ms;
    while (!db_ready(h->db) && clock_mono_ms() < end) {
        turn_for(h, 5);
    }
}

static inline struct house *house_open(struct db_params p)
{
    struct house *h = mem_new(struct house);
    h->loop = loop_create(&quiet);
    h->patience = timer_create_on(h->loop, patience_over, h);
    p.loop = h->loop;
    p.url = p.url ? p.url : test_url();
    h->db = db_create(&p);
    return h;
}

static inline void house_close(struct house *h)
{
    db_destroy(h->db);
    timer_destroy(h->patience);
    loop_destroy(h->loop);
    free(h);
}

/* A batch that notes how it ended. */
struct outcome {
    bool done;
    int status, rows, times;
    char constraint[64], message[256];
    uint64_t at_ms;
    void (*look)(const struct db_reply *r);
};

static inline void note(void *arg, const struct db_reply *r)
{
    struct outcome *o = arg;
    o->done = true;
    o->times++;
    o->at_ms = clock_mono_ms();
    o->status = db_status(r);
    o->rows = db_rows(r, 0);
    snprintf(o->constraint, sizeof(o->constraint), "%s", db_constraint(r));
    snprintf(o->message, sizeof(o->message), "%s", db_message(r));
    if (o->look != NULL && o->status == 0) {
        o->look(r);
    }
}

static inline void migrate_here(void)
{
    char reason[256] = "";
    unsigned applied;
    if (migrate_run(test_url(), &quiet, &applied, reason, sizeof(reason)) != 0) {
        fprintf(stderr, "%s\n", reason);
        ALWAYS(!"the schema is there");
    }
}

#endif
