/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side with the real worker program, whose path is the first argument. The media is a
 * fragmented MP4 put together from the worker's own boxes; its pictures are numbered bytes, since
 * nothing decodes them. */
#include "tests/support/unit.h"

#include "remux/journal_record.h"
#include "remux/remux.h"
#include "remux/worker/boxes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GOP = 15, STEP = 6000, PICTURE_BYTES = 900, SEGMENTS_MAX = 32, WAIT_MS = 20000 };

static const char *worker_path;
static struct log quiet = {.fd = 2, .level = LOG_ERROR + 1};

struct job {
    struct remux_job *job;
    struct sink *sink;
    struct buf in;
    size_t sent;
    struct seal_params seals[SEGMENTS_MAX];
    int fds[SEGMENTS_MAX];
    int journals[SEGMENTS_MAX];
    bool live, fresh;
    unsigned n_outputs, n_segments, n_samples, n_done, n_inits, n_parts;
    uint32_t longest_90k;
    struct buf parts; /* media of all journaled parts */
    int64_t ends_90k;
    struct buf media; /* all samples, opened */
    int refuse_output, status;
    bool running;
    char reason[256];
    struct remux_report report;
};

static struct {
    struct loop *loop;
    struct remux *remux;
    struct timer *deadline;
    unsigned running;
    int journal; /* -1, or the journal to use, with that key */
    struct seal_params seal;
} t = {.journal = -1};

/* ---- media ---- */

enum { STSD_BYTES = 124, ENTRY_BYTES = 108, AVCC_BYTES = 22 };

static void make_stsd(struct buf *b)
{
    static const uint8_t avcc[] = {1, 0x42, 0, 0x1e, 0xff, 0xe1, 0, 2, 0x67, 0x42, 1, 0, 1, 0x68};
    buf_be32(b, STSD_BYTES);
    buf_append(b, "stsd\0\0\0\0\0\0\0\1", 12);
    buf_be32(b, ENTRY_BYTES);
    buf_append(b, "avc1\0\0\0\0\0\0\0\1", 12);
    memset(buf_room(b, 16), 0, 16);
    b->len += 16;
    buf_be16(b, 320);
    buf_be16(b, 240);
    memset(buf_room(b, 50), 0, 50);
    b->len += 50;
    buf_be32(b, AVCC_BYTES);
    buf_str(b, "avcC");
    buf_append(b, avcc, sizeof(avcc));
    assert_int_equal(b->len, STSD_BYTES);
}

static void put_picture(struct buf *b, uint32_t number)
{
    buf_be32(b, PICTURE_BYTES - 4);
    buf_u8(b, number % GOP == 0 ? 0x65 : 0x41);
    buf_be32(b, number);
    for (int i = 0; i < PICTURE_BYTES - 9; i++) {
        buf_u8(b, (uint8_t)(number * 31 + (uint32_t)i));
    }
}

static void make_media(struct buf *b, uint32_t gops)
{
    struct index_sample samples[GOP];
    struct buf stsd CLEANUP(buf_finish) = BUF_INIT(STSD_BYTES);
    make_stsd(&stsd);
    struct index_track track = {.kind = INDEX_VIDEO,
                                .timescale = 90000,
                                .width = 320,
                                .height = 240,
                                .matrix = {1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30},
                                .stsd = stsd.data,
                                .stsd_len = STSD_BYTES,
                                .samples = samples,
                                .n_samples = GOP};
    boxes_init(b, &track, 1);
    for (uint32_t g = 0; g < gops; g++) {
        for (uint32_t i = 0; i < GOP; i++) {
            samples[i] =
                (struct index_sample){.size = PICTURE_BYTES, .duration = STEP, .sync = i == 0};
        }
        struct index_fragment f = {
            .mdat_bytes = 8 + GOP * PICTURE_BYTES,
            .runs = {{.n_samples = GOP, .decode_time = (int64_t)g * GOP * STEP}}};
        uint32_t moof;
        boxes_moof(b, g + 1, &track, 1, &f, (int64_t[INDEX_TRACKS_MAX]){0}, &moof);
        for (uint32_t i = 0; i < GOP; i++) {
            put_picture(b, g * GOP + i);
        }
    }
    assert_false(b->overflow);
}

/* ---- a job ---- */

