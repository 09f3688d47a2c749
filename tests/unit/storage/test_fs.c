/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "story.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int set_up(void **state)
{
    *state = story_begin(NULL);
    return 0;
}

static int tear_down(void **state)
{
    story_end(*state);
    return 0;
}

static void object_that_was_put_is_there_with_its_bytes(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    assert_string_equal(store_name(s->store), "fs");
    assert_int_equal(story_put(s, &id, "0123456789", 10), 0);
    assert_int_equal(story_stat(s, &id), 0);
    assert_int_equal(s->size, 10);
    assert_int_equal(story_get(s, &id, 3, 4), 0);
    assert_int_equal(s->n, 4);
    assert_memory_equal(s->p, "3456", 4);
    free(s->p);
    assert_int_equal(s->calls, 3); /* each exactly once */
    assert_int_equal(story_count(s), 1);
    assert_int_equal(story_staged_files(s), 0);
    assert_int_equal(store_busy(s->store), 0);
}

static void done_never_comes_before_put_returns(void **state)
{
    struct story *s = *state;
    struct store_stage *st;
    assert_int_equal(store_stage(s->store, &st), 0);
    assert_int_equal(store_busy(s->store), 1);
    store_put(s->store, st, "no key at all", 0, story_done, s);
    assert_int_equal(s->calls, 0);
    assert_int_equal(store_busy(s->store), 1);
    loop_run(s->loop);
    assert_int_equal(s->calls, 1);
    assert_int_equal(s->status, -EINVAL);
    assert_int_equal(store_busy(s->store), 0);
    assert_int_equal(story_staged_files(s), 0);
}

static void put_with_another_size_than_the_file_is_refused_and_leaves_nothing(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    assert_int_equal(story_put(s, &id, "0123456789", 11), STORE_E_SHORT);
    assert_int_equal(story_stat(s, &id), STORE_E_NOT_FOUND);
    assert_int_equal(story_count(s), 0);
    assert_int_equal(story_staged_files(s), 0);
}

static void second_put_of_a_key_keeps_the_first_object(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    assert_int_equal(story_put(s, &id, "first", 5), 0);
    assert_int_equal(story_put(s, &id, "other", 5), STORE_E_EXISTS);
    assert_int_equal(story_get(s, &id, 0, 5), 0);
    assert_memory_equal(s->p, "first", 5);
    free(s->p);
    assert_int_equal(story_staged_files(s), 0);
}

static void range_past_the_end_is_short_and_a_missing_object_not_found(void **state)
{
    struct story *s = *state;
    struct id id = id_new(), other = id_new();
    assert_int_equal(story_put(s, &id, "0123456789", 10), 0);
    assert_int_equal(story_get(s, &id, 5, 6), STORE_E_SHORT);
    assert_null(s->p);
    assert_int_equal(story_get(s, &id, 0, 0), -EINVAL);
    assert_int_equal(story_get(s, &id, 0, (16 << 20) + 1), -EINVAL);
    assert_int_equal(story_get(s, &other, 0, 1), STORE_E_NOT_FOUND);
    assert_int_equal(story_stat(s, &other), STORE_E_NOT_FOUND);
}

static void deleted_object_is_gone_and_deleting_twice_is_fine(void **state)
{
    struct story *s = *state;
    struct id id = id_new(), never = id_new();
    assert_int_equal(story_put(s, &id, "x", 1), 0);
    assert_int_equal(story_delete(s, &id), 0);
    assert_int_equal(story_stat(s, &id), STORE_E_NOT_FOUND);
    assert_int_equal(story_delete(s, &id), 0);
    assert_int_equal(story_delete(s, &never), 0);
    assert_int_equal(story_count(s), 0);
}

static ssize_t shorten(void *arg, uint8_t *p, size_t n)
{
    p[0] = *(const char *)arg;
    return 2;
}

static ssize_t refuse(void *arg, uint8_t *p, size_t n)
{
    return -EBADMSG;
}

