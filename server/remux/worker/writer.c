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
#include "remux/worker/output.h"

#include <errno.h>
#include <libavutil/mathematics.h>
#include <string.h>
#include <unistd.h>

enum { SCALE_90K = 90000, FRAGMENT_MIN_90K = SCALE_90K / 2, FRAGMENT_MAX_90K = 10 * SCALE_90K };
enum {
    FRAGMENT_MAX_BYTES = 768 << 10,
    SOUND_WAIT_90K = 3 * SCALE_90K,
    SOUND_WAIT_BYTES = 512 << 10
};
enum { UNDESCRIBED_MAX_BYTES = 8 << 20, SEGMENT_SAMPLES_MAX = 32768, RECORDING_MAX_S = 86400 };
enum { LANES = 2, OUTPUT_SLACK_BYTES = 1 << 20, SOUND_AHEAD_90K = SCALE_90K / 10 };

/* A track as part of the segment that is being written. */
struct lane {
    struct track *track; /* NULL: none */
    bool in_segment;
    size_t index;                   /* in the index, when in_segment */
    bool started;                   /* last_end is set */
    struct index_track description; /* made once; owns its stsd */
    int64_t shift;                  /* of a track that was found to start before the file does */
    int64_t delay;                  /* derived decode times run that much ahead */
    int64_t last_end;
};

struct writer {
    struct writer_params p;
    struct lane lane[LANES]; /* pictures, sound */
    int64_t origin_90k, zero_90k, lead_90k;
    bool has_origin, any;
    uint64_t total_bytes;
    /* the segment being written */
    struct output output;
    struct sealer *sealer;
    struct sha256 *sketch;
    struct index index;
    size_t cap_fragments, cap_samples[LANES];
    uint32_t n_samples, sequence;
    uint64_t offset;
};

static int64_t to_90k(const struct lane *l, int64_t t)
{
    return av_rescale_rnd(t, SCALE_90K, l->track->timescale, AV_ROUND_DOWN);
}

static int64_t from_90k(const struct lane *l, int64_t t)
{
    return av_rescale_rnd(t, l->track->timescale, SCALE_90K, AV_ROUND_DOWN);
}