static int next_output(void *arg, struct remux_output *ret_output)
{
    struct job *j = arg;
    if (j->refuse_output != 0 || j->n_outputs == SEGMENTS_MAX) {
        return j->refuse_output != 0 ? j->refuse_output : -E2BIG;
    }
    struct seal_params *s = &j->seals[j->n_outputs];
    *s = (struct seal_params){.object = id_new(), .household = id_new()};
    random_bytes(s->key, sizeof(s->key));
    j->fds[j->n_outputs] = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    ret_output->fd = j->fds[j->n_outputs];
    *s = t.journal >= 0 ? t.seal : *s;
    ret_output->seal = *s;
    if (j->live) {
        ret_output->journal_fd =
            t.journal >= 0 ? t.journal : open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        j->journals[j->n_outputs] = ret_output->journal_fd;
        ret_output->fresh = j->fresh && j->n_outputs > 0;
    }
    j->n_outputs++;
    return 0;
}

/* The media of the record at *offset of that journal; false at its end. */
static bool take_record(int fd, const struct seal_params *seal, uint64_t *offset, struct buf *media)
{
    uint8_t size[JOURNAL_SIZE_BYTES];
    ssize_t n = pread(fd, size, sizeof(size), (off_t)*offset) == sizeof(size)
                    ? journal_record_size(size)
                    : -1;
    if (n < 0) {
        return false;
    }
    size_t whole = (size_t)n + JOURNAL_EXTRA;
    uint8_t *p = mem_alloc(whole, 1);
    assert_int_equal(pread(fd, p, whole, (off_t)*offset), whole);
    assert_int_equal(journal_record_open(seal, *offset, p, whole), n);
    if (*offset > 0) {
        size_t moof = (size_t)p[2] << 8 | p[3];
        buf_append(media, p + moof + 8, (size_t)n - moof - 8);
    }
    *offset += whole;
    free(p);
    return true;
}

static void init(void *arg, const struct remux_init *i)
{
    struct job *j = arg;
    assert_string_equal(i->container, "fmp4");
    assert_memory_equal(i->p + 4, "ftyp", 4);
    assert_int_equal(i->tracks->n_tracks, 1);
    assert_int_equal(i->tracks->tracks[0].width, 320);
    j->n_inits++;
}

static void part(void *arg, const struct remux_part *part)
{
    struct job *j = arg;
    uint64_t offset = part->offset;
    assert_true(id_equal(&part->object, &j->seals[j->n_segments].object));
    assert_true(
        take_record(j->journals[j->n_segments], &j->seals[j->n_segments], &offset, &j->parts));
    assert_int_equal(offset, part->offset + part->bytes + JOURNAL_EXTRA);
    j->longest_90k = part->duration_90k > j->longest_90k ? part->duration_90k : j->longest_90k;
    j->n_parts++;
}

static void segment(void *arg, const struct remux_segment *s)
{
    struct job *j = arg;
    const struct index *ix = s->index;
    unsigned at = j->n_segments;
    assert_true(id_equal(&s->object, &j->seals[at].object));
    uint64_t offset, n;
    seal_span(ix->plain_bytes, 0, ix->plain_bytes, &offset, &n);
    uint8_t *p = mem_alloc(n, 1);
    assert_int_equal(pread(j->fds[at], p, n, (off_t)offset), n);
    assert_int_equal(seal_open(&j->seals[at], ix->plain_bytes, offset, p, n), ix->plain_bytes);
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_fragment *g = &ix->fragments[f];
        buf_append(&j->media, p + g->offset + g->moof_bytes + 8, g->mdat_bytes - 8);
    }
    free(p);
    assert_int_equal(ix->zero_90k, j->fresh ? 0 : j->ends_90k);
    j->ends_90k = ix->zero_90k + ix->duration_90k;
    j->n_samples += ix->tracks[0].n_samples;
    j->n_segments++;
}

static void done(void *arg, int status, const char *reason, const struct remux_report *report)
{
    struct job *j = arg;
    j->n_done++;
    j->status = status;
    j->report = *report;
    snprintf(j->reason, sizeof(j->reason), "%s", reason);
    j->running = false;
    if (--t.running == 0) {
        loop_stop(t.loop);
    }
}

