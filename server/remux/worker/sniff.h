/* SPDX-License-Identifier: Apache-2.0 */
/* Which container is this? By content, never by name. Pure. */
#ifndef REMUX_WORKER_SNIFF_H
#define REMUX_WORKER_SNIFF_H

#include "base/status.h"

#include <stdbool.h>

enum sniff_kind { SNIFF_UNKNOWN, SNIFF_MP4, SNIFF_MPEGTS, SNIFF_MATROSKA };
enum { SNIFF_BYTES = 4096 }; /* enough to tell */

enum sniff_kind sniff_container(const uint8_t *p, size_t n);

/* Where an MP4 keeps its index (moov). */
enum sniff_mp4 {
    SNIFF_MP4_FIRST, /* before the media: it can be read as it comes */
    SNIFF_MP4_LAST,  /* after the media, or not to be told: it must be kept and read twice */
    SNIFF_MP4_MORE,  /* more bytes are needed to tell */
};
enum sniff_mp4 sniff_mp4_layout(const uint8_t *p, size_t n);
/* True if a transport stream's packets say that they are scrambled. */
bool sniff_ts_scrambled(const uint8_t *p, size_t n);

#endif
