/* SPDX-License-Identifier: Apache-2.0 */
/* The check and the recovery against a real database and a real folder. */
#include "tests/unit/db/database.h"

#include "base/str.h"
#include "recording/check.h"
#include "recording/garbage.h"
#include "recording/recover.h"
#include "storage/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PLAIN_BYTES = SEAL_CHUNK_SIZE + 100 };

struct story {
    struct house *house;
    char dir[64], reason[256];
    struct store *store;
    struct keyring *keyring;
    struct id household;
    uint8_t household_key[KEY_WRAPPED_SIZE];
    struct check_params params;
    struct check_result result;
    char last[256]; /* name of the last finding */
    bool put;
};

static void on_finding(void *arg, enum check_kind k, const char *name)
{
    struct story *s = arg;
    snprintf(s->last, sizeof s->last, "%s", name);
}

static char *id_text(const struct id *id)
{
    char *text = mem_alloc(ID_TEXT_SIZE, 1);
    id_format(id, text);
    return text;
}

/* SQL with one id in it. */
static void run_with_id(const char *before, const struct id *id, const char *after)
{
    char *text = id_text(id), *sql = mem_printf("%s'%s'%s", before, text, after);
    run_aside(sql);
    free(text);
    free(sql);
}

static int set_up(void **state)
{
    struct story *s = mem_new(struct story);
    struct store_driver *d;
    char key_path[96], store_dir[96], hex[2 * KEY_WRAPPED_SIZE + 1];
    migrate_here();
    run_aside("set session_replication_role = replica;"
              "delete from segment; delete from grant_segment; delete from grant_item;"
              "delete from footage_grant; delete from garbage; delete from upload_object;"
              "delete from upload; delete from household");
    snprintf(s->dir, sizeof s->dir, "/tmp/doorward-check-XXXXXX");
    ALWAYS(mkdtemp(s->dir) != NULL);
    snprintf(key_path, sizeof key_path, "%s/key", s->dir);
    snprintf(store_dir, sizeof store_dir, "%s/store", s->dir);
    ALWAYS(keyring_load(key_path, true, &s->keyring) == 0);
    ALWAYS(store_fs_create(store_dir, 0, &d) == 0);
    s->house = house_open((struct db_params){.connections = 2, .waiting_max = 16});
    s->store = store_create(s->house->loop, d);
    s->household = id_new();
    keyring_new_household(s->keyring, &s->household, s->household_key);
    str_hex(s->household_key, KEY_WRAPPED_SIZE, hex);
    char *rest = mem_printf(", 'Home', '\\x%s', 1)", hex);
    run_with_id("insert into household (id, name, wrapped_key, created_us) values (", &s->household,
                rest);
    free(rest);
    s->params = (struct check_params){.loop = s->house->loop,
                                      .db = s->house->db,
                                      .store = s->store,
                                      .keyring = s->keyring,
                                      .level = CHECK_DIGEST,
                                      .finding = on_finding,
                                      .arg = s};
    *state = s;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    return remove(path);
}

static void on_drained(void *arg)
{
    loop_stop(arg);
}

