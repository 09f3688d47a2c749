/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/db/database.h"

static const char *const seed =
    "insert into household values ('00000000-0000-7000-8000-000000000001', 'home', "
    "  decode(repeat('ab', 60), 'hex'), 1);"
    "insert into account (id, email, email_key, password_hash, created_us) values "
    "  ('00000000-0000-7000-8000-000000000002', 'A@x.org', 'a@x.org', 'x', 1);"
    "insert into membership values ('00000000-0000-7000-8000-000000000001', "
    "  '00000000-0000-7000-8000-000000000002', 127, null, 1);"
    "insert into camera (id, household_id, name, created_us) values "
    "  ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000001', 'door', 1)";
static const struct id household = {{[6] = 0x70, [8] = 0x80, [15] = 1}};
static const struct id account = {{[6] = 0x70, [8] = 0x80, [15] = 2}};
static const struct id camera = {{[6] = 0x70, [8] = 0x80, [15] = 3}};
static const int64_t now_us = 1790000000000000;

static int set_up(void **state)
{
    migrate_here();
    run_aside(seed);
    *state = house_open((struct db_params){0});
    return 0;
}

static int tear_down(void **state)
{
    house_close(*state);
    return 0;
}

static void a_failing_statement_undoes_the_one_before_it(void **state)
{
    struct house *h = *state;
    struct outcome o = {0};
    struct db_tx *tx = db_tx_begin(h->db);
    struct id fresh = id_new();
    uint8_t hash[32] = {7};
    assert_int_equal(db_tx_add(tx, DB_SIGN_IN_FAILED, DB_TEXT("account:undone"), DB_I64(now_us),
                               DB_I64(5), DB_I64(60000000)),
                     0);
    assert_int_equal(db_tx_add(tx, DB_CAMERA_SECRET_INSERT, DB_ID(&fresh), DB_ID(&fresh),
                               DB_BYTES(hash, 32), DB_I64(now_us)),
                     1);
    db_tx_commit(tx, note, &o);
    assert_false(o.done);
    assert_true(turn_until(h, &o.done, 5000));
    assert_int_equal(o.status, DB_E_CONSTRAINT);
    assert_string_equal(o.constraint, "camera_secret_camera_id_fkey");
    assert_int_equal(
        count_aside("select count(*) from sign_in_failure where subject = 'account:undone'"), 0);
}

static void statements_of_a_good_batch_are_all_there(void **state)
{
    struct house *h = *state;
    struct outcome o = {0};
    struct db_tx *tx = db_tx_begin(h->db);
    for (int i = 0; i < 50; i++) {
        char subject[32];
        snprintf(subject, sizeof(subject), "account:many-%d", i);
        db_tx_add(tx, DB_SIGN_IN_FAILED, DB_TEXT(subject), DB_I64(now_us), DB_I64(5),
                  DB_I64(60000000));
    }
    db_tx_commit(tx, note, &o);
    assert_true(turn_until(h, &o.done, 5000));
    assert_int_equal(o.status, 0);
    assert_int_equal(
        count_aside("select count(*) from sign_in_failure where subject like 'account:many-%'"),
        50);
}

static void a_unique_violation_names_its_constraint(void **state)
{
    struct house *h = *state;
    struct outcome o = {0};
    uint8_t hash[32] = {9};
    struct db_tx *tx = db_tx_begin(h->db);
    for (int i = 0; i < 2; i++) {
        struct id fresh = id_new();
        db_tx_add(tx, DB_CAMERA_SECRET_INSERT, DB_ID(&fresh), DB_ID(&camera), DB_BYTES(hash, 32),
                  DB_I64(now_us));
    }
    db_tx_commit(tx, note, &o);
    assert_true(turn_until(h, &o.done, 5000));
    assert_int_equal(o.status, DB_E_UNIQUE);
    assert_string_equal(o.constraint, "camera_secret_secret_hash_key");
    assert_int_equal(count_aside("select count(*) from camera_secret"), 0);
}

static void a_statement_may_refuse_and_says_why(void **state)
{
    struct house *h = *state;
    struct outcome o = {0};
    struct id nobody = id_new();
    db_run(h->db, note, &o, DB_SESSION_REVOKE, DB_ID(&nobody), DB_ID(&nobody), DB_I64(now_us));
    assert_true(turn_until(h, &o.done, 5000));
    assert_int_equal(o.status, DB_E_REFUSED);
    assert_string_equal(o.message, "not_found");
}

