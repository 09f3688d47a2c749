/* SPDX-License-Identifier: Apache-2.0 */
/* Pushed playlists: any bytes are read within bounds. */
#include "ingest/playlist_hint.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct playlist_hint h;
    char *text = mem_alloc(size + 1, 1); /* exact, so that a read past the end is seen */
    memcpy(text, data, size);
    playlist_hint_parse(text, size, &h);
    ALWAYS(!h.timed || h.has_pieces);
    ALWAYS(!h.has_pieces || (h.last.role == PIECE_MEDIA && h.is_hls));
    ALWAYS(strlen(h.map) <= PIECE_STEM_MAX);
    free(text);
    return 0;
}
