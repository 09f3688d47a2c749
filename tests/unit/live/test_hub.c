/* SPDX-License-Identifier: Apache-2.0 */
/* Live view over a publisher that the test plays and a journal that answers with made-up bytes:
 * the journal's functions below take the place of recording/journal.c. */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "live/hls.h"
#include "live/live_state.h"
#include "live/stream.h"

#include "make_fragment.h"

#include <errno.h>
#include <stdio.h>

enum { PART_90K = 45000, FILL = 1000, TAKEN_MAX = 1 << 20 };

/* ---- the journal ---- */

static unsigned reads, dropped;
static int read_status;

struct reading {
    journal_read_fn *done;
    void *arg;
    uint64_t offset;
    uint32_t bytes;
};

struct journal_ref *journal_ref_drop(struct journal_ref *j)
{
    dropped++;
    return NULL;
}

/* The offset of a part is the decode time that it was published with. */
static void make_part(struct buf *b, uint64_t offset)
{
    const uint64_t times[] = {offset, offset * 48000 / 90000};
    make_fragment(b, times, 2, FILL, (uint8_t)(offset / PART_90K));
}

static void read_done(void *arg)
{
    struct reading *r = arg;
    struct buf b = BUF_INIT(8192);
    make_part(&b, r->offset);
    if (read_status == 0) {
        assert_int_equal(b.len, r->bytes);
        r->done(r->arg, 0, buf_take(&b), r->bytes);
    } else {
        r->done(r->arg, read_status, NULL, 0);
    }
    buf_finish(&b);
    free(r);
}

void journal_read(struct loop *loop, struct journal_ref *j, uint64_t offset, uint32_t bytes,
                  journal_read_fn *done, void *arg)
{
    struct reading *r = mem_new(struct reading);
    *r = (struct reading){.done = done, .arg = arg, .offset = offset, .bytes = bytes};
    reads++;
    loop_post(loop, read_done, r);
}

/* ---- the house ---- */

struct house {
    struct log log;
    struct loop *loop;
    struct live_hub *hub;
    struct live *live;
    struct id camera;
    void *feed;
    struct id recording;
    uint64_t decode_90k;
    uint64_t sequence;
    int64_t now_us; /* of the publisher */
};

static unsigned switched_off;

static void camera_off(void *arg, const struct id *camera)
{
    switched_off++;
}

static int make_house(void **state)
{
    struct house *h = mem_new(struct house);
    h->log = (struct log){.fd = 2, .level = LOG_ERROR + 1};
    h->loop = loop_create(&h->log);
    h->hub = live_hub_create();
    h->live = live_create(
        &(struct live_params){.loop = h->loop, .hub = h->hub, .camera_off = camera_off});
    h->camera = id_new();
    h->now_us = clock_now_us();
    reads = dropped = switched_off = 0;
    read_status = 0;
    *state = h;
    return 0;
}

static void turn(struct house *h)
{
    for (int i = 0; i < 20; i++) {
        uv_run(loop_uv(h->loop), UV_RUN_NOWAIT);
    }
}

static int leave_house(void **state)
{
    struct house *h = *state;
    if (h->feed != NULL) {
        live_hub_tap.end(h->feed);
    }
    turn(h);
    assert_false(live_busy(h->live));
    live_destroy(h->live);
    loop_destroy(h->loop);
    live_hub_destroy(h->hub);
    assert_int_equal(dropped, h->sequence); /* no part holds its journal any more */
    free(h);
    return 0;
}

static void begin_feed(struct house *h, const char *init)
{
    const struct index_track tracks[] = {
        {.kind = INDEX_VIDEO,
         .codec = "avc1.64001f",
         .timescale = 90000,
         .width = 640,
         .height = 360},
        {.kind = INDEX_AUDIO, .codec = "mp4a.40.2", .timescale = 48000}};
    h->recording = id_new();
    const struct live_feed_facts facts = {.camera = h->camera,
                                          .recording = h->recording,
                                          .upload = id_new(),
                                          .arrived_us = clock_now_us()};
    h->feed = live_hub_tap.begin(h->hub, &facts);
    live_hub_tap.init(h->feed, (const uint8_t *)init, strlen(init), tracks, 2);
}

