/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/audio.h"

enum {
    ADTS_HEAD = 7,
    ADTS_HEAD_CRC = 9,
    AAC_FRAME = 1024,
    AAC_FRAME_SHORT = 960,
    AC3_FRAME = 1536
};
enum { AAC_SBR = 5, AAC_PS = 29, AAC_ESCAPE = 31, RATE_ESCAPE = 15 };

static const unsigned aac_rates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                     22050, 16000, 12000, 11025, 8000,  7350};

size_t audio_parse_adts(const uint8_t *p, size_t n, uint8_t ret_config[2])
{
    if (n < ADTS_HEAD || p[0] != 0xff || (p[1] & 0xf6) != 0xf0) {
        return 0;
    }
    unsigned profile = p[2] >> 6, rate = p[2] >> 2 & 15, channels = (p[2] & 1U) << 2 | p[3] >> 6;
    size_t head = (p[1] & 1) != 0 ? ADTS_HEAD : ADTS_HEAD_CRC;
    if (rate >= ARRAY_LEN(aac_rates) || n <= head) {
        return 0;
    }
    unsigned config = (profile + 1) << 11 | rate << 7 | channels << 3;
    ret_config[0] = (uint8_t)(config >> 8);
    ret_config[1] = (uint8_t)config;
    return head;
}

struct bits {
    const uint8_t *p;
    size_t n, at;
};

static unsigned take(struct bits *b, unsigned count)
{
    unsigned v = 0;
    while (count-- > 0) {
        unsigned bit = b->at / 8 < b->n ? b->p[b->at / 8] >> (7 - b->at % 8) & 1U : 0;
        v = v << 1 | bit;
        b->at++;
    }
    return v;
}

static unsigned take_object_type(struct bits *b)
{
    unsigned type = take(b, 5);
    return type == AAC_ESCAPE ? 32 + take(b, 6) : type;
}

static unsigned take_rate(struct bits *b)
{
    unsigned i = take(b, 4);
    return i == RATE_ESCAPE ? take(b, 24) : i < ARRAY_LEN(aac_rates) ? aac_rates[i] : 0;
}

bool audio_parse_aac_config(const uint8_t *p, size_t n, struct audio_facts *ret_facts)
{
    static const unsigned channels[] = {0, 1, 2, 3, 4, 5, 6, 8};
    struct bits b = {.p = p, .n = n};
    struct audio_facts f = {.object_type = take_object_type(&b)};
    f.sample_rate = take_rate(&b);
    unsigned layout = take(&b, 4);
    f.channels = layout < ARRAY_LEN(channels) ? channels[layout] : 0;
    if (f.object_type == AAC_SBR || f.object_type == AAC_PS) {
        (void)take_rate(&b); /* of the extension; frames are counted at the core's rate */
        (void)take_object_type(&b);
    }
    f.frame_samples = take(&b, 1) != 0 ? AAC_FRAME_SHORT : AAC_FRAME;
    if (n < 2 || f.object_type == 0 || f.sample_rate == 0) {
        return false;
    }
    *ret_facts = f;
    return true;
}

bool audio_parse_mp3(const uint8_t *p, size_t n, struct audio_facts *ret_facts)
{
    static const unsigned rates[] = {44100, 48000, 32000};
    if (n < 4 || p[0] != 0xff || (p[1] & 0xe0) != 0xe0) {
        return false;
    }
    unsigned version = p[1] >> 3 & 3, layer = p[1] >> 1 & 3, rate = p[2] >> 2 & 3;
    if (version == 1 || layer != 1 || rate == 3) {
        return false;
    }
    unsigned halvings = version == 3 ? 0 : version == 2 ? 1 : 2;
    *ret_facts = (struct audio_facts){.sample_rate = rates[rate] >> halvings,
                                      .channels = p[3] >> 6 == 3 ? 1 : 2,
                                      .frame_samples = version == 3 ? 1152 : 576};
    return true;
}

bool audio_parse_ac3(const uint8_t *p, size_t n, struct audio_facts *ret_facts)
{
    static const unsigned rates[] = {48000, 44100, 32000};
    static const unsigned channels[] = {2, 1, 2, 3, 3, 4, 4, 5};
    if (n < 8 || p[0] != 0x0b || p[1] != 0x77 || p[4] >> 6 == 3 || p[5] >> 3 > 8) {
        return false;
    }
    struct bits b = {.p = p, .n = n, .at = 48};
    unsigned mode = take(&b, 3);
    if ((mode & 1) != 0 && mode != 1) {
        (void)take(&b, 2); /* centre mix */
    }
    if ((mode & 4) != 0) {
        (void)take(&b, 2); /* surround mix */
    }
    if (mode == 2) {
        (void)take(&b, 2); /* Dolby surround */
    }
    *ret_facts = (struct audio_facts){.sample_rate = rates[p[4] >> 6],
                                      .channels = channels[mode] + take(&b, 1),
                                      .frame_samples = AC3_FRAME};
    return true;
}

unsigned audio_opus_samples(const uint8_t *p, size_t n)
{
    static const unsigned silk[] = {480, 960, 1920, 2880}, celt[] = {120, 240, 480, 960};
    if (n < 1) {
        return 0;
    }
    unsigned config = p[0] >> 3, code = p[0] & 3;
    unsigned frame = config < 12   ? silk[config & 3]
                     : config < 16 ? silk[config & 1]
                                   : celt[config & 3];
    unsigned count = code == 0 ? 1 : code < 3 ? 2 : n > 1 ? p[1] & 63U : 0;
    return frame * count;
}
