/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "metrics/metrics.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static void *count_here(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        metric_add(METRIC_UPLOADS_STORED, 1);
    }
    metric_add(METRIC_UPLOADS_OPEN, -2);
    return NULL;
}

static void shards_of_all_threads_are_summed(void **state)
{
    pthread_t threads[4];
    metric_add(METRIC_UPLOADS_OPEN, 8);
    for (size_t i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, count_here, NULL);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(metric_value(METRIC_UPLOADS_STORED), 4000);
    assert_int_equal(metric_value(METRIC_UPLOADS_OPEN), 0);
}

static void histogram_buckets_are_cumulative(void **state)
{
    metric_observe_us(METRIC_STORE_PUT_SECONDS, 900);
    metric_observe_us(METRIC_STORE_PUT_SECONDS, 30000);
    metric_observe_us(METRIC_STORE_PUT_SECONDS, 90000000);
    struct buf b = BUF_INIT(METRICS_TEXT_MAX);
    metrics_format(&b);
    const char *text = (const char *)b.data;
    assert_false(b.overflow);
    assert_non_null(strstr(text, "doorward_store_put_seconds_bucket{le=\"0.001\"} 1\n"));
    assert_non_null(strstr(text, "doorward_store_put_seconds_bucket{le=\"0.05\"} 2\n"));
    assert_non_null(strstr(text, "doorward_store_put_seconds_bucket{le=\"60\"} 2\n"));
    assert_non_null(strstr(text, "doorward_store_put_seconds_bucket{le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(text, "doorward_store_put_seconds_sum 90.030900\n"));
    assert_non_null(strstr(text, "doorward_store_put_seconds_count 3\n"));
    buf_finish(&b);
}

static void promtool_finds_nothing_wrong(void **state)
{
    if (access("/usr/bin/promtool", X_OK) != 0) {
        skip();
    }
    struct buf b = BUF_INIT(METRICS_TEXT_MAX);
    metrics_format(&b);
    FILE *p = popen("/usr/bin/promtool check metrics", "w");
    assert_non_null(p);
    assert_int_equal(fwrite(b.data, 1, b.len, p), b.len);
    assert_int_equal(pclose(p), 0);
    buf_finish(&b);
}

static void manual_in_docs_is_the_generated_one(void **state)
{
    static char have[METRICS_TEXT_MAX];
    char path[4096];
    struct buf want = BUF_INIT(METRICS_TEXT_MAX);
    metrics_manual(&want);
    snprintf(path, sizeof(path), "%s/docs/metrics.md", getenv("SOURCE_ROOT"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(have, (char *)want.data);
    buf_finish(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_of_all_threads_are_summed),
        cmocka_unit_test(histogram_buckets_are_cumulative),
        cmocka_unit_test(promtool_finds_nothing_wrong),
        cmocka_unit_test(manual_in_docs_is_the_generated_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
