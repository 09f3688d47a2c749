/* SPDX-License-Identifier: Apache-2.0 */
/* Which bodies the process knows. One lock guards the table and the reference counts; it is never
 * held over work on a file. Bodies that nobody uses are remembered for a while, because a camera
 * that sends many small appends comes back soon and its file need not be read through then. */
#include "storage/spool/body.h"

#include "crypto/hash.h"
#include "storage/low_water.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { BUCKETS = 4096, IDLE_MAX = 4096, IN_USE_MAX = 16384 };
enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW };

static const char *const area_names[SPOOL_AREAS] = {
    [SPOOL_RESUMABLE] = "resumable",
    [SPOOL_PIECES] = "pieces",
    [SPOOL_S3] = "s3",
};

struct spool {
    int areas[SPOOL_AREAS];
    uint8_t key[32];
    uint64_t low_water_bytes;
    atomic_int busy;
    pthread_mutex_t lock;
    struct { /* under lock */
        struct spool_body *buckets[BUCKETS];
        struct list idle;
        unsigned n_idle, n_used;
    } synced;
};

/* ---- making ---- */
/* parent: where its name becomes durable. */
static int folder_open(int parent, int at, const char *name, int *ret_fd)
{
    bool made = mkdirat(at, name, 0700) == 0;
    if ((!made && errno != EEXIST) || (made && fsync(parent) != 0)) {
        return -errno;
    }
    int fd = openat(at, name, OPEN_FOLDER);
    if (fd < 0) {
        return -errno;
    }
    *ret_fd = fd;
    return 0;
}

static int areas_open(struct spool *s, const char *dir)
{
    char *copy CLEANUP(mem_free_at) = mem_str(dir);
    int parent CLEANUP(fd_close_at) = open(dirname(copy), OPEN_FOLDER);
    int root CLEANUP(fd_close_at) = -1;
    int r = parent < 0 ? -errno : folder_open(parent, AT_FDCWD, dir, &root);
    for (int i = 0; r == 0 && i < SPOOL_AREAS; i++) {
        r = folder_open(root, root, area_names[i], &s->areas[i]);
    }
    return r;
}

int spool_create(const struct spool_params *p, struct spool **ret_spool)
{
    struct spool *s = mem_new(struct spool);
    for (int i = 0; i < SPOOL_AREAS; i++) {
        s->areas[i] = -1;
    }
    memcpy(s->key, p->key, sizeof s->key);
    s->low_water_bytes = p->low_water_bytes;
    list_init(&s->synced.idle);
    ALWAYS(pthread_mutex_init(&s->lock, NULL) == 0);
    int r = areas_open(s, p->dir);
    if (r != 0) {
        spool_destroy(s);
        return r;
    }
    *ret_spool = s;
    return 0;
}

static void body_free(struct spool_body *b)
{
    fd_close_at(&b->fd);
    pthread_mutex_destroy(&b->lock);
    secret_wipe(b->key, sizeof b->key);
    free(b);
}

struct spool *spool_destroy(struct spool *s)
{
    if (s == NULL || s->synced.n_used > 0) { /* a drain that was too slow: the process ends */
        return NULL;
    }
    for (struct list *l; (l = list_pop(&s->synced.idle)) != NULL;) {
        body_free(CONTAINER_OF(l, struct spool_body, idle));
    }
    for (int i = 0; i < SPOOL_AREAS; i++) {
        fd_close_at(&s->areas[i]);
    }
    pthread_mutex_destroy(&s->lock);
    secret_wipe(s->key, sizeof s->key);
    free(s);
    return NULL;
}

unsigned spool_busy(struct spool *s)
{
    return (unsigned)atomic_load(&s->busy);
}

void spool_count(struct spool *s, int by)
{
    atomic_fetch_add(&s->busy, by);
}

int spool_area_fd(const struct spool *s, enum spool_area area)
{
    return s->areas[area];
}

int spool_room(const struct spool *s)
{
    struct statvfs v;
    if (fstatvfs(s->areas[0], &v) != 0) {
        return SPOOL_E_UNAVAILABLE;
    }
    bool bytes = (uint64_t)v.f_bavail * v.f_frsize >= low_water(s->low_water_bytes, &v);
    bool names = v.f_files == 0 || v.f_favail > 0;
    return bytes && names ? 0 : SPOOL_E_FULL;
}

/* ---- the table ---- */
static struct spool_body **bucket_of(struct spool *s, const struct spool_ref *ref)
{
    unsigned n = (unsigned)ref->body.b[14] << 8 | ref->body.b[15];
    return &s->synced.buckets[n % BUCKETS];
}

static bool same_ref(const struct spool_ref *a, const struct spool_ref *b)
{
    return a->area == b->area && id_equal(&a->body, &b->body) && id_equal(&a->owner, &b->owner);
}

