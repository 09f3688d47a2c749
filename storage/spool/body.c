/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a body. `synced` is what may be told; `end` is where the next record goes. Whatever
 * fails leads back to `synced`: a failed sync may have lost any page written since, and asking
 * again would be told "fine". */
#include "storage/spool/body.h"

#include "base/crash_point.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "DWSPOOL1";
enum { FLAG_TENTATIVE = 1 };
enum { AD_SIZE = 8 + 1 + 16 + 16 + 8 + 8 + BODY_RECORD_HEAD_SIZE };
enum { FILE_BATCH_MAX = BODY_BATCH_MAX + BODY_RECORD_SEALED_MAX };

static int error_of(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG ? SPOOL_E_FULL
                                                                : SPOOL_E_UNAVAILABLE;
}

static void put_be(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
    }
}

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void make_ad(const struct spool_ref *ref, const struct body_mark *at,
                    const uint8_t head[BODY_RECORD_HEAD_SIZE], uint8_t ad[AD_SIZE])
{
    memcpy(ad, magic, 8);
    ad[8] = (uint8_t)ref->area;
    memcpy(ad + 9, ref->owner.b, 16);
    memcpy(ad + 25, ref->body.b, 16);
    put_be(ad + 41, at->records, 8);
    put_be(ad + 49, at->plain, 8);
    memcpy(ad + 57, head, BODY_RECORD_HEAD_SIZE);
}

static void advance(struct body_mark *m, size_t plain)
{
    m->plain += plain;
    m->file += BODY_RECORD_HEAD_SIZE + plain + RECORD_OVERHEAD;
    m->records++;
}

static int write_all(int fd, const uint8_t *p, size_t n, uint64_t at)
{
    while (n > 0) {
        ssize_t w = pwrite(fd, p, n, (off_t)at);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) {
            return error_of(w < 0 ? errno : ENOSPC);
        }
        p += w;
        n -= (size_t)w;
        at += (uint64_t)w;
    }
    return 0;
}

/* As many as there are, up to n. */
static ssize_t read_some(int fd, uint8_t *p, size_t n, uint64_t at)
{
    size_t got = 0;
    while (got < n) {
        ssize_t r = pread(fd, p + got, n - got, (off_t)(at + got));
        if (r < 0 && errno == EINTR) {
            continue;
        }
        if (r < 0) {
            return -errno;
        }
        if (r == 0) {
            break;
        }
        got += (size_t)r;
    }
    return (ssize_t)got;
}

/* ---- opening ---- */
static void make_head(const struct spool_body *b, uint8_t head[BODY_HEAD_SIZE])
{
    memset(head, 0, BODY_HEAD_SIZE);
    memcpy(head, magic, 8);
    memcpy(head + 8, b->ref.body.b, 16);
}

