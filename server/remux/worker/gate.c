/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/gate.h"

#include <string.h>

enum { SMALL_HEAD = 8, LARGE_HEAD = 16 };

void gate_init(struct gate *g)
{
    *g = (struct gate){.init = BUF_INIT(GATE_INIT_MAX)};
}

void gate_finish(struct gate *g)
{
    buf_finish(&g->init);
}

static bool is(const struct gate *g, const char type[5])
{
    return memcmp(g->type, type, 4) == 0;
}

static bool may_stop(const struct gate *g)
{
    return g->armed && !g->broken && g->fragments >= GATE_FRAGMENTS;
}

static size_t head_size(const struct gate *g)
{
    static const uint8_t large[4] = {0, 0, 0, 1};
    return g->head_n >= 4 && memcmp(g->head, large, 4) == 0 ? LARGE_HEAD : SMALL_HEAD;
}

size_t gate_allow(const struct gate *g, size_t n)
{
    if (g->stopped) {
        return 0;
    }
    uint64_t box = g->left > 0 ? g->left : head_size(g) - g->head_n;
    return may_stop(g) && box < n ? (size_t)box : n;
}

static uint64_t be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static void begin_box(struct gate *g)
{
    uint64_t size = be(g->head, 4);
    size = size == 1 ? be(g->head + SMALL_HEAD, 8) : size;
    memcpy(g->type, g->head + 4, 4);
    g->broken = size < g->head_n; /* to the end, or nonsense */
    g->left = size - g->head_n;
    if (is(g, "moof")) {
        g->began = true;
        g->fragments++;
    }
    if (!g->began && (is(g, "ftyp") || is(g, "moov"))) {
        buf_append(&g->init, g->head, g->head_n);
    }
    g->head_n = 0;
}

/* Bytes of a box's head; returns how many of n belong to it. */
static size_t take_head(struct gate *g, const uint8_t *p, size_t n)
{
    size_t used = 0;
    while (used < n) {
        g->head[g->head_n++] = p[used++];
        if (g->head_n >= SMALL_HEAD && g->head_n == head_size(g)) {
            begin_box(g);
            break;
        }
    }
    return used;
}

void gate_pass(struct gate *g, const uint8_t *p, size_t n)
{
    while (n > 0 && !g->broken) {
        size_t step;
        if (g->left == 0) {
            step = take_head(g, p, n);
        } else {
            step = n < g->left ? n : (size_t)g->left;
            if (!g->began && (is(g, "ftyp") || is(g, "moov"))) {
                buf_append(&g->init, p, step);
            }
            g->left -= step;
        }
        p += step;
        n -= step;
    }
    g->broken |= g->init.overflow;
    g->stopped = may_stop(g) && is(g, "mdat") && g->left == 0 && g->head_n == 0;
}

void gate_go_on(struct gate *g)
{
    g->stopped = false;
    g->fragments = 0;
}
