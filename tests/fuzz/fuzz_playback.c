/* SPDX-License-Identifier: Apache-2.0 */
/* Any index that the decoder lets through: its MP4 header and playlist are made without trouble,
 * the slices are without a gap and lie in the segment. The corpus is that of fuzz_index. */
#include "playback/hls.h"
#include "playback/mp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct index ix;
    if (index_decode(p, n, &ix) != 0) {
        return 0;
    }
    const struct index *twice[] = {&ix, &ix};
    struct mp4_params params = {.segments = twice, .n_segments = 2, .start_us = 1};
    struct mp4 m;
    if (mp4_init(&params, &m) == 0) {
        uint64_t at = m.header_bytes;
        for (uint32_t i = 0; i < m.n_slices; i++) {
            ALWAYS(m.slices[i].at == at && mp4_slice_at(&m, at) == i);
            ALWAYS(m.slices[i].offset + m.slices[i].length <= ix.plain_bytes);
            at += m.slices[i].length;
        }
        ALWAYS(at == m.size_bytes);
        mp4_finish(&m);
    }
    struct hls h;
    struct buf b = BUF_INIT(HLS_TEXT_MAX);
    if (hls_init(twice, 2, 1, &h) == 0) {
        for (uint32_t i = 0; i < h.n_entries; i++) {
            ALWAYS(h.entries[i].offset + h.entries[i].length <= ix.plain_bytes);
        }
        ALWAYS(hls_format(&h, "", &b) == 0);
        hls_finish(&h);
    }
    buf_finish(&b);
    index_finish(&ix);
    return 0;
}
