/* SPDX-License-Identifier: Apache-2.0 */
/* Every statement of server/db/sql is understood by a fresh schema, takes types that db.h can send
 * and returns types that db.h can read; clips come with all their columns. */
#include "tests/unit/db/database.h"

#include "db/texts.h"
#include "recording/clip.h"

static const unsigned readable[] = {16, 17,  18,  19,  20,   21,   23,
                                    25, 114, 700, 701, 1043, 2950, 3802};

static bool is_readable(Oid type)
{
    for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
        if (readable[i] == type) {
            return true;
        }
    }
    return false;
}

static int complain(const char *statement, const char *what)
{
    fprintf(stderr, "server/db/sql/%s.sql: %s\n", statement, what);
    return 1;
}

/* What clip_from_row() reads begins like this. */
static bool gives_clips(const PGresult *res)
{
    static const char *const first[] = {"id", "household_id", "camera_id", "recording_id", "kind"};
    for (int i = 0; i < (int)ARRAY_LEN(first); i++) {
        if (i >= PQnfields(res) || strcmp(PQfname(res, i), first[i]) != 0) {
            return false;
        }
    }
    return true;
}

static int try(PGconn *pg, const struct statement_text *t)
{
    int wrong = 0;
    PGresult *res = PQprepare(pg, t->name, t->sql, 0, NULL);
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        wrong += complain(t->name, PQresultErrorMessage(res));
        PQclear(res);
        return wrong;
    }
    PQclear(res);
    res = PQdescribePrepared(pg, t->name);
    for (int i = 0; i < PQnfields(res); i++) {
        /* What a select of a function without value returns, no one reads. */
        if (!is_readable(PQftype(res, i)) && PQftype(res, i) != 2278) {
            wrong += complain(t->name, "returns a column of a type that db.h cannot read; cast it");
        }
    }
    if (gives_clips(res) && PQnfields(res) < CLIP_COLUMNS) {
        wrong += complain(t->name, "lacks some of the standard clip columns");
    }
    PQclear(res);
    return wrong;
}

static void every_statement_prepares_and_is_readable(void **state)
{
    migrate_here();
    PGconn *pg = side_door();
    int wrong = 0;
    for (unsigned i = 0; i < DB_STATEMENTS; i++) {
        wrong += try(pg, &statement_texts[i]);
    }
    PQfinish(pg);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_prepares_and_is_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