static struct spool_body *table_find(struct spool *s, const struct spool_ref *ref)
{
    struct spool_body *b = *bucket_of(s, ref);
    while (b != NULL && !same_ref(&b->ref, ref)) {
        b = b->next_in_bucket;
    }
    return b;
}

static void table_drop(struct spool *s, struct spool_body *b)
{
    struct spool_body **at = bucket_of(s, &b->ref);
    while (*at != b) {
        at = &(*at)->next_in_bucket;
    }
    *at = b->next_in_bucket;
}

static void derive_key(const struct spool *s, struct spool_body *b)
{
    uint8_t info[33];
    info[0] = (uint8_t)b->ref.area;
    memcpy(info + 1, b->ref.owner.b, 16);
    memcpy(info + 17, b->ref.body.b, 16);
    hmac_sha256(s->key, sizeof s->key, info, sizeof info, b->key);
}

static struct spool_body *table_add(struct spool *s, const struct spool_ref *ref)
{
    struct spool_body *b = mem_new(struct spool_body), **at = bucket_of(s, ref);
    b->spool = s;
    b->ref = *ref;
    b->fd = -1;
    list_init(&b->idle);
    ALWAYS(pthread_mutex_init(&b->lock, NULL) == 0);
    derive_key(s, b);
    b->next_in_bucket = *at;
    *at = b;
    return b;
}

int spool_body_get(struct spool *s, const struct spool_ref *ref, struct spool_body **ret_body)
{
    int r = 0;
    pthread_mutex_lock(&s->lock);
    struct spool_body *b = table_find(s, ref);
    if (b != NULL && b->refs == 0) {
        list_remove(&b->idle);
        s->synced.n_idle--;
    }
    if (b == NULL && s->synced.n_used >= IN_USE_MAX) {
        r = SPOOL_E_BUSY;
    } else {
        b = b != NULL ? b : table_add(s, ref);
        s->synced.n_used += b->refs++ == 0 ? 1 : 0;
        *ret_body = b;
    }
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* One that broke keeps its place for as long as the process lives: read again it might show bytes
 * that are not on the disk. */
static struct spool_body *retire_one(struct spool *s)
{
    list_for_each (it, &s->synced.idle) {
        struct spool_body *b = CONTAINER_OF(it, struct spool_body, idle);
        if (!b->broken) {
            list_remove(it);
            s->synced.n_idle--;
            table_drop(s, b);
            return b;
        }
    }
    return NULL;
}

void spool_body_put(struct spool_body *b)
{
    if (b == NULL) {
        return;
    }
    struct spool *s = b->spool;
    struct spool_body *oldest = NULL;
    pthread_mutex_lock(&s->lock);
    ALWAYS(b->refs > 0);
    if (--b->refs == 0) {
        fd_close_at(&b->fd); /* nobody works on it: that takes a reference */
        b->fd = -1;
        s->synced.n_used--;
        s->synced.n_idle++;
        list_append(&s->synced.idle, &b->idle);
        oldest = s->synced.n_idle > IDLE_MAX ? retire_one(s) : NULL;
    }
    pthread_mutex_unlock(&s->lock);
    if (oldest != NULL) {
        body_free(oldest);
    }
}

struct spool_writer *spool_body_hold(struct spool_body *b, struct spool_writer *w)
{
    pthread_mutex_lock(&b->spool->lock);
    struct spool_writer *before = b->holder;
    b->holder = w;
    if (before != NULL) {
        spool_writer_ref(before);
    }
    pthread_mutex_unlock(&b->spool->lock);
    return before;
}

void spool_body_let_go(struct spool_body *b, const struct spool_writer *w)
{
    pthread_mutex_lock(&b->spool->lock);
    if (b->holder == w) {
        b->holder = NULL;
    }
    pthread_mutex_unlock(&b->spool->lock);
}

/* ---- start-up ---- */
int spool_list(struct spool *s, enum spool_area area,
               int (*each)(void *arg, const struct id *body, uint64_t file_bytes), void *arg)
{
    int fd = openat(s->areas[area], ".", OPEN_FOLDER);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        int r = -errno;
        fd_close_at(&fd);
        return r;
    }
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;) {
        struct id body;
        struct stat st;
        if (id_parse(e->d_name, &body) == 0 &&
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            r = each(arg, &body, (uint64_t)st.st_size);
        }
    }
    closedir(d);
    return r;
}

int spool_remove(struct spool *s, enum spool_area area, const struct id *body)
{
    char name[ID_TEXT_SIZE];
    id_format(body, name);
    return unlinkat(s->areas[area], name, 0) != 0 && errno != ENOENT ? -errno : 0;
}
