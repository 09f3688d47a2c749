/* SPDX-License-Identifier: Apache-2.0 */
/* Runs files through the real zygote and worker, as an upload would, and writes what a player would
 * get: remuxfile [-n TIMES] [-b BREAK_AT] [-j JOBS] [-s SEGMENT_MS] [-l] WORKER OUT_DIR FILE... -l:
 * as an endless body; its journals must hold what the segments hold. For each file one line of JSON
 * with status, reason, notes and segments; OUT_DIR/NAME.SEGMENT.mp4 is the plaintext of each
 * segment and NAME.jpg a still. -n repeats without writing, for measuring. */
#include "base/clock.h"
#include "base/log.h"
#include "crypto/seal.h"
#include "remux/journal_record.h"
#include "remux/remux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEGMENTS_MAX = 256, PUSH_BYTES = 16384, STILL_WIDTH = 320 };

struct run;
struct job {
    struct run *run;
    struct remux_job *job;
    struct sink *sink;
    const uint8_t *bytes;
    size_t n, sent;
    const char *name;
    struct seal_params seals[SEGMENTS_MAX];
    int fds[SEGMENTS_MAX], journals[SEGMENTS_MAX];
    struct buf parts; /* JSON of each */
    size_t init_n;
    unsigned n_outputs, n_segments;
    struct buf line;
    int64_t end_90k;
    uint8_t *still;
    size_t still_n;
    bool still_due;
};

struct run {
    struct loop *loop;
    struct remux *remux;
    const char *out_dir;
    char **files;
    int n_files, next, live, jobs_max, times;
    bool endless;
    long long break_at;
    uint32_t segment_max_ms;
    struct timer *retry;
    uint64_t bytes;
    int failed;
};

static void start_more(void *arg);

