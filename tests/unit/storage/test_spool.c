/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "spool_story.h"

#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int set_up(void **state)
{
    *state = story_begin();
    return 0;
}

static int tear_down(void **state)
{
    story_end(*state);
    return 0;
}

static uint8_t *noise(size_t n)
{
    uint8_t *p = mem_alloc(1, n);
    random_bytes(p, n);
    return p;
}

static int open_file(struct story *s, int flags)
{
    char path[160], name[ID_TEXT_SIZE];
    id_format(&s->ref.body, name);
    snprintf(path, sizeof path, "%s/resumable/%s", s->dir, name);
    return open(path, flags);
}

static uint64_t file_size(struct story *s)
{
    struct stat st = {0};
    int fd = open_file(s, O_RDONLY);
    if (fd >= 0) {
        assert_int_equal(fstat(fd, &st), 0);
        close(fd);
    }
    return (uint64_t)st.st_size;
}

static void assert_body(struct story *s, const void *want, size_t n)
{
    struct buf got = BUF_INIT(64 << 20);
    assert_int_equal(story_read(s->spool, s->loop, &s->ref, 1, &got), 0);
    assert_int_equal(got.len, n);
    if (n > 0) {
        assert_memory_equal(got.data, want, n);
    }
    buf_finish(&got);
}

static int64_t put(struct story *s, const void *p, size_t n)
{
    return story_put(s, &(struct story_bytes){.p = p, .n = n});
}

static void sized(void *arg, int status, uint64_t size)
{
    *(int *)arg = status == 0 ? (int)size : -status;
}

static int size_of(struct story *s)
{
    int size = UNSET;
    spool_size(s->spool, s->loop, &s->ref, sized, &size);
    story_turn(s->loop, &size);
    return size;
}

static void appends_of_any_size_come_back_as_one_body_also_after_a_restart(void **state)
{
    struct story *s = *state;
    static const size_t parts[] = {1, 65535, 65536, 65537, 0, 3000000, 7};
    size_t total = 0;
    uint8_t *all = noise(4 << 20);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_int_equal(put(s, all + total, parts[i]), total + parts[i]);
        total += parts[i];
    }
    assert_body(s, all, total);
    assert_int_equal(size_of(s), total);
    story_restart(s);
    assert_int_equal(size_of(s), total);
    assert_body(s, all, total);
    assert_int_equal(put(s, all + total, 100), total + 100);
    assert_body(s, all, total + 100);
    free(all);
}

static void body_that_was_never_written_is_empty_and_leaves_no_file(void **state)
{
    struct story *s = *state;
    struct story_claim c = story_claim(s->spool, s->loop, &s->ref);
    assert_int_equal(c.status, 0);
    assert_int_equal(c.size, 0);
    assert_null(spool_release(c.w));
    assert_int_equal(put(s, "", 0), 0);
    assert_body(s, NULL, 0);
    assert_int_equal(open_file(s, O_RDONLY), -1);
}

static void nothing_of_the_plain_bytes_is_in_the_file(void **state)
{
    struct story *s = *state;
    char text[4096] = "", raw[8192];
    for (size_t i = 0; i + 16 < sizeof text; i += 8) {
        memcpy(text + i, "DOORBELL", 8);
    }
    assert_int_equal(put(s, text, sizeof text), sizeof text);
    int fd = open_file(s, O_RDONLY);
    ssize_t n = read(fd, raw, sizeof raw);
    close(fd);
    assert_true(n > (ssize_t)sizeof text);
    assert_null(memmem(raw, (size_t)n, "DOORBELL", 8));
}

static void broken_append_keeps_what_came(void **state)
{
    struct story *s = *state;
    assert_int_equal(
        story_put(s, &(struct story_bytes){.p = "hello", .n = 5, .how = STREAM_BROKEN}), 5);
    assert_int_equal(put(s, " world", 6), 11);
    assert_body(s, "hello world", 11);
}

