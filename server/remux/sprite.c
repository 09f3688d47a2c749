/* SPDX-License-Identifier: Apache-2.0 */
/* As a still, but the input comes tile by tile: only one is held here. */
#include "remux/remux_internal.h"

#include "metrics/metrics.h"

#include <string.h>

enum { TILE_HEAD = 5 };

struct remux_sprite {
    struct remux_job_node node; /* first: of remux.stills */
    struct remux *remux;
    struct child *child;
    struct remux_sprite_params p;
    uint8_t head[TILE_HEAD];
    size_t head_sent;
    uint8_t *tile; /* owned; NULL: all of it is on its way */
    size_t tile_n, sent;
    struct picture_answer answer;
    bool cancelled;
};

static int sprite_frame(void *arg, const struct channel_frame *f)
{
    struct remux_sprite *s = arg;
    return picture_answer_frame(&s->answer, f);
}

/* True: all of the tile is on its way. */
static bool feed(struct remux_sprite *s)
{
    if (s->head_sent < TILE_HEAD) {
        s->head_sent += child_push(s->child, s->head + s->head_sent, TILE_HEAD - s->head_sent);
    }
    if (s->head_sent == TILE_HEAD && s->sent < s->tile_n) {
        s->sent += child_push(s->child, s->tile + s->sent, s->tile_n - s->sent);
    }
    if (s->sent < s->tile_n) {
        return false;
    }
    free(s->tile);
    s->tile = NULL;
    return true;
}

static void sprite_room(void *arg)
{
    struct remux_sprite *s = arg;
    if (s->tile != NULL && feed(s)) {
        s->p.more(s->p.arg);
    }
}

static void sprite_finish(void *arg)
{
    struct remux_sprite *s = arg;
    int status = s->cancelled ? REMUX_E_CANCELLED
                              : picture_answer_end(&s->answer, s->remux->loop, s->child,
                                                   "remux_sprite_crashed");
    list_remove(&s->node.node);
    s->p.done(s->p.arg, status, status == 0 ? s->answer.jpeg.data : NULL,
              status == 0 ? s->answer.jpeg.len : 0);
    remux_child_end(s->remux, s->child);
    buf_finish(&s->answer.jpeg);
    free(s->tile);
    free(s);
}

static void sprite_cancel_now(void *arg)
{
    struct remux_sprite *s = arg;
    s->cancelled = true;
    sprite_finish(s);
}

int remux_sprite_begin(struct remux *r, const struct remux_sprite_params *p,
                       struct remux_sprite **ret_sprite)
{
    struct remux_sprite *s = mem_new(struct remux_sprite);
    *s = (struct remux_sprite){.node = {.cancel = sprite_cancel_now, .arg = s},
                               .remux = r,
                               .p = *p,
                               .answer = PICTURE_ANSWER_INIT};
    struct child_params cp = {.order = {.kind = JOB_SPRITE,
                                        .output_max_bytes = p->max_bytes,
                                        .max_width = p->tile_width,
                                        .max_height = p->tile_height,
                                        .columns = p->columns,
                                        .rows = p->rows},
                              .frame = sprite_frame,
                              .room = sprite_room,
                              .closed = sprite_finish,
                              .arg = s};
    int e = remux_child_begin(r, &cp, &s->child);
    if (e != 0) {
        free(s);
        return e;
    }
    list_append(&r->stills, &s->node.node);
    *ret_sprite = s;
    return 0;
}

bool remux_sprite_tile(struct remux_sprite *s, unsigned tile, uint8_t *fmp4, size_t n)
{
    ALWAYS(s->tile == NULL && n > 0 && n <= REMUX_TILE_BYTES_MAX);
    const uint8_t head[TILE_HEAD] = {(uint8_t)tile, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
                                     (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(s->head, head, sizeof(head));
    s->head_sent = s->sent = 0;
    s->tile = fmp4;
    s->tile_n = n;
    return feed(s);
}

void remux_sprite_end(struct remux_sprite *s)
{
    child_end_input(s->child, STREAM_COMPLETE);
}

void remux_sprite_cancel(struct remux_sprite *s)
{
    s->cancelled = true;
    child_kill(s->child);
}
