/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "base/str.h"
#include "recording/journal.h"
#include "recording/live_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct story {
    char top[64], dir[80], path[128];
    struct loop *loop;
    struct seal_params seal;
    struct journal_ref *journal;
    int status;
    uint8_t *p;
    size_t n;
};

static int set_up(void **state)
{
    struct story *s = mem_new(struct story);
    snprintf(s->top, sizeof s->top, "/tmp/doorward-journal-XXXXXX");
    assert_non_null(mkdtemp(s->top));
    snprintf(s->dir, sizeof s->dir, "%s/journal", s->top);
    random_bytes(s->seal.key, sizeof s->seal.key);
    s->seal.household = id_new();
    s->seal.object = id_new();
    char name[ID_TEXT_SIZE];
    id_format(&s->seal.object, name);
    snprintf(s->path, sizeof s->path, "%s/%s", s->dir, name);
    s->loop = loop_create(NULL);
    assert_int_equal(journal_create(s->dir, &s->seal, &s->journal), 0);
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
    journal_ref_drop(s->journal);
    loop_destroy(s->loop);
    assert_int_equal(nftw(s->top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(s->p);
    free(s);
    return 0;
}

/* As the worker does it; returns the record's offset. */
static uint64_t append(struct story *s, const char *text)
{
    uint8_t out[256];
    size_t n = strlen(text);
    off_t at = lseek(journal_fd(s->journal), 0, SEEK_END);
    journal_record_seal(&s->seal, (uint64_t)at, text, n, out);
    assert_int_equal(write(journal_fd(s->journal), out, n + JOURNAL_EXTRA), n + JOURNAL_EXTRA);
    return (uint64_t)at;
}

static void got(void *arg, int status, uint8_t *p, size_t n)
{
    struct story *s = arg;
    free(s->p);
    s->status = status;
    s->p = p;
    s->n = n;
    loop_stop(s->loop);
}

static int read_back(struct story *s, uint64_t offset, uint32_t bytes)
{
    journal_read(s->loop, s->journal, offset, bytes, got, s);
    loop_run(s->loop);
    return s->status;
}

static void records_are_read_back_one_by_one(void **state)
{
    struct story *s = *state;
    append(s, "the first");
    uint64_t second = append(s, "and the second");
    assert_int_equal(read_back(s, second, 14), 0);
    assert_int_equal(s->n, 14);
    assert_memory_equal(s->p, "and the second", 14);
    assert_int_equal(read_back(s, 0, 9), 0);
    assert_memory_equal(s->p, "the first", 9);
}

static void what_no_record_is_does_not_read(void **state)
{
    struct story *s = *state;
    uint64_t at = append(s, "only one");
    assert_int_equal(read_back(s, at, 7), -EBADMSG);
    assert_int_equal(read_back(s, at + 1, 8), -EBADMSG);
    assert_int_equal(read_back(s, 4096, 8), -EBADMSG);
    assert_int_equal(read_back(s, at, 0), -EINVAL);
    assert_int_equal(read_back(s, at, JOURNAL_PLAIN_MAX + 1), -EINVAL);
}

static void a_removed_journal_is_read_by_who_holds_it(void **state)
{
    struct story *s = *state;
    append(s, "still there");
    assert_int_equal(journal_sync(s->journal), 0);
    assert_int_equal(access(s->path, F_OK), 0);
    journal_remove(s->journal);
    assert_int_not_equal(access(s->path, F_OK), 0);
    assert_int_equal(read_back(s, 0, 11), 0);
}

static void it_is_locked_as_long_as_a_writer_holds_it(void **state)
{
    struct story *s = *state;
    int writer = dup(journal_fd(s->journal)); /* as the worker's */
    int other = open(s->path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    s->journal = journal_ref_drop(s->journal);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    close(writer);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    close(other);
}

static void a_second_one_of_the_same_object_is_refused(void **state)
{
    struct story *s = *state;
    struct journal_ref *other;
    assert_int_equal(journal_create(s->dir, &s->seal, &other), -EEXIST);
}

static void a_part_holds_its_journal(void **state)
{
    struct story *s = *state;
    append(s, "a part");
    struct live_fragment *f = mem_new(struct live_fragment);
    f->refs = 1;
    f->bytes = 6;
    f->journal = journal_ref_take(s->journal);
    live_fragment_ref(f);
    assert_null(live_fragment_unref(f));
    assert_int_equal(read_back(s, f->offset, f->bytes), 0);
    assert_null(live_fragment_unref(f));
}

static void the_head_of_a_journal_is_checked(void **state)
{
    uint8_t p[JOURNAL_HEAD_SIZE];
    struct journal_head h = {.zero_90k = 5400000, .lead_90k = 3003, .container = "mpegts"},
                        back = {0};
    journal_head_format(&h, p);
    assert_int_equal(journal_head_parse(p, sizeof p, &back), 0);
    assert_int_equal(back.zero_90k, h.zero_90k);
    assert_int_equal(back.lead_90k, h.lead_90k);
    assert_string_equal(back.container, "mpegts");
    assert_int_equal(journal_head_parse(p, sizeof p - 1, &back), -EBADMSG);
    p[1] = 0x80;
    assert_int_equal(journal_head_parse(p, sizeof p, &back), -EBADMSG);
    p[1] = 0;
    p[0] = 9;
    assert_int_equal(journal_head_parse(p, sizeof p, &back), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_are_read_back_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_no_record_is_does_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removed_journal_is_read_by_who_holds_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_is_locked_as_long_as_a_writer_holds_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_second_one_of_the_same_object_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_part_holds_its_journal, set_up, tear_down),
        cmocka_unit_test(the_head_of_a_journal_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