static void map_changes_what_is_handed_out_or_refuses_it(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    char key[STORE_KEY_SIZE], mark[] = "X";
    assert_int_equal(story_put(s, &id, "0123456789", 10), 0);
    store_key(&id, key);
    struct store_get_params p = {
        .key = key, .n = 10, .map = shorten, .map_arg = mark, .done = story_got, .arg = s};
    store_get(s->store, &p);
    loop_run(s->loop);
    assert_int_equal(s->status, 0);
    assert_int_equal(s->n, 2);
    assert_memory_equal(s->p, "X1", 2);
    free(s->p);
    p.map = refuse;
    store_get(s->store, &p);
    loop_run(s->loop);
    assert_int_equal(s->status, -EBADMSG);
    assert_null(s->p);
}

static void keys_from_elsewhere_never_reach_the_disk(void **state)
{
    static const char *const bad[] = {"../canary", "seg/../../canary", "/etc/passwd", ""};
    struct story *s = *state;
    char canary[96];
    snprintf(canary, sizeof canary, "%s/../canary", s->dir);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        store_stat(s->store, bad[i], story_stat_done, s);
        loop_run(s->loop);
        assert_int_equal(s->status, -EINVAL);
        store_delete(s->store, bad[i], story_done, s);
        loop_run(s->loop);
        assert_int_equal(s->status, -EINVAL);
    }
    assert_int_not_equal(access(canary, F_OK), 0);
}

static void symbolic_link_in_an_objects_place_is_not_followed(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    char key[STORE_KEY_SIZE], path[192];
    assert_int_equal(story_put(s, &id, "x", 1), 0);
    store_key(&id, key);
    snprintf(path, sizeof path, "%s/%s", s->dir, key);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(story_get(s, &id, 0, 1), STORE_E_UNAVAILABLE);
}

static void dropped_stage_leaves_nothing(void **state)
{
    struct story *s = *state;
    struct store_stage *st;
    assert_int_equal(store_stage(s->store, &st), 0);
    assert_int_equal(story_staged_files(s), 1);
    assert_null(store_stage_drop(st));
    assert_null(store_stage_drop(NULL));
    assert_int_equal(story_staged_files(s), 0);
    assert_int_equal(store_busy(s->store), 0);
}

static void new_data_is_refused_below_the_low_water_mark_and_reading_goes_on(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    struct store_driver *d;
    struct store_stage *st;
    assert_int_equal(story_put(s, &id, "x", 1), 0);
    store_destroy(s->store);
    assert_int_equal(store_fs_create(s->dir, UINT64_MAX, &d), 0);
    s->store = store_create(s->loop, d);
    assert_int_equal(store_health(s->store), STORE_E_FULL);
    assert_int_equal(store_stage(s->store, &st), STORE_E_FULL);
    assert_int_equal(story_get(s, &id, 0, 1), 0);
    free(s->p);
    assert_int_equal(story_delete(s, &id), 0);
}

/* Another process stages a file and dies of it. */
static void stage_and_die(const char *dir)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct store_driver *d;
        void *token;
        int fd;
        if (store_fs_create(dir, 0, &d) != 0 || d->ops->stage(d, &fd, &token) != 0 ||
            write(fd, "half", 4) != 4) {
            _exit(1);
        }
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void recover_removes_what_the_dead_left_and_nothing_of_the_living(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    struct store_stage *mine;
    unsigned removed;
    assert_int_equal(story_put(s, &id, "kept", 4), 0);
    stage_and_die(s->dir);
    stage_and_die(s->dir);
    assert_int_equal(store_stage(s->store, &mine), 0);
    assert_int_equal(story_staged_files(s), 3);
    assert_int_equal(store_recover(s->store, &removed), 0);
    assert_int_equal(removed, 2);
    assert_int_equal(story_staged_files(s), 1);
    assert_int_equal(store_recover(s->store, &removed), 0);
    assert_int_equal(removed, 0);
    char key[STORE_KEY_SIZE];
    struct id next = id_new();
    store_key(&next, key);
    store_put(s->store, mine, key, 0, story_done, s);
    loop_run(s->loop);
    assert_int_equal(s->status, 0);
    assert_int_equal(story_count(s), 2);
}

