/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's own parsers, which read media before and beside libav. The first byte chooses the
 * codec and the framing. */
#include "remux/worker/audio.h"
#include "remux/worker/nal.h"
#include "remux/worker/sniff.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Reframing keeps every unit: walking the result finds what walking the source found. */
static void reframe(enum nal_codec codec, const uint8_t *p, size_t n, size_t length_size)
{
    struct buf out CLEANUP(buf_finish) = BUF_INIT(8 << 20);
    nal_reframe(p, n, length_size, &out);
    struct nal_iter a = nal_iter(p, n, length_size), b = nal_iter(out.data, out.len, NAL_LENGTH);
    struct nal_unit u, v;
    while (!out.overflow && nal_next(&a, &u)) {
        if (u.n > 0) {
            ALWAYS(nal_next(&b, &v) && u.n == v.n && memcmp(u.p, v.p, u.n) == 0);
        }
    }
    ALWAYS(out.overflow || !nal_next(&b, &v));
    struct buf sets CLEANUP(buf_finish) = BUF_INIT(NAL_SETS_MAX);
    nal_sets_of_picture(codec, p, n, length_size, &sets);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n == 0) {
        return 0;
    }
    enum nal_codec codec = (p[0] & 1) != 0 ? NAL_H265 : NAL_H264;
    size_t length_size = p[0] >> 1 & 3;
    length_size = length_size == 3 ? NAL_LENGTH : length_size;
    p++;
    n--;
    (void)sniff_container(p, n);
    (void)sniff_mp4_layout(p, n);
    (void)sniff_ts_scrambled(p, n);
    struct audio_facts f;
    uint8_t config[2];
    (void)audio_parse_adts(p, n, config);
    (void)audio_parse_aac_config(p, n, &f);
    (void)audio_parse_mp3(p, n, &f);
    (void)audio_parse_ac3(p, n, &f);
    (void)audio_opus_samples(p, n);
    (void)nal_look(codec, p, n, length_size);
    reframe(codec, p, n, length_size);
    struct buf sets CLEANUP(buf_finish) = BUF_INIT(NAL_SETS_MAX);
    (void)!nal_sets_of_config(codec, p, n, &sets);
    return 0;
}
