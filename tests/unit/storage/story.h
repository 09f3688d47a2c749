/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own and its operations made blocking: start, run the loop until done.
 */
#ifndef TESTS_UNIT_STORAGE_STORY_H
#define TESTS_UNIT_STORAGE_STORY_H

#include "storage/driver.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

struct story {
    char dir[64];
    struct loop *loop;
    struct store *store;
    int status, calls;
    uint64_t size;
    uint8_t *p;
    size_t n;
};

static inline struct story *story_begin(const char *script)
{
    struct story *s = mem_new(struct story);
    struct store_driver *d;
    snprintf(s->dir, sizeof s->dir, "/tmp/doorward-store-XXXXXX");
    ALWAYS(mkdtemp(s->dir) != NULL);
    s->loop = loop_create(NULL);
    ALWAYS(store_fs_create(s->dir, 0, &d) == 0);
    if (script != NULL) {
        ALWAYS(store_fault_create(d, script, &d) == 0);
    }
    s->store = store_create(s->loop, d);
    return s;
}

static inline int story_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static inline void story_end(struct story *s)
{
    store_destroy(s->store);
    loop_destroy(s->loop);
    ALWAYS(nftw(s->dir, story_remove, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(s);
}

static inline void story_done(void *arg, int status)
{
    struct story *s = arg;
    s->status = status;
    s->calls++;
    loop_stop(s->loop);
}

static inline void story_stat_done(void *arg, int status, uint64_t size)
{
    struct story *s = arg;
    s->size = size;
    story_done(s, status);
}

static inline void story_got(void *arg, int status, uint8_t *p, size_t n)
{
    struct story *s = arg;
    s->p = p;
    s->n = n;
    story_done(s, status);
}

static inline int story_put(struct story *s, const struct id *id, const char *text, uint64_t size)
{
    struct store_stage *st;
    char key[STORE_KEY_SIZE];
    int r = store_stage(s->store, &st);
    if (r != 0) {
        return r;
    }
    store_key(id, key);
    if (write(store_stage_fd(st), text, strlen(text)) != (ssize_t)strlen(text)) {
        store_stage_drop(st);
        return -EIO;
    }
    store_put(s->store, st, key, size, story_done, s);
    loop_run(s->loop);
    return s->status;
}

static inline int story_get(struct story *s, const struct id *id, uint64_t offset, size_t n)
{
    char key[STORE_KEY_SIZE];
    store_key(id, key);
    struct store_get_params p = {.key = key, .offset = offset, .n = n, .done = story_got, .arg = s};
    store_get(s->store, &p);
    loop_run(s->loop);
    return s->status;
}

static inline int story_stat(struct story *s, const struct id *id)
{
    char key[STORE_KEY_SIZE];
    store_key(id, key);
    store_stat(s->store, key, story_stat_done, s);
    loop_run(s->loop);
    return s->status;
}

static inline int story_delete(struct story *s, const struct id *id)
{
    char key[STORE_KEY_SIZE];
    store_key(id, key);
    store_delete(s->store, key, story_done, s);
    loop_run(s->loop);
    return s->status;
}

static inline int story_count_one(void *arg, const char *key, uint64_t size)
{
    (*(int *)arg)++;
    return 0;
}

/* Objects in the store; -1 when it cannot be listed. */
static inline int story_count(struct story *s)
{
    int n = 0;
    return store_list(s->store, story_count_one, &n) == 0 ? n : -1;
}

static int story_staged;

static inline int story_staged_one(const char *path, const struct stat *st, int flag,
                                   struct FTW *ftw)
{
    story_staged += flag == FTW_F;
    return 0;
}

/* Files in all staging folders. */
static inline int story_staged_files(const struct story *s)
{
    char path[96];
    snprintf(path, sizeof path, "%s/staging", s->dir);
    story_staged = 0;
    ALWAYS(nftw(path, story_staged_one, 16, FTW_PHYS) == 0);
    return story_staged;
}

#endif