static int stop_at_second(void *arg, const char *key, uint64_t size)
{
    return ++*(int *)arg == 2 ? 77 : 0;
}

static void list_gives_every_object_once_and_stops_when_told(void **state)
{
    struct story *s = *state;
    int seen = 0;
    for (int i = 0; i < 20; i++) {
        struct id id = id_new();
        assert_int_equal(story_put(s, &id, "x", 1), 0);
    }
    assert_int_equal(story_count(s), 20);
    assert_int_equal(store_list(s->store, stop_at_second, &seen), 77);
    assert_int_equal(seen, 2);
}

struct found {
    char key[512];
};

static int remember(void *arg, const char *key, uint64_t size)
{
    snprintf(((struct found *)arg)->key, sizeof((struct found *)arg)->key, "%s", key);
    return 0;
}

static void list_shows_files_that_do_not_belong_there(void **state)
{
    struct story *s = *state;
    char path[96];
    struct found found = {""};
    struct id id;
    snprintf(path, sizeof path, "%s/seg/stray", s->dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_list(s->store, remember, &found), 0);
    assert_string_equal(found.key, "seg/stray");
    assert_int_equal(store_key_parse(found.key, &id), -EINVAL);
}

static void folder_that_somebody_removed_is_made_again(void **state)
{
    struct story *s = *state;
    struct id id = id_new();
    char key[STORE_KEY_SIZE], path[192];
    assert_int_equal(story_put(s, &id, "x", 1), 0);
    assert_int_equal(story_delete(s, &id), 0);
    store_key(&id, key);
    snprintf(path, sizeof path, "%s/%.9s", s->dir, key);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(story_put(s, &id, "x", 1), STORE_E_UNAVAILABLE);
    assert_int_equal(story_put(s, &id, "x", 1), 0);
}

static void two_stores_share_one_place(void **state)
{
    struct story *s = *state;
    struct store_driver *d;
    struct id id = id_new();
    assert_int_equal(store_fs_create(s->dir, 0, &d), 0);
    struct store *first = s->store, *second = store_create(s->loop, d);
    assert_int_equal(story_put(s, &id, "shared", 6), 0);
    s->store = second;
    assert_int_equal(story_stat(s, &id), 0);
    assert_int_equal(story_put(s, &id, "shared", 6), STORE_E_EXISTS);
    s->store = first;
    store_destroy(second);
}

static void place_that_cannot_be_used_is_said_at_once(void **state)
{
    struct story *s = *state;
    struct store_driver *d = NULL;
    char path[96];
    snprintf(path, sizeof path, "%s/file", s->dir);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(store_fs_create(path, 0, &d), -ENOTDIR);
    assert_int_equal(store_fs_create("/no/such/parent/at/all", 0, &d), -ENOENT);
    assert_null(d);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(object_that_was_put_is_there_with_its_bytes),
        STORY(done_never_comes_before_put_returns),
        STORY(put_with_another_size_than_the_file_is_refused_and_leaves_nothing),
        STORY(second_put_of_a_key_keeps_the_first_object),
        STORY(range_past_the_end_is_short_and_a_missing_object_not_found),
        STORY(deleted_object_is_gone_and_deleting_twice_is_fine),
        STORY(map_changes_what_is_handed_out_or_refuses_it),
        STORY(keys_from_elsewhere_never_reach_the_disk),
        STORY(symbolic_link_in_an_objects_place_is_not_followed),
        STORY(dropped_stage_leaves_nothing),
        STORY(new_data_is_refused_below_the_low_water_mark_and_reading_goes_on),
        STORY(recover_removes_what_the_dead_left_and_nothing_of_the_living),
        STORY(list_gives_every_object_once_and_stops_when_told),
        STORY(list_shows_files_that_do_not_belong_there),
        STORY(folder_that_somebody_removed_is_made_again),
        STORY(two_stores_share_one_place),
        STORY(place_that_cannot_be_used_is_said_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