static int tear_down(void **state)
{
    struct story *s = *state;
    db_drain(s->house->db, on_drained, s->house->loop);
    loop_run(s->house->loop);
    store_destroy(s->store);
    house_close(s->house);
    keyring_destroy(s->keyring);
    ALWAYS(nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(s);
    return 0;
}

static int write_fd(void *arg, const uint8_t *p, size_t n)
{
    return write(*(int *)arg, p, n) == (ssize_t)n ? 0 : -EIO;
}

static void on_put(void *arg, int status)
{
    struct story *s = arg;
    ALWAYS(status == 0);
    s->put = true;
}

struct sealed {
    struct id id;
    struct seal_result result;
    uint8_t wrapped[KEY_WRAPPED_SIZE];
};

static struct sealed put_object(struct story *s)
{
    struct sealed o = {.id = id_new()};
    struct seal_params p = {.household = s->household, .object = o.id};
    struct store_stage *st;
    static const uint8_t plain[PLAIN_BYTES];
    char key[STORE_KEY_SIZE];
    ALWAYS(keyring_new_object(s->keyring, &s->household, s->household_key, &o.id, p.key,
                              o.wrapped) == 0);
    ALWAYS(store_stage(s->store, &st) == 0);
    int fd = store_stage_fd(st);
    struct sealer *w = sealer_create(&p, write_fd, &fd);
    ALWAYS(sealer_write(w, plain, sizeof plain) == 0 && sealer_finish(w, &o.result) == 0);
    sealer_destroy(w);
    store_key(&o.id, key);
    s->put = false;
    store_put(s->store, st, key, o.result.sealed_bytes, on_put, s);
    ALWAYS(turn_until(s->house, &s->put, 5000));
    return o;
}

/* Columns that segment and grant_segment have in common. */
static char *row_values(const struct sealed *o)
{
    char digest[2 * SHA256_SIZE + 1], wrapped[2 * KEY_WRAPPED_SIZE + 1];
    str_hex(o->result.digest, SHA256_SIZE, digest);
    str_hex(o->wrapped, KEY_WRAPPED_SIZE, wrapped);
    return mem_printf("0, 1790000000000000, 0, 90000, %d, %llu, '\\x%s', '\\x%s', '\\x00'",
                      PLAIN_BYTES, (unsigned long long)o->result.sealed_bytes, digest, wrapped);
}

static void add_row(struct story *s, const struct sealed *o)
{
    char *id = id_text(&o->id), *home = id_text(&s->household), *values = row_values(o);
    char *sql = mem_printf(
        "insert into segment (sequence, start_us, zero_90k, duration_90k, plain_bytes,"
        " sealed_bytes, sealed_digest, wrapped_key, sample_index, id, household_id, camera_id,"
        " recording_id, created_us) values (%s, '%s', '%s', '%s', '%s', 1)",
        values, id, home, home, home);
    run_aside(sql);
    free(sql);
    free(values);
    free(home);
    free(id);
}

/* A grant has a key of its own; here it has the household's id and key, by which put_object seals.
 */
static void add_granted_row(struct story *s, const struct sealed *o)
{
    char *id = id_text(&o->id), *home = id_text(&s->household), *values = row_values(o);
    char key[2 * KEY_WRAPPED_SIZE + 1];
    str_hex(s->household_key, KEY_WRAPPED_SIZE, key);
    char *sql = mem_printf(
        "set session_replication_role = replica;"
        "insert into footage_grant (id, request_id, household_id, agency_id, alias, given_by,"
        " given_us, visible_us, expires_us, wrapped_key)"
        " values ('%s', '%s', '%s', '%s', 'A', '%s', 1, 1, 2, '\\x%s');"
        "insert into grant_item (id, grant_id, clip_id, ordinal, start_us, duration_ms,"
        " parent_sha256, file_bytes) values ('%s', '%s', '%s', 0, 1, 1, '\\x00', 1);"
        "insert into grant_segment (sequence, start_us, zero_90k, duration_90k, plain_bytes,"
        " sealed_bytes, sealed_digest, wrapped_key, sample_index, object_id, item_id)"
        " values (%s, '%s', '%s')",
        home, id, id, id, id, key, id, home, id, values, id, id);
    run_aside(sql);
    free(sql);
    free(values);
    free(home);
    free(id);
}

static void add_garbage(const struct id *id)
{
    run_with_id("insert into garbage (object_id, reason, since_us) values (", id,
                ", 'deleted', 1)");
}

static void add_upload(const struct id *upload, const struct id *object, const char *node,
                       int64_t created_us)
{
    char *u = id_text(upload), *o = id_text(object);
    char *sql = mem_printf("set session_replication_role = replica;"
                           "insert into upload (id, camera_id, node, created_us)"
                           " values ('%s', '%s', '%s', %lld) on conflict do nothing;"
                           "insert into upload_object (object_id, upload_id) values ('%s', '%s')",
                           u, u, node, (long long)created_us, o, u);
    run_aside(sql);
    free(sql);
    free(o);
    free(u);
}

static void path_of(const struct story *s, const struct id *id, char *path, size_t size)
{
    char key[STORE_KEY_SIZE];
    store_key(id, key);
    snprintf(path, size, "%s/store/%s", s->dir, key);
}

static bool stored(const struct story *s, const struct id *id)
{
    char path[192];
    path_of(s, id, path, sizeof path);
    return access(path, F_OK) == 0;
}

static uint64_t run_check(struct story *s)
{
    uint64_t sum = 0;
    memset(&s->result, 0, sizeof s->result);
    assert_int_equal(check_run(&s->params, &s->result, s->reason, sizeof s->reason), 0);
    for (int i = 0; i < CHECK_KINDS; i++) {
        sum += s->result.found[i];
    }
    return sum;
}

static void rows_garbage_and_uploads_own_their_objects(void **state)
{
    struct story *s = *state;
    struct id upload = id_new();
    struct sealed a = put_object(s), b = put_object(s), c = put_object(s), d = put_object(s);
    add_row(s, &a);
    add_granted_row(s, &b);
    add_garbage(&c.id);
    add_upload(&upload, &d.id, "n", 1);
    assert_int_equal(run_check(s), 0);
    assert_int_equal(s->result.rows, 2);
    assert_int_equal(s->result.objects, 4);
    assert_int_equal(s->result.object_bytes, 4 * a.result.sealed_bytes);
    assert_int_equal(s->result.garbage, 1);
    assert_int_equal(s->result.uploads, 1);
    assert_true(stored(s, &c.id)); /* looking changes nothing */
}

static void row_without_its_object_is_found(void **state)
{
    struct story *s = *state;
    struct sealed a = put_object(s), b = put_object(s);
    char path[192], key[STORE_KEY_SIZE];
    add_row(s, &a);
    add_granted_row(s, &b);
    path_of(s, &a.id, path, sizeof path);
    assert_int_equal(unlink(path), 0);
    s->params.level = CHECK_PRESENCE;
    assert_int_equal(run_check(s), 1);
    assert_int_equal(s->result.found[CHECK_MISSING], 1);
    store_key(&a.id, key);
    assert_string_equal(s->last, key);
    path_of(s, &b.id, path, sizeof path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(run_check(s), 2);
}

static void each_level_finds_more(void **state)
{
    struct story *s = *state;
    struct sealed cut = put_object(s), damaged = put_object(s);
    char path[192];
    add_row(s, &cut);
    add_row(s, &damaged);
    path_of(s, &cut.id, path, sizeof path);
    assert_int_equal(truncate(path, 100), 0);
    path_of(s, &damaged.id, path, sizeof path);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "!", 1, SEAL_SEALED_CHUNK_SIZE + 100), 1);
    close(fd);
    s->params.level = CHECK_PRESENCE;
    assert_int_equal(run_check(s), 0);
    s->params.level = CHECK_SIZE;
    assert_int_equal(run_check(s), 1);
    assert_int_equal(s->result.found[CHECK_WRONG_SIZE], 1);
    s->params.level = CHECK_DIGEST;
    assert_int_equal(run_check(s), 2);
    assert_int_equal(s->result.found[CHECK_DAMAGED], 1);
}

