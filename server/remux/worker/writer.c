/* SPDX-License-Identifier: Apache-2.0 */
/* Times. Samples carry the container's clock. A recording's zero is the moment its first picture is
 * shown (or its first sound, when that is clearly earlier); each segment has a zero of its own. The
 * index counts decode times from there, and they are negative for what is decoded or heard ahead of
 * it. A file cannot say that: its time line runs ahead by the recording's `lead`. */
#include "remux/worker/writer.h"

#include "crypto/seal.h"
#include "remux/remux.h"
#include "remux/worker/boxes.h"
#include "remux/worker/description.h"
#include "remux/worker/journal.h"
#include "remux/worker/lane.h"
#include "remux/worker/output.h"

#include <errno.h>
#include <libavutil/mathematics.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FRAGMENT_MIN_90K = SCALE_90K / 2, FRAGMENT_MAX_90K = 10 * SCALE_90K };
enum {
    FRAGMENT_MAX_BYTES = 768 << 10,
    SOUND_WAIT_90K = 3 * SCALE_90K,
    SOUND_WAIT_BYTES = 512 << 10
};
enum { UNDESCRIBED_MAX_BYTES = 8 << 20, SEGMENT_SAMPLES_MAX = 32768, RECORDING_MAX_S = 86400 };
/* Of an endless body: */
enum { PART_MAX_90K = SCALE_90K / 2, SOUND_ALONE_90K = 2 * SCALE_90K };
enum { SEGMENT_MAX_BYTES = 256 << 20 };
/* Sound lies behind its pictures by no more than that, or it has stopped: fragments of MP4 hold one
 * track after the other. */
enum { SOUND_LAG_90K = SCALE_90K, SOUND_LAG_MP4_90K = 10 * SCALE_90K };
enum { SOUND_LAG_BYTES = 8 << 20 };
enum { LANES = 2, OUTPUT_SLACK_BYTES = 1 << 20, SOUND_AHEAD_90K = SCALE_90K / 10 };

struct writer {
    struct writer_params p;
    struct lane lane[LANES]; /* pictures, sound */
    int64_t origin_90k, zero_90k, lead_90k;
    bool has_origin, any, sound_gone;
    int64_t first_90k; /* when what is written began, on the tracks' own clock */
    bool begun;        /* ... is set */
    uint64_t total_bytes;
    struct channel_given next; /* an output that was asked for ahead; fd -1: none */
    struct journal *journal;   /* live; else NULL */
    /* the segment being written */
    struct output output;
    struct sealer *sealer;
    struct sha256 *sketch;
    struct index index;
    size_t cap_fragments, cap_samples[LANES];
    uint32_t n_samples, sequence;
    uint64_t offset;
};

struct writer *writer_create(const struct writer_params *p)
{
    struct writer *w = mem_new(struct writer);
    *w = (struct writer){.p = *p, .output.fd = -1, .sketch = sha256_create()};
    w->lane[0].track = p->video;
    w->lane[1].track = p->audio;
    w->next = p->first;
    w->journal = p->live ? journal_create(p->channel, p->verdict->container) : NULL;
    if (p->push != NULL) { /* times are the recording's */
        w->has_origin = true;
    }
    if (p->continues) {
        w->has_origin = true;
        w->origin_90k = w->lead_90k = p->lead_90k;
    }
    return w;
}

struct writer *writer_destroy(struct writer *w)
{
    if (w != NULL) {
        sealer_destroy(w->sealer);
        sha256_destroy(w->sketch);
        index_finish(&w->index);
        free(w->lane[0].description.stsd);
        free(w->lane[1].description.stsd);
        journal_destroy(w->journal);
        fd_close_at(&w->next.fd);
        fd_close_at(&w->next.journal_fd);
        output_finish(&w->output);
        free(w);
    }
    return NULL;
}

void writer_set_audio(struct writer *w, struct track *audio)
{
    w->p.audio = w->lane[1].track = audio;
}

/* ---- output ---- */

static int write_sealed(void *arg, const uint8_t *p, size_t n)
{
    return output_write(arg, p, n);
}

static int fail_write(struct writer *w, int e)
{
    return verdict_fail(w->p.verdict, REMUX_E_OUTPUT, "%s", log_errno_text(e));
}

