/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what a pushed HLS playlist tells about the pieces beside it. It is only a hint: pieces come
 * before it, after it, or without it, and nothing in it makes or removes footage. */
#ifndef INGEST_PLAYLIST_HINT_H
#define INGEST_PLAYLIST_HINT_H

#include "ingest/piece_name.h"

enum { PLAYLIST_BYTES_MAX = 1 << 20 };

struct playlist_hint {
    bool is_hls;                  /* begins with #EXTM3U */
    bool has_pieces;              /* stem and track are those of its newest piece */
    struct piece_name last;       /* the newest piece named */
    char map[PIECE_STEM_MAX + 1]; /* last file name of EXT-X-MAP; "" = none */
    bool timed;                   /* one piece's date and time are told */
    int64_t number, start_us; /* which piece's, the first that is told; UTC of its first picture */
};

/* Any bytes; what makes no sense is passed over. */
void playlist_hint_parse(const char *text, size_t n, struct playlist_hint *ret_hint);

#endif