static void key_or_digest_of_another_object_is_damage(void **state)
{
    struct story *s = *state;
    struct sealed a = put_object(s), b = put_object(s), c = put_object(s);
    memcpy(a.wrapped, b.wrapped, sizeof a.wrapped);
    c.result.digest[0] ^= 1;
    add_row(s, &a);
    add_row(s, &b);
    add_row(s, &c);
    assert_int_equal(run_check(s), 2);
    assert_int_equal(s->result.found[CHECK_DAMAGED], 2);
}

static void objects_without_an_owner_or_with_two_and_strange_files_are_found(void **state)
{
    struct story *s = *state;
    struct sealed orphan = put_object(s), twice = put_object(s);
    char path[192];
    add_row(s, &twice);
    add_garbage(&twice.id);
    snprintf(path, sizeof path, "%s/store/seg/stray", s->dir);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(run_check(s), 3);
    assert_int_equal(s->result.found[CHECK_ORPHAN], 1);
    assert_int_equal(s->result.found[CHECK_TWICE], 1);
    assert_int_equal(s->result.found[CHECK_FOREIGN], 1);
    assert_true(stored(s, &orphan.id));
}

static void garbage_is_finished_on_request_only(void **state)
{
    struct story *s = *state;
    struct sealed a = put_object(s), b = put_object(s);
    struct id gone = id_new();
    add_row(s, &a);
    add_garbage(&b.id);
    add_garbage(&gone); /* a crash between object and row */
    s->params.finish_garbage = true;
    assert_int_equal(run_check(s), 0);
    assert_int_equal(s->result.garbage_finished, 2);
    assert_int_equal(s->result.garbage, 0);
    assert_false(stored(s, &b.id));
    assert_true(stored(s, &a.id));
}