/* Plaintext of the segment, in order. */
static int put(struct writer *w, const void *p, size_t n)
{
    uint64_t in = w->p.input->received;
    w->offset += n;
    w->total_bytes += n;
    if (w->total_bytes > in + in / (w->p.live ? 2 : 10) + OUTPUT_SLACK_BYTES ||
        (!w->p.live && w->total_bytes > w->p.output_max_bytes)) {
        return verdict_fail(w->p.verdict, REMUX_E_BROKEN,
                            "What it unpacks to is larger than the file allows.");
    }
    if (w->journal != NULL) {
        journal_gather(w->journal, p, n);
    }
    int e = sealer_write(w->sealer, p, n);
    return e < 0 ? fail_write(w, e) : 0;
}

/* ---- segments ---- */

static int close_segment(struct writer *w)
{
    if (w->output.fd < 0) {
        return 0;
    }
    struct channel_segment s;
    int e = sealer_finish(w->sealer, &s.sealed);
    e = e == 0 ? output_flush(&w->output) : e;
    if (e < 0) {
        return fail_write(w, e);
    }
    w->index.plain_bytes = w->offset;
    struct buf coded CLEANUP(buf_finish) = BUF_INIT(INDEX_BYTES_MAX);
    struct buf frame CLEANUP(buf_finish) = BUF_INIT(INDEX_BYTES_MAX + 1024);
    if (index_encode(&w->index, &coded) < 0 || coded.overflow) {
        return verdict_fail(w->p.verdict, REMUX_E_BROKEN, "It has too many samples.");
    }
    s.index = coded.data;
    s.index_n = coded.len;
    channel_format_segment(&frame, &s);
    channel_send(w->p.channel, &frame);
    w->sealer = sealer_destroy(w->sealer);
    output_close(&w->output);
    index_finish(&w->index);
    w->any = true;
    return 0;
}

static int describe_lanes(struct writer *w)
{
    for (size_t i = 0; i < LANES; i++) {
        struct lane *l = &w->lane[i];
        l->in_segment = l->track != NULL && l->track->ever && l->track->described;
        if (!l->in_segment) {
            continue;
        }
        if (l->description.stsd == NULL && description_make(l->track, &l->description) < 0) {
            return verdict_fail(w->p.verdict, REMUX_E_BROKEN,
                                "The parameters of its %s make no sense.",
                                i == 0 ? "picture" : "sound");
        }
        l->index = w->index.n_tracks++;
        w->index.tracks[l->index] = l->description;
        w->index.tracks[l->index].stsd = mem_dup(l->description.stsd, l->description.stsd_len);
        w->cap_samples[i] = 0;
    }
    return 0;
}

/* Have an output for the next segment. False: there is no server any more to give one. */
static bool fetch_output(struct writer *w)
{
    return w->next.fd >= 0 || channel_need_output(w->p.channel, &w->next);
}

/* Take the output that was fetched. */
static void begin_output(struct writer *w)
{
    output_open(&w->output, w->next.fd);
    w->sealer = sealer_create(&w->next.output.seal, write_sealed, &w->output);
    if (w->journal != NULL) {
        journal_begin(w->journal, w->next.journal_fd, &w->next.output.seal);
    }
    secret_wipe(&w->next.output.seal, sizeof(w->next.output.seal));
    w->next.fd = w->next.journal_fd = -1;
}

/* The first record of a journal: where the segment lies, and its init. */
static int begin_journal(struct writer *w)
{
    struct journal_head head = {.zero_90k = w->index.zero_90k, .lead_90k = w->lead_90k};
    snprintf(head.container, sizeof(head.container), "%s", w->p.verdict->container);
    int e = journal_init(w->journal, &head, &w->index, w->next.output.fresh);
    return e < 0 ? fail_write(w, e) : 0;
}

/* Begin a segment; its output is fetched and its zero is set. */
static int open_segment(struct writer *w)
{
    begin_output(w);
    w->index = (struct index){0};
    w->cap_fragments = 0;
    w->n_samples = w->sequence = 0;
    w->offset = 0;
    int64_t since = w->zero_90k - w->origin_90k;
    w->index.zero_90k = since > 0 ? since : 0;
    int r = describe_lanes(w);
    if (r != 0) {
        return r;
    }
    struct buf init CLEANUP(buf_finish) = BUF_INIT(BOXES_INIT_MAX);
    boxes_init(&init, w->index.tracks, w->index.n_tracks);
    w->index.init_bytes = (uint32_t)init.len;
    r = put(w, init.data, init.len);
    return r == 0 && w->journal != NULL ? begin_journal(w) : r;
}

