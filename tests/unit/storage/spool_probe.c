/* SPDX-License-Identifier: Apache-2.0 */
/* For test_spool_faults.py: `DIR append N` appends N times 70,000 bytes to one body and prints
 * "STATUS SIZE" for each; `DIR read` prints "STATUS SIZE" of what is there, after comparing each
 * byte. Run under tools that make system calls fail. */
#include "spool_story.h"

#include <stdlib.h>

enum { PART = 70000 };

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 31 + i / 251);
}

static void append_one(struct story *s, uint64_t *size)
{
    struct story_claim c = story_claim(s->spool, s->loop, &s->ref);
    if (c.status != 0) {
        printf("%d %llu\n", c.status, (unsigned long long)*size);
        return;
    }
    struct story_append a;
    uint8_t part[PART];
    for (uint64_t i = 0; i < PART; i++) {
        part[i] = byte_at(c.size + i);
    }
    story_append_begin(&a, c.w, false);
    story_push(s->loop, &a, part, PART);
    story_finish(s->loop, &a, STREAM_COMPLETE);
    *size = a.size;
    printf("%d %llu\n", a.status, (unsigned long long)a.size);
}

static void read_all(struct story *s)
{
    struct buf got = BUF_INIT(64 << 20);
    int r = story_read(s->spool, s->loop, &s->ref, 1, &got);
    for (size_t i = 0; i < got.len; i++) {
        r = got.data[i] == byte_at(i) ? r : -1000;
    }
    printf("%d %zu\n", r, got.len);
    buf_finish(&got);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    struct story s = {.loop = loop_create(NULL), .spool = story_open(argv[1], 0)};
    s.ref = (struct spool_ref){.owner = {{1}}, .body = {{2}}};
    uint64_t size = 0;
    if (strcmp(argv[2], "read") == 0) {
        read_all(&s);
    } else {
        for (int i = 0; i < atoi(argv[3]); i++) {
            append_one(&s, &size);
            fflush(stdout); /* may be killed at any moment */
        }
    }
    spool_destroy(s.spool);
    loop_destroy(s.loop);
    return 0;
}