static int file_open(struct spool_body *b, int flags)
{
    char name[ID_TEXT_SIZE];
    id_format(&b->ref.body, name);
    return openat(spool_area_fd(b->spool, b->ref.area), name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* The first record is about to be written: the file, its name and its head. */
static int file_make(struct spool_body *b)
{
    uint8_t head[BODY_HEAD_SIZE];
    b->fd = file_open(b, O_RDWR | O_CREAT);
    if (b->fd < 0) {
        return error_of(errno);
    }
    make_head(b, head);
    int r = write_all(b->fd, head, sizeof head, 0);
    if (r == 0 && fsync(spool_area_fd(b->spool, b->ref.area)) != 0) {
        r = error_of(errno);
    }
    if (r != 0) {
        fd_close_at(&b->fd);
        b->fd = -1;
        return r;
    }
    b->end = b->synced = (struct body_mark){.file = BODY_HEAD_SIZE};
    return 0;
}

static int file_ready(struct spool_body *b)
{
    if (b->fd >= 0) {
        return 0;
    }
    if (b->end.file == 0) {
        return file_make(b);
    }
    b->fd = file_open(b, O_RDWR);
    return b->fd >= 0 ? 0 : SPOOL_E_UNAVAILABLE;
}

/* Records in buf[0..n) from *m on: opens each, in place, and moves *m behind it. Returns the bytes
 * used; plain bytes are packed at out. Stops before one that is not whole here; *ret_bad is set
 * when the next one is whole but does not open. */
struct run {
    const struct spool_ref *ref;
    const uint8_t *key;
    uint8_t *out;
    size_t plain;
    bool bad, tentative;
    struct body_mark firm;
};

static size_t open_record(struct run *run, struct body_mark *m, uint8_t *p, size_t n)
{
    if (n < BODY_RECORD_HEAD_SIZE) {
        return 0;
    }
    size_t plain = get_be32(p), size = BODY_RECORD_HEAD_SIZE + plain + RECORD_OVERHEAD;
    if (plain > BODY_RECORD_MAX || (p[4] & ~FLAG_TENTATIVE) != 0) {
        run->bad = true;
        return 0;
    }
    if (n < size || run->plain + plain > BODY_BATCH_MAX) {
        return 0;
    }
    uint8_t ad[AD_SIZE];
    make_ad(run->ref, m, p, ad);
    const struct record_place at = {.key = run->key, .ad = ad, .ad_n = sizeof ad};
    if (record_open(&at, p + BODY_RECORD_HEAD_SIZE, plain + RECORD_OVERHEAD,
                    run->out + run->plain) != 0) {
        run->bad = true;
        return 0;
    }
    run->plain += plain;
    advance(m, plain);
    run->tentative = (p[4] & FLAG_TENTATIVE) != 0;
    return size;
}

static void open_records(struct run *run, struct body_mark *m, uint8_t *p, size_t n)
{
    for (size_t used; !run->bad && (used = open_record(run, m, p, n)) > 0;) {
        p += used;
        n -= used;
        if (!run->tentative) {
            run->firm = *m;
        }
    }
}

/* Reads the file through: *ret_firm is behind the last record that counts. */
static int scan(struct spool_body *b, struct body_mark *ret_firm)
{
    uint8_t *buf CLEANUP(mem_free_at) = mem_alloc(1, FILE_BATCH_MAX),
                 *plain CLEANUP(mem_free_at) = mem_alloc(1, BODY_BATCH_MAX);
    struct body_mark m = {.file = BODY_HEAD_SIZE};
    struct run run = {.ref = &b->ref, .key = b->key, .out = plain, .firm = m};
    for (;;) {
        uint64_t before = m.file;
        ssize_t n = read_some(b->fd, buf, FILE_BATCH_MAX, m.file);
        if (n < 0) {
            return SPOOL_E_UNAVAILABLE;
        }
        run.plain = 0;
        open_records(&run, &m, buf, (size_t)n);
        if (m.file == before) {
            *ret_firm = run.firm;
            return 0;
        }
    }
}

static bool head_is_good(struct spool_body *b, int *ret_status)
{
    uint8_t head[BODY_HEAD_SIZE], want[BODY_HEAD_SIZE];
    make_head(b, want);
    ssize_t n = read_some(b->fd, head, sizeof head, 0);
    *ret_status = n < 0 ? SPOOL_E_UNAVAILABLE : 0;
    return n == BODY_HEAD_SIZE && memcmp(head, want, sizeof head) == 0;
}

/* What is read may not be on the disk yet, so it is synced before it is told. */
static int recover(struct spool_body *b)
{
    struct body_mark firm = {0};
    struct stat st;
    int r;
    bool head = head_is_good(b, &r);
    if (r == 0 && head) {
        r = scan(b, &firm);
    }
    if (r != 0) {
        return r;
    }
    if (firm.plain == 0) { /* nothing was ever told: begin anew */
        firm = (struct body_mark){0};
    }
    if (fstat(b->fd, &st) != 0 ||
        ((uint64_t)st.st_size > firm.file && ftruncate(b->fd, (off_t)firm.file) != 0) ||
        fsync(b->fd) != 0 || fsync(spool_area_fd(b->spool, b->ref.area)) != 0) {
        return SPOOL_E_UNAVAILABLE;
    }
    b->synced = b->end = firm;
    return 0;
}

int body_load(struct spool_body *b)
{
    if (b->broken) {
        return SPOOL_E_UNAVAILABLE;
    }
    if (b->loaded) {
        return 0;
    }
    b->fd = file_open(b, O_RDWR);
    if (b->fd < 0 && errno != ENOENT) {
        return SPOOL_E_UNAVAILABLE;
    }
    if (b->fd >= 0) {
        int r = recover(b);
        if (r != 0 || b->end.file == 0) {
            fd_close_at(&b->fd);
            b->fd = -1;
        }
        if (r != 0) {
            return r;
        }
    }
    b->loaded = true;
    return 0;
}

/* ---- writing ---- */
static size_t seal_one(const struct spool_body *b, struct body_mark *m, const uint8_t *p, size_t n,
                       bool tentative, uint8_t *out)
{
    uint8_t ad[AD_SIZE];
    memset(out, 0, BODY_RECORD_HEAD_SIZE);
    put_be(out, n, 4);
    out[4] = tentative ? FLAG_TENTATIVE : 0;
    make_ad(&b->ref, m, out, ad);
    const struct record_place at = {.key = b->key, .ad = ad, .ad_n = sizeof ad};
    record_seal(&at, p, n, out + BODY_RECORD_HEAD_SIZE);
    advance(m, n);
    return BODY_RECORD_HEAD_SIZE + n + RECORD_OVERHEAD;
}

static size_t seal_batch(const struct spool_body *b, const struct body_batch *batch, uint8_t *out,
                         struct body_mark *m)
{
    size_t size = 0, at = 0;
    do {
        size_t n = batch->n - at < BODY_RECORD_MAX ? batch->n - at : BODY_RECORD_MAX;
        bool last = at + n == batch->n;
        bool tentative = batch->tentative && !(last && batch->firm);
        size += seal_one(b, m, n > 0 ? batch->p + at : NULL, n, tentative, out + size);
        at += n;
    } while (at < batch->n);
    return size;
}

int body_append(struct spool_body *b, const struct body_batch *batch)
{
    int r = spool_room(b->spool);
    r = r != 0 ? r : file_ready(b);
    if (r != 0) {
        return r;
    }
    size_t records = batch->n / BODY_RECORD_MAX + 1;
    uint8_t *out CLEANUP(mem_free_at) =
        mem_alloc(1, batch->n + records * (BODY_RECORD_HEAD_SIZE + RECORD_OVERHEAD));
    struct body_mark m = b->end;
    size_t size = seal_batch(b, batch, out, &m);
    r = write_all(b->fd, out, size, b->end.file);
    if (r == 0) {
        b->end = m;
        b->tail_tentative = batch->tentative && !batch->firm;
        crash_point("spool_written");
    }
    return r;
}

int body_sync(struct spool_body *b)
{
    if (b->fd >= 0 && b->end.file != b->synced.file) {
        ALWAYS(!b->tail_tentative);
        if (fdatasync(b->fd) != 0) {
            return error_of(errno);
        }
        crash_point("spool_synced");
    }
    b->synced = b->end;
    return 0;
}

void body_cut(struct spool_body *b)
{
    bool written = b->fd >= 0 || b->end.file != b->synced.file;
    b->end = b->synced;
    b->tail_tentative = false;
    if (written &&
        (b->fd < 0 || ftruncate(b->fd, (off_t)b->synced.file) != 0 || fdatasync(b->fd) != 0)) {
        b->broken = true;
    }
}

int body_settle(struct spool_body *b)
{
    if (b->end.file == b->synced.file) {
        return b->broken ? SPOOL_E_UNAVAILABLE : 0;
    }
    int r = file_ready(b);
    if (r == 0 && !b->tail_tentative) {
        r = body_sync(b);
    }
    if (r != 0 || b->tail_tentative) {
        body_cut(b);
    }
    return r != 0 ? r : b->broken ? SPOOL_E_UNAVAILABLE : 0;
}

int body_remove(struct spool_body *b)
{
    char name[ID_TEXT_SIZE];
    id_format(&b->ref.body, name);
    fd_close_at(&b->fd);
    b->fd = -1;
    if (unlinkat(spool_area_fd(b->spool, b->ref.area), name, 0) != 0 && errno != ENOENT) {
        return SPOOL_E_UNAVAILABLE;
    }
    b->synced = b->end = (struct body_mark){0};
    b->tail_tentative = b->broken = false;
    b->loaded = true;
    return 0;
}

/* ---- reading ---- */
int body_reader_open(struct spool_body *b, int *ret_fd, struct body_mark *ret_end)
{
    int r = body_load(b);
    if (r != 0) {
        return r;
    }
    *ret_end = b->synced;
    *ret_fd = -1;
    if (b->synced.plain > 0) {
        *ret_fd = file_open(b, O_RDONLY);
        return *ret_fd >= 0 ? 0 : SPOOL_E_UNAVAILABLE;
    }
    return 0;
}

ssize_t body_read_batch(struct body_read *r, uint8_t *out)
{
    uint8_t *buf CLEANUP(mem_free_at) = mem_alloc(1, FILE_BATCH_MAX);
    uint64_t left = r->end.file - r->at.file;
    size_t want = left < FILE_BATCH_MAX ? (size_t)left : FILE_BATCH_MAX;
    ssize_t n = read_some(r->fd, buf, want, r->at.file);
    if (n < 0) {
        return n;
    }
    struct run run = {.ref = r->ref, .key = r->key, .out = out};
    uint64_t before = r->at.file;
    open_records(&run, &r->at, buf, (size_t)n);
    return run.bad || r->at.file == before ? -EBADMSG : (ssize_t)run.plain;
}