static void tentative_append_that_breaks_leaves_the_body_as_it_was(void **state)
{
    struct story *s = *state;
    uint8_t *junk = noise(2 << 20);
    assert_int_equal(put(s, "hello", 5), 5);
    uint64_t before = file_size(s);
    assert_int_equal(story_put(s, &(struct story_bytes){.p = junk,
                                                        .n = 2 << 20,
                                                        .tentative = true,
                                                        .how = STREAM_BROKEN}),
                     5);
    assert_int_equal(file_size(s), before);
    assert_int_equal(story_put(s, &(struct story_bytes){.p = " world", .n = 6, .tentative = true}),
                     11);
    assert_body(s, "hello world", 11);
    story_restart(s);
    assert_body(s, "hello world", 11);
    free(junk);
}

static void tentative_appends_of_any_size_count_when_they_end_well(void **state)
{
    struct story *s = *state;
    uint8_t *all = noise(1 << 20);
    size_t total = 0;
    for (size_t n = 65535; n <= 262144;
         n = n * 2 + 1) { /* also such that nothing is left for the last record */
        for (size_t more = 0; more < 2; more++) {
            struct story_bytes b = {.p = all + total, .n = n + more, .tentative = true};
            assert_int_equal(story_put(s, &b), total + n + more);
            total += n + more;
        }
    }
    story_restart(s);
    assert_body(s, all, total);
    free(all);
}

static void tentative_append_that_breaks_before_anything_is_written_does_no_harm(void **state)
{
    struct story *s = *state;
    struct story_bytes broken = {.p = "junk", .n = 4, .tentative = true, .how = STREAM_BROKEN};
    assert_int_equal(story_put(s, &broken), 0);
    assert_int_equal(put(s, "hello", 5), 5);
    assert_int_equal(story_put(s, &broken), 5);
    assert_int_equal(put(s, " world", 6), 11);
    assert_body(s, "hello world", 11);
}

static void tentative_bytes_do_not_count_after_a_crash(void **state)
{
    struct story *s = *state;
    struct story_append a;
    uint8_t *junk = noise(200000);
    assert_int_equal(put(s, "hello", 5), 5);
    struct story_claim c = story_claim(s->spool, s->loop, &s->ref);
    story_append_begin(&a, c.w, true);
    story_push(s->loop, &a, junk, 200000);
    while (file_size(s) < 200000) {
        uv_run(loop_uv(s->loop), UV_RUN_NOWAIT);
    }
    struct spool *other = story_open(s->dir, 0); /* as a process that starts now */
    struct buf got = BUF_INIT(1 << 20);
    assert_int_equal(story_read(other, s->loop, &s->ref, 1, &got), 0);
    assert_int_equal(got.len, 5);
    assert_true(file_size(s) < 200);
    buf_finish(&got);
    spool_destroy(other);
    story_finish(s->loop, &a, STREAM_BROKEN);
    free(junk);
}

static void every_torn_tail_is_cut_back_to_whole_records(void **state)
{
    struct story *s = *state;
    uint8_t *all = noise(3000);
    uint64_t ends[4] = {0};
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(put(s, all + (i - 1) * 1000, 1000), i * 1000);
        ends[i] = file_size(s);
    }
    for (uint64_t cut = ends[3]; cut > ends[2]; cut -= 7) {
        int fd = open_file(s, O_WRONLY);
        assert_int_equal(ftruncate(fd, (off_t)cut), 0);
        close(fd);
        story_restart(s);
        int whole = cut == ends[3] ? 3000 : 2000;
        assert_int_equal(size_of(s), whole);
        assert_int_equal(put(s, all + whole, (size_t)(3000 - whole)), 3000);
        assert_body(s, all, 3000);
    }
    free(all);
}

static void garbage_behind_the_last_record_is_cut_off(void **state)
{
    struct story *s = *state;
    uint8_t *junk = noise(5000);
    assert_int_equal(put(s, "hello", 5), 5);
    uint64_t good = file_size(s);
    memset(junk, 0, 2500); /* a page that never reached the disk reads as zeros */
    int fd = open_file(s, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, junk, 5000), 5000);
    close(fd);
    story_restart(s);
    assert_int_equal(size_of(s), 5);
    assert_int_equal(file_size(s), good);
    free(junk);
}

