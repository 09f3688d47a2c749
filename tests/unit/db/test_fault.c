/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL slow, stopped, killed, full: batches end in time with DB_E_UNAVAILABLE, the loop keeps
 * turning, and the pool is whole within 5 s after the server is back. */
#include "tests/unit/db/database.h"

#include <signal.h>

enum { WHOLE_MS = 5000 };
static const char *const ours = "select count(*) from pg_stat_activity where "
                                "application_name = 'doorward' and state is not null";

/* The loop's longest silence, measured by a timer that should fire every 10 ms. */
struct pulse {
    struct timer *timer;
    uint64_t last_ms, longest_ms;
};

static void beat(void *arg)
{
    struct pulse *p = arg;
    uint64_t now = clock_mono_ms();
    p->longest_ms = now - p->last_ms > p->longest_ms ? now - p->last_ms : p->longest_ms;
    p->last_ms = now;
    timer_set(p->timer, 10);
}

static void pulse_begin(struct pulse *p, struct house *h)
{
    *p = (struct pulse){.timer = timer_create_on(h->loop, beat, p), .last_ms = clock_mono_ms()};
    timer_set(p->timer, 10);
}

/* Does one harmless batch; how it ended and how long it took. */
static int probe(struct house *h, uint64_t *ret_ms)
{
    struct outcome o = {0};
    uint64_t begin = clock_mono_ms();
    db_run(h->db, note, &o, DB_HEALTH_PING);
    assert_true(turn_until(h, &o.done, 20000));
    *ret_ms = o.at_ms - begin;
    return o.status;
}

static void assert_works(struct house *h)
{
    uint64_t ms;
    assert_int_equal(probe(h, &ms), 0);
}

/* A transaction aside that makes whoever wants the row wait. */
static PGconn *hold_a_row(void)
{
    PGconn *pg = side_door();
    free(aside(pg, "begin; insert into sign_in_failure values ('account:held', 1, 1, 1) "
                   "on conflict (subject) do update set failures = 1"));
    return pg;
}

static void want_the_row(struct house *h, struct outcome *o)
{
    db_run(h->db, note, o, DB_SIGN_IN_FAILED, DB_TEXT("account:held"), DB_I64(1), DB_I64(5),
           DB_I64(6));
}

/* All connections of the pool are there again within WHOLE_MS. */
static void assert_whole(struct house *h, int64_t connections)
{
    uint64_t begin = clock_mono_ms();
    while (count_aside(ours) < connections) {
        turn_for(h, 20);
        if (clock_mono_ms() - begin > WHOLE_MS) {
            fail_msg("the pool is not whole after %d ms", WHOLE_MS);
        }
    }
    turn_for(h, 100); /* they prepare */
    assert_works(h);
}

static int set_up(void **state)
{
    migrate_here();
    return 0;
}

static void a_batch_past_its_deadline_is_over_and_the_pool_heals(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 1, .deadline_ms = 300});
    turn_until_ready(h, 5000);
    PGconn *lock = hold_a_row();
    struct outcome o = {0};
    uint64_t begin = clock_mono_ms();
    want_the_row(h, &o);
    assert_true(turn_until(h, &o.done, 3000));
    assert_int_equal(o.status, DB_E_UNAVAILABLE);
    assert_in_range(o.at_ms - begin, 250, 800);
    turn_for(h, 300);
    assert_works(h); /* while the lock is still held */
    PQfinish(lock);
    house_close(h);
}

static void waiting_for_a_connection_has_an_end_of_its_own(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 1, .deadline_ms = 4000});
    turn_until_ready(h, 5000);
    PGconn *lock = hold_a_row();
    struct outcome holds = {0}, waits = {0};
    uint64_t begin = clock_mono_ms();
    want_the_row(h, &holds);
    db_run(h->db, note, &waits, DB_HEALTH_PING);
    assert_true(turn_until(h, &waits.done, 3000));
    assert_int_equal(waits.status, DB_E_UNAVAILABLE);
    assert_in_range(waits.at_ms - begin, 1400, 2000);
    free(aside(lock, "rollback"));
    assert_true(turn_until(h, &holds.done, 3000));
    assert_int_equal(holds.status, 0);
    PQfinish(lock);
    house_close(h);
}

