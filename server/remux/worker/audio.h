/* SPDX-License-Identifier: Apache-2.0 */
/* What the sound formats say in their own headers: enough to describe a track and to count samples,
 * without opening a decoder. Pure. */
#ifndef REMUX_WORKER_AUDIO_H
#define REMUX_WORKER_AUDIO_H

#include "base/status.h"

#include <stdbool.h>

struct audio_facts {
    unsigned sample_rate, channels;
    unsigned frame_samples; /* a packet's length in samples of sample_rate; 0 unknown */
    unsigned object_type;   /* AAC only: 2 = LC, 5 = HE ... */
};

enum { AUDIO_CONFIG_MAX = 8 };
/* An ADTS frame's header: its size (7 or 9) and the AudioSpecificConfig that replaces it (2 bytes).
 * 0 if it is none. */
size_t audio_parse_adts(const uint8_t *p, size_t n, uint8_t ret_config[2]);
/* AudioSpecificConfig (ISO 14496-3 1.6.2.1): rate and frame length of the core coder. */
bool audio_parse_aac_config(const uint8_t *p, size_t n, struct audio_facts *ret_facts);
/* MPEG-1/2/2.5 layer III only. */
bool audio_parse_mp3(const uint8_t *p, size_t n, struct audio_facts *ret_facts);
bool audio_parse_ac3(const uint8_t *p, size_t n, struct audio_facts *ret_facts);
/* Samples at 48 kHz in an Opus packet (RFC 6716 3.1); 0 if it is none. */
unsigned audio_opus_samples(const uint8_t *p, size_t n);

#endif