static void end_feed(struct house *h)
{
    live_hub_tap.end(h->feed);
    h->feed = NULL;
    turn(h);
}

static void publish(struct house *h, bool key)
{
    struct buf b = BUF_INIT(8192);
    struct live_fragment *f = mem_new(struct live_fragment);
    make_part(&b, h->decode_90k);
    f->refs = 1;
    f->sequence = h->sequence++;
    f->start_us = f->arrived_us = h->now_us;
    f->decode_90k = (int64_t)h->decode_90k;
    f->duration_90k = PART_90K;
    f->offset = h->decode_90k;
    f->bytes = (uint32_t)b.len;
    f->key = key;
    h->decode_90k += PART_90K;
    live_hub_tap.fragment(h->feed, f);
    live_fragment_unref(f);
    buf_finish(&b);
    turn(h);
}

/* As live_enter() does once the database has said yes. */
static struct live_view *enter(struct house *h, bool hls)
{
    struct live_view *v = mem_new(struct live_view);
    const struct live_viewer_key k = {.account = id_new(), .hls = hls, .peer = "::1"};
    v->live = h->live;
    v->sub = live_sub_open(h->live, &h->camera);
    list_init(&v->node);
    list_init(&v->waiter.node);
    hub_lock(h->hub);
    v->viewer = channel_viewer(v->sub->channel, &k);
    hub_unlock(h->hub);
    return v;
}

/* ---- a viewer of a stream ---- */

struct taker {
    struct source *source;
    struct live_view *view;
    uint8_t *bytes;
    size_t n;
    ssize_t last;
    bool ready;
};

static void taker_ready(void *arg)
{
    struct taker *t = arg;
    t->ready = true;
}

static struct taker watch(struct house *h)
{
    struct live_view *v = enter(h, false);
    struct taker t = {.view = v, .bytes = mem_alloc(TAKEN_MAX, 1), .ready = true};
    t.source = live_stream_create(v, 0);
    return t;
}

/* Take all there is, in bites of max bytes. */
static void take(struct house *h, struct taker *t, size_t max)
{
    t->source->ready = taker_ready;
    t->source->ready_arg = t;
    do {
        t->ready = false;
        while ((t->last = t->source->ops->pull(t->source, t->bytes + t->n, max)) > 0) {
            t->n += (size_t)t->last;
        }
        turn(h);
    } while (t->last == SOURCE_WAIT && t->ready);
}

static void stop_watching(struct taker *t)
{
    t->source->ops->close(t->source);
    free(t->bytes);
}

/* The decode times of the first track and the boxes, in order: "iIpm" is two inits, a prft, a moof.
 */
