/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "config/config.h"

#include <stdio.h>
#include <unistd.h>

static struct config *load(const char *const *env, char *errors, size_t size)
{
    struct config *c = NULL;
    struct buf b = BUF_INIT(CONFIG_TEXT_MAX);
    int r = config_load(env, &c, &b);
    snprintf(errors, size, "%s", b.data ? (char *)b.data : "");
    assert_int_equal(r, c == NULL ? CONFIG_E_INVALID : 0);
    buf_finish(&b);
    return c;
}

static struct config *load_good(const char *const *env)
{
    char errors[1024];
    struct config *c = load(env, errors, sizeof(errors));
    assert_string_equal(errors, "");
    assert_non_null(c);
    return c;
}

static void assert_refused(const char *setting, const char *words)
{
    char errors[1024], copy[256];
    snprintf(copy, sizeof(copy), "%s", setting);
    assert_null(load((const char *[]){copy, NULL}, errors, sizeof(errors)));
    if (strstr(errors, words) == NULL) {
        fail_msg("%s: said %s", setting, errors);
    }
}

static void empty_environment_gives_the_defaults(void **state)
{
    struct config *c = load_good((const char *[]){"PATH=/bin", NULL});
    assert_string_equal(c->listen, "[::]:8443");
    assert_string_equal(c->public_url, "https://localhost:8443");
    assert_string_equal(c->store_dir, "/var/lib/doorward/objects");
    assert_int_equal(c->drain_s, 25);
    assert_true(c->tls);
    config_destroy(c);
}

static void unknown_key_names_the_nearest(void **state)
{
    assert_refused("DOORWARD_LISTNE=[::]:1",
                   "DOORWARD_LISTNE is not an option; the nearest is DOORWARD_LISTEN");
    assert_refused("DOORWARD_DATABASE_ULR=x", "nearest is DOORWARD_DATABASE_URL");
    assert_refused("DOORWARD_LISTEN_FILE=/x", "DOORWARD_LISTEN_FILE is not an option");
}

static void bad_values_are_refused_with_their_range(void **state)
{
    assert_refused("DOORWARD_LOOPS=65", "from 0 to 64");
    assert_refused("DOORWARD_LOOPS=-1", "from 0 to 64");
    assert_refused("DOORWARD_LOOPS=", "from 0 to 64");
    assert_refused("DOORWARD_TLS=maybe", "true or false");
    assert_refused("DOORWARD_LOG_LEVEL=loud", "debug|info|warn|error");
    assert_refused("DOORWARD_LISTEN=example.org:80", "numeric address");
    assert_refused("DOORWARD_LISTEN=::1:80", "numeric address");
    assert_refused("DOORWARD_LISTEN=[::1]:65536", "numeric address");
    assert_refused("DOORWARD_PUBLIC_URL=https://a/", "slash");
    assert_refused("DOORWARD_DATA_DIR=data", "absolute");
    assert_refused("DOORWARD_TLS_CERT_FILE=/c", "together");
}

static void every_error_is_reported_at_once(void **state)
{
    char errors[1024];
    assert_null(
        load((const char *[]){"DOORWARD_LOOPS=x", "DOORWARD_NO=1", NULL}, errors, sizeof(errors)));
    assert_non_null(strstr(errors, "LOOPS"));
    assert_non_null(strstr(errors, "DOORWARD_NO is"));
}

static void plain_http_needs_loopback_or_consent(void **state)
{
    char errors[1024];
    assert_null(load((const char *[]){"DOORWARD_TLS=false", NULL}, errors, sizeof(errors)));
    config_destroy(
        load_good((const char *[]){"DOORWARD_TLS=false", "DOORWARD_LISTEN=127.0.0.1:80", NULL}));
    config_destroy(
        load_good((const char *[]){"DOORWARD_TLS=false", "DOORWARD_LISTEN=[::1]:80", NULL}));
    config_destroy(
        load_good((const char *[]){"DOORWARD_TLS=no", "DOORWARD_ALLOW_PLAIN_HTTP=yes", NULL}));
}