/* ---- fragments ---- */

static struct index_sample *samples_room(struct writer *w, size_t lane, size_t n)
{
    struct index_track *k = &w->index.tracks[w->lane[lane].index];
    size_t need = k->n_samples + n;
    if (need > w->cap_samples[lane]) {
        size_t cap = w->cap_samples[lane] * 2 > need ? w->cap_samples[lane] * 2 : need + 64;
        k->samples = mem_resize(k->samples, cap, sizeof(*k->samples));
        w->cap_samples[lane] = cap;
    }
    return k->samples + k->n_samples;
}

/* What is added to a lane's decode times in the boxes: they count from the recording's start, so
 * that a player goes from one segment to the next without a break, and are never negative. */
static int64_t time_base(const struct writer *w, const struct lane *l)
{
    int64_t lead = av_rescale_rnd(w->lead_90k, l->track->timescale, SCALE_90K, AV_ROUND_UP);
    int64_t base = lane_from_90k(l, w->zero_90k) - lane_from_90k(l, w->origin_90k);
    return lead + (base > 0 ? base : 0);
}

static int32_t clamp32(int64_t v)
{
    return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
}

/* The run of a lane's first n samples; returns its bytes. */
static uint64_t add_run(struct writer *w, size_t lane, size_t n, struct index_fragment *f)
{
    struct lane *l = &w->lane[lane];
    struct index_track *k = &w->index.tracks[l->index];
    struct index_run *run = &f->runs[l->index];
    *run = (struct index_run){.first_sample = k->n_samples, .n_samples = (uint32_t)n};
    if (n == 0) {
        run->decode_time = l->started ? l->last_end - lane_from_90k(l, w->zero_90k) : 0;
        return 0;
    }
    run->decode_time = lane_decode_at(l, 0) - lane_from_90k(l, w->zero_90k);
    int64_t before = -(run->decode_time + time_base(w, l));
    if (before > 0) { /* earlier than all that was known when the file was begun */
        l->shift += before;
        l->last_end += before;
        run->decode_time += before;
    }
    struct index_sample *s = samples_room(w, lane, n);
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sample *q = &l->track->queue[i];
        s[i] = (struct index_sample){
            .size = (uint32_t)q->packet->size,
            .duration = q->duration < INT32_MAX ? (uint32_t)q->duration : INT32_MAX,
            .composition = lane == 0 ? clamp32(q->pts - q->dts - l->shift) : 0,
            .sync = q->sync};
        bytes += (uint64_t)q->packet->size;
    }
    k->n_samples += (uint32_t)n;
    w->n_samples += (uint32_t)n;
    return bytes;
}

/* When the fragment starts and how long it is: by its pictures, or its sound without any. */
static void set_span(struct writer *w, const size_t n[LANES], struct index_fragment *f)
{
    const struct lane *l = n[0] > 0 ? &w->lane[0] : &w->lane[1];
    f->start_90k = INT64_MAX;
    f->key = n[0] > 0 && l->track->queue[0].sync;
    for (size_t i = 0; i < LANES; i++) {
        const struct lane *e = &w->lane[i];
        const struct index_track *k = &w->index.tracks[e->index];
        const struct index_run *run = &f->runs[e->index];
        int64_t at = n[i] > 0 ? run->decode_time : 0, first = INT64_MAX, end = INT64_MIN;
        for (size_t s = 0; s < n[i]; s++) {
            const struct index_sample *q = &k->samples[run->first_sample + s];
            first = at + q->composition < first ? at + q->composition : first;
            end = at + q->composition + q->duration > end ? at + q->composition + q->duration : end;
            at += q->duration;
        }
        if (n[i] > 0 && e == l) {
            f->start_90k = lane_to_90k(e, first);
            f->duration_90k = (uint32_t)(lane_to_90k(e, at) - lane_to_90k(e, run->decode_time));
        }
        if (n[i] > 0 && lane_to_90k(e, end) > w->index.duration_90k) {
            w->index.duration_90k = (uint32_t)lane_to_90k(e, end);
        }
    }
}