struct seen {
    char boxes[200];
    unsigned n_times;
    uint64_t times[100];
    uint64_t fills[100];
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct seen look(const struct taker *t, const char *init)
{
    struct seen s = {.n_times = 0};
    struct fragment_times times;
    size_t n = 0;
    for (size_t at = 0; at < t->n; n++) {
        const uint8_t *p = t->bytes + at;
        if (memcmp(p, init, strlen(init)) == 0) {
            s.boxes[n] = 'i';
            at += strlen(init);
            continue;
        }
        size_t size = be32(p);
        s.boxes[n] = (char)p[4];
        if (memcmp(p + 4, "moof", 4) == 0) {
            size += be32(p + size);
            assert_int_equal(fragment_times(p, size, &times), 0);
            s.fills[s.n_times] = p[size - 1];
            s.times[s.n_times++] = times.track[0].time;
        }
        at += size;
    }
    return s;
}

/* ---- streams ---- */

static void a_viewer_begins_at_the_newest_key_picture(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    h->decode_90k = 100 * PART_90K;
    for (int i = 0; i < 6; i++) {
        publish(h, i == 0 || i == 4);
    }
    struct taker t = watch(h);
    take(h, &t, 100);
    publish(h, false);
    take(h, &t, 77777);
    struct seen s = look(&t, "INIT");
    assert_string_equal(s.boxes, "ipmpmpm");
    for (unsigned i = 0; i < 3; i++) {
        assert_true(s.times[i] == 90000 + i * PART_90K);
        assert_int_equal(s.fills[i], 104 + i);
    }
    stop_watching(&t);
}

static void many_viewers_cost_one_reading(void **state)
{
    struct house *h = *state;
    struct taker t[50];
    begin_feed(h, "INIT");
    publish(h, true);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        t[i] = watch(h);
        take(h, &t[i], 4096);
    }
    for (int p = 0; p < 5; p++) {
        publish(h, false);
        for (size_t i = 0; i < ARRAY_LEN(t); i++) {
            take(h, &t[i], 4096);
        }
    }
    assert_int_equal(reads, 6);
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        assert_string_equal(look(&t[i], "INIT").boxes, "ipmpmpmpmpmpm");
        stop_watching(&t[i]);
    }
    assert_int_equal(h->hub->synced.warm_bytes, 0); /* nothing is held for nobody */
}

static void nobody_watching_reads_nothing(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    for (int i = 0; i < 2 * LIVE_RING_PARTS; i++) {
        publish(h, i % 4 == 0);
    }
    assert_int_equal(reads, 0);
    assert_int_equal(dropped, LIVE_RING_PARTS); /* and the ring is bounded */
}

static void a_slow_viewer_goes_on_at_the_newest_key_picture_and_is_told(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish(h, true);
    struct taker t = watch(h);
    take(h, &t, 4096);
    for (int i = 1; i < 30; i++) {
        h->now_us += 500000;
        publish(h, i % 4 == 0);
    }
    take(h, &t, 4096);
    struct seen s = look(&t, "INIT");
    assert_string_equal(s.boxes, "ipmepmpm");
    assert_int_equal(s.fills[1], 28);
    assert_true(s.times[1] == s.times[0] + PART_90K); /* no hole on the viewer's time line */
    struct live_viewer_facts facts[2];
    assert_int_equal(live_hub_viewers(h->hub, &h->camera, facts, 2), 1);
    assert_int_equal(facts[0].skipped, 1);
    stop_watching(&t);
}

static void a_camera_that_comes_back_goes_on_for_its_viewers(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish(h, true);
    struct taker t = watch(h);
    take(h, &t, 4096);
    end_feed(h);
    take(h, &t, 4096);
    assert_int_equal(t.last, SOURCE_WAIT);
    h->decode_90k = 0; /* a new recording, the same tracks */
    begin_feed(h, "INIT");
    publish(h, true);
    take(h, &t, 4096);
    struct seen s = look(&t, "INIT");
    assert_string_equal(s.boxes, "ipmpm");
    assert_true(s.times[1] == s.times[0] + PART_90K);
    end_feed(h);
    begin_feed(h, "OTHER"); /* other tracks */
    publish(h, true);
    t.n = 0;
    take(h, &t, 4096);
    assert_string_equal(look(&t, "OTHER").boxes, "ipm");
    stop_watching(&t);
}

static void the_stream_ends_when_the_camera_stays_away(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish(h, true);
    struct taker t = watch(h);
    take(h, &t, 4096);
    end_feed(h);
    hub_lock(h->hub);
    hub_tidy(h->hub, clock_mono_ms() + (uint64_t)LIVE_WAIT_S * 1000, clock_now_us());
    hub_unlock(h->hub);
    take(h, &t, 4096);
    assert_int_equal(t.last, SOURCE_END);
    assert_string_equal(look(&t, "INIT").boxes, "ipme");
    assert_non_null(memmem(t.bytes, t.n, "camera_stopped", 14));
    stop_watching(&t);
}