static int next_output(void *arg, struct remux_output *ret_output)
{
    struct job *j = arg;
    if (j->n_outputs == SEGMENTS_MAX) {
        return -E2BIG;
    }
    struct seal_params *s = &j->seals[j->n_outputs];
    random_bytes(s, sizeof(*s));
    s->object = id_new();
    j->fds[j->n_outputs] = open(j->run->out_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    ret_output->fd = j->fds[j->n_outputs];
    j->journals[j->n_outputs] = -1;
    if (j->run->endless) {
        ret_output->journal_fd = j->journals[j->n_outputs] =
            open(j->run->out_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    j->n_outputs++;
    ret_output->seal = *s;
    return ret_output->fd < 0 ? -errno : 0;
}

/* ---- endless bodies ---- */
static uint8_t *read_record(struct job *j, unsigned segment, uint64_t offset, size_t n)
{
    uint8_t *p = mem_alloc(n + JOURNAL_EXTRA, 1);
    ALWAYS(pread(j->journals[segment], p, n + JOURNAL_EXTRA, (off_t)offset) ==
           (ssize_t)(n + JOURNAL_EXTRA));
    ALWAYS(journal_record_open(&j->seals[segment], offset, p, n + JOURNAL_EXTRA) == (ssize_t)n);
    return p;
}

static void on_init(void *arg, const struct remux_init *i)
{
    struct job *j = arg;
    ALWAYS(memcmp(i->p + 4, "ftyp", 4) == 0 && i->tracks->n_tracks > 0);
    j->init_n = i->n;
}

static void on_part(void *arg, const struct remux_part *part)
{
    struct job *j = arg;
    if (j->run->times > 1) {
        return;
    }
    ALWAYS(id_equal(&part->object, &j->seals[j->n_segments].object));
    uint8_t *p = read_record(j, j->n_segments, part->offset, part->bytes);
    ALWAYS(memcmp(p + 4, "moof", 4) == 0);
    free(p);
    buf_printf(&j->parts, "%s[%lld,%u,%d,%d,%lld]", j->parts.len > 0 ? "," : "",
               (long long)part->start_90k, part->duration_90k, part->key, part->first,
               (long long)part->decode_90k);
}

/* The journal's records joined are the segment. */
static void check_journal(struct job *j, unsigned segment, const uint8_t *plain, uint64_t n)
{
    uint64_t offset = 0, at = 0;
    for (bool first = true; at < n; first = false) {
        uint8_t size[JOURNAL_SIZE_BYTES];
        ALWAYS(pread(j->journals[segment], size, sizeof size, (off_t)offset) == sizeof size);
        ssize_t bytes = journal_record_size(size);
        ALWAYS(bytes > 0);
        uint8_t *p = read_record(j, segment, offset, (size_t)bytes);
        size_t head = first ? JOURNAL_HEAD_SIZE : 0;
        ALWAYS(memcmp(p + head, plain + at, (size_t)bytes - head) == 0);
        at += (size_t)bytes - head;
        offset += (uint64_t)bytes + JOURNAL_EXTRA;
        free(p);
    }
    ALWAYS(at == n && lseek(j->journals[segment], 0, SEEK_END) == (off_t)offset);
}

static void describe_segment(struct job *j, const struct remux_segment *s)
{
    const struct index *ix = s->index;
    buf_printf(&j->line,
               "%s{\"zero_90k\":%lld,\"duration_90k\":%u,\"fragments\":%u,\"index_bytes\":%zu,"
               "\"plain_bytes\":%llu,\"tracks\":[",
               j->n_segments > 0 ? "," : "", (long long)ix->zero_90k, ix->duration_90k,
               ix->n_fragments, s->index_n, (unsigned long long)ix->plain_bytes);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        const struct index_track *k = &ix->tracks[t];
        uint64_t duration = 0, syncs = 0;
        for (uint32_t i = 0; i < k->n_samples; i++) {
            duration += k->samples[i].duration;
            syncs += k->samples[i].sync;
        }
        buf_printf(
            &j->line,
            "%s{\"codec\":\"%s\",\"timescale\":%u,\"samples\":%u,\"syncs\":%llu,\"width\":%u,"
            "\"height\":%u,\"turned\":%s,\"channels\":%u,\"rate\":%u,\"seconds\":%.4f}",
            t > 0 ? "," : "", k->codec, k->timescale, k->n_samples, (unsigned long long)syncs,
            k->width, k->height, k->matrix[0] == 1 << 16 ? "false" : "true", k->channels,
            k->sample_rate, (double)duration / k->timescale);
    }
    buf_str(&j->line, "],\"keys\":[");
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        buf_printf(&j->line, "%s%d", f > 0 ? "," : "", ix->fragments[f].key);
    }
    buf_str(&j->line, "]}");
}

static uint8_t *open_segment(struct job *j, unsigned i, uint64_t plain_bytes)
{
    uint64_t sealed = seal_sealed_size(plain_bytes), offset, n;
    seal_span(plain_bytes, 0, plain_bytes, &offset, &n);
    uint8_t *p = mem_alloc(sealed, 1);
    ALWAYS(pread(j->fds[i], p, n, (off_t)offset) == (ssize_t)n);
    ALWAYS(seal_open(&j->seals[i], plain_bytes, offset, p, n) == (ssize_t)plain_bytes);
    return p;
}

static void sketch_of(const struct index *ix, const struct index_fragment *g, const uint8_t *p,
                      uint8_t ret_sketch[SHA256_SIZE])
{
    CLEANUP(mem_free_at) uint8_t *seen = mem_alloc(g->moof_bytes + g->mdat_bytes, 1);
    size_t n = g->moof_bytes + 8;
    const uint8_t *at = p + g->offset + n;
    memcpy(seen, p + g->offset, n);
    for (uint32_t t = 0; t < ix->n_tracks; t++) {
        for (uint32_t i = 0; i < g->runs[t].n_samples; i++) {
            uint32_t size = ix->tracks[t].samples[g->runs[t].first_sample + i].size;
            uint32_t part = size < INDEX_SKETCH_SAMPLE ? size : INDEX_SKETCH_SAMPLE;
            memcpy(seen + n, at, part);
            n += part;
            at += size;
        }
    }
    sha256_of(seen, n, ret_sketch);
}

/* Every fragment must lie where the index says, and look as it says. */
static void check_fragments(const struct index *ix, const uint8_t *p)
{
    for (uint32_t f = 0; f < ix->n_fragments; f++) {
        const struct index_fragment *g = &ix->fragments[f];
        uint8_t sketch[SHA256_SIZE];
        ALWAYS(memcmp(p + g->offset + 4, "moof", 4) == 0);
        ALWAYS(memcmp(p + g->offset + g->moof_bytes + 4, "mdat", 4) == 0);
        sketch_of(ix, g, p, sketch);
        ALWAYS(memcmp(sketch, g->sketch, SHA256_SIZE) == 0);
    }
}

static void segment(void *arg, const struct remux_segment *s)
{
    struct job *j = arg;
    ALWAYS(id_equal(&s->object, &j->seals[j->n_segments].object));
    if (j->run->times == 1) {
        describe_segment(j, s);
        uint8_t *p = open_segment(j, j->n_segments, s->index->plain_bytes);
        check_fragments(s->index, p);
        if (j->run->endless) {
            check_journal(j, j->n_segments, p, s->index->plain_bytes);
        }
        CLEANUP(mem_free_at)
        char *path = mem_printf("%s/%s.%u.mp4", j->run->out_dir, j->name, j->n_segments);
        FILE *f = fopen(path, "wb");
        ALWAYS(f != NULL && fwrite(p, 1, s->index->plain_bytes, f) == s->index->plain_bytes);
        fclose(f);
        if (j->still == NULL) {
            const struct index_fragment *g = &s->index->fragments[0];
            for (uint32_t k = 0; k < s->index->n_fragments && !g->key; k++) {
                g = &s->index->fragments[k];
            }
            j->still_n = s->index->init_bytes + g->moof_bytes + g->mdat_bytes;
            j->still = mem_alloc(j->still_n, 1);
            memcpy(j->still, p, s->index->init_bytes);
            memcpy(j->still + s->index->init_bytes, p + g->offset, g->moof_bytes + g->mdat_bytes);
        }
        free(p);
    }
    j->n_segments++;
}

static void job_free(struct job *j)
{
    struct run *r = j->run;
    for (unsigned i = 0; i < j->n_outputs; i++) {
        close(j->fds[i]);
        fd_close_at(&j->journals[i]);
    }
    buf_finish(&j->parts);
    munmap((void *)(uintptr_t)j->bytes, j->n);
    buf_finish(&j->line);
    free(j->still);
    free(j);
    r->live--;
    timer_set(r->retry, 0);
}

static void still_done(void *arg, int status, const uint8_t *jpeg, size_t n)
{
    struct job *j = arg;
    if (status == 0) {
        CLEANUP(mem_free_at) char *path = mem_printf("%s/%s.jpg", j->run->out_dir, j->name);
        FILE *f = fopen(path, "wb");
        ALWAYS(f != NULL && fwrite(jpeg, 1, n, f) == n);
        fclose(f);
    }
    printf("%s,\"still\":%d}\n", (char *)j->line.data, status);
    fflush(stdout);
    job_free(j);
}

static void done(void *arg, int status, const char *reason, const struct remux_report *report)
{
    struct job *j = arg;
    j->sink = NULL;
    j->run->bytes += report->input_bytes;
    j->run->failed += status != 0;
    buf_printf(
        &j->line,
        "],\"parts\":[%s],\"status\":%d,\"reason\":\"%s\",\"container\":\"%s\",\"partial\":%s,"
        "\"notes\":\"%s\",\"input_bytes\":%llu",
        j->parts.len > 0 ? (const char *)j->parts.data : "", status, reason, report->container,
        report->partial ? "true" : "false", report->notes, (unsigned long long)report->input_bytes);
    if (j->run->times > 1) {
        job_free(j);
    } else if (j->still == NULL || remux_still_begin(j->run->remux, j->still, j->still_n,
                                                     STILL_WIDTH, still_done, j) != 0) {
        still_done(j, -1, NULL, 0);
    }
}

static void feed(void *arg)
{
    struct job *j = arg;
    while (j->sink != NULL && j->sent < j->n) {
        size_t step = j->n - j->sent < PUSH_BYTES ? j->n - j->sent : PUSH_BYTES;
        size_t took = j->sink->ops->push(j->sink, j->bytes + j->sent, step);
        j->sent += took;
        if (took < step) {
            return;
        }
    }
    if (j->sink != NULL) {
        struct sink *s = j->sink;
        s->ops->end(s, j->run->break_at >= 0 ? STREAM_BROKEN : STREAM_COMPLETE);
    }
}

static int start_one(struct run *r)
{
    const char *path = r->files[r->next % r->n_files];
    struct remux_job_params p = {.segment_max_ms = r->segment_max_ms,
                                 .output_max_bytes = UINT64_C(8) << 30,
                                 .live = r->endless,
                                 .init = on_init,
                                 .part = on_part,
                                 .next_output = next_output,
                                 .segment = segment,
                                 .done = done};
    int fd CLEANUP(fd_close_at) = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ALWAYS(fd >= 0 && fstat(fd, &st) == 0);
    struct job *j = mem_new(struct job);
    j->run = r;
    p.arg = j;
    int e = remux_job_begin(r->remux, &p, &j->job);
    if (e != 0) {
        free(j);
        return e;
    }
    r->next++;
    r->live++;
    const char *slash = strrchr(path, '/');
    j->name = slash == NULL ? path : slash + 1;
    j->n = (size_t)st.st_size;
    j->bytes = mmap(NULL, j->n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (r->break_at >= 0 && (size_t)r->break_at < j->n) {
        j->n = (size_t)r->break_at;
    }
    j->line = BUF_INIT(1 << 20);
    j->parts = BUF_INIT(1 << 20);
    buf_printf(&j->line, "{\"file\":\"%s\",\"segments\":[", j->name);
    j->sink = remux_job_sink(j->job);
    j->sink->resume = feed;
    j->sink->resume_arg = j;
    feed(j);
    return 0;
}

static void start_more(void *arg)
{
    struct run *r = arg;
    while (r->next < r->n_files * r->times && r->live < r->jobs_max) {
        if (start_one(r) != 0) {
            timer_set(r->retry, 20);
            return;
        }
    }
    if (r->live == 0 && r->next == r->n_files * r->times) {
        loop_stop(r->loop);
    }
}

static double cpu_s(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void take_options(struct run *r, int argc, char **argv)
{
    int opt;
    while ((opt = getopt(argc, argv, "n:b:j:s:l")) != -1) {
        long long v = strtoll(optarg == NULL ? "0" : optarg, NULL, 10);
        if (opt == 'n') {
            r->times = (int)v;
        } else if (opt == 'b') {
            r->break_at = v;
        } else if (opt == 'l') {
            r->endless = true;
        } else if (opt == 'j') {
            r->jobs_max = (int)v;
        } else {
            r->segment_max_ms = (uint32_t)v;
        }
    }
}

int main(int argc, char **argv)
{
    struct run r = {.jobs_max = 2, .times = 1, .break_at = -1, .segment_max_ms = 60000};
    signal(SIGPIPE, SIG_IGN);
    take_options(&r, argc, argv);
    if (argc - optind < 3) {
        fprintf(
            stderr,
            "remuxfile [-n TIMES] [-b BREAK_AT] [-j JOBS] [-s MS] [-l] WORKER OUT_DIR FILE...\n");
        return 2;
    }
    struct log log = {.fd = 2, .level = LOG_WARN};
    r.loop = loop_create(&log);
    r.out_dir = argv[optind + 1];
    r.files = argv + optind + 2;
    r.n_files = argc - optind - 2;
    r.retry = timer_create_on(r.loop, start_more, &r);
    struct remux_params p = {.loop = r.loop,
                             .worker_path = argv[optind],
                             .spool_dir = r.out_dir,
                             .jobs_max = (unsigned)r.jobs_max + 1,
                             .stall_ms = 10000};
    int e = remux_create(&p, &r.remux);
    ALWAYS(e == 0);
    uint64_t start = clock_mono_ms();
    timer_set(r.retry, 0);
    loop_run(r.loop);
    uint64_t took = clock_mono_ms() - start;
    timer_destroy(r.retry);
    remux_destroy(r.remux);
    loop_destroy(r.loop);
    if (r.times > 1) {
        double gb = (double)r.bytes / 1e9, self = cpu_s(RUSAGE_SELF), kids = cpu_s(RUSAGE_CHILDREN);
        printf("{\"gb\":%.3f,\"failed\":%d,\"wall_s\":%.2f,\"self_cpu_s_per_gb\":%.2f,"
               "\"worker_cpu_s_per_gb\":%.2f,\"cpu_s_per_gb\":%.2f}\n",
               gb, r.failed, (double)took / 1e3, self / gb, kids / gb, (self + kids) / gb);
    }
    return 0;
}