static struct index_fragment *next_fragment(struct writer *w)
{
    struct index *ix = &w->index;
    if (ix->n_fragments == w->cap_fragments) {
        w->cap_fragments = w->cap_fragments == 0 ? 16 : w->cap_fragments * 2;
        ix->fragments = mem_resize(ix->fragments, w->cap_fragments, sizeof(*ix->fragments));
    }
    struct index_fragment *f = &ix->fragments[ix->n_fragments++];
    *f = (struct index_fragment){.offset = w->offset};
    return f;
}

/* What was put since the last part is one: append it to the journal and say so. */
static int end_part(struct writer *w, const struct index_fragment *f, const int64_t *base)
{
    const struct lane *l = &w->lane[0];
    if (!l->in_segment || f->runs[l->index].n_samples == 0) {
        l = &w->lane[1];
    }
    const struct channel_part p = {
        .start_90k = w->index.zero_90k + f->start_90k,
        .decode_90k = lane_to_90k(l, f->runs[l->index].decode_time + base[l->index]),
        .duration_90k = f->duration_90k,
        .key = f->key};
    int e = journal_part(w->journal, &p);
    return e == -E2BIG ? verdict_fail(w->p.verdict, REMUX_E_BROKEN, "One picture is too large.")
           : e < 0     ? fail_write(w, e)
                       : 0;
}

static int write_fragment(struct writer *w, const size_t n[LANES])
{
    struct index_fragment *f = next_fragment(w);
    uint64_t bytes = 8;
    for (size_t i = 0; i < LANES; i++) {
        bytes += w->lane[i].in_segment ? add_run(w, i, n[i], f) : 0;
    }
    f->mdat_bytes = (uint32_t)bytes;
    set_span(w, n, f);
    struct buf head CLEANUP(buf_finish) = BUF_INIT(BOXES_MOOF_MAX);
    int64_t base[INDEX_TRACKS_MAX] = {0};
    for (size_t i = 0; i < LANES; i++) {
        if (w->lane[i].in_segment) {
            base[w->lane[i].index] = time_base(w, &w->lane[i]);
        }
    }
    boxes_moof(&head, ++w->sequence, w->index.tracks, w->index.n_tracks, f, base, &f->moof_bytes);
    if (bytes > UINT32_MAX || head.overflow) {
        return verdict_fail(w->p.verdict, REMUX_E_BROKEN, "One picture is too large.");
    }
    sha256_update(w->sketch, head.data, head.len);
    int r = put(w, head.data, head.len);
    for (size_t i = 0; i < LANES; i++) {
        for (size_t s = 0; s < n[i] && r == 0; s++) {
            const AVPacket *packet = w->lane[i].track->queue[s].packet;
            size_t n_bytes = (size_t)packet->size;
            sha256_update(w->sketch, packet->data,
                          n_bytes < INDEX_SKETCH_SAMPLE ? n_bytes : INDEX_SKETCH_SAMPLE);
            r = put(w, packet->data, n_bytes);
        }
        if (n[i] > 0) {
            track_drop(w->lane[i].track, n[i]);
        }
    }
    sha256_final(w->sketch, f->sketch);
    return r == 0 && w->journal != NULL ? end_part(w, f, base) : r;
}

/* ---- when to cut ---- */

/* How many waiting sounds belong before limit (a decode time of the pictures). The last one that
 * came stays, since its length is known only when the next is there. */
static size_t sound_before(const struct writer *w, int64_t limit, bool all)
{
    const struct lane *a = &w->lane[1], *v = &w->lane[0];
    if (a->track == NULL || !a->track->described) {
        return 0;
    }
    size_t n = a->track->n_queue;
    if (all) {
        return n;
    }
    size_t k = 0;
    int64_t limit_90k = lane_to_90k(v, limit);
    while (k + 1 < n && lane_to_90k(a, lane_decode_at(a, k)) < limit_90k) {
        k++;
    }
    return k;
}