static void wrong_arguments_fail_and_send_nothing(void **state)
{
    struct house *h = *state;
    struct outcome few = {0}, wide = {0}, good = {0};
    db_run(h->db, note, &few, DB_GARBAGE_DROP);
    db_run(h->db, note, &wide, DB_MIGRATION_ADD, DB_I64(INT64_MAX), DB_TEXT("n"), DB_TEXT("s"),
           DB_I64(0));
    db_run(h->db, note, &good, DB_HEALTH_PING);
    assert_true(turn_until(h, &few.done, 5000));
    assert_true(turn_until(h, &wide.done, 5000));
    assert_true(turn_until(h, &good.done, 5000));
    assert_int_equal(few.status, DB_E_FAILED);
    assert_int_equal(wide.status, DB_E_FAILED);
    assert_int_equal(good.status, 0);
}

static void a_cancelled_batch_leaves_nothing(void **state)
{
    struct house *h = *state;
    struct db_tx *tx = db_tx_begin(h->db);
    db_tx_add(tx, DB_SIGN_IN_FAILED, DB_TEXT("account:cancelled"), DB_I64(1), DB_I64(5), DB_I64(6));
    db_tx_cancel(tx);
    turn_for(h, 20);
    assert_int_equal(
        count_aside("select count(*) from sign_in_failure where subject = 'account:cancelled'"), 0);
}

static struct id clip_id;

static void look_at_the_clip(const struct db_reply *r)
{
    size_t n;
    struct id id = db_id(r, 0, 0, 0);
    assert_memory_equal(id.b, clip_id.b, 16);
    assert_string_equal(db_text(r, 0, 0, 4), "ring");
    assert_string_equal(db_text(r, 0, 0, 5), "T\xc3\xbcr.mp4");
    assert_int_equal(db_i64(r, 0, 0, 6), now_us);
    assert_int_equal(db_i64(r, 0, 0, 9), 30000);
    assert_int_equal(db_bytes(r, 0, 0, 11, &n)[0], 0);
    assert_int_equal(n, 32);
    assert_string_equal(db_text(r, 0, 0, 14),
                        "{\"codec\": \"avc1\", \"width\": 640, \"height\": 360, \"rotation\": 0}");
    assert_true(db_is_null(r, 0, 0, 15));
    assert_null(db_text(r, 0, 0, 15));
    assert_true(db_bool(r, 0, 0, 17));
}

static void look_at_the_segment(const struct db_reply *r)
{
    size_t n;
    assert_int_equal(db_rows(r, 0), 1);
    assert_int_equal(db_i64(r, 0, 0, 3), -90000);  /* bigint */
    assert_int_equal(db_i64(r, 0, 0, 4), 2700000); /* integer */
    assert_memory_equal(db_bytes(r, 0, 0, 10, &n), "\0index\0", 7);
    assert_int_equal(n, 7);
}

static void add_clip(struct db_tx *tx, const struct id *clip, const uint8_t sha256[32])
{
    struct id recording = id_new(), object = id_new();
    uint8_t digest[32] = {3}, key[60] = {4};
    db_tx_add(tx, DB_RECORDING_ADD, DB_ID(&recording), DB_ID(&household), DB_ID(&camera),
              DB_I64(now_us), DB_I64(now_us), DB_TEXT("camera"), DB_I64(now_us), DB_TEXT("mp4"),
              DB_TEXT("avc1"), DB_I64(640), DB_I64(360), DB_I64(0), DB_NULL, DB_NULL, DB_NULL,
              DB_BOOL(false), DB_NULL, DB_I64(now_us));
    db_tx_add(tx, DB_SEGMENT_ADD, DB_ID(&object), DB_I64(now_us), DB_ID(&household), DB_ID(&camera),
              DB_ID(&recording), DB_I64(0), DB_I64(-90000), DB_I64(2700000), DB_I64(1000),
              DB_I64(1016), DB_BYTES(digest, 32), DB_BYTES(key, 60), DB_BYTES("\0index", 7),
              DB_I64(now_us));
    db_tx_add(tx, DB_CLIP_ADD, DB_ID(clip), DB_ID(&household), DB_ID(&camera), DB_ID(&recording),
              DB_TEXT("ring"), DB_TEXT("T\xc3\xbcr.mp4"), DB_I64(now_us), DB_TEXT("camera"),
              DB_I64(now_us), DB_I64(30000), DB_I64(1100), DB_BYTES(sha256, 32), DB_I64(1016),
              DB_TEXT("mp4"), DB_TEXT("avc1"), DB_I64(640), DB_I64(360), DB_I64(0), DB_NULL,
              DB_NULL, DB_NULL, DB_TEXT("one\ntwo"), DB_BOOL(true), DB_I64(now_us), DB_BOOL(false),
              DB_NULL);
    db_tx_add(tx, DB_CAMERA_USED_ADD, DB_ID(&camera), DB_I64(1016));
}

