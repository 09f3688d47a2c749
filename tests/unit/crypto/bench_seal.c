/* SPDX-License-Identifier: Apache-2.0 */
/* How fast one core seals and opens: `ninja -C build tests/unit/crypto/bench_seal`, then run it. */
#include "base/clock.h"
#include "crypto/seal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PIECE = 32768, OBJECT_BYTES = 8 << 20, OBJECTS = 128 };

struct copy {
    uint8_t *p;
    size_t n;
};

static int take(void *arg, const uint8_t *p, size_t n)
{
    struct copy *c = arg;
    memcpy(c->p + c->n, p, n);
    c->n += n;
    return 0;
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
    struct seal_params params = {.key = {1}};
    struct copy c = {.p = mem_alloc(OBJECT_BYTES + OBJECT_BYTES / 1000, 1)};
    uint8_t *in = mem_alloc(PIECE, 1), digest[SHA256_SIZE];
    double seal_s = 0, open_s = 0, check_s = 0, total_gb = (double)OBJECT_BYTES * OBJECTS / 1e9;
    for (int i = 0; i < OBJECTS; i++) {
        struct seal_result r;
        double t0 = cpu_s();
        c.n = 0;
        struct sealer *s = sealer_create(&params, take, &c);
        for (int at = 0; at < OBJECT_BYTES; at += PIECE) {
            ALWAYS(sealer_write(s, in, PIECE) == 0);
        }
        ALWAYS(sealer_finish(s, &r) == 0);
        sealer_destroy(s);
        double t1 = cpu_s();
        struct seal_check *check = seal_check_create(&params, OBJECT_BYTES);
        ALWAYS(seal_check_update(check, c.p, c.n) == 0);
        ALWAYS(seal_check_finish(check, digest) == 0 &&
               bytes_equal(digest, r.digest, sizeof digest));
        seal_check_destroy(check);
        double t2 = cpu_s();
        ALWAYS(seal_open(&params, OBJECT_BYTES, SEAL_HEADER_SIZE, c.p + SEAL_HEADER_SIZE,
                         c.n - SEAL_HEADER_SIZE) == OBJECT_BYTES);
        seal_s += t1 - t0;
        check_s += t2 - t1;
        open_s += cpu_s() - t2;
    }
    printf("seal %.2f GB/s, check %.2f GB/s, open %.2f GB/s (CPU time, %.1f GB each)\n",
           total_gb / seal_s, total_gb / check_s, total_gb / open_s, total_gb);
    free(c.p);
    free(in);
    return 0;
}