static void feed(void *arg)
{
    struct job *j = arg;
    while (j->running && j->sent < j->in.len) {
        size_t step = j->in.len - j->sent < 5000 ? j->in.len - j->sent : 5000;
        size_t took = j->sink->ops->push(j->sink, j->in.data + j->sent, step);
        j->sent += took;
        if (took < step) {
            return;
        }
    }
}

static int begin(struct job *j, uint32_t segment_max_ms)
{
    j->media = j->parts = BUF_INIT(64 << 20);
    struct remux_job_params p = {.segment_max_ms = segment_max_ms,
                                 .output_max_bytes = 64 << 20,
                                 .live = j->live,
                                 .init = init,
                                 .part = part,
                                 .next_output = next_output,
                                 .segment = segment,
                                 .done = done,
                                 .arg = j};
    int r = remux_job_begin(t.remux, &p, &j->job);
    if (r == 0) {
        t.running++;
        j->running = true;
        j->sink = remux_job_sink(j->job);
        j->sink->resume = feed;
        j->sink->resume_arg = j;
    }
    return r;
}

static void run_out_of_time(void *arg)
{
    fail_msg("a job did not end");
}

static void run(void)
{
    timer_set(t.deadline, WAIT_MS);
    loop_run(t.loop);
    timer_stop(t.deadline);
}

static void whole(struct job *j, const void *p, size_t n, enum stream_end how)
{
    j->in = BUF_INIT(64 << 20);
    buf_append(&j->in, p, n);
    assert_int_equal(begin(j, 60000), 0);
    feed(j);
    assert_int_equal(j->sent, n);
    j->sink->ops->end(j->sink, how);
}

static void finish(struct job *j)
{
    for (unsigned i = 0; i < j->n_outputs; i++) {
        close(j->fds[i]);
        if (j->live) {
            close(j->journals[i]);
        }
    }
    buf_finish(&j->parts);
    buf_finish(&j->media);
    buf_finish(&j->in);
    *j = (struct job){0};
}

static void expect_pictures(const struct job *j, uint32_t n)
{
    struct buf expected = BUF_INIT(64 << 20);
    for (uint32_t i = 0; i < n; i++) {
        put_picture(&expected, i);
    }
    assert_int_equal(j->n_samples, n);
    assert_int_equal(j->media.len, expected.len);
    assert_memory_equal(j->media.data, expected.data, expected.len);
    buf_finish(&expected);
}

static struct job a, b;

static int setup(void **state)
{
    a = b = (struct job){0};
    t.running = 0;
    t.loop = loop_create(&quiet);
    struct remux_params p = {.loop = t.loop,
                             .worker_path = worker_path,
                             .spool_dir = "/tmp",
                             .jobs_max = 4,
                             .stall_ms = 1500};
    t.deadline = timer_create_on(t.loop, run_out_of_time, NULL);
    return remux_create(&p, &t.remux);
}

static int teardown(void **state)
{
    t.remux = remux_destroy(t.remux);
    t.deadline = timer_destroy(t.deadline);
    t.loop = loop_destroy(t.loop);
    return 0;
}

/* ---- tests ---- */

static void a_recording_comes_back_picture_for_picture(void **state)
{
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 6);
    whole(&a, media.data, media.len, STREAM_COMPLETE);
    run();
    assert_int_equal(a.status, 0);
    assert_false(a.report.partial);
    assert_string_equal(a.report.container, "fmp4");
    assert_int_equal(a.n_segments, 1);
    assert_int_equal(a.ends_90k, 6 * GOP * STEP);
    expect_pictures(&a, 6 * GOP);
    buf_finish(&media);
    finish(&a);
}

static void a_long_one_is_cut_without_a_gap(void **state)
{
    a.in = BUF_INIT(64 << 20);
    make_media(&a.in, 40);
    assert_int_equal(begin(&a, 5000), 0);
    struct sink *s = a.sink;
    while (a.sent < a.in.len) { /* more than gather and pipe hold: back-pressure */
        size_t before = a.sent;
        feed(&a);
        if (a.sent == before || a.sent < a.in.len) {
            uv_run(loop_uv(t.loop), UV_RUN_ONCE);
        }
    }
    s->ops->end(s, STREAM_COMPLETE);
    run();
    assert_int_equal(a.status, 0);
    assert_true(a.n_segments >= 8);
    assert_int_equal(a.ends_90k, 40 * GOP * STEP);
    expect_pictures(&a, 40 * GOP);
    finish(&a);
}

