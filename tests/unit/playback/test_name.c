/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/name.h"

#define START 1795459923000000 /* 2026-11-23T18:52:03Z */

static void assert_name(const char *camera, const char *kind, bool attachment, const char *expected)
{
    char out[NAME_DISPOSITION_SIZE];
    name_disposition(
        &(struct name_params){
            .camera = camera, .kind = kind, .start_us = START, .attachment = attachment},
        out);
    assert_string_equal(out, expected);
}

static void a_download_is_named_after_camera_time_and_kind(void **state)
{
    assert_name("Front door", "motion", true,
                "attachment; filename=\"front-door_2026-11-23T18-52-03Z_motion.mp4\"; "
                "filename*=UTF-8''front-door_2026-11-23T18-52-03Z_motion.mp4");
}

static void nothing_odd_reaches_the_header(void **state)
{
    assert_name("../a\"b\r\nSet-Cookie: x;", "", false,
                "inline; filename=\"a-b-set-cookie-x_2026-11-23T18-52-03Z.mp4\"; "
                "filename*=UTF-8''a-b-set-cookie-x_2026-11-23T18-52-03Z.mp4");
    assert_name("\"\"", "ring", false,
                "inline; filename=\"camera_2026-11-23T18-52-03Z_ring.mp4\"; "
                "filename*=UTF-8''camera_2026-11-23T18-52-03Z_ring.mp4");
}

static void other_alphabets_are_kept_beside_a_plain_name(void **state)
{
    assert_name("Haustür", "ring", true,
                "attachment; filename=\"haust-r_2026-11-23T18-52-03Z_ring.mp4\"; "
                "filename*=UTF-8''haust%C3%BCr_2026-11-23T18-52-03Z_ring.mp4");
}

static void the_longest_name_fits(void **state)
{
    char camera[200], out[NAME_DISPOSITION_SIZE];
    memset(camera, 0xc3, sizeof camera);
    camera[sizeof camera - 1] = 0;
    name_disposition(&(struct name_params){.camera = camera, .kind = "continuous"}, out);
    assert_string_equal(out + strlen(out) - 4, ".mp4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download_is_named_after_camera_time_and_kind),
        cmocka_unit_test(nothing_odd_reaches_the_header),
        cmocka_unit_test(other_alphabets_are_kept_beside_a_plain_name),
        cmocka_unit_test(the_longest_name_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