static void file_without_a_whole_head_begins_anew(void **state)
{
    struct story *s = *state;
    assert_int_equal(put(s, "hello", 5), 5);
    int fd = open_file(s, O_WRONLY);
    assert_int_equal(ftruncate(fd, 20), 0);
    close(fd);
    story_restart(s);
    assert_int_equal(size_of(s), 0);
    assert_int_equal(put(s, "again", 5), 5);
    story_restart(s);
    assert_body(s, "again", 5);
}

static void another_owners_or_bodys_file_does_not_open(void **state)
{
    struct story *s = *state;
    struct spool_ref mine = s->ref;
    assert_int_equal(put(s, "hello", 5), 5);
    s->ref.owner = id_new();
    assert_int_equal(size_of(s), 0); /* and is cut: so only after this is it looked at as its own */
    s->ref = mine;
    story_restart(s);
    assert_int_equal(size_of(s), 0);
}

static void flipped_bit_ends_the_stream_with_an_error(void **state)
{
    struct story *s = *state;
    uint8_t *all = noise(300000), byte;
    assert_int_equal(put(s, all, 300000), 300000);
    int fd = open_file(s, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, 200000), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, 200000), 1);
    close(fd);
    struct buf got = BUF_INIT(1 << 20);
    assert_int_equal(story_read(s->spool, s->loop, &s->ref, 1, &got), -EBADMSG);
    buf_finish(&got);
    free(all);
}

static void newer_claim_fences_the_older_at_once(void **state)
{
    struct story *s = *state;
    struct story_append old;
    struct story_claim first = story_claim(s->spool, s->loop, &s->ref);
    story_append_begin(&old, first.w, false);
    story_push(s->loop, &old, "stale", 5);
    struct story_claim second = story_claim(s->spool, s->loop, &s->ref);
    assert_int_equal(second.status, 0);
    assert_int_equal(second.size, 0);
    story_turn(s->loop, &old.status); /* told without another byte */
    assert_int_equal(old.status, SPOOL_E_FENCED);
    story_push(s->loop, &old, "stale", 5); /* runs past */
    struct story_append new;
    story_append_begin(&new, second.w, false);
    story_push(s->loop, &new, "fresh", 5);
    assert_int_equal(story_finish(s->loop, &new, STREAM_COMPLETE), 0);
    old.sink->ops->end(old.sink, STREAM_BROKEN);
    assert_int_equal(old.calls, 1);
    assert_body(s, "fresh", 5);
}

static void claim_fenced_before_its_append_says_so(void **state)
{
    struct story *s = *state;
    struct story_append old;
    struct story_claim first = story_claim(s->spool, s->loop, &s->ref);
    assert_int_equal(put(s, "fresh", 5), 5);
    story_append_begin(&old, first.w, false);
    story_push(s->loop, &old, "stale", 5);
    assert_int_equal(story_finish(s->loop, &old, STREAM_COMPLETE), SPOOL_E_FENCED);
    assert_int_equal(old.calls, 1);
    assert_body(s, "fresh", 5);
}

static void deleted(void *arg, int status)
{
    *(int *)arg = status;
}

static void delete_fences_the_writer_and_frees_the_place(void **state)
{
    struct story *s = *state;
    struct story_append old;
    int status = UNSET;
    assert_int_equal(put(s, "hello", 5), 5);
    struct story_claim c = story_claim(s->spool, s->loop, &s->ref);
    story_append_begin(&old, c.w, false);
    spool_delete(s->spool, s->loop, &s->ref, 1, deleted, &status);
    story_turn(s->loop, &status);
    assert_int_equal(status, 0);
    assert_int_equal(story_finish(s->loop, &old, STREAM_COMPLETE), SPOOL_E_FENCED);
    assert_int_equal(open_file(s, O_RDONLY), -1);
    assert_int_equal(size_of(s), 0);
    status = UNSET;
    spool_delete(s->spool, s->loop, &s->ref, 1, deleted, &status);
    story_turn(s->loop, &status);
    assert_int_equal(status, 0);
}