static void every_type_comes_back_as_it_went(void **state)
{
    struct house *h = *state;
    struct outcome added = {0}, got = {.look = look_at_the_clip};
    struct outcome segments = {.look = look_at_the_segment}, hidden = {0};
    clip_id = id_new();
    uint8_t sha256[32] = {0, 255};
    struct db_tx *tx = db_tx_begin(h->db);
    add_clip(tx, &clip_id, sha256);
    db_tx_commit(tx, note, &added);
    assert_true(turn_until(h, &added.done, 5000));
    assert_int_equal(added.status, 0);
    db_run(h->db, note, &got, DB_CLIP_GET, DB_ID(&account), DB_I64(now_us), DB_ID(&clip_id),
           DB_I64(2));
    db_run(h->db, note, &segments, DB_SEGMENTS_OF_CLIP, DB_ID(&clip_id), DB_I64(10));
    db_run(h->db, note, &hidden, DB_CLIP_GET, DB_ID(&camera), DB_I64(now_us), DB_ID(&clip_id),
           DB_I64(2));
    assert_true(turn_until(h, &hidden.done, 5000) && turn_until(h, &got.done, 5000) &&
                turn_until(h, &segments.done, 5000));
    assert_int_equal(got.rows, 1);
    assert_int_equal(segments.status, 0);
    assert_int_equal(hidden.rows, 0);
}

static void run_and_wait(struct house *h, struct outcome *o, const struct id *who,
                         const struct id *clip)
{
    struct id deletion = id_new();
    db_run(h->db, note, o, DB_DELETION_MAKE, DB_ID(&deletion), DB_ID(who), DB_NULL, DB_ID(clip),
           DB_NULL, DB_NULL, DB_I64(now_us), DB_TEXT(""));
    assert_true(turn_until(h, &o->done, 5000));
}

static void deleting_a_clip_leaves_garbage_and_a_tombstone_once(void **state)
{
    struct house *h = *state;
    struct outcome added = {0}, stranger = {0}, first = {0}, second = {0}, listed = {0};
    struct id clip = id_new();
    uint8_t sha256[32] = {77};
    run_aside("update camera set used_bytes = 0, undo_s = 0");
    struct db_tx *tx = db_tx_begin(h->db);
    add_clip(tx, &clip, sha256);
    db_tx_commit(tx, note, &added);
    assert_true(turn_until(h, &added.done, 5000));
    assert_int_equal(count_aside("select used_bytes from camera"), 1016);
    run_and_wait(h, &stranger, &camera, &clip);
    assert_int_equal(stranger.status, DB_E_REFUSED);
    assert_int_equal(count_aside("select count(*) from garbage"), 0);
    run_and_wait(h, &first, &account, &clip);
    assert_int_equal(first.status, 0);
    assert_int_equal(count_aside("select used_bytes from camera"), 0);
    assert_int_equal(count_aside("select count(*) from garbage where reason = 'deleted'"), 1);
    assert_int_equal(count_aside("select count(*) from tombstone"), 1);
    run_and_wait(h, &second, &account, &clip);
    assert_int_equal(second.status, DB_E_REFUSED);
    assert_int_equal(count_aside("select count(*) from tombstone"), 1);
    db_run(h->db, note, &listed, DB_GARBAGE_LIST, DB_NULL, DB_I64(10), DB_I64(now_us));
    assert_true(turn_until(h, &listed.done, 5000));
    assert_int_equal(listed.rows, 1);
}

static void the_waiting_list_has_an_end(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 1, .waiting_max = 3});
    turn_until_ready(h, 5000);
    struct outcome o[6] = {0};
    for (int i = 0; i < 6; i++) {
        db_run(h->db, note, &o[i], DB_HEALTH_PING);
    }
    for (int i = 0; i < 6; i++) {
        assert_true(turn_until(h, &o[i].done, 5000));
    }
    /* One under way and three waiting. */
    for (int i = 0; i < 6; i++) {
        assert_int_equal(o[i].status, i < 4 ? 0 : DB_E_BUSY);
    }
    house_close(h);
}

