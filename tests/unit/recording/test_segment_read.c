/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "recording/segment_read.h"
#include "storage/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

enum { SIZE = 3 * SEAL_CHUNK_SIZE + 1234 };

struct story {
    char dir[64], key[STORE_KEY_SIZE];
    struct loop *loop;
    struct store *store;
    struct segment_ref ref;
    uint8_t *plain, *p;
    size_t n;
    int status, calls;
};

static int write_fd(void *arg, const uint8_t *p, size_t n)
{
    return write(*(int *)arg, p, n) == (ssize_t)n ? 0 : -EIO;
}

static void stored(void *arg, int status)
{
    struct story *s = arg;
    s->status = status;
    loop_stop(s->loop);
}

static int set_up(void **state)
{
    struct story *s = mem_new(struct story);
    struct store_driver *d;
    struct store_stage *st;
    struct seal_result sealed;
    snprintf(s->dir, sizeof s->dir, "/tmp/doorward-segment-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(store_fs_create(s->dir, 0, &d), 0);
    s->loop = loop_create(NULL);
    s->store = store_create(s->loop, d);
    s->plain = mem_alloc(SIZE, 1);
    random_bytes(s->plain, SIZE);
    random_bytes(s->ref.seal.key, SEAL_KEY_SIZE);
    s->ref.seal.household = id_new();
    s->ref.seal.object = id_new();
    assert_int_equal(store_stage(s->store, &st), 0);
    int fd = store_stage_fd(st);
    struct sealer *w = sealer_create(&s->ref.seal, write_fd, &fd);
    assert_int_equal(sealer_write(w, s->plain, SIZE), 0);
    assert_int_equal(sealer_finish(w, &sealed), 0);
    sealer_destroy(w);
    s->ref.plain_bytes = sealed.plain_bytes;
    store_key(&s->ref.seal.object, s->key);
    store_put(s->store, st, s->key, sealed.sealed_bytes, stored, s);
    loop_run(s->loop);
    assert_int_equal(s->status, 0);
    *state = s;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static int tear_down(void **state)
{
    struct story *s = *state;
    store_destroy(s->store);
    loop_destroy(s->loop);
    free(s->plain);
    assert_int_equal(nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(s);
    return 0;
}

static void got(void *arg, int status, uint8_t *p, size_t n)
{
    struct story *s = arg;
    s->status = status;
    s->p = p;
    s->n = n;
    s->calls++;
    loop_stop(s->loop);
}

static int read_range(struct story *s, uint64_t from, uint64_t to)
{
    int before = s->calls;
    segment_read(s->store, &s->ref, from, to, got, s);
    assert_int_equal(s->calls, before);
    loop_run(s->loop);
    assert_int_equal(s->calls, before + 1);
    return s->status;
}

static void any_range_reads_as_it_was_written(void **state)
{
    static const uint64_t ranges[][2] = {{0, 1},
                                         {0, SIZE},
                                         {SIZE - 1, SIZE},
                                         {SEAL_CHUNK_SIZE - 1, SEAL_CHUNK_SIZE + 1},
                                         {SEAL_CHUNK_SIZE, 2 * SEAL_CHUNK_SIZE},
                                         {70000, 190000}};
    struct story *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        uint64_t from = ranges[i][0], to = ranges[i][1];
        assert_int_equal(read_range(s, from, to), 0);
        assert_int_equal(s->n, to - from);
        assert_memory_equal(s->p, s->plain + from, s->n);
        free(s->p);
    }
}

static void range_outside_or_too_large_is_refused(void **state)
{
    struct story *s = *state;
    assert_int_equal(read_range(s, 5, 5), -EINVAL);
    assert_int_equal(read_range(s, 6, 5), -EINVAL);
    assert_int_equal(read_range(s, 0, SIZE + 1), -EINVAL);
    assert_int_equal(read_range(s, SIZE, SIZE + 1), -EINVAL);
    s->ref.plain_bytes = UINT64_C(1) << 40;
    assert_int_equal(read_range(s, 0, SEGMENT_READ_MAX + 1), -EINVAL);
    assert_null(s->p);
}

static void another_households_key_id_or_size_opens_nothing(void **state)
{
    struct story *s = *state;
    struct segment_ref right = s->ref;
    s->ref.seal.household = id_new();
    assert_int_equal(read_range(s, 0, 100), -EBADMSG);
    s->ref = right;
    s->ref.seal.key[0] ^= 1;
    assert_int_equal(read_range(s, 0, 100), -EBADMSG);
    s->ref = right;
    s->ref.plain_bytes = 2 * SEAL_CHUNK_SIZE;
    assert_int_equal(read_range(s, SEAL_CHUNK_SIZE, 2 * SEAL_CHUNK_SIZE), -EBADMSG);
    assert_null(s->p);
}

static void damaged_cut_and_missing_objects_are_told_apart(void **state)
{
    struct story *s = *state;
    char path[192];
    snprintf(path, sizeof path, "%s/%s", s->dir, s->key);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "!", 1, SEAL_HEADER_SIZE + 10), 1);
    assert_int_equal(read_range(s, 0, 100), -EBADMSG);
    assert_int_equal(read_range(s, SEAL_CHUNK_SIZE, SEAL_CHUNK_SIZE + 9), 0);
    free(s->p);
    assert_int_equal(ftruncate(fd, SEAL_CHUNK_SIZE), 0);
    assert_int_equal(read_range(s, SEAL_CHUNK_SIZE, SEAL_CHUNK_SIZE + 9), STORE_E_SHORT);
    close(fd);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(read_range(s, 0, 100), STORE_E_NOT_FOUND);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(any_range_reads_as_it_was_written),
        STORY(range_outside_or_too_large_is_refused),
        STORY(another_households_key_id_or_size_opens_nothing),
        STORY(damaged_cut_and_missing_objects_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
