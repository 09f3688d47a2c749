/* SPDX-License-Identifier: Apache-2.0 */
/* Each request is a waiter: it looks when it comes, whenever the channel wakes, and twice a second
 * for its time. */
#include "live/hls.h"

#include "base/clock.h"
#include "live/live_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { QUERY_SIZE = 200, AHEAD_SEGMENTS = 2, WAIT_TARGETS = 3, PART_LEAST_90K = 9000 };

struct hls_op {
    struct live_waiter waiter;
    struct live_view *view;
    uint64_t until_ms;
    int (*look)(struct hls_op *op); /* with the lock held: 0, HLS_E_, or LOOK_AGAIN */
    void (*finish)(struct hls_op *op, int status);
    struct live_playlist_params playlist;
    struct live_file_params file;
    char query[QUERY_SIZE];
    struct playlist list; /* what was found, and its parts */
    struct playlist_part parts[PLAYLIST_PARTS_MAX];
    struct live_part **found; /* held; owned */
    size_t n_found;
    struct live_init *init; /* held */
};

enum { LOOK_AGAIN = -1 };

static struct live_hub *hub_of(const struct hls_op *op)
{
    return op->view->live->p.hub;
}

static void op_woken(struct live_waiter *w)
{
    struct hls_op *op = CONTAINER_OF(w, struct hls_op, waiter);
    hub_lock(hub_of(op));
    enum live_end end = op->view->viewer->end;
    int status = end == LIVE_GOES_ON ? op->look(op)
                 : end == LIVE_ENDED ? HLS_E_ENDED
                                     : HLS_E_PUT_OUT;
    hub_unlock(hub_of(op));
    if (status == LOOK_AGAIN && clock_mono_ms() < op->until_ms) {
        return;
    }
    list_remove(&op->waiter.node);
    op->finish(op, status == LOOK_AGAIN ? HLS_E_LATE : status);
}

static void begin(struct hls_op *op, struct live_view *v)
{
    op->view = v;
    op->waiter.woken = op_woken;
    list_append(&v->sub->waiters, &op->waiter.node);
    hub_lock(hub_of(op));
    op->until_ms = clock_mono_ms() + (uint64_t)WAIT_TARGETS * v->sub->channel->target_s * 1000;
    channel_wake(v->sub->channel);
    hub_unlock(hub_of(op));
}

/* ---- the playlist ---- */

/* Where the list begins: a segment's first part, LIVE_LIST_S back. */
static uint64_t list_begin(const struct channel *c)
{
    uint64_t at = c->next, begin = c->next, sum_90k = 0;
    while (at > c->first && sum_90k < (uint64_t)LIVE_LIST_S * CLOCK_90K) {
        const struct live_part *p = channel_part(c, --at);
        sum_90k += p->fragment->duration_90k;
        if (p->begins) {
            begin = at;
        }
    }
    return begin;
}

static uint64_t count_discontinuities(const struct channel *c, uint64_t upto)
{
    uint64_t n = c->discontinuities;
    for (uint64_t at = c->first; at <= upto && at < c->next; at++) {
        n += channel_part(c, at)->discontinuity;
    }
    return n;
}

static struct playlist_part describe(const struct live_part *p)
{
    return (struct playlist_part){.number = p->number,
                                  .msn = p->msn,
                                  .init = p->init->number,
                                  .start_us = p->fragment->start_us,
                                  .duration_90k = p->fragment->duration_90k,
                                  .key = p->fragment->key,
                                  .discontinuity = p->discontinuity};
}

/* The longest part in the list, in steps of 10 ms. A camera's parts get even once its groups are
 * known; what it sent at first then holds players back no longer than it is listed. */
static uint32_t part_target_ms(const struct channel *c, uint64_t begin)
{
    uint32_t longest_90k = PART_LEAST_90K;
    for (uint64_t at = begin; at < c->next; at++) {
        uint32_t d = channel_part(c, at)->fragment->duration_90k;
        longest_90k = d > longest_90k ? d : longest_90k;
    }
    return (longest_90k + 899) / 900 * 10;
}

static void collect(struct hls_op *op, const struct channel *c)
{
    uint64_t begin = list_begin(c);
    struct playlist *l = &op->list;
    *l = (struct playlist){.parts = op->parts,
                           .next_number = c->next,
                           .discontinuities = count_discontinuities(c, begin),
                           .open = !channel_part(c, c->next - 1)->last,
                           .ended = c->ended,
                           .skip = op->playlist.ask.skip,
                           .target_s = c->target_s,
                           .part_target_ms = part_target_ms(c, begin),
                           .query = op->query};
    for (uint64_t at = begin; at < c->next && l->n < PLAYLIST_PARTS_MAX; at++) {
        op->parts[l->n++] = describe(channel_part(c, at));
    }
}

