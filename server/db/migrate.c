/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking libpq, one connection for the whole run: the advisory lock lives as long as it does. */
#include "db/migrate.h"

#include "base/clock.h"
#include "db/db.h"
#include "db/texts.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

struct run {
    PGconn *pg;
    const struct log *log;
    char *reason;
    size_t size;
};

static int fail(struct run *r, int code, const char *what, const char *why)
{
    snprintf(r->reason, r->size, "%s: %.*s", what, (int)strcspn(why, "\n"), why);
    return code;
}

/* One statement of sql/, text parameters, text result; NULL and the reason set when it failed. */
static PGresult *query(struct run *r, enum db_stmt s, int n, const char *const *values)
{
    PGresult *res = PQexecParams(r->pg, statement_texts[s].sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(res);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail(r, 0, statement_texts[s].name, PQresultErrorMessage(res));
        PQclear(res);
        return NULL;
    }
    return res;
}

static int run_statement(struct run *r, enum db_stmt s, int n, const char *const *values)
{
    PGresult *res = query(r, s, n, values);
    if (res == NULL) {
        return MIGRATE_E_FAILED;
    }
    PQclear(res);
    return 0;
}

static int run_text(struct run *r, const char *what, const char *sql)
{
    PGresult *res = PQexec(r->pg, sql);
    int rc = 0;
    if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK) {
        rc = fail(r, MIGRATE_E_FAILED, what, PQresultErrorMessage(res));
    }
    PQclear(res);
    return rc;
}

static void ignore_notice(void *arg, const PGresult *res)
{
}

static int run_connect(struct run *r, const char *url)
{
    static const char *const keys[] = {"target_session_attrs", "connect_timeout", "dbname",
                                       "application_name", NULL};
    const char *const values[] = {"read-write", "10", url, "doorward migrate", NULL};
    r->pg = PQconnectdbParams(keys, values, 1);
    ALWAYS(r->pg != NULL);
    if (PQstatus(r->pg) != CONNECTION_OK) {
        return fail(r, MIGRATE_E_UNAVAILABLE, "cannot connect to the database",
                    PQerrorMessage(r->pg));
    }
    PQsetNoticeReceiver(r->pg, ignore_notice, NULL);
    return run_statement(r, DB_CONNECTION_SET_UP, 1, (const char *const[]){"0"});
}

static int apply(struct run *r, const struct migration_text *m)
{
    char number[16], now[32];
    snprintf(number, sizeof(number), "%u", m->number);
    snprintf(now, sizeof(now), "%lld", (long long)clock_now_us());
    const char *const values[] = {number, m->name, m->sha256, now};
    int rc = run_text(r, m->name, "begin");
    if (rc == 0) {
        rc = run_text(r, m->name, m->sql);
    }
    if (rc == 0) {
        rc = run_statement(r, DB_MIGRATION_ADD, 4, values);
    }
    if (rc == 0) {
        rc = run_text(r, m->name, "commit");
    }
    if (rc == 0) {
        log_info(r->log, "migration_applied", F_INT("number", m->number), F_STR("name", m->name));
    }
    return rc; /* a failed transaction ends with the connection */
}

/* The database's list must be a beginning of ours. */
static int compare(struct run *r, const PGresult *applied)
{
    char text[96];
    for (int i = 0; i < PQntuples(applied); i++) {
        const char *number = PQgetvalue(applied, i, 0);
        snprintf(text, sizeof(text), "migration %.8s %.64s", number, PQgetvalue(applied, i, 1));
        if ((unsigned)i >= migration_texts_n ||
            strtoul(number, NULL, 10) > migration_texts[migration_texts_n - 1].number) {
            return fail(r, MIGRATE_E_NEWER, text,
                        "the database was made by a newer version of this program");
        }
        const struct migration_text *m = &migration_texts[i];
        if (strtoul(number, NULL, 10) != m->number ||
            strcmp(PQgetvalue(applied, i, 2), m->sha256) != 0) {
            return fail(r, MIGRATE_E_CHANGED, text,
                        "was applied with another text than this program carries");
        }
    }
    return 0;
}

static int apply_missing(struct run *r, unsigned *ret_applied)
{
    int rc = run_statement(r, DB_MIGRATION_LOCK, 0, NULL);
    if (rc == 0) {
        rc = run_statement(r, DB_MIGRATION_TABLE, 0, NULL);
    }
    PGresult *applied = rc == 0 ? query(r, DB_MIGRATION_LIST, 0, NULL) : NULL;
    if (applied == NULL) {
        return MIGRATE_E_FAILED;
    }
    rc = compare(r, applied);
    unsigned first = (unsigned)PQntuples(applied);
    PQclear(applied);
    for (unsigned i = first; rc == 0 && i < migration_texts_n; i++) {
        rc = apply(r, &migration_texts[i]);
    }
    if (rc == 0) {
        *ret_applied = migration_texts_n - first;
    }
    return rc;
}

/* A connection that broke underway is "unavailable", not a failed statement. */
static int run_end(struct run *r, int rc)
{
    if (rc == MIGRATE_E_FAILED && PQstatus(r->pg) != CONNECTION_OK) {
        rc = MIGRATE_E_UNAVAILABLE;
    }
    PQfinish(r->pg);
    return rc;
}

int migrate_run(const char *url, const struct log *log, unsigned *ret_applied, char *reason,
                size_t size)
{
    struct run r = {.log = log, .reason = reason, .size = size};
    int rc = run_connect(&r, url);
    if (rc == 0) {
        rc = apply_missing(&r, ret_applied);
    }
    return run_end(&r, rc);
}