static void several_bodies_are_read_as_one(void **state)
{
    struct story *s = *state;
    struct spool_ref refs[3];
    uint8_t *all = noise(900000);
    for (int i = 0; i < 3; i++) {
        refs[i] = s->ref;
        refs[i].body = id_new();
    }
    s->ref = refs[0];
    assert_int_equal(put(s, all, 600000), 600000);
    s->ref = refs[2]; /* the one between stays empty */
    assert_int_equal(put(s, all + 600000, 300000), 300000);
    struct buf got = BUF_INIT(1 << 20);
    assert_int_equal(story_read(s->spool, s->loop, refs, 3, &got), 0);
    assert_int_equal(got.len, 900000);
    assert_memory_equal(got.data, all, 900000);
    buf_finish(&got);
    free(all);
}

static void source_closed_early_lets_go(void **state)
{
    struct story *s = *state;
    uint8_t byte;
    assert_int_equal(put(s, "hello", 5), 5);
    struct source *from = spool_source(s->spool, s->loop, &s->ref, 1);
    assert_int_equal(from->ops->pull(from, &byte, 1), SOURCE_WAIT);
    from->ops->close(from);
    while (spool_busy(s->spool) > 0) {
        uv_run(loop_uv(s->loop), UV_RUN_ONCE);
    }
}

static void full_disk_is_said_and_reading_goes_on(void **state)
{
    struct story *s = *state;
    assert_int_equal(put(s, "hello", 5), 5);
    spool_destroy(s->spool);
    s->spool = story_open(s->dir, UINT64_MAX);
    assert_int_equal(put(s, " world", 6), -SPOOL_E_FULL);
    assert_body(s, "hello", 5);
}

static int count_one(void *arg, const struct id *body, uint64_t bytes)
{
    (*(int *)arg)++;
    assert_true(bytes > 5);
    return 0;
}

static void list_finds_each_areas_bodies_and_remove_removes_them(void **state)
{
    struct story *s = *state;
    int n = 0, pieces = 0;
    struct id first = s->ref.body;
    assert_int_equal(put(s, "hello", 5), 5);
    s->ref.body = id_new();
    assert_int_equal(put(s, "hello", 5), 5);
    s->ref.area = SPOOL_PIECES;
    assert_int_equal(put(s, "hello", 5), 5);
    assert_int_equal(spool_list(s->spool, SPOOL_RESUMABLE, count_one, &n), 0);
    assert_int_equal(spool_list(s->spool, SPOOL_PIECES, count_one, &pieces), 0);
    assert_int_equal(n, 2);
    assert_int_equal(pieces, 1);
    assert_int_equal(spool_remove(s->spool, SPOOL_RESUMABLE, &first), 0);
    n = 0;
    assert_int_equal(spool_list(s->spool, SPOOL_RESUMABLE, count_one, &n), 0);
    assert_int_equal(n, 1);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(appends_of_any_size_come_back_as_one_body_also_after_a_restart),
        STORY(body_that_was_never_written_is_empty_and_leaves_no_file),
        STORY(nothing_of_the_plain_bytes_is_in_the_file),
        STORY(broken_append_keeps_what_came),
        STORY(tentative_append_that_breaks_leaves_the_body_as_it_was),
        STORY(tentative_appends_of_any_size_count_when_they_end_well),
        STORY(tentative_append_that_breaks_before_anything_is_written_does_no_harm),
        STORY(tentative_bytes_do_not_count_after_a_crash),
        STORY(every_torn_tail_is_cut_back_to_whole_records),
        STORY(garbage_behind_the_last_record_is_cut_off),
        STORY(file_without_a_whole_head_begins_anew),
        STORY(another_owners_or_bodys_file_does_not_open),
        STORY(flipped_bit_ends_the_stream_with_an_error),
        STORY(newer_claim_fences_the_older_at_once),
        STORY(claim_fenced_before_its_append_says_so),
        STORY(delete_fences_the_writer_and_frees_the_place),
        STORY(several_bodies_are_read_as_one),
        STORY(source_closed_early_lets_go),
        STORY(full_disk_is_said_and_reading_goes_on),
        STORY(list_finds_each_areas_bodies_and_remove_removes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