/* How many parts the newest segment has. */
static uint64_t parts_of_newest(const struct channel *c)
{
    uint64_t n = 0;
    for (const struct live_part *p; (p = channel_part(c, c->next - 1 - n)) != NULL; n++) {
        if (p->msn != c->msn) {
            break;
        }
    }
    return n;
}

/* Is what the player waits for in the list? */
static bool has_asked(const struct channel *c, const struct playlist_ask *a)
{
    const struct live_part *newest = channel_part(c, c->next - 1);
    if (!a->blocking || c->msn > a->msn) {
        return true;
    }
    return c->msn == a->msn &&
           ((!a->part_given && newest->last) || (a->part_given && a->part < parts_of_newest(c)));
}

/* RFC 8216bis 6.2.5.2: two segments ahead at most; of parts three, or three seconds' worth. */
static bool is_ahead(const struct channel *c, const struct playlist_ask *a)
{
    uint64_t target_ms = part_target_ms(c, list_begin(c));
    uint64_t parts = target_ms < 1000 ? (2999 + target_ms) / target_ms : 3;
    return a->blocking &&
           (a->msn > c->msn + AHEAD_SEGMENTS ||
            (a->part_given && a->msn == c->msn && a->part > parts_of_newest(c) + parts));
}

static int look_list(struct hls_op *op)
{
    const struct channel *c = op->view->sub->channel;
    const struct live_part *newest = channel_part(c, c->next - 1);
    if (newest == NULL ||
        (!channel_is_live(c, clock_now_us()) && c->ended && !op->playlist.ask.blocking)) {
        return LOOK_AGAIN;
    }
    if (is_ahead(c, &op->playlist.ask)) {
        return HLS_E_AHEAD;
    }
    /* The first answer has a whole segment, for players that know no parts. */
    bool whole = newest->last || list_begin(c) + parts_of_newest(c) < c->next;
    if (!c->ended && (!whole || !has_asked(c, &op->playlist.ask))) {
        return LOOK_AGAIN;
    }
    collect(op, c);
    return 0;
}

static void finish_list(struct hls_op *op, int status)
{
    struct buf text = BUF_INIT(PLAYLIST_TEXT_MAX);
    if (status == 0) {
        playlist_format(&op->list, &text);
    } else if (status == HLS_E_LATE && !op->playlist.ask.blocking) {
        status = HLS_E_NONE;
    }
    size_t n = text.len;
    op->playlist.done(op->playlist.arg, status, status == 0 ? buf_take(&text) : NULL, n);
    buf_finish(&text);
    free(op);
}

void live_playlist(struct live_view *v, const struct live_playlist_params *p)
{
    struct hls_op *op = mem_new(struct hls_op);
    op->playlist = *p;
    op->look = look_list;
    op->finish = finish_list;
    snprintf(op->query, sizeof op->query, "%s", p->query);
    begin(op, v);
}

/* ---- files ---- */

struct file {
    struct source source;
    struct live_waiter waiter;
    struct live_sub *sub; /* held open */
    struct live_hub *hub;
    struct live_part **parts; /* held; owned */
    size_t n, i, at;
    struct live_init *init; /* held: this is the file */
    bool wanted;
};

/* Its bytes are there. False: later. Lost: *ret_lost. */
static bool is_ready(struct file *f, bool *ret_lost)
{
    struct live_part *p = f->parts[f->i];
    hub_lock(f->hub);
    bool ready = live_part_load(f->hub, f->sub, p);
    *ret_lost = p->state == PART_LOST;
    hub_unlock(f->hub);
    return ready;
}

static ssize_t pull_init(struct file *f, uint8_t *p, size_t max)
{
    size_t left = f->init->n - f->at, n = left < max ? left : max;
    memcpy(p, f->init->bytes + f->at, n);
    f->at += n;
    return n > 0 ? (ssize_t)n : SOURCE_END;
}