struct writer *writer_create(const struct writer_params *p)
{
    struct writer *w = mem_new(struct writer);
    *w = (struct writer){.p = *p, .output.fd = -1, .sketch = sha256_create()};
    w->lane[0].track = p->video;
    w->lane[1].track = p->audio;
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
    if (w->total_bytes > in + in / 10 + OUTPUT_SLACK_BYTES ||
        w->total_bytes > w->p.output_max_bytes) {
        return verdict_fail(w->p.verdict, REMUX_E_BROKEN,
                            "What it unpacks to is larger than the file allows.");
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

/* Begin a segment; its zero is set. */
static int open_segment(struct writer *w)
{
    struct seal_params seal;
    output_open(&w->output, channel_need_output(w->p.channel, &seal));
    w->index = (struct index){0};
    w->cap_fragments = 0;
    w->n_samples = w->sequence = 0;
    w->offset = 0;
    w->sealer = sealer_create(&seal, write_sealed, &w->output);
    secret_wipe(&seal, sizeof(seal));
    int64_t since = w->zero_90k - w->origin_90k;
    w->index.zero_90k = since > 0 ? since : 0;
    int r = describe_lanes(w);
    if (r != 0) {
        return r;
    }
    struct buf init CLEANUP(buf_finish) = BUF_INIT(BOXES_INIT_MAX);
    boxes_init(&init, w->index.tracks, w->index.n_tracks);
    w->index.init_bytes = (uint32_t)init.len;
    return put(w, init.data, init.len);
}

/* ---- times of a fragment ---- */

static int compare_times(const void *a, const void *b)
{
    int64_t x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* Without decode times: the presentation times in order, early enough that no picture is decoded
 * after it is shown. */
static void derive_decode_times(struct lane *l, size_t n)
{
    struct track *t = l->track;
    if (n == 0 || !t->clock.without_decode_time) {
        return;
    }
    CLEANUP(mem_free_at) int64_t *times = mem_alloc(n, sizeof(*times));
    for (size_t i = 0; i < n; i++) {
        times[i] = t->queue[i].pts;
    }
    qsort(times, n, sizeof(*times), compare_times);
    for (size_t i = 0; i < n; i++) {
        int64_t late = times[i] - t->queue[i].pts;
        l->delay = late > l->delay ? late : l->delay;
    }
    for (size_t i = 0; i < n; i++) {
        t->queue[i].dts = times[i] - l->delay;
    }
}

static int64_t earliest(const struct track *t, size_t n)
{
    int64_t first = t->queue[0].pts;
    for (size_t i = 1; i < n; i++) {
        first = t->queue[i].pts < first ? t->queue[i].pts : first;
    }
    return first;
}

static int64_t decode_at(const struct lane *l, size_t i)
{
    return l->track->queue[i].dts + l->shift;
}

/* Decode times of the first n, strictly increasing; then each one's duration from the next. limit:
 * the time of the sample after them (before any delay), CLOCK_NONE when there is none. */
static void settle_times(struct lane *l, size_t n, int64_t limit)
{
    struct track *t = l->track;
    derive_decode_times(l, n);
    int64_t least = l->started ? l->last_end : INT64_MIN;
    for (size_t i = 0; i < n; i++) {
        if (decode_at(l, i) < least) {
            t->queue[i].dts = least - l->shift;
        }
        least = decode_at(l, i) + 1;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t next = i + 1 < n             ? t->queue[i + 1].dts
                       : limit == CLOCK_NONE ? CLOCK_NONE
                                             : limit - l->delay;
        int64_t duration = next == CLOCK_NONE ? t->queue[i].duration : next - t->queue[i].dts;
        t->queue[i].duration = duration > 0 ? duration : 1;
    }
    if (n > 0) {
        l->last_end = decode_at(l, n - 1) + t->queue[n - 1].duration;
        l->started = true;
    }
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
    int64_t base = from_90k(l, w->zero_90k) - from_90k(l, w->origin_90k);
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
        run->decode_time = l->started ? l->last_end - from_90k(l, w->zero_90k) : 0;
        return 0;
    }
    run->decode_time = decode_at(l, 0) - from_90k(l, w->zero_90k);
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
            f->start_90k = to_90k(e, first);
            f->duration_90k = (uint32_t)(to_90k(e, at) - to_90k(e, run->decode_time));
        }
        if (n[i] > 0 && to_90k(e, end) > w->index.duration_90k) {
            w->index.duration_90k = (uint32_t)to_90k(e, end);
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
    return r;
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
    int64_t limit_90k = to_90k(v, limit);
    while (k + 1 < n && to_90k(a, decode_at(a, k)) < limit_90k) {
        k++;
    }
    return k;
}

static bool segment_is_full(const struct writer *w, int64_t end_90k)
{
    int64_t max_90k = (int64_t)w->p.segment_max_ms * (SCALE_90K / 1000);
    return end_90k - w->zero_90k > max_90k || w->n_samples > SEGMENT_SAMPLES_MAX ||
           w->index.n_fragments + 1 >= INDEX_FRAGMENTS_MAX;
}

/* Where a segment that begins with these samples has its zero; the first one's is the recording's.
 */
static void set_zero(struct writer *w, const size_t n[LANES])
{
    int64_t shown[LANES] = {INT64_MAX, INT64_MAX}, decoded = INT64_MAX;
    for (size_t i = 0; i < LANES; i++) {
        const struct lane *l = &w->lane[i];
        if (n[i] > 0) {
            int64_t at = to_90k(l, decode_at(l, 0));
            decoded = at < decoded ? at : decoded;
            shown[i] = to_90k(l, earliest(l->track, n[i]) + l->shift);
        }
    }
    bool by_picture = n[0] > 0 && (n[1] == 0 || shown[0] - shown[1] <= SOUND_AHEAD_90K);
    w->zero_90k = by_picture || shown[0] < shown[1] ? shown[0] : shown[1];
    if (!w->has_origin) {
        w->has_origin = true;
        w->origin_90k = w->zero_90k;
        w->lead_90k = decoded < w->zero_90k ? w->zero_90k - decoded : 0;
    }
}

/* One fragment of the first n_video pictures; limit is the decode time of the picture after them,
 * CLOCK_NONE at the end. */
static int cut(struct writer *w, size_t n_video, int64_t limit)
{
    struct lane *v = &w->lane[0], *a = &w->lane[1];
    size_t n[LANES] = {n_video, 0};
    settle_times(v, n_video, limit);
    n[1] = sound_before(w, v->last_end, limit == CLOCK_NONE);
    if (n[1] > 0) {
        bool more = n[1] < a->track->n_queue;
        settle_times(a, n[1], more ? a->track->queue[n[1]].dts : CLOCK_NONE);
    }
    if (n[0] + n[1] == 0) {
        return 0;
    }
    int64_t end_90k = n_video > 0 ? to_90k(v, v->last_end) : to_90k(a, a->last_end);
    bool sound_is_new = n[1] > 0 && !a->in_segment;
    if (w->output.fd >= 0 && w->index.n_fragments > 0 &&
        (sound_is_new || segment_is_full(w, end_90k))) {
        int r = close_segment(w);
        if (r != 0) {
            return r;
        }
    }
    if (w->output.fd < 0) {
        set_zero(w, n);
        int r = open_segment(w);
        if (r != 0) {
            return r;
        }
    }
    if (end_90k - w->origin_90k > (int64_t)RECORDING_MAX_S * SCALE_90K) {
        return verdict_fail(w->p.verdict, REMUX_E_BROKEN, "It is longer than 24 hours.");
    }
    return write_fragment(w, n);
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

int writer_step(struct writer *w)
{
    struct track *v = w->p.video;
    if (v->n_queue < 2) {
        return 0;
    }
    if (!v->described) {
        return v->queue_bytes < UNDESCRIBED_MAX_BYTES
                   ? 0
                   : verdict_fail(w->p.verdict, REMUX_E_BROKEN,
                                  "Its picture cannot be decoded: the parameters are missing.");
    }
    size_t last = v->n_queue - 1;
    int64_t span =
        to_90k(&w->lane[0], sample_time(v, last)) - to_90k(&w->lane[0], sample_time(v, 0));
    bool big = v->queue_bytes >= FRAGMENT_MAX_BYTES || span >= FRAGMENT_MAX_90K;
    bool group = v->queue[last].sync && span >= FRAGMENT_MIN_90K;
    if ((!big && !group) || sound_is_awaited(w, span)) {
        return 0;
    }
    return cut(w, last, sample_time(v, last));
}

int writer_end(struct writer *w)
{
    int r = w->p.video->described ? cut(w, w->p.video->n_queue, CLOCK_NONE) : 0;
    return r == 0 ? close_segment(w) : r;
}