static void of_two_streams_of_a_camera_the_later_one_is_shown(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish(h, true);
    void *first = h->feed;
    begin_feed(h, "LATER");
    publish(h, true);
    void *second = h->feed;
    h->feed = first;
    publish(h, true); /* not shown */
    h->feed = second;
    publish(h, true);
    struct channel *c = channel_find(h->hub, &h->camera);
    assert_int_equal(c->next - c->first, 3);
    live_hub_tap.end(first);
}

static void what_comes_out_of_order_is_left_out(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    h->decode_90k = 10 * PART_90K;
    publish(h, true);
    h->decode_90k = 2 * PART_90K;
    publish(h, true);
    struct channel *c = channel_find(h->hub, &h->camera);
    assert_int_equal(c->next - c->first, 1);
}

static void a_viewer_that_is_cut_off_gets_no_more(void **state)
{
    struct house *h = *state;
    struct live_viewer_facts facts;
    begin_feed(h, "INIT");
    publish(h, true);
    struct taker between = watch(h), middle = watch(h);
    take(h, &between, 4096);
    take(h, &middle, 10); /* wake the reading */
    publish(h, false);
    middle.source->ops->pull(middle.source, middle.bytes, 40); /* the prft */
    middle.source->ops->pull(middle.source, middle.bytes, 10);
    assert_int_equal(live_hub_viewers(h->hub, &h->camera, &facts, 1), 1);
    assert_true(live_hub_cut(h->hub, &h->camera, &facts.id));
    assert_false(live_hub_cut(h->hub, &h->camera, &facts.id));
    live_hub_end_all(h->hub, &h->camera, LIVE_OFF);
    assert_int_equal(live_hub_viewers(h->hub, &h->camera, &facts, 1), 0);
    turn(h);
    assert_int_equal(middle.source->ops->pull(middle.source, middle.bytes, 10), -ECANCELED);
    take(h, &between, 4096);
    assert_int_equal(between.last, SOURCE_END);
    assert_non_null(memmem(between.bytes, between.n, "cut_off", 7));
    stop_watching(&between);
    stop_watching(&middle);
}

static void a_part_that_cannot_be_read_is_passed_over(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish(h, true);
    struct taker t = watch(h);
    take(h, &t, 4096);
    read_status = -EIO;
    publish(h, false);
    take(h, &t, 4096);
    read_status = 0;
    publish(h, false);
    publish(h, true);
    take(h, &t, 4096);
    assert_string_equal(look(&t, "INIT").boxes, "ipmepm");
    stop_watching(&t);
}

static void switching_off_ends_views_and_uploads(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish(h, true);
    struct taker t = watch(h);
    take(h, &t, 4096);
    live_switch_off(h->live, &h->camera);
    turn(h);
    take(h, &t, 4096);
    assert_int_equal(t.last, SOURCE_END);
    assert_non_null(memmem(t.bytes, t.n, "camera_off", 10));
    assert_int_equal(switched_off, 1);
    stop_watching(&t);
}

/* ---- playlists ---- */

struct answer {
    bool done;
    int status;
    char *text;
    struct source *body;
};

static void got_list(void *arg, int status, char *text, size_t n)
{
    struct answer *a = arg;
    *a = (struct answer){.done = true, .status = status, .text = text};
}

static void got_file(void *arg, int status, struct source *body)
{
    struct answer *a = arg;
    *a = (struct answer){.done = true, .status = status, .body = body};
}

static void ask_list(struct house *h, struct live_view *v, struct playlist_ask ask,
                     struct answer *a)
{
    free(a->text);
    *a = (struct answer){.done = false};
    live_playlist(
        v, &(struct live_playlist_params){.ask = ask, .query = "", .done = got_list, .arg = a});
    turn(h);
}

