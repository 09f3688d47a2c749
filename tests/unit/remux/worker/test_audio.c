/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include "remux/worker/audio.h"

static void an_adts_header_becomes_a_configuration(void **state)
{
    const uint8_t adts[] = {0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc, 0x21};
    uint8_t config[2];
    struct audio_facts f;
    assert_int_equal(audio_parse_adts(adts, sizeof(adts), config), 7);
    assert_true(audio_parse_aac_config(config, sizeof(config), &f));
    assert_int_equal(f.object_type, 2);
    assert_int_equal(f.sample_rate, 44100);
    assert_int_equal(f.channels, 2);
    assert_int_equal(f.frame_samples, 1024);
    assert_int_equal(audio_parse_adts(adts, 7, config), 0);
    assert_int_equal(audio_parse_adts((const uint8_t *)"no adts header", 14, config), 0);
}

static void he_aac_counts_at_the_core_rate(void **state)
{
    const uint8_t config[] = {0x2b, 0x92, 0x08, 0x00}; /* SBR: 22050 under 44100, stereo, LC */
    struct audio_facts f;
    assert_true(audio_parse_aac_config(config, sizeof(config), &f));
    assert_int_equal(f.object_type, 5);
    assert_int_equal(f.sample_rate, 22050);
}

static void mp3_tells_its_layer(void **state)
{
    struct audio_facts f;
    assert_true(audio_parse_mp3((const uint8_t[]){0xff, 0xfb, 0x90, 0x00}, 4, &f));
    assert_int_equal(f.sample_rate, 44100);
    assert_int_equal(f.frame_samples, 1152);
    assert_true(audio_parse_mp3((const uint8_t[]){0xff, 0xf3, 0x90, 0xc0}, 4, &f));
    assert_int_equal(f.sample_rate, 22050);
    assert_int_equal(f.frame_samples, 576);
    assert_int_equal(f.channels, 1);
    assert_false(audio_parse_mp3((const uint8_t[]){0xff, 0xfd, 0x90, 0x00}, 4, &f)); /* layer II */
}

static void opus_packets_have_a_length(void **state)
{
    assert_int_equal(audio_opus_samples((const uint8_t[]){0xfc}, 1), 960);        /* CELT, 20 ms */
    assert_int_equal(audio_opus_samples((const uint8_t[]){0xe1}, 1), 2 * 120);    /* 2 x 2.5 ms */
    assert_int_equal(audio_opus_samples((const uint8_t[]){0x0b, 3}, 2), 3 * 960); /* SILK, 3 x 20 */
    assert_int_equal(audio_opus_samples(NULL, 0), 0);
}

static void ac3_tells_rate_and_channels(void **state)
{
    struct audio_facts f;
    const uint8_t stereo[] = {0x0b, 0x77, 0, 0, 0x14, 0x40, 0x43, 0, 0}; /* 48 kHz, 2/0 */
    assert_true(audio_parse_ac3(stereo, sizeof(stereo), &f));
    assert_int_equal(f.sample_rate, 48000);
    assert_int_equal(f.channels, 2);
    assert_int_equal(f.frame_samples, 1536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_adts_header_becomes_a_configuration),
        cmocka_unit_test(he_aac_counts_at_the_core_rate),
        cmocka_unit_test(mp3_tells_its_layer),
        cmocka_unit_test(opus_packets_have_a_length),
        cmocka_unit_test(ac3_tells_rate_and_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