static void what_arrived_whole_is_kept_when_the_sender_breaks_off(void **state)
{
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 4);
    whole(&a, media.data, media.len - 100, STREAM_BROKEN);
    run();
    assert_int_equal(a.status, 0);
    assert_true(a.report.partial);
    expect_pictures(&a, 4 * GOP - 1);
    buf_finish(&media);
    finish(&a);
}

static void what_is_no_media_is_refused_with_a_reason(void **state)
{
    static const char text[] = "#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n";
    whole(&a, text, sizeof(text) - 1, STREAM_COMPLETE);
    whole(&b, "", 0, STREAM_COMPLETE);
    run();
    assert_int_equal(a.status, REMUX_E_UNSUPPORTED_CONTAINER);
    assert_int_equal(b.status, REMUX_E_BROKEN);
    assert_string_equal(b.reason, "There is nothing in it.");
    finish(&a);
    finish(&b);
}

static void a_failing_output_is_told_apart(void **state)
{
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 4);
    a.refuse_output = -ENOSPC;
    whole(&a, media.data, media.len, STREAM_COMPLETE);
    run();
    assert_int_equal(a.status, REMUX_E_OUTPUT);
    assert_int_equal(a.n_segments, 0);
    buf_finish(&media);
    finish(&a);
}

static void a_cancelled_job_ends_once(void **state)
{
    assert_int_equal(begin(&a, 60000), 0);
    remux_job_cancel(a.job);
    remux_job_cancel(a.job);
    assert_int_equal(a.n_done, 0);
    run();
    assert_int_equal(a.status, REMUX_E_CANCELLED);
    assert_int_equal(a.n_done, 1);
    finish(&a);
}

static void more_jobs_than_allowed_are_told_so(void **state)
{
    struct job jobs[5] = {0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(begin(&jobs[i], 60000), 0);
    }
    assert_int_equal(begin(&jobs[4], 60000), REMUX_E_BUSY);
    assert_int_equal(remux_jobs(t.remux), 4);
    for (int i = 0; i < 4; i++) {
        remux_job_cancel(jobs[i].job);
    }
    run();
    assert_int_equal(remux_jobs(t.remux), 0);
    for (int i = 0; i < 5; i++) {
        finish(&jobs[i]);
    }
}

static pid_t zygote_pid(void)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    fclose(f);
    return (pid_t)strtol(text, NULL, 10);
}

static void a_dead_zygote_takes_its_jobs_along_and_is_replaced(void **state)
{
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 2);
    assert_int_equal(begin(&a, 60000), 0);
    kill(zygote_pid(), SIGKILL);
    run();
    assert_int_equal(a.status, REMUX_E_CRASHED);
    finish(&a);
    int r = REMUX_E_BUSY;
    timer_set(t.deadline, WAIT_MS);
    while ((r = begin(&b, 60000)) == REMUX_E_BUSY) {
        uv_run(loop_uv(t.loop), UV_RUN_ONCE);
    }
    assert_int_equal(r, 0);
    b.in = BUF_INIT(64 << 20);
    buf_append(&b.in, media.data, media.len);
    feed(&b);
    b.sink->ops->end(b.sink, STREAM_COMPLETE);
    run();
    assert_int_equal(b.status, 0);
    expect_pictures(&b, 2 * GOP);
    buf_finish(&media);
    finish(&b);
}

/* ---- endless bodies ---- */

static void parts_of_an_endless_body_are_short_and_journaled(void **state)
{
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 3);
    a.live = true;
    whole(&a, media.data, media.len, STREAM_COMPLETE);
    run();
    assert_int_equal(a.status, 0);
    expect_pictures(&a, 3 * GOP);
    assert_int_equal(a.n_inits, 1);
    assert_int_equal(a.n_parts, 3 * 3); /* a second: 7, 7 and 1 pictures, then a key picture */
    assert_true(a.longest_90k <= 45000);
    assert_int_equal(a.parts.len, a.media.len);
    assert_memory_equal(a.parts.data, a.media.data, a.media.len);
    buf_finish(&media);
    finish(&a);
}

