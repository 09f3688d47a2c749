/* SPDX-License-Identifier: Apache-2.0 */
/* The private cluster as a user that is not root: root becomes the user postgres first. */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "db/cluster.h"
#include "db/migrate.h"

#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct log quiet = {.fd = 2, .level = LOG_WARN};
static char folder[256];

static void become_somebody(void)
{
    struct passwd *p = geteuid() == 0 ? getpwnam("postgres") : NULL;
    if (p != NULL) {
        assert_int_equal(setgroups(0, NULL), 0);
        assert_int_equal(setgid(p->pw_gid), 0);
        assert_int_equal(setuid(p->pw_uid), 0);
    }
}

static struct cluster *started(const char *dir)
{
    struct cluster *c = NULL;
    char reason[512] = "";
    if (cluster_start(dir, &quiet, &c, reason, sizeof(reason)) != 0) {
        fail_msg("%s", reason);
    }
    return c;
}

/* First value of a statement on the cluster, or "" (static memory). */
static const char *ask(const char *url, const char *sql)
{
    static char value[256];
    PGconn *pg = PQconnectdb(url);
    PGresult *res = PQexec(pg, sql);
    bool rows = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) > 0;
    snprintf(value, sizeof(value), "%s", rows ? PQgetvalue(res, 0, 0) : "");
    PQclear(res);
    PQfinish(pg);
    return value;
}

static pid_t postmaster(const char *dir)
{
    char *path = mem_printf("%s/data/postmaster.pid", dir);
    FILE *f = fopen(path, "re");
    char line[32] = "";
    if (f != NULL) {
        ALWAYS(fgets(line, sizeof(line), f) != NULL);
        fclose(f);
    }
    free(path);
    return (pid_t)strtol(line, NULL, 10);
}

static void root_is_refused_with_a_reason(void **state)
{
    if (geteuid() != 0) {
        skip();
    }
    struct cluster *c = NULL;
    char reason[256] = "";
    assert_int_equal(cluster_start(folder, &quiet, &c, reason, sizeof(reason)), CLUSTER_E_FAILED);
    assert_non_null(strstr(reason, "root"));
}

static void first_start_makes_a_cluster_without_tcp(void **state)
{
    struct cluster *c = started(folder);
    char reason[256] = "";
    unsigned applied = 0;
    assert_string_equal(ask(cluster_url(c), "show listen_addresses"), "");
    assert_string_equal(ask(cluster_url(c), "show fsync"), "on");
    assert_int_equal(migrate_run(cluster_url(c), &quiet, &applied, reason, sizeof(reason)), 0);
    assert_true(applied > 0);
    struct stat st;
    char *run = mem_printf("%s/run", folder);
    assert_int_equal(stat(run, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    free(run);
    cluster_stop(c);
    assert_int_equal(postmaster(folder), 0);
}

static void second_start_finds_what_was_there(void **state)
{
    struct cluster *c = started(folder);
    assert_string_not_equal(ask(cluster_url(c), "select count(*) from schema_migration"), "");
    cluster_stop(c);
}

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void a_killed_postmaster_is_started_again(void **state)
{
    struct cluster *c = started(folder);
    struct loop *l = loop_create(&quiet);
    struct timer *t = timer_create_on(l, stop_loop, l);
    cluster_supervise(c, l);
    pid_t before = postmaster(folder);
    assert_int_equal(kill(before, SIGKILL), 0);
    for (int i = 0; i < 50; i++) {
        timer_set(t, 100);
        loop_run(l);
        if (postmaster(folder) != before && PQping(cluster_url(c)) == PQPING_OK) {
            break;
        }
    }
    assert_int_not_equal(postmaster(folder), before);
    assert_int_equal(PQping(cluster_url(c)), PQPING_OK);
    timer_destroy(t);
    cluster_stop(c);
    loop_destroy(l);
}

/* A process that starts the cluster and then only waits; returns its pid once it runs. */
static pid_t start_apart(void)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        started(folder);
        ALWAYS(write(ends[1], "x", 1) == 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static void the_cluster_ends_with_a_killed_server(void **state)
{
    pid_t server = start_apart();
    pid_t pg = postmaster(folder);
    assert_true(pg > 0);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    uint64_t end = clock_mono_ms() + 10000;
    while (kill(pg, 0) == 0 && clock_mono_ms() < end) {
        usleep(20000);
    }
    assert_int_not_equal(kill(pg, 0), 0);
}

static void a_postmaster_left_behind_is_taken_over(void **state)
{
    pid_t server = start_apart();
    pid_t pg = postmaster(folder);
    /* It neither hears of our death nor answers: as if it were far behind. */
    kill(pg, SIGSTOP);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    kill(pg, SIGCONT);
    struct cluster *c = started(folder);
    assert_int_not_equal(postmaster(folder), pg);
    cluster_stop(c);
}

static void a_lock_file_with_a_strangers_number_does_not_matter(void **state)
{
    char *path = mem_printf("%s/data/postmaster.pid", folder);
    FILE *f = fopen(path, "we");
    fprintf(f, "%d\n%s/data\n1\n5432\n%s/run\n\n  1 1\n", (int)getppid(), folder, folder);
    fclose(f);
    free(path);
    cluster_stop(started(folder));
}

static void a_deep_folder_gets_a_socket_in_a_short_place(void **state)
{
    char *deep = mem_printf("%s/%s", folder,
                            "a-name-that-goes-on-and-on-until-it-is-too-long-for-a-socket-whose-"
                            "path-has-107-bytes-only");
    struct cluster *c = started(deep);
    assert_non_null(strstr(cluster_url(c), "/doorward-"));
    assert_string_equal(ask(cluster_url(c), "select 1"), "1");
    cluster_stop(c);
    free(deep);
}

static void a_folder_of_another_version_is_refused(void **state)
{
    char *path = mem_printf("%s/data/PG_VERSION", folder);
    FILE *f = fopen(path, "we");
    fprintf(f, "9\n");
    fclose(f);
    free(path);
    struct cluster *c = NULL;
    char reason[256] = "";
    assert_int_equal(cluster_start(folder, &quiet, &c, reason, sizeof(reason)), CLUSTER_E_VERSION);
    assert_non_null(strstr(reason, "made by PostgreSQL 9"));
}

static int set_up(void **state)
{
    snprintf(folder, sizeof(folder), "/tmp/dw-cluster-XXXXXX");
    ALWAYS(mkdtemp(folder) != NULL);
    ALWAYS(chmod(folder, 0777) == 0);
    return 0;
}

static void remove_folder(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest as_root[] = {cmocka_unit_test(root_is_refused_with_a_reason)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_start_makes_a_cluster_without_tcp),
        cmocka_unit_test(second_start_finds_what_was_there),
        cmocka_unit_test(a_killed_postmaster_is_started_again),
        cmocka_unit_test(the_cluster_ends_with_a_killed_server),
        cmocka_unit_test(a_postmaster_left_behind_is_taken_over),
        cmocka_unit_test(a_lock_file_with_a_strangers_number_does_not_matter),
        cmocka_unit_test(a_deep_folder_gets_a_socket_in_a_short_place),
        cmocka_unit_test(a_folder_of_another_version_is_refused),
    };
    set_up(NULL);
    int failed = cmocka_run_group_tests_name("as root", as_root, NULL, NULL);
    pid_t pid = fork(); /* root stays behind to clean up */
    if (pid == 0) {
        become_somebody();
        _exit(cmocka_run_group_tests(tests, NULL, NULL));
    }
    int status = 0;
    waitpid(pid, &status, 0);
    remove_folder();
    return failed + (status != 0);
}