static ssize_t file_pull(struct source *source, uint8_t *p, size_t max)
{
    struct file *f = CONTAINER_OF(source, struct file, source);
    bool lost;
    if (f->init != NULL) {
        return pull_init(f, p, max);
    }
    if (f->i == f->n) {
        return SOURCE_END;
    }
    if (!is_ready(f, &lost)) {
        f->wanted = true;
        return SOURCE_WAIT;
    }
    if (lost) {
        return -EIO;
    }
    struct live_part *part = f->parts[f->i];
    size_t left = part->fragment->bytes - f->at, n = left < max ? left : max;
    memcpy(p, part->data + f->at, n);
    f->at += n;
    if (n == left) {
        hub_lock(f->hub);
        f->parts[f->i++] = live_part_unref(f->hub, part);
        hub_unlock(f->hub);
        f->at = 0;
    }
    return (ssize_t)n;
}

static void file_woken(struct live_waiter *w)
{
    struct file *f = CONTAINER_OF(w, struct file, waiter);
    bool lost;
    if (f->wanted && is_ready(f, &lost)) {
        f->wanted = false;
        f->source.ready(f->source.ready_arg);
    }
}

static void file_close(struct source *source)
{
    struct file *f = CONTAINER_OF(source, struct file, source);
    list_remove(&f->waiter.node);
    hub_lock(f->hub);
    for (size_t i = f->i; i < f->n; i++) {
        live_part_unref(f->hub, f->parts[i]);
    }
    live_init_unref(f->init);
    hub_unlock(f->hub);
    live_sub_close(f->sub);
    free(f->parts);
    free(f);
}

/* Takes what the op found. */
static struct source *make_file(struct hls_op *op)
{
    static const struct source_ops ops = {.pull = file_pull, .close = file_close};
    struct file *f = mem_new(struct file);
    f->source.ops = &ops;
    f->hub = hub_of(op);
    f->sub = live_sub_open(op->view->live, &op->view->sub->channel->camera);
    f->parts = op->found;
    f->n = op->n_found;
    f->init = op->init;
    f->waiter.woken = file_woken;
    list_append(&f->sub->waiters, &f->waiter.node);
    f->source.size_bytes = f->init != NULL ? f->init->n : 0;
    for (size_t i = 0; i < f->n; i++) {
        f->source.size_bytes += f->parts[i]->fragment->bytes;
    }
    return &f->source;
}

static void hold(struct hls_op *op, struct live_part *p)
{
    op->found = mem_resize(op->found, op->n_found + 1, sizeof *op->found);
    op->found[op->n_found++] = live_part_ref(p);
}

static int look_part(struct hls_op *op, const struct channel *c)
{
    struct live_part *p = channel_part(c, op->file.number);
    if (p == NULL) {
        /* the one that the playlist hints at is waited for */
        return op->file.number == c->next && !c->ended ? LOOK_AGAIN : HLS_E_NONE;
    }
    if (!live_part_load(hub_of(op), op->view->sub, p)) {
        return LOOK_AGAIN;
    }
    if (p->state == PART_LOST) {
        return HLS_E_NONE;
    }
    hold(op, p);
    return 0;
}

static int look_segment(struct hls_op *op, const struct channel *c)
{
    for (uint64_t at = c->first; at < c->next; at++) {
        struct live_part *p = channel_part(c, at);
        bool whole = p->msn < c->msn || channel_part(c, c->next - 1)->last;
        if (p->msn != op->file.number || !whole) {
            continue;
        }
        if (op->n_found == 0 && !p->begins) {
            return HLS_E_NONE; /* its beginning is gone */
        }
        hold(op, p);
    }
    return op->n_found > 0 ? 0 : HLS_E_NONE;
}

static int look_init(struct hls_op *op, const struct channel *c)
{
    for (uint64_t at = c->first; at < c->next; at++) {
        struct live_init *i = channel_part(c, at)->init;
        if (i->number == op->file.number) {
            op->init = live_init_ref(i);
            return 0;
        }
    }
    return HLS_E_NONE;
}

static int look_file(struct hls_op *op)
{
    const struct channel *c = op->view->sub->channel;
    switch (op->file.kind) {
    case PLAYLIST_PART:
        return look_part(op, c);
    case PLAYLIST_SEGMENT:
        return look_segment(op, c);
    case PLAYLIST_INIT:
        break;
    }
    return look_init(op, c);
}

static void finish_file(struct hls_op *op, int status)
{
    struct source *body = status == 0 ? make_file(op) : NULL;
    op->file.done(op->file.arg, status, body);
    free(op);
}

void live_file(struct live_view *v, const struct live_file_params *p)
{
    struct hls_op *op = mem_new(struct hls_op);
    op->file = *p;
    op->look = look_file;
    op->finish = finish_file;
    begin(op, v);
}
