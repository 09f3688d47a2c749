/* SPDX-License-Identifier: Apache-2.0 */
/* Latency of a durable put: `bench_put DIR [BYTES [COUNT]]`. */
#include "base/clock.h"
#include "storage/driver.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { UNSET = 12345, COUNT_MAX = 100000 };

static void put_done(void *arg, int status)
{
    *(int *)arg = status;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double put_once(struct loop *l, struct store *s, const uint8_t *p, size_t n)
{
    struct store_stage *st;
    struct id id = id_new();
    char key[STORE_KEY_SIZE];
    int status = UNSET;
    store_key(&id, key);
    ALWAYS(store_stage(s, &st) == 0 && write(store_stage_fd(st), p, n) == (ssize_t)n);
    double before = now_ms();
    store_put(s, st, key, n, put_done, &status);
    while (status == UNSET) {
        uv_run(loop_uv(l), UV_RUN_ONCE);
    }
    ALWAYS(status == 0);
    return now_ms() - before;
}

int main(int argc, char **argv)
{
    size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 4096;
    size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;
    struct store_driver *d;
    if (argc < 2 || count == 0 || count > COUNT_MAX || store_fs_create(argv[1], 0, &d) != 0) {
        return 2;
    }
    struct loop *l = loop_create(NULL);
    struct store *s = store_create(l, d);
    uint8_t *p = mem_alloc(n, 1);
    double *ms = mem_alloc(count, sizeof *ms);
    for (size_t i = 0; i < count; i++) {
        ms[i] = put_once(l, s, p, n);
    }
    qsort(ms, count, sizeof *ms, by_size);
    printf("put of %zu bytes: median %.2f ms, p99 %.2f ms, max %.2f ms (%zu puts, bytes written "
           "before)\n",
           n, ms[count / 2], ms[count * 99 / 100], ms[count - 1], count);
    free(ms);
    free(p);
    store_destroy(s);
    loop_destroy(l);
    return 0;
}