static void orphans_are_deleted_on_request_and_nothing_else(void **state)
{
    struct story *s = *state;
    struct id upload = id_new();
    struct sealed orphan = put_object(s), kept = put_object(s), live = put_object(s);
    add_row(s, &kept);
    add_upload(&upload, &live.id, "n", 1);
    s->params.delete_orphans = true;
    assert_int_equal(run_check(s), 1);
    assert_int_equal(s->result.orphans_deleted, 1);
    assert_false(stored(s, &orphan.id));
    assert_true(stored(s, &kept.id));
    assert_true(stored(s, &live.id));
    assert_int_equal(run_check(s), 0);
}

static void too_many_orphans_stop_the_repair(void **state)
{
    struct story *s = *state;
    struct sealed one = {.id = {{0}}};
    for (int i = 0; i < 11; i++) {
        one = put_object(s);
    }
    s->params.delete_orphans = true;
    assert_int_equal(run_check(s), 11);
    assert_true(s->result.stopped);
    assert_int_equal(s->result.orphans_deleted, 0);
    assert_true(stored(s, &one.id));
    s->params.orphans_max = 11;
    assert_int_equal(run_check(s), 11);
    assert_false(s->result.stopped);
    assert_int_equal(s->result.orphans_deleted, 11);
    assert_int_equal(run_check(s), 0);
}

static void many_pages_are_all_looked_at(void **state)
{
    struct story *s = *state;
    run_aside("insert into garbage (object_id, reason, since_us)"
              " select gen_random_uuid(), 'deleted', 1 from generate_series(1, 1203)");
    run_with_id("insert into segment (sequence, start_us, zero_90k, duration_90k, plain_bytes,"
                " sealed_bytes, sealed_digest, wrapped_key, sample_index, id, household_id,"
                " camera_id, recording_id, created_us) select 0, 1790000000000000, 0, 1, 1, 81,"
                " decode(repeat('00', 32), 'hex'), decode(repeat('00', 60), 'hex'), '\\x00',"
                " gen_random_uuid(), h, h, h, 1 from generate_series(1, 1203), (select ",
                &s->household, "::uuid as h) x");
    assert_int_equal(run_check(s), 1203);
    assert_int_equal(s->result.rows, 1203);
    assert_int_equal(s->result.found[CHECK_MISSING], 1203);
    assert_int_equal(s->result.garbage, 1203);
    s->params.finish_garbage = true;
    run_check(s);
    assert_int_equal(s->result.garbage_finished, 1203);
}

static void database_that_is_away_is_not_clean(void **state)
{
    struct story *s = *state;
    struct db *real = s->house->db;
    s->params.db = db_create(&(struct db_params){.loop = s->house->loop,
                                                 .url = "postgresql:///x?host=/nowhere",
                                                 .connections = 1,
                                                 .waiting_max = 4,
                                                 .deadline_ms = 300});
    assert_int_equal(check_run(&s->params, &s->result, s->reason, sizeof s->reason), -EIO);
    assert_string_equal(s->reason, "The database does not answer.");
    db_drain(s->params.db, on_drained, s->house->loop);
    loop_run(s->house->loop);
    db_destroy(s->params.db);
    s->params.db = real;
}

