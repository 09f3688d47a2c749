/* SPDX-License-Identifier: Apache-2.0 */
/* Names of pushed files: whatever is found in one is a part of it. */
#include "ingest/piece_name.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name = mem_alloc(size + 1, 1);
    memcpy(name, data, size);
    name[size] = '\0';
    struct piece_name p;
    piece_name_parse(name, &p);
    ALWAYS(strlen(p.stem) <= PIECE_STEM_MAX && strlen(p.stem) <= strlen(name));
    ALWAYS(p.track >= -1 && p.track < PIECE_TRACKS_MAX);
    ALWAYS(p.number >= 0 && p.number <= PIECE_NUMBER_MAX);
    ALWAYS(p.role == PIECE_MEDIA || (p.number == 0 && !p.needs_live));
    free(name);
    return 0;
}
