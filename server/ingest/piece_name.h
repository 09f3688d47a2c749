/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what the name of a pushed file says. Segment-pushing tools (ffmpeg's hls, dash and segment
 * muxers, GStreamer's, packagers) name what they send: "live12.ts" is the thirteenth piece of
 * "live", "init-stream0.m4s" the header of the track 0 of a DASH push. */
#ifndef INGEST_PIECE_NAME_H
#define INGEST_PIECE_NAME_H

#include "base/status.h"

#include <stdbool.h>

enum piece_role {
    PIECE_NONE,     /* an ordinary clip's name */
    PIECE_MEDIA,    /* a numbered piece of a push */
    PIECE_INIT,     /* ftyp+moov for the pieces of its stem and track */
    PIECE_PLAYLIST, /* .m3u8, .mpd: a hint */
    PIECE_SNAPSHOT  /* .jpg: the camera's newest still */
};

enum {
    PIECE_STEM_MAX = 255,
    PIECE_TRACKS_MAX = 16, /* higher track numbers are part of the stem */
};
#define PIECE_NUMBER_MAX INT64_C(999999999999999999)

struct piece_name {
    enum piece_role role;
    char stem[PIECE_STEM_MAX + 1]; /* what the pieces of one push have in common; may be "" */
    int track;                     /* of a DASH name; -1: all tracks are in one file */
    int64_t number;                /* media */
    bool
        needs_live; /* media: an MP4 or Matroska file, which cameras also use for clips that have
                       nothing to do with each other: a piece only when it comes without a length */
};

/* A name is at most PIECE_STEM_MAX bytes; a longer one is PIECE_NONE. */
void piece_name_parse(const char *name, struct piece_name *ret_name);

#endif