/* ---- recovery ---- */
static bool wait_gone(struct story *s, const struct id *id, uint64_t ms)
{
    uint64_t end = clock_mono_ms() + ms;
    while (clock_mono_ms() < end && stored(s, id)) {
        turn_for(s->house, 10);
    }
    return !stored(s, id);
}

static void uploads_of_an_earlier_process_are_undone_and_no_others(void **state)
{
    struct story *s = *state;
    struct id old = id_new(), fresh = id_new(), foreign = id_new();
    struct sealed o[3] = {put_object(s), put_object(s), put_object(s)};
    struct sealed kept = put_object(s);
    struct id never_put = id_new();
    add_row(s, &kept);
    add_upload(&old, &o[0].id, "here", 1000);
    add_upload(&old, &never_put, "here", 1000);
    add_upload(&fresh, &o[1].id, "here", 2000);
    add_upload(&foreign, &o[2].id, "there", 1000);
    struct recover *r = recover_create(&(struct recover_params){.loop = s->house->loop,
                                                                .db = s->house->db,
                                                                .store = s->store,
                                                                .node = "here",
                                                                .before_us = 2000});
    assert_true(wait_gone(s, &o[0].id, 5000));
    turn_for(s->house, 200);
    assert_null(recover_destroy(r));
    assert_int_equal(count_aside("select count(*) from upload"), 2);
    assert_int_equal(count_aside("select count(*) from garbage"), 0);
    assert_true(stored(s, &o[1].id) && stored(s, &o[2].id) && stored(s, &kept.id));
    assert_int_equal(run_check(s), 0);
}

static void recovery_waits_for_the_database_and_then_goes_on(void **state)
{
    struct story *s = *state;
    struct sealed o = put_object(s);
    add_garbage(&o.id);
    run_aside("alter table upload rename to upload_away");
    struct recover *r = recover_create(&(struct recover_params){.loop = s->house->loop,
                                                                .db = s->house->db,
                                                                .store = s->store,
                                                                .node = "here",
                                                                .before_us = 2000});
    turn_for(s->house, 400);
    assert_true(stored(s, &o.id));
    run_aside("alter table upload_away rename to upload");
    assert_true(wait_gone(s, &o.id, 5000));
    recover_destroy(r);
    turn_for(s->house, 200);
}

static void recovery_may_be_ended_at_any_moment(void **state)
{
    struct story *s = *state;
    for (int ms = 0; ms < 12; ms++) {
        struct sealed o = put_object(s);
        add_garbage(&o.id);
        struct recover *r = recover_create(&(struct recover_params){.loop = s->house->loop,
                                                                    .db = s->house->db,
                                                                    .store = s->store,
                                                                    .node = "here",
                                                                    .before_us = 2000});
        if (ms > 0) {
            turn_for(s->house, (uint64_t)ms);
        }
        recover_destroy(r);
    }
    turn_for(s->house, 300);
    assert_int_equal(store_busy(s->store), 0);
    s->params.finish_garbage = true;
    assert_int_equal(run_check(s), 0);
    assert_int_equal(s->result.objects, s->result.garbage_finished);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(rows_garbage_and_uploads_own_their_objects),
        STORY(row_without_its_object_is_found),
        STORY(each_level_finds_more),
        STORY(key_or_digest_of_another_object_is_damage),
        STORY(objects_without_an_owner_or_with_two_and_strange_files_are_found),
        STORY(garbage_is_finished_on_request_only),
        STORY(orphans_are_deleted_on_request_and_nothing_else),
        STORY(too_many_orphans_stop_the_repair),
        STORY(many_pages_are_all_looked_at),
        STORY(database_that_is_away_is_not_clean),
        STORY(uploads_of_an_earlier_process_are_undone_and_no_others),
        STORY(recovery_waits_for_the_database_and_then_goes_on),
        STORY(recovery_may_be_ended_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