static size_t ask_file(struct house *h, struct live_view *v, enum playlist_kind kind,
                       uint64_t number, struct answer *a)
{
    size_t n = 0;
    ssize_t got;
    uint8_t bytes[512];
    *a = (struct answer){.done = false};
    live_file(
        v, &(struct live_file_params){.kind = kind, .number = number, .done = got_file, .arg = a});
    turn(h);
    for (; a->body != NULL; turn(h)) {
        a->body->ready = taker_ready;
        a->body->ready_arg = &(struct taker){.ready = false};
        got = a->body->ops->pull(a->body, bytes, sizeof bytes);
        if (got == SOURCE_END) {
            assert_int_equal(n, a->body->size_bytes);
            a->body->ops->close(a->body);
            break;
        }
        n += (size_t)got;
    }
    return n;
}

static void publish_gop(struct house *h)
{
    for (int i = 0; i < 4; i++) {
        publish(h, i == 0);
    }
}

static void a_blocked_playlist_is_answered_with_its_part(void **state)
{
    struct house *h = *state;
    struct answer a = {.done = false};
    begin_feed(h, "INIT");
    publish_gop(h);
    publish(h, true);
    struct channel *c = channel_find(h->hub, &h->camera);
    uint64_t msn = c->msn;
    struct live_view *v = enter(h, true);
    ask_list(h, v, (struct playlist_ask){.blocking = false}, &a);
    assert_true(a.done && a.status == 0);
    ask_list(h, v,
             (struct playlist_ask){.blocking = true, .msn = msn, .part_given = true, .part = 1},
             &a);
    assert_false(a.done);
    publish(h, false);
    assert_true(a.done && a.status == 0);
    ask_list(h, v, (struct playlist_ask){.blocking = true, .msn = msn},
             &a); /* all of the segment */
    publish(h, false);
    assert_false(a.done);
    publish(h, false);
    publish(h, true);
    assert_true(a.done && a.status == 0);
    /* the fifth part of a segment of four is the first one of the next */
    ask_list(h, v,
             (struct playlist_ask){.blocking = true, .msn = msn, .part_given = true, .part = 4},
             &a);
    assert_true(a.done && a.status == 0);
    ask_list(h, v, (struct playlist_ask){.blocking = true, .msn = msn + 4}, &a);
    assert_true(a.done && a.status == HLS_E_AHEAD);
    ask_list(
        h, v,
        (struct playlist_ask){.blocking = true, .msn = msn + 1, .part_given = true, .part = 20},
        &a);
    assert_true(a.done && a.status == HLS_E_AHEAD);
    live_leave(v);
    free(a.text);
    live_hub_end_all(h->hub, &h->camera, LIVE_ENDED);
}

static void the_first_playlist_waits_for_a_whole_segment(void **state)
{
    struct house *h = *state;
    struct answer a = {.done = false};
    begin_feed(h, "INIT");
    struct live_view *v = enter(h, true);
    ask_list(h, v, (struct playlist_ask){.blocking = false}, &a);
    publish_gop(h);
    assert_false(a.done);
    publish(h, true);
    assert_true(a.done && a.status == 0);
    assert_non_null(strstr(a.text, "#EXTINF:2.000000,"));
    live_leave(v);
    free(a.text);
    live_hub_end_all(h->hub, &h->camera, LIVE_ENDED);
}

