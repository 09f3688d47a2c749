/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: the examples of the ONVIF Recording Control Service Specification, annex "Object storage
 * recording format". */
#include "tests/support/unit.h"

#include "base/clock.h"
#include "ingest/onvif_key.h"

static const struct {
    const char *key, *time, *span;
    uint32_t number;
    bool end;
} good[] = {
    {"site-2/2022-11-08/camera-5/15/08-23.547Z.0.mp4", "2022-11-08T15:08:23.547Z",
     "site-2//camera-5/.mp4", 0, false},
    {"site-2/2022-11-08/camera-5/16/34-11.421Z.85.mp4_end", "2022-11-08T16:34:11.421Z",
     "site-2//camera-5/.mp4", 85, true},
    {"site-2/2022-11-08/camera-5/16/34-11.421Z.1020.m4v_end", "2022-11-08T16:34:11.421Z",
     "site-2//camera-5/.m4v", 1020, true},
    {"site-2/2022-11-08/camera-5/15/08-23.989Z.0.m4a", "2022-11-08T15:08:23.989Z",
     "site-2//camera-5/.m4a", 0, false},
    {"2026-11-23/18/52-03Z.7.mp4", "2026-11-23T18:52:03Z", "/.mp4", 7, false},
    {"2026-11-23/back/door/18/52-03.123456Z.7.m4m", "2026-11-23T18:52:03.123456Z",
     "/back/door/.m4m", 7, false},
    {"a/2020-01-01/b/2026-11-23/18/52-60Z.0.mp4", "2026-11-23T18:53:00Z", "a/2020-01-01/b//.mp4", 0,
     false},
};

static void the_specifications_keys_are_read(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct onvif_key k;
        int64_t us;
        assert_int_equal(onvif_key_parse(good[i].key, &k), 0);
        assert_int_equal(clock_parse(good[i].time, &us), 0);
        assert_int_equal(k.time_us, us);
        assert_string_equal(k.span, good[i].span);
        assert_int_equal(k.number, good[i].number);
        assert_int_equal(k.end, good[i].end);
        assert_int_equal(k.audio, strstr(k.span, ".m4a") != NULL);
        assert_int_equal(k.metadata, strstr(k.span, ".m4m") != NULL);
    }
}

static void other_keys_are_not(void **state)
{
    static const char *const bad[] = {"",
                                      "clip.mp4",
                                      "2026-11-23/18/52-03Z.7.mov",
                                      "2026-11-23/18/52-03Z.mp4",
                                      "2026-11-23/18/52-03Z.1234567890.mp4",
                                      "2026-11-23/18/52-03Z.-1.mp4",
                                      "2026-11-23/18/52-03.Z.1.mp4",
                                      "2026-11-23/18/52-03.1234567Z.1.mp4",
                                      "2026-11-23/18/52-03.1.mp4",
                                      "2026-11-23/18/52-03Z.1.mp4_End",
                                      "2026-11-23/18/52-03Z.1.mp4_endx",
                                      "2026-13-23/18/52-03Z.1.mp4",
                                      "2026-02-30/18/52-03Z.1.mp4",
                                      "2026-11-23/24/52-03Z.1.mp4",
                                      "2026-11-23/18/60-03Z.1.mp4",
                                      "2026-11-23/1/52-03Z.1.mp4",
                                      "2026-11-2/18/52-03Z.1.mp4",
                                      "x2026-11-23/18/52-03Z.1.mp4",
                                      "18/52-03Z.1.mp4",
                                      "/52-03Z.1.mp4"};
    struct onvif_key k;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (onvif_key_parse(bad[i], &k) == 0) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void topics_name_kinds(void **state)
{
    static const char *const topics[][2] = {
        {"tns1:RuleEngine/CellMotionDetector/Motion", "motion"},
        {"tns1:VideoSource/MotionAlarm", "motion"},
        {"tns1:RuleEngine/FieldDetector/ObjectsInside", "motion"},
        {"tns1:RuleEngine/LineDetector/Crossed", "motion"},
        {"tns1:AudioAnalytics/Audio/DetectedSound", "sound"},
        {"tnsaxis:CameraApplicationPlatform/ObjectAnalytics/Human", "person"},
        {"tns1:RuleEngine/LicensePlate", "vehicle"},
        {"tns1:Device/Doorbell/Pressed", "ring"},
    };
    for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
        assert_string_equal(onvif_kind_of_topic(topics[i][0]), topics[i][1]);
    }
    assert_null(onvif_kind_of_topic("tns1:Monitoring/OperatingTime/LastReboot"));
    assert_null(onvif_kind_of_topic(""));
}

static void durations_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } known[] = {{"PT60S", 60000},        {"PT59.96S", 59960}, {"PT1M", 60000},
                 {"PT1H2M3.5S", 3723500}, {"PT0S", 0},         {"PT0.0004S", 0}};
    static const char *const bad[] = {"", "60", "PT", "P1D", "PTS", "PT1", "PT1.5M", "PT1234567S"};
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        assert_int_equal(onvif_duration_parse(known[i].text, &ms), 0);
        assert_int_equal(ms, known[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_not_equal(onvif_duration_parse(bad[i], &ms), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specifications_keys_are_read),
        cmocka_unit_test(other_keys_are_not),
        cmocka_unit_test(topics_name_kinds),
        cmocka_unit_test(durations_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
