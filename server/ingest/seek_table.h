/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the SeekTable that an ONVIF camera sends along - a base64 'mfra' box (ISO/IEC 14496-12,
 * 8.8.9) that names points to begin at. It is not used for seeking: our own index knows better. It
 * is the camera's word on what it recorded, so it tells when something did not come. */
#ifndef INGEST_SEEK_TABLE_H
#define INGEST_SEEK_TABLE_H

#include "remux/index.h"

enum { SEEK_TRACKS_MAX = 8, SEEK_POINTS_MAX = 256 };

struct seek_table {
    unsigned n_tracks;
    struct seek_track {
        unsigned n; /* points, by time */
        uint64_t times[SEEK_POINTS_MAX];
    } tracks[SEEK_TRACKS_MAX];
};
/* -EINVAL: not base64, no mfra, or more than is looked at. */
int seek_table_parse(const char *base64, size_t n, struct seek_table *ret_table) MUST_CHECK;

/* When our key pictures are shown, in 1/90000 s from the first one; at most max. */
size_t seek_key_pictures(const struct index *ix, int64_t *times_90k, size_t max);
/* How many points of the video's track (the one that fits best) no key picture answers to. times
 * ascend; timescale in Hz, not 0. */
unsigned seek_table_missing(const struct seek_table *t, uint64_t timescale,
                            const int64_t *times_90k, size_t n);

#endif