static void files_of_the_playlist_are_served(void **state)
{
    struct house *h = *state;
    struct answer a;
    begin_feed(h, "INIT");
    publish_gop(h);
    publish(h, true);
    struct channel *c = channel_find(h->hub, &h->camera);
    size_t one = channel_part(c, c->first)->fragment->bytes;
    struct live_view *v = enter(h, true);
    assert_int_equal(ask_file(h, v, PLAYLIST_INIT, c->first, &a), 4);
    assert_int_equal(ask_file(h, v, PLAYLIST_PART, c->first + 1, &a), one);
    assert_int_equal(ask_file(h, v, PLAYLIST_SEGMENT, c->msn - 1, &a), 4 * one);
    ask_file(h, v, PLAYLIST_SEGMENT, c->msn, &a); /* it still grows */
    assert_int_equal(a.status, HLS_E_NONE);
    ask_file(h, v, PLAYLIST_PART, c->first - 1, &a);
    assert_int_equal(a.status, HLS_E_NONE);
    ask_file(h, v, PLAYLIST_PART, c->next + 1, &a);
    assert_int_equal(a.status, HLS_E_NONE);
    ask_file(h, v, PLAYLIST_PART, c->next, &a); /* the one that was hinted at */
    assert_false(a.done);
    publish(h, false);
    assert_true(a.done && a.status == 0);
    a.body->ops->close(a.body);
    live_leave(v);
    live_hub_end_all(h->hub, &h->camera, LIVE_ENDED);
}

static void requests_of_one_session_are_one_viewer(void **state)
{
    struct house *h = *state;
    struct live_viewer_facts facts[4];
    begin_feed(h, "INIT");
    const struct live_viewer_key k = {
        .account = id_new(), .session = id_new(), .hls = true, .peer = "::1"};
    const struct live_viewer_key other = {
        .account = k.account, .session = id_new(), .hls = true, .peer = "::1"};
    hub_lock(h->hub);
    struct channel *c = channel_get(h->hub, &h->camera);
    live_viewer_unref(channel_viewer(c, &k));
    live_viewer_unref(channel_viewer(c, &k));
    live_viewer_unref(channel_viewer(c, &other));
    hub_unlock(h->hub);
    assert_int_equal(live_hub_viewers(h->hub, &h->camera, facts, 4), 2);
    assert_true(live_hub_cut(h->hub, &h->camera, &facts[0].id));
    hub_lock(h->hub);
    assert_true(channel_banned(c, &k));
    assert_false(channel_banned(c, &other));
    channel_tidy_viewers(c, clock_mono_ms() + 60000); /* it asks no more */
    hub_unlock(h->hub);
    assert_int_equal(live_hub_viewers(h->hub, &h->camera, facts, 4), 0);
}

static void a_quiet_camera_is_forgotten(void **state)
{
    struct house *h = *state;
    begin_feed(h, "INIT");
    publish_gop(h);
    end_feed(h);
    hub_lock(h->hub);
    hub_tidy(h->hub, clock_mono_ms() + (uint64_t)LIVE_RING_S * 1000 + 1000,
             h->now_us + (int64_t)(LIVE_RING_S + 1) * CLOCK_US);
    assert_null(channel_find(h->hub, &h->camera));
    hub_unlock(h->hub);
    assert_int_equal(dropped, 4);
}

int main(void)
{
#define STORY(f) cmocka_unit_test_setup_teardown(f, make_house, leave_house)
    const struct CMUnitTest tests[] = {
        STORY(a_viewer_begins_at_the_newest_key_picture),
        STORY(many_viewers_cost_one_reading),
        STORY(nobody_watching_reads_nothing),
        STORY(a_slow_viewer_goes_on_at_the_newest_key_picture_and_is_told),
        STORY(a_camera_that_comes_back_goes_on_for_its_viewers),
        STORY(the_stream_ends_when_the_camera_stays_away),
        STORY(of_two_streams_of_a_camera_the_later_one_is_shown),
        STORY(what_comes_out_of_order_is_left_out),
        STORY(a_viewer_that_is_cut_off_gets_no_more),
        STORY(a_part_that_cannot_be_read_is_passed_over),
        STORY(switching_off_ends_views_and_uploads),
        STORY(a_blocked_playlist_is_answered_with_its_part),
        STORY(the_first_playlist_waits_for_a_whole_segment),
        STORY(files_of_the_playlist_are_served),
        STORY(requests_of_one_session_are_one_viewer),
        STORY(a_quiet_camera_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