static void a_thousand_batches_share_four_connections(void **state)
{
    struct house *h = *state;
    enum { N = 1000 };
    struct outcome *o = mem_alloc(N, sizeof(*o));
    for (int i = 0; i < N; i++) {
        db_run(h->db, note, &o[i], DB_HEALTH_PING);
    }
    for (int i = 0; i < N; i++) {
        assert_true(turn_until(h, &o[i].done, 5000));
        assert_int_equal(o[i].status, 0);
        assert_int_equal(o[i].times, 1);
    }
    free(o);
}

static void loser_of_a_deadlock_is_sent_again(void **state)
{
    struct house *h = *state;
    struct outcome one = {0}, two = {0};
    run_aside("alter system set deadlock_timeout = '20ms'");
    run_aside("select pg_reload_conf()");
    for (int round = 0; round < 20; round++) {
        struct db_tx *x = db_tx_begin(h->db), *y = db_tx_begin(h->db);
        one.done = two.done = false;
        for (int i = 0; i < 30; i++) {
            char subject[2][32];
            snprintf(subject[0], 32, "account:a%d", i);
            snprintf(subject[1], 32, "account:a%d", 29 - i);
            db_tx_add(x, DB_SIGN_IN_FAILED, DB_TEXT(subject[0]), DB_I64(now_us), DB_I64(5),
                      DB_I64(6));
            db_tx_add(y, DB_SIGN_IN_FAILED, DB_TEXT(subject[1]), DB_I64(now_us), DB_I64(5),
                      DB_I64(6));
        }
        db_tx_commit(x, note, &one);
        db_tx_commit(y, note, &two);
        assert_true(turn_until(h, &one.done, 5000) && turn_until(h, &two.done, 5000));
        assert_int_equal(one.status, 0);
        assert_int_equal(two.status, 0);
    }
}

static void set_flag(void *arg)
{
    *(bool *)arg = true;
}

static void draining_ends_what_waits_and_finishes_what_runs(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 1});
    turn_until_ready(h, 5000);
    struct outcome runs = {0}, waits = {0}, late = {0};
    bool drained = false;
    db_run(h->db, note, &runs, DB_HEALTH_PING);
    db_run(h->db, note, &waits, DB_HEALTH_PING);
    db_drain(h->db, set_flag, &drained);
    db_run(h->db, note, &late, DB_HEALTH_PING);
    assert_false(late.done);
    assert_true(turn_until(h, &drained, 5000));
    assert_int_equal(runs.status, 0);
    assert_int_equal(waits.status, DB_E_UNAVAILABLE);
    assert_int_equal(late.status, DB_E_UNAVAILABLE);
    assert_int_equal(runs.times + waits.times + late.times, 3);
    house_close(h);
}

static void destroying_without_a_drain_still_ends_every_batch(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 1});
    turn_until_ready(h, 5000);
    struct outcome runs = {0}, waits = {0};
    db_run(h->db, note, &runs, DB_HEALTH_PING);
    db_run(h->db, note, &waits, DB_HEALTH_PING);
    house_close(h);
    assert_int_equal(runs.status, DB_E_UNAVAILABLE);
    assert_int_equal(waits.status, DB_E_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_statement_undoes_the_one_before_it),
        cmocka_unit_test(statements_of_a_good_batch_are_all_there),
        cmocka_unit_test(a_unique_violation_names_its_constraint),
        cmocka_unit_test(a_statement_may_refuse_and_says_why),
        cmocka_unit_test(wrong_arguments_fail_and_send_nothing),
        cmocka_unit_test(a_cancelled_batch_leaves_nothing),
        cmocka_unit_test(every_type_comes_back_as_it_went),
        cmocka_unit_test(deleting_a_clip_leaves_garbage_and_a_tombstone_once),
        cmocka_unit_test(the_waiting_list_has_an_end),
        cmocka_unit_test(a_thousand_batches_share_four_connections),
        cmocka_unit_test(loser_of_a_deadlock_is_sent_again),
        cmocka_unit_test(draining_ends_what_waits_and_finishes_what_runs),
        cmocka_unit_test(destroying_without_a_drain_still_ends_every_batch),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
