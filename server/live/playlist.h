/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: parts -> a live HLS media playlist with low-latency parts (RFC 8216bis, version 9), and the
 * arguments a player asks for it with. Players that know no parts read the same text as an ordinary
 * live playlist of whole segments.
 *
 * Names: `pNUMBER.mp4` a part, `sMSN.mp4` a segment (its parts one after another), `iNUMBER.mp4`
 * the init of the part of that number and the ones behind it. Numbers never come again, not after a
 * restart either. There is one rendition, so there are no rendition reports. */
#ifndef LIVE_PLAYLIST_H
#define LIVE_PLAYLIST_H

#include "base/buf.h"

#include <stdbool.h>

enum {
    PLAYLIST_PARTS_MAX = 512,
    PLAYLIST_TEXT_MAX = 256 << 10,
    PLAYLIST_PART_TARGETS_HELD = 3, /* PART-HOLD-BACK in part targets, as the RFC wants at least */
    PLAYLIST_PARTS_TARGETS = 3,     /* parts are listed that many target durations back */
    PLAYLIST_SKIP_TARGETS = 6       /* CAN-SKIP-UNTIL in target durations */
};

struct playlist_part {
    uint64_t number, msn;
    uint64_t init; /* number of the first part with this init */
    int64_t start_us;
    uint32_t duration_90k;
    bool key;
    bool discontinuity; /* what comes before is another stream or another time line */
};

struct playlist {
    const struct playlist_part *parts; /* consecutive numbers; the first one begins a segment */
    size_t n;                          /* at least one */
    uint64_t next_number;              /* of the part that comes next */
    uint64_t discontinuities;          /* before the first part */
    bool open;                         /* the last segment may still grow */
    bool ended;                        /* nothing comes any more */
    bool skip;                         /* a delta update was asked for */
    uint32_t target_s, part_target_ms;
    const char *query; /* appended to each address ("?exp=..."), or "" */
};
/* Append the text. */
void playlist_format(const struct playlist *l, struct buf *out);

/* _HLS_msn, _HLS_part, _HLS_skip as in the request; NULL = absent. */
struct playlist_ask {
    bool blocking, part_given, skip;
    uint64_t msn, part;
};
/* False: *ret_why is a sentence for the client. */
bool playlist_parse_ask(const char *msn, const char *part, const char *skip,
                        struct playlist_ask *ret_ask, const char **ret_why);

enum playlist_kind { PLAYLIST_PART, PLAYLIST_SEGMENT, PLAYLIST_INIT };
/* "p12.mp4" -> PLAYLIST_PART, 12. -EINVAL. */
int playlist_parse_name(const char *name, enum playlist_kind *ret_kind,
                        uint64_t *ret_number) MUST_CHECK;

#endif