static void secrets_come_from_files_and_are_never_printed(void **state)
{
    char path[] = "/tmp/doorward-test-XXXXXX", setting[64];
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "postgres://u:hunter2@db/x\n", 26), 26);
    close(fd);
    snprintf(setting, sizeof(setting), "DATABASE_URL_FILE=%s", path);
    struct config *c = load_good((const char *[]){setting, NULL});
    assert_string_equal(c->database_url, "postgres://u:hunter2@db/x");
    struct buf b = BUF_INIT(CONFIG_TEXT_MAX);
    config_print(c, &b);
    config_print_json(c, &b);
    assert_false(b.overflow);
    assert_null(strstr((char *)b.data, "hunter2"));
    assert_non_null(strstr((char *)b.data, "DOORWARD_DATABASE_URL=(set)"));
    buf_finish(&b);
    config_destroy(c);
    unlink(path);
    assert_refused(setting, "cannot read");
}

static void own_name_wins_over_plain_name_and_environment_over_file(void **state)
{
    char path[] = "/tmp/doorward-test-XXXXXX", setting[64];
    int fd = mkstemp(path);
    dprintf(fd, "# a comment\nDOORWARD_LOOPS=3\nDOORWARD_DRAIN_S=7\n");
    close(fd);
    snprintf(setting, sizeof(setting), "DOORWARD_CONFIG_FILE=%s", path);
    struct config *c = load_good((const char *[]){"DOORWARD_DATABASE_URL=a", "DATABASE_URL=b",
                                                  setting, "DOORWARD_LOOPS=5", NULL});
    assert_string_equal(c->database_url, "a");
    assert_int_equal(c->loops, 5);
    assert_int_equal(c->drain_s, 7);
    config_destroy(c);
    unlink(path);
}

static void addresses_are_taken_apart(void **state)
{
    char host[CONFIG_HOST_SIZE];
    uint16_t port = 0;
    assert_int_equal(config_address_parse("[::1]:8443", host, &port), 0);
    assert_string_equal(host, "::1");
    assert_int_equal(port, 8443);
    assert_int_equal(config_address_parse("*:0", host, &port), 0);
    assert_string_equal(host, "");
    assert_true(config_address_is_loopback("127.9.9.9"));
    assert_false(config_address_is_loopback("128.0.0.1"));
    assert_false(config_address_is_loopback(""));
}

static void lists_are_split_at_commas(void **state)
{
    char **l = config_list(" 10.0.0.1, ::1,,x ");
    assert_string_equal(l[0], "10.0.0.1");
    assert_string_equal(l[1], "::1");
    assert_string_equal(l[2], "x");
    assert_null(l[3]);
    free(l);
}

#ifndef DOORWARD_FAULT_POINTS
static void manual_in_docs_is_the_generated_one(void **state)
{
    char path[4096], have[CONFIG_TEXT_MAX];
    struct buf want = BUF_INIT(CONFIG_TEXT_MAX);
    config_manual(&want);
    snprintf(path, sizeof(path), "%s/docs/configuration.md", getenv("SOURCE_ROOT"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(have, 1, sizeof(have) - 1, f);
    have[n] = '\0';
    fclose(f);
    assert_string_equal(have, (char *)want.data);
    buf_finish(&want);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_environment_gives_the_defaults),
        cmocka_unit_test(unknown_key_names_the_nearest),
        cmocka_unit_test(bad_values_are_refused_with_their_range),
        cmocka_unit_test(every_error_is_reported_at_once),
        cmocka_unit_test(plain_http_needs_loopback_or_consent),
        cmocka_unit_test(secrets_come_from_files_and_are_never_printed),
        cmocka_unit_test(own_name_wins_over_plain_name_and_environment_over_file),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(lists_are_split_at_commas),
#ifndef DOORWARD_FAULT_POINTS
        cmocka_unit_test(manual_in_docs_is_the_generated_one),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
