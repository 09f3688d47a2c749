/* SPDX-License-Identifier: Apache-2.0 */
/* How long the lists of clips take, through the pool that the server uses: clip_list_bench URL
 * HOUSEHOLDS CAMERAS_EACH FROM_US TO_US. Prints one line of JSON a story. Made ready by
 * clip_list.py. */
#include "base/clock.h"
#include "base/loop.h"
#include "db/db.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLES = 2000, WARM = 200, PAGE = 50 };

struct bench {
    struct loop *loop;
    struct db *db;
    struct timer *timer;
    unsigned households, cameras_each;
    int64_t from_us, to_us;
    uint64_t began_ns, times_ns[SAMPLES];
    unsigned n, story, rows, seed;
};

/* The ids that clip_list.py gives to account, camera number i. */
static struct id numbered(uint8_t kind, uint64_t i)
{
    struct id id = {{[6] = 0x70, [8] = 0x80, [9] = kind}};
    for (int k = 15; k >= 10; k--, i >>= 8) {
        id.b[k] = (uint8_t)i;
    }
    return id;
}

static uint64_t next_random(struct bench *b)
{
    struct id id = id_new();
    uint64_t r;
    memcpy(&r, id.b + 8, 8);
    return r >> 3 ^ b->seed++;
}

static void on_reply(void *arg, const struct db_reply *r);

#define LIST(b, s, account, start, cursor, ...)                                                    \
    db_run((b)->db, on_reply, b, s, DB_ID(account), DB_I64((b)->to_us), DB_NULL, DB_NULL, start,   \
           cursor, DB_I64(PAGE) __VA_OPT__(, ) __VA_ARGS__)

static void ask(struct bench *b)
{
    uint64_t household = next_random(b) % b->households;
    struct id account = numbered(1, household);
    struct id camera = numbered(2, household * b->cameras_each + next_random(b) % b->cameras_each);
    struct id many = numbered(1, 1000000); /* a member of 20 households */
    struct id last = numbered(0xff, 0);
    struct db_arg deep =
        DB_I64(b->from_us + (int64_t)(next_random(b) % (uint64_t)(b->to_us - b->from_us)));
    b->began_ns = uv_hrtime();
    switch (b->story) {
    case 0:
        LIST(b, DB_CLIP_LIST_CAMERA, &account, DB_NULL, DB_NULL, DB_ID(&camera));
        break;
    case 1:
        LIST(b, DB_CLIP_LIST_CAMERA, &account, deep, DB_ID(&last), DB_ID(&camera));
        break;
    case 2:
        LIST(b, DB_CLIP_LIST_CAMERA_KIND, &account, deep, DB_ID(&last), DB_ID(&camera),
             DB_TEXT("package"));
        break;
    case 3:
        LIST(b, DB_CLIP_LIST, &account, DB_NULL, DB_NULL);
        break;
    case 4:
        LIST(b, DB_CLIP_LIST, &account, deep, DB_ID(&last));
        break;
    case 5:
        LIST(b, DB_CLIP_LIST_KIND, &account, DB_NULL, DB_NULL, DB_TEXT("package"));
        break;
    default:
        LIST(b, DB_CLIP_LIST, &many, deep, DB_ID(&last));
    }
}

static int by_size(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static void report(struct bench *b)
{
    static const char *const stories[] = {
        "camera, first page",        "camera, deep cursor",  "camera, deep, one kind",
        "account, first page",       "account, deep cursor", "account, first page, one kind",
        "20 households, deep cursor"};
    qsort(b->times_ns, SAMPLES, sizeof(b->times_ns[0]), by_size);
    printf("{\"story\":\"%s\",\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f,\"rows\":%.1f}\n",
           stories[b->story], (double)b->times_ns[SAMPLES / 2] / 1e6,
           (double)b->times_ns[SAMPLES * 99 / 100] / 1e6, (double)b->times_ns[SAMPLES - 1] / 1e6,
           (double)b->rows / SAMPLES);
    fflush(stdout);
}

static void on_reply(void *arg, const struct db_reply *r)
{
    struct bench *b = arg;
    uint64_t took_ns = uv_hrtime() - b->began_ns;
    ALWAYS(db_status(r) == 0);
    if (b->n >= WARM) {
        b->times_ns[b->n - WARM] = took_ns;
        b->rows += (unsigned)db_rows(r, 0);
    }
    if (++b->n == WARM + SAMPLES) {
        report(b);
        b->n = b->rows = 0;
        b->story++;
    }
    if (b->story < 7) {
        ask(b);
    } else {
        loop_stop(b->loop);
    }
}

static void when_ready(void *arg)
{
    struct bench *b = arg;
    if (db_ready(b->db)) {
        ask(b);
    } else {
        timer_set(b->timer, 10);
    }
}

int main(int argc, char **argv)
{
    ALWAYS(argc == 6);
    struct log log = {.fd = 2, .level = LOG_WARN};
    struct bench b = {.loop = loop_create(&log),
                      .households = (unsigned)strtoul(argv[2], NULL, 10),
                      .cameras_each = (unsigned)strtoul(argv[3], NULL, 10),
                      .from_us = strtoll(argv[4], NULL, 10),
                      .to_us = strtoll(argv[5], NULL, 10)};
    b.db = db_create(&(struct db_params){.loop = b.loop, .url = argv[1]});
    b.timer = timer_create_on(b.loop, when_ready, &b);
    timer_set(b.timer, 10);
    loop_run(b.loop);
    timer_destroy(b.timer);
    db_destroy(b.db);
    loop_destroy(b.loop);
    return 0;
}