static void terminated_backends_are_replaced(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 4});
    turn_until_ready(h, 5000);
    assert_whole(h, 4);
    PGconn *lock = hold_a_row();
    struct outcome o = {0};
    want_the_row(h, &o);
    turn_for(h, 50);
    run_aside("select pg_terminate_backend(pid) from pg_stat_activity where "
              "application_name = 'doorward'");
    assert_true(turn_until(h, &o.done, 1000));
    assert_int_equal(o.status, DB_E_UNAVAILABLE);
    PQfinish(lock);
    assert_whole(h, 4);
    house_close(h);
}

static void a_killed_backend_costs_a_moment(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 4});
    turn_until_ready(h, 5000);
    assert_whole(h, 4);
    pid_t victim = (pid_t)count_aside(
        "select pid from pg_stat_activity where application_name = 'doorward' limit 1");
    assert_int_equal(kill(victim, SIGKILL), 0); /* the server then restarts all of itself */
    uint64_t end = clock_mono_ms() + WHOLE_MS, ms;
    int status;
    do {
        turn_for(h, 50);
        status = probe(h, &ms);
        assert_true(status == 0 || status == DB_E_UNAVAILABLE);
        assert_true(ms < 2000);
    } while (status != 0 && clock_mono_ms() < end);
    assert_whole(h, 4);
    house_close(h);
}

static void a_stopped_server_is_said_fast_and_found_again(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 4});
    struct pulse pulse;
    uint64_t ms;
    turn_until_ready(h, 5000);
    assert_whole(h, 4);
    cluster_do("stop fast");
    turn_for(h, 20);
    assert_false(db_ready(h->db));
    pulse_begin(&pulse, h);
    assert_int_equal(probe(h, &ms), DB_E_UNAVAILABLE);
    assert_true(ms < 2000);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(probe(h, &ms), DB_E_UNAVAILABLE);
        assert_true(ms < 100); /* known to be gone */
        turn_for(h, 20);
    }
    assert_true(pulse.longest_ms < 200);
    timer_destroy(pulse.timer);
    cluster_do("start");
    assert_whole(h, 4);
    house_close(h);
}

/* Every process of ours on the server, and the postmaster. */
static void signal_server(int sig, const pid_t *pids, int n)
{
    for (int i = 0; i < n; i++) {
        kill(pids[i], sig);
    }
}

static int find_server(pid_t pids[8])
{
    PGconn *pg = side_door();
    PGresult *res =
        PQexec(pg, "select pid from pg_stat_activity where application_name = 'doorward'");
    int n = 0;
    while (n < PQntuples(res) && n < 7) {
        pids[n] = (pid_t)strtol(PQgetvalue(res, n, 0), NULL, 10);
        n++;
    }
    PQclear(res);
    PQfinish(pg);
    char *path = mem_printf("%s/data/postmaster.pid", getenv("DOORWARD_TEST_PG_DIR"));
    char line[32] = "";
    FILE *f = fopen(path, "re");
    ALWAYS(f != NULL && fgets(line, sizeof(line), f) != NULL);
    fclose(f);
    free(path);
    pids[n++] = (pid_t)strtol(line, NULL, 10);
    return n;
}

