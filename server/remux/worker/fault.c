/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STEP = 16 << 20 };

static void do_open(void)
{
    _exit(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 70 : 71);
}

static void do_socket(void)
{
    _exit(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? 70 : 71);
}

static void do_fork(void)
{
    _exit(fork() >= 0 ? 70 : 71);
}

static void do_spin(void)
{
    for (volatile unsigned n = 0;; n++) {
    }
}

static void do_bomb(void)
{
    for (;;) {
        void *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) {
            _exit(72);
        }
        memset(p, 1, STEP);
    }
}

static void do_segv(void)
{
    volatile uintptr_t nowhere = 8; /* a constant address is refused by the compiler */
    *(volatile int *)nowhere = 1;
}

static void do_quiet(void)
{
    _exit(0);
}

void fault_maybe(struct input *in)
{
    static const char mark[] = "doorward-fault:";
    static const struct {
        const char *name;
        void (*fn)(void);
    } faults[] = {{"open;", do_open},  {"socket;", do_socket}, {"fork;", do_fork},
                  {"spin;", do_spin},  {"bomb;", do_bomb},     {"segv;", do_segv},
                  {"quiet;", do_quiet}};
    size_t n = input_peek(in, sizeof(mark) + 8), m = sizeof(mark) - 1;
    if (n < m || memcmp(in->head.data, mark, m) != 0) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        size_t k = strlen(faults[i].name);
        if (n >= m + k && memcmp(in->head.data + m, faults[i].name, k) == 0) {
            faults[i].fn();
        }
    }
}
