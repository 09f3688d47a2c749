/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/db/database.h"

#include "db/texts.h"

static char reason[512];

static int run(unsigned *applied)
{
    reason[0] = '\0';
    return migrate_run(test_url(), &quiet, applied, reason, sizeof(reason));
}

static void empty_schema(void)
{
    run_aside("drop schema public cascade; create schema public");
}

static void the_first_run_applies_all_and_the_second_none(void **state)
{
    unsigned applied = 99;
    empty_schema();
    assert_int_equal(run(&applied), 0);
    assert_int_equal(applied, migration_texts_n);
    assert_int_equal(run(&applied), 0);
    assert_int_equal(applied, 0);
}

static void a_changed_migration_is_refused(void **state)
{
    unsigned applied;
    run_aside("update schema_migration set sha256 = repeat('0', 64) where number = 2");
    assert_int_equal(run(&applied), MIGRATE_E_CHANGED);
    assert_non_null(strstr(reason, "migration 2 agency"));
}

static void a_newer_database_is_refused(void **state)
{
    unsigned applied;
    empty_schema();
    assert_int_equal(run(&applied), 0);
    run_aside("insert into schema_migration values (9999, 'future', 'x', 1)");
    assert_int_equal(run(&applied), MIGRATE_E_NEWER);
    assert_non_null(strstr(reason, "newer"));
    run_aside("delete from schema_migration where number = 9999");
}

static void a_failing_migration_leaves_nothing_of_itself(void **state)
{
    unsigned applied;
    empty_schema();
    /* Stands in the way of a table that comes late in the second migration. */
    run_aside("create table grant_item (x integer)");
    assert_int_equal(run(&applied), MIGRATE_E_FAILED);
    assert_non_null(strstr(reason, "agency"));
    assert_int_equal(count_aside("select count(*) from schema_migration"), 1);
    assert_int_equal(count_aside("select count(*) from pg_tables where tablename = 'officer'"), 0);
    run_aside("drop table grant_item");
    assert_int_equal(run(&applied), 0);
    assert_int_equal(applied, migration_texts_n - 1);
}

static void nobody_there_is_unavailable(void **state)
{
    unsigned applied;
    assert_int_equal(migrate_run("host=/nowhere/at/all", &quiet, &applied, reason, sizeof(reason)),
                     MIGRATE_E_UNAVAILABLE);
}

static void partitions_are_made_once_and_take_the_rows_that_waited(void **state)
{
    empty_schema();
    unsigned applied;
    assert_int_equal(run(&applied), 0);
    run_aside("insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, "
              "zero_90k, duration_90k, plain_bytes, sealed_bytes, sealed_digest, wrapped_key, "
              "sample_index, created_us) select gen_random_uuid(), (extract(epoch from now()) * "
              "1000000)::bigint, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 0, 0, 1, "
              "1, 17, decode(repeat('00', 32), 'hex'), decode(repeat('00', 60), 'hex'), '', 1");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(count_aside("select segment_partitions_make((extract(epoch from now()) * "
                                     "1000000)::bigint, 5)"),
                         i == 0 ? 5 : 0);
        assert_int_equal(
            count_aside("select count(*) from pg_inherits where inhparent = 'segment'::regclass"),
            6); /* five months and the default */
    }
    assert_int_equal(count_aside("select count(*) from segment"), 1);
    assert_int_equal(count_aside("select count(*) from segment_default"), 0);
    assert_int_equal(
        count_aside("select count(*) from pg_indexes where tablename like 'segment_2%'"),
        5 * count_aside("select count(*) from pg_indexes where tablename = 'segment_default'"));
}

static void the_ledger_cannot_be_changed(void **state)
{
    PGconn *pg = side_door();
    free(aside(pg, "insert into ledger_entry (id, at_us, actor_kind, action, subject_kind, salt) "
                   "values (gen_random_uuid(), 1, 'system', 'clip.view', 'clip', "
                   "decode(repeat('00', 16), 'hex'))"));
    static const char *const attempts[] = {"update ledger_entry set at_us = 2",
                                           "delete from ledger_entry", "truncate ledger_entry"};
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        PGresult *res = PQexec(pg, attempts[i]);
        assert_string_equal(PQresultErrorField(res, PG_DIAG_SQLSTATE), "DW001");
        PQclear(res);
    }
    PQfinish(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_run_applies_all_and_the_second_none),
        cmocka_unit_test(a_changed_migration_is_refused),
        cmocka_unit_test(a_newer_database_is_refused),
        cmocka_unit_test(a_failing_migration_leaves_nothing_of_itself),
        cmocka_unit_test(nobody_there_is_unavailable),
        cmocka_unit_test(partitions_are_made_once_and_take_the_rows_that_waited),
        cmocka_unit_test(the_ledger_cannot_be_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