static void a_frozen_server_blocks_no_loop(void **state)
{
    struct house *h = house_open((struct db_params){.connections = 2, .deadline_ms = 500});
    struct pulse pulse;
    pid_t pids[8];
    uint64_t ms;
    turn_until_ready(h, 5000);
    assert_whole(h, 2);
    int n = find_server(pids);
    signal_server(SIGSTOP, pids, n);
    pulse_begin(&pulse, h);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(probe(h, &ms), DB_E_UNAVAILABLE);
        assert_true(ms < 2000);
    }
    assert_true(pulse.longest_ms < 200);
    timer_destroy(pulse.timer);
    signal_server(SIGCONT, pids, n);
    turn_for(h, 100);
    assert_whole(h, 2);
    house_close(h);
}

static void a_full_server_lets_the_pool_in_when_there_is_room(void **state)
{
    enum { MAX = 200 };
    PGconn *crowd[MAX] = {0};
    int n = 0;
    while (n < MAX) {
        crowd[n] = PQconnectdb(test_url());
        if (PQstatus(crowd[n++]) != CONNECTION_OK) {
            break;
        }
    }
    assert_in_range(n, 10, MAX - 1);
    struct house *h = house_open((struct db_params){.connections = 3});
    uint64_t ms;
    turn_for(h, 1500);
    assert_false(db_ready(h->db));
    assert_int_equal(probe(h, &ms), DB_E_UNAVAILABLE);
    while (n > 0) {
        PQfinish(crowd[--n]);
    }
    assert_whole(h, 3);
    house_close(h);
}

static void nobody_listens_is_an_answer_too(void **state)
{
    struct house *h =
        house_open((struct db_params){.url = "postgresql:///x?host=/nowhere/at/all&user=u"});
    uint64_t ms;
    assert_int_equal(probe(h, &ms), DB_E_UNAVAILABLE);
    assert_true(ms < 2000);
    house_close(h);
}

static void the_second_host_serves_when_the_first_is_gone(void **state)
{
    char *url = mem_printf("host=/nowhere/at/all,%s user=doorward dbname=postgres",
                           getenv("DOORWARD_TEST_PG_DIR"));
    struct house *h = house_open((struct db_params){.url = url, .connections = 1});
    turn_until_ready(h, 5000);
    assert_works(h);
    house_close(h);
    free(url);
}

static void a_host_name_is_looked_up_beside_the_loop(void **state)
{
    struct house *h = house_open(
        (struct db_params){.url = "host=localhost,no-such-host.invalid port=1 user=u dbname=d"});
    struct pulse pulse;
    uint64_t ms;
    pulse_begin(&pulse, h);
    assert_int_equal(probe(h, &ms), DB_E_UNAVAILABLE);
    assert_true(ms < 2000);
    assert_true(pulse.longest_ms < 200);
    timer_destroy(pulse.timer);
    house_close(h);
}

/* 203.0.113.0/24 is for documentation: packets to it are swallowed or refused. */
static void a_silent_first_host_does_not_hide_the_second(void **state)
{
    char *url = mem_printf("host=203.0.113.1,%s user=doorward dbname=postgres",
                           getenv("DOORWARD_TEST_PG_DIR"));
    struct house *h = house_open((struct db_params){.url = url, .connections = 1});
    turn_until_ready(h, 12000);
    assert_works(h);
    house_close(h);
    free(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_past_its_deadline_is_over_and_the_pool_heals),
        cmocka_unit_test(waiting_for_a_connection_has_an_end_of_its_own),
        cmocka_unit_test(terminated_backends_are_replaced),
        cmocka_unit_test(a_killed_backend_costs_a_moment),
        cmocka_unit_test(a_stopped_server_is_said_fast_and_found_again),
        cmocka_unit_test(a_frozen_server_blocks_no_loop),
        cmocka_unit_test(a_full_server_lets_the_pool_in_when_there_is_room),
        cmocka_unit_test(nobody_listens_is_an_answer_too),
        cmocka_unit_test(the_second_host_serves_when_the_first_is_gone),
        cmocka_unit_test(a_host_name_is_looked_up_beside_the_loop),
        cmocka_unit_test(a_silent_first_host_does_not_hide_the_second),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