static bool segment_is_full(const struct writer *w, int64_t end_90k)
{
    int64_t max_90k = (int64_t)w->p.segment_max_ms * (SCALE_90K / 1000);
    return end_90k - w->zero_90k > max_90k || w->n_samples > SEGMENT_SAMPLES_MAX ||
           w->index.n_fragments + 1 >= INDEX_FRAGMENTS_MAX ||
           (w->p.live && w->offset > SEGMENT_MAX_BYTES);
}

/* A file whose clock starts anew with each: it belongs behind the one before it. */
static void go_behind(struct writer *w, int64_t shown_90k)
{
    const struct job_order *push = w->p.push;
    if (push != NULL && push->before_to_90k >= 0 &&
        shown_90k < push->before_to_90k - (push->before_to_90k - push->before_from_90k) / 2) {
        w->origin_90k = shown_90k - push->before_to_90k;
    }
}

/* Where a segment that begins with these samples has its zero; the first one's is the recording's.
 */
static void set_zero(struct writer *w, const size_t n[LANES])
{
    int64_t shown[LANES] = {INT64_MAX, INT64_MAX}, decoded = INT64_MAX;
    for (size_t i = 0; i < LANES; i++) {
        const struct lane *l = &w->lane[i];
        if (n[i] > 0) {
            int64_t at = lane_to_90k(l, lane_decode_at(l, 0));
            decoded = at < decoded ? at : decoded;
            shown[i] = lane_to_90k(l, lane_earliest(l, n[i]) + l->shift);
        }
    }
    bool by_picture = n[0] > 0 && (n[1] == 0 || shown[0] - shown[1] <= SOUND_AHEAD_90K);
    w->zero_90k = by_picture || shown[0] < shown[1] ? shown[0] : shown[1];
    if (!w->begun) {
        w->begun = true;
        w->first_90k = w->zero_90k;
        go_behind(w, n[0] > 0 ? shown[0] : shown[1]);
    }
    if (!w->has_origin) {
        w->has_origin = true;
        w->origin_90k = w->zero_90k;
        w->lead_90k = decoded < w->zero_90k ? w->zero_90k - decoded : 0;
    }
}

/* Have a segment for these samples: the one in progress, or a new one. An endless body asks for the
 * next output first: without a server the segment in progress, and its journal, take the rest. */
static int have_segment(struct writer *w, const size_t n[LANES], int64_t end_90k)
{
    bool sound_is_new = n[1] > 0 && !w->lane[1].in_segment;
    int r = 0;
    if (w->output.fd >= 0 && w->index.n_fragments > 0 &&
        (sound_is_new || segment_is_full(w, end_90k)) && (!w->p.live || fetch_output(w))) {
        r = close_segment(w);
    }
    if (r != 0 || w->output.fd >= 0) {
        return r;
    }
    if (!fetch_output(w)) {
        return fail_write(w, -EPIPE);
    }
    w->has_origin &= !w->next.output.fresh;
    set_zero(w, n);
    return open_segment(w);
}

/* One fragment of the first n samples, whose times are settled. */
static int cut_settled(struct writer *w, const size_t n[LANES])
{
    const struct lane *l = &w->lane[n[0] > 0 ? 0 : 1];
    if (n[0] + n[1] == 0) {
        return 0;
    }
    int64_t end_90k = lane_to_90k(l, l->last_end);
    int r = have_segment(w, n, end_90k);
    if (r != 0) {
        return r;
    }
    if (end_90k - (w->p.push != NULL ? w->first_90k : w->origin_90k) >
        (int64_t)RECORDING_MAX_S * SCALE_90K) {
        return verdict_fail(w->p.verdict, REMUX_E_BROKEN, "It is longer than 24 hours.");
    }
    return write_fragment(w, n);
}

/* One fragment of the first n_video pictures; limit is the decode time of the picture after them,
 * CLOCK_NONE at the end. */
static int cut(struct writer *w, size_t n_video, int64_t limit)
{
    struct lane *v = &w->lane[0], *a = &w->lane[1];
    size_t n[LANES] = {n_video, 0};
    lane_settle(v, n_video, limit);
    n[1] = sound_before(w, v->last_end, limit == CLOCK_NONE);
    if (n[1] > 0) {
        bool more = n[1] < a->track->n_queue;
        lane_settle(a, n[1], more ? a->track->queue[n[1]].dts : CLOCK_NONE);
    }
    return cut_settled(w, n);
}

