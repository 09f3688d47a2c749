/* SPDX-License-Identifier: Apache-2.0 */
/* What a player asks a live playlist with, and names of its files: lines are msn, part, skip, name.
 */
#include "live/playlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size + 1, 1), *at = text, *line[4];
    struct playlist_ask a;
    const char *why = NULL;
    enum playlist_kind kind;
    uint64_t number;
    memcpy(text, data, size);
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        line[i] = strsep(&at, "\n");
    }
    if (!playlist_parse_ask(line[0], line[1], line[2], &a, &why)) {
        ALWAYS(why != NULL);
    } else {
        ALWAYS(a.blocking == (line[0] != NULL) && (!a.part_given || a.blocking));
    }
    if (line[3] != NULL && playlist_parse_name(line[3], &kind, &number) == 0) {
        char again[40];
        snprintf(again, sizeof again, "%c%" PRIu64 ".mp4", "psi"[kind], number);
        ALWAYS(strcmp(again, line[3]) == 0);
    }
    free(text);
    return 0;
}