static void an_endless_body_goes_on_in_a_new_recording(void **state)
{
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 4);
    a.live = a.fresh = true;
    a.in = BUF_INIT(64 << 20);
    buf_append(&a.in, media.data, media.len);
    assert_int_equal(begin(&a, 1000), 0);
    feed(&a);
    a.sink->ops->end(a.sink, STREAM_COMPLETE);
    run();
    assert_int_equal(a.status, 0);
    assert_int_equal(a.n_segments, 4);
    assert_int_equal(a.n_inits, 4);
    expect_pictures(&a, 4 * GOP);
    buf_finish(&media);
    finish(&a);
}

/* In a process of its own, which dies as by kill -9 when all is pushed and some of it is cut. */
static void serve_until_killed(const struct buf *media)
{
    struct remux_params params = {.loop = loop_create(&quiet),
                                  .worker_path = worker_path,
                                  .spool_dir = "/tmp",
                                  .jobs_max = 1,
                                  .stall_ms = WAIT_MS};
    t.loop = params.loop;
    if (remux_create(&params, &t.remux) == 0) {
        a.live = true;
        a.in = *media;
        (void)!begin(&a, 60000);
        feed(&a);
    }
    while (a.n_parts < 3 || a.sent < a.in.len) {
        uv_run(loop_uv(t.loop), UV_RUN_ONCE);
    }
    kill(getpid(), SIGKILL);
}

static void what_a_worker_holds_when_its_server_dies_is_in_the_journal(void **state)
{
    struct buf media = BUF_INIT(64 << 20), expected = BUF_INIT(64 << 20);
    make_media(&media, 3);
    media.len -= 7 * PICTURE_BYTES + PICTURE_BYTES / 2; /* what was sent until then */
    t.journal = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    t.seal = (struct seal_params){.object = id_new(), .household = id_new(), .key = "k"};
    assert_int_equal(flock(t.journal, LOCK_EX | LOCK_NB), 0);
    pid_t pid = fork();
    if (pid == 0) {
        serve_until_killed(&media);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CLEANUP(mem_free_at) char *path = mem_printf("/proc/self/fd/%d", t.journal);
    int reader = open(path, O_RDONLY | O_CLOEXEC);
    close(t.journal);
    t.journal = -1;
    assert_int_equal(flock(reader, LOCK_EX), 0); /* the worker has ended */
    uint64_t offset = 0;
    a.parts = BUF_INIT(64 << 20);
    while (take_record(reader, &t.seal, &offset, &a.parts)) {
    }
    for (uint32_t i = 0; i < 3 * GOP - 8; i++) {
        put_picture(&expected, i);
    }
    assert_int_equal(a.parts.len, expected.len);
    assert_memory_equal(a.parts.data, expected.data, expected.len);
    close(reader);
    buf_finish(&expected);
    buf_finish(&media);
    finish(&a);
}

#ifdef DOORWARD_FAULT_POINTS
static void a_taken_over_worker_harms_only_its_own_upload(void **state)
{
    static const char *const faults[] = {"open", "socket", "fork", "spin", "bomb", "segv", "quiet"};
    struct buf media = BUF_INIT(64 << 20);
    make_media(&media, 2);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        char text[64];
        int n = snprintf(text, sizeof(text), "doorward-fault:%s;            ", faults[i]);
        whole(&a, text, (size_t)n, STREAM_COMPLETE);
        whole(&b, media.data, media.len, STREAM_COMPLETE);
        run();
        assert_int_equal(a.status, REMUX_E_CRASHED);
        assert_int_equal(b.status, 0);
        expect_pictures(&b, 2 * GOP);
        finish(&a);
        finish(&b);
    }
    buf_finish(&media);
}
#endif

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    worker_path = argc > 1 ? argv[1] : "doorward-remux";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_recording_comes_back_picture_for_picture, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_long_one_is_cut_without_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(what_arrived_whole_is_kept_when_the_sender_breaks_off,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_media_is_refused_with_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failing_output_is_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_job_ends_once, setup, teardown),
        cmocka_unit_test_setup_teardown(more_jobs_than_allowed_are_told_so, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dead_zygote_takes_its_jobs_along_and_is_replaced, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(parts_of_an_endless_body_are_short_and_journaled, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_endless_body_goes_on_in_a_new_recording, setup,
                                        teardown),
        cmocka_unit_test(what_a_worker_holds_when_its_server_dies_is_in_the_journal),
#ifdef DOORWARD_FAULT_POINTS
        cmocka_unit_test_setup_teardown(a_taken_over_worker_harms_only_its_own_upload, setup,
                                        teardown),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