/* Pictures wait for the first sound a little, so that one track list serves the whole recording. */
static bool sound_is_awaited(const struct writer *w, int64_t span_90k)
{
    const struct track *a = w->p.audio;
    return a != NULL && !a->ever && w->output.fd < 0 && !w->any && span_90k < SOUND_WAIT_90K &&
           w->p.video->queue_bytes < SOUND_WAIT_BYTES;
}

static int64_t sample_time(const struct track *t, size_t i)
{
    return t->clock.without_decode_time ? t->queue[i].pts : t->queue[i].dts;
}

/* The camera sends only sound at the moment: it must not wait for pictures for ever. */
static int step_sound(struct writer *w)
{
    struct lane *a = &w->lane[1];
    size_t last = a->track != NULL && a->track->n_queue > 1 ? a->track->n_queue - 1 : 0;
    if (w->output.fd < 0 || !a->in_segment || last == 0 ||
        lane_to_90k(a, a->track->queue[last].dts - a->track->queue[0].dts) < SOUND_ALONE_90K) {
        return 0;
    }
    lane_settle(a, last, a->track->queue[last].dts);
    return cut_settled(w, (size_t[LANES]){0, last});
}

/* Does the part that ends at limit (a decode time of the pictures) still lack sound that is on its
 * way? What is shown live is of use only when both are there. */
static bool part_lacks_sound(struct writer *w, int64_t limit)
{
    const struct lane *v = &w->lane[0], *a = &w->lane[1];
    if (a->track == NULL || !a->track->ever) {
        return false;
    }
    size_t n = a->track->n_queue;
    int64_t have_90k = lane_to_90k(a, n > 0 ? lane_decode_at(a, n - 1) : a->last_end);
    int64_t newest_90k = lane_to_90k(v, sample_time(v->track, v->track->n_queue - 1) + v->shift);
    bool lacks = have_90k < lane_to_90k(v, limit + v->shift);
    int64_t lag_max = a->track->exact_times ? SOUND_LAG_MP4_90K : SOUND_LAG_90K;
    bool late = newest_90k - have_90k > lag_max || v->track->queue_bytes > SOUND_LAG_BYTES;
    w->sound_gone = lacks && (w->sound_gone || late);
    return lacks && !w->sound_gone;
}

/* All parts that are whole. */
static int step_live(struct writer *w)
{
    struct track *v = w->p.video;
    int r = 0;
    while (r == 0 && v->n_queue >= 2) {
        int64_t limit;
        size_t n = lane_part(&w->lane[0], PART_MAX_90K, &limit);
        if (n == 0 && v->queue_bytes >= FRAGMENT_MAX_BYTES) {
            n = v->n_queue - 1;
            limit = sample_time(v, n);
        }
        if (n == 0 || part_lacks_sound(w, limit)) {
            break;
        }
        r = cut(w, n, limit);
    }
    return r;
}

int writer_step(struct writer *w)
{
    struct track *v = w->p.video;
    if (v->n_queue < 2) {
        return w->p.live ? step_sound(w) : 0;
    }
    if (!v->described) {
        return v->queue_bytes < UNDESCRIBED_MAX_BYTES
                   ? 0
                   : verdict_fail(w->p.verdict, REMUX_E_BROKEN,
                                  "Its picture cannot be decoded: the parameters are missing.");
    }
    size_t last = v->n_queue - 1;
    int64_t span = lane_to_90k(&w->lane[0], sample_time(v, last)) -
                   lane_to_90k(&w->lane[0], sample_time(v, 0));
    if (sound_is_awaited(w, span)) {
        return 0;
    }
    if (w->p.live) {
        return step_live(w);
    }
    bool big = v->queue_bytes >= FRAGMENT_MAX_BYTES || span >= FRAGMENT_MAX_90K;
    bool group = v->queue[last].sync && span >= FRAGMENT_MIN_90K;
    return big || group ? cut(w, last, sample_time(v, last)) : 0;
}

int writer_end(struct writer *w)
{
    bool described = w->p.video->described;
    w->sound_gone = true; /* no more of it comes */
    int r = w->p.live && described ? step_live(w) : 0;
    r = r == 0 && described ? cut(w, w->p.video->n_queue, CLOCK_NONE) : r;
    return r == 0 ? close_segment(w) : r;
}
