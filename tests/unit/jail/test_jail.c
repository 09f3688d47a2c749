/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "jail/jail.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct jail *jail;

/* What became of a child that runs fn in the jail: the signal, or minus its exit code. */
static int outcome(void (*fn)(void), uint64_t cpu_s)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct jail_limits limits = {
            .memory_bytes = 64 << 20, .file_bytes = 1 << 20, .cpu_s = cpu_s, .files = 16};
        if (jail_enter(jail, &limits) < 0) {
            _exit(99);
        }
        fn();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void open_file(void)
{
    _exit(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 7 : 8);
}

static void open_socket(void)
{
    _exit(socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 7 : 8);
}

static void make_process(void)
{
    _exit(fork() >= 0 ? 7 : 8);
}

static void map_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(p != MAP_FAILED ? 7 : 8);
}

static void spin(void)
{
    for (volatile unsigned n = 0;; n++) {
    }
}

static void take_memory(void)
{
    for (int i = 0; i < 128; i++) {
        if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
            MAP_FAILED) {
            _exit(3);
        }
    }
}

static void work_quietly(void)
{
    void *volatile p = malloc(1 << 20);
    free(p);
    _exit(write(1, "", 0) == 0 ? 0 : 4);
}

static void ordinary_work_goes_on(void **state)
{
    assert_int_equal(outcome(work_quietly, 5), 0);
}

static void opening_a_file_fails(void **state)
{
    assert_int_equal(outcome(open_file, 5), -8);
}

static void opening_a_socket_kills(void **state)
{
    assert_int_equal(outcome(open_socket, 5), SIGSYS);
}

static void making_a_process_kills(void **state)
{
    assert_int_equal(outcome(make_process, 5), SIGSYS);
}

static void executable_memory_kills(void **state)
{
    assert_int_equal(outcome(map_code, 5), SIGSYS);
}

static void endless_work_is_ended(void **state)
{
    int s = outcome(spin, 1);
    assert_true(s == SIGXCPU || s == SIGKILL);
}

static void memory_has_an_end(void **state)
{
#if !defined(__SANITIZE_ADDRESS__)
    assert_int_equal(outcome(take_memory, 5), -3);
#else
    (void)take_memory;
#endif
}

static int prepare(void **state)
{
    return jail_prepare(&jail);
}

static int finish(void **state)
{
    jail = jail_destroy(jail);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_work_goes_on),   cmocka_unit_test(opening_a_file_fails),
        cmocka_unit_test(opening_a_socket_kills),  cmocka_unit_test(making_a_process_kills),
        cmocka_unit_test(executable_memory_kills), cmocka_unit_test(endless_work_is_ended),
        cmocka_unit_test(memory_has_an_end),
    };
    return cmocka_run_group_tests(tests, prepare, finish);
}
