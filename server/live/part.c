/* SPDX-License-Identifier: Apache-2.0 */
/* Parts and inits: counted, and the plaintext of parts that are being watched. A warm part that
 * nobody holds but the ring is cooled when the bytes are needed for others, when nobody watches its
 * camera any more, or with the ring. */
#include "live/hub_state.h"

#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

/* ---- inits ---- */

struct live_init *live_init_make(const uint8_t *bytes, size_t n, const struct index_track *tracks,
                                 size_t n_tracks)
{
    struct live_init *i = mem_new(struct live_init);
    i->refs = 1;
    i->bytes = mem_dup(bytes, n);
    i->n = n;
    for (size_t t = 0; t < n_tracks && t < INDEX_TRACKS_MAX; t++) {
        struct live_track *track = &i->track[i->n_tracks++];
        track->kind = tracks[t].kind;
        memcpy(track->codec, tracks[t].codec, sizeof track->codec);
        track->timescale = tracks[t].timescale;
        track->width = tracks[t].width;
        track->height = tracks[t].height;
    }
    return i;
}

struct live_init *live_init_ref(struct live_init *i)
{
    i->refs++;
    return i;
}

struct live_init *live_init_unref(struct live_init *i)
{
    if (i != NULL && --i->refs == 0) {
        free(i->bytes);
        free(i);
    }
    return NULL;
}

void live_init_codecs(const struct live_init *i, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (unsigned t = 0; t < i->n_tracks && at < size; t++) {
        int n = snprintf(out + at, size - at, "%s%s", t > 0 ? ", " : "", i->track[t].codec);
        at += n > 0 ? (size_t)n : 0;
    }
}

/* ---- parts ---- */

struct live_part *live_part_ref(struct live_part *p)
{
    p->refs++;
    return p;
}

void part_cool(struct live_hub *h, struct live_part *p)
{
    if (p->state != PART_WARM) {
        return;
    }
    p->state = PART_COLD;
    h->synced.warm_bytes -= p->fragment->bytes;
    list_remove(&p->warm);
    free(p->data);
    p->data = NULL;
}

struct live_part *live_part_unref(struct live_hub *h, struct live_part *p)
{
    if (p != NULL && --p->refs == 0) {
        part_cool(h, p);
        live_fragment_unref(p->fragment);
        live_init_unref(p->init);
        free(p);
    }
    return NULL;
}

/* ---- reading back ---- */

struct loading {
    struct live_hub *hub;
    struct live_sub *sub; /* kept open by the reading */
    struct live_part *part;
};

static void loaded(void *arg, int status, uint8_t *p, size_t n)
{
    struct loading *l = arg;
    struct live_part *part = l->part;
    struct fragment_times times;
    bool good = status == 0 && n == part->fragment->bytes && fragment_times(p, n, &times) == 0;
    if (!good) {
        log_error(loop_log(l->sub->loop), "live_part_lost",
                  F_ID("camera", &l->sub->channel->camera), F_INT("number", part->number),
                  F_INT("status", status));
    }
    metric_add(METRIC_LIVE_READS, 1);
    hub_lock(l->hub);
    part->state = good ? PART_WARM : PART_LOST;
    if (good) {
        part->times = times;
        part->data = p;
        list_append(&l->hub->synced.warm, &part->warm);
    } else {
        l->hub->synced.warm_bytes -= part->fragment->bytes;
        free(p);
    }
    live_part_unref(l->hub, part);
    channel_wake(l->sub->channel);
    hub_unlock(l->hub);
    live_sub_close(l->sub);
    free(l);
}

/* Room for that many bytes among the warm parts. False: viewers hold all of them. */
static bool make_room(struct live_hub *h, size_t bytes)
{
    struct list *it = h->synced.warm.next;
    while (h->synced.warm_bytes + bytes > LIVE_WARM_BYTES && it != &h->synced.warm) {
        struct live_part *p = CONTAINER_OF(it, struct live_part, warm);
        it = it->next;
        if (p->refs == 1) {
            part_cool(h, p);
        }
    }
    return h->synced.warm_bytes + bytes <= LIVE_WARM_BYTES;
}

bool live_part_load(struct live_hub *h, struct live_sub *s, struct live_part *p)
{
    if (p->state != PART_COLD) {
        return p->state != PART_READING;
    }
    if (!make_room(h, p->fragment->bytes)) {
        return false; /* asked again with the next wake */
    }
    struct loading *l = mem_new(struct loading);
    *l = (struct loading){.hub = h, .sub = s, .part = live_part_ref(p)};
    p->state = PART_READING;
    h->synced.warm_bytes += p->fragment->bytes;
    s->users++;
    journal_read(s->loop, p->fragment->journal, p->fragment->offset, p->fragment->bytes, loaded, l);
    return false;
}
