/* SPDX-License-Identifier: Apache-2.0 */
/* Any index that the decoder lets through: its MP4 header and playlist are made without trouble,
 * the slices are without a gap and lie in the segment. The corpus is that of fuzz_index. */
#include "playback/hls.h"
#include "playback/mp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void name(void *arg, uint32_t segment, char out[HLS_NAME_SIZE])
{
    (void)arg;
    (void)segment;
    out[0] = 0;
}

/* As a film with something hidden in its middle, and as a span of it. */
static bool show(struct hls *h, const struct index *ix)
{
    const struct take_hidden hidden = {.from_90k = 90000, .to_90k = 180000};
    const struct take_film film = {
        .from_90k = 45000, .to_90k = 400000, .n_hidden = 1, .hidden = &hidden};
    const struct take_row row = {.duration_90k = ix->duration_90k, .zero_90k = ix->zero_90k};
    const struct take_source source = {.row = &row, .index = ix, .next_is_key = true};
    struct take_state state = {0};
    struct mp4_builder *b = mp4_begin(0, film.to_90k);
    struct mp4 m;
    bool ok = true;
    for (uint32_t i = 0; i < 2 && ok; i++) {
        struct take_segment s;
        take_fragments(&film, &state, &source, &s);
        ok = hls_add(h, i, ix, &s) == 0 &&
             mp4_add(b, &(struct mp4_addition){.number = i, .index = ix, .segment = &s}) == 0;
    }
    hls_end(h);
    if (mp4_end(b, &m) == 0) {
        for (uint32_t i = 0; i < m.n_slices; i++) {
            ALWAYS(m.slices[i].offset + m.slices[i].length <= ix->plain_bytes);
        }
        mp4_finish(&m);
    }
    return ok;
}

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
    hls_begin(&h, 1, 180000);
    if (show(&h, &ix)) {
        for (uint32_t i = 0; i < h.n_entries; i++) {
            ALWAYS(h.entries[i].offset + h.entries[i].length <= ix.plain_bytes);
            ALWAYS(h.entries[i].key_bytes <= h.entries[i].length);
        }
        ALWAYS(hls_format(&h, &(struct hls_text){.query = "", .name = name}, &b) == 0);
    }
    hls_finish(&h);
    buf_finish(&b);
    index_finish(&ix);
    return 0;
}
