/* SPDX-License-Identifier: Apache-2.0 */
#include "live/playlist.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- the text ---- */

/* Parts [first, end) of one segment. */
struct segment {
    size_t first, end;
    uint64_t duration_90k;
    bool whole;
};

static struct segment segment_at(const struct playlist *l, size_t first)
{
    struct segment s = {.first = first};
    for (s.end = first; s.end < l->n && l->parts[s.end].msn == l->parts[first].msn; s.end++) {
        s.duration_90k += l->parts[s.end].duration_90k;
    }
    s.whole = s.end < l->n || !l->open;
    return s;
}

static void seconds(struct buf *out, uint64_t duration_90k)
{
    uint64_t us = duration_90k * CLOCK_US / CLOCK_90K;
    buf_printf(out, "%" PRIu64 ".%06" PRIu64, us / CLOCK_US, us % CLOCK_US);
}

static void format_head(const struct playlist *l, struct buf *out)
{
    uint32_t hold_ms = PLAYLIST_PART_TARGETS_HELD * l->part_target_ms;
    buf_printf(out, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:%u\n", l->target_s);
    buf_printf(out,
               "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=%u.0,"
               "PART-HOLD-BACK=%u.%03u\n",
               PLAYLIST_SKIP_TARGETS * l->target_s, hold_ms / 1000, hold_ms % 1000);
    buf_printf(out, "#EXT-X-PART-INF:PART-TARGET=%u.%03u\n", l->part_target_ms / 1000,
               l->part_target_ms % 1000);
    buf_printf(out, "#EXT-X-MEDIA-SEQUENCE:%" PRIu64 "\n", l->parts[0].msn);
    if (l->discontinuities > 0) {
        buf_printf(out, "#EXT-X-DISCONTINUITY-SEQUENCE:%" PRIu64 "\n", l->discontinuities);
    }
}

static void format_parts(const struct playlist *l, const struct segment *s, struct buf *out)
{
    for (size_t i = s->first; i < s->end; i++) {
        const struct playlist_part *p = &l->parts[i];
        buf_str(out, "#EXT-X-PART:DURATION=");
        seconds(out, p->duration_90k);
        buf_printf(out, ",URI=\"live/p%" PRIu64 ".mp4%s\"%s\n", p->number, l->query,
                   p->key ? ",INDEPENDENT=YES" : "");
    }
}

static void format_segment(const struct playlist *l, const struct segment *s, bool first,
                           bool parts, struct buf *out)
{
    const struct playlist_part *p = &l->parts[s->first];
    char time[CLOCK_RFC3339_SIZE];
    if (p->discontinuity && !first) {
        buf_str(out, "#EXT-X-DISCONTINUITY\n");
    }
    if (first || p->init != l->parts[s->first - 1].init) {
        buf_printf(out, "#EXT-X-MAP:URI=\"live/i%" PRIu64 ".mp4%s\"\n", p->init, l->query);
    }
    clock_format(p->start_us, time);
    buf_printf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", time);
    if (parts) {
        format_parts(l, s, out);
    }
    if (s->whole) {
        buf_str(out, "#EXTINF:");
        seconds(out, s->duration_90k);
        buf_printf(out, ",\nlive/s%" PRIu64 ".mp4%s\n", p->msn, l->query);
    }
}

/* Time from the end of the list back to the beginning of that part. */
static uint64_t back_90k(const struct playlist *l, size_t from)
{
    uint64_t sum = 0;
    for (size_t i = from; i < l->n; i++) {
        sum += l->parts[i].duration_90k;
    }
    return sum;
}

/* How many whole segments at the front a delta update leaves out: *ret_at is the first part behind
 * them. A segment that the list is about to lose its map or its beginning with stays. */
static size_t skipped(const struct playlist *l, size_t *ret_at)
{
    uint64_t until = (uint64_t)PLAYLIST_SKIP_TARGETS * l->target_s * CLOCK_90K;
    uint64_t left = back_90k(l, 0);
    size_t n = 0, at = 0;
    while (l->skip && at < l->n) {
        struct segment s = segment_at(l, at);
        left -= s.duration_90k;
        if (!s.whole || left < until || s.end == l->n) {
            break;
        }
        n++;
        at = s.end;
    }
    *ret_at = at;
    return n;
}

void playlist_format(const struct playlist *l, struct buf *out)
{
    uint64_t parts_90k = (uint64_t)PLAYLIST_PARTS_TARGETS * l->target_s * CLOCK_90K;
    uint64_t left = back_90k(l, 0);
    size_t at, n = skipped(l, &at);
    format_head(l, out);
    if (n > 0) {
        buf_printf(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%zu\n", n);
        left = back_90k(l, at);
    }
    while (at < l->n) {
        struct segment s = segment_at(l, at);
        format_segment(l, &s, at == 0, left - s.duration_90k < parts_90k && !l->ended, out);
        left -= s.duration_90k;
        at = s.end;
    }
    if (l->ended) {
        buf_str(out, "#EXT-X-ENDLIST\n");
    } else {
        buf_printf(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"live/p%" PRIu64 ".mp4%s\"\n",
                   l->next_number, l->query);
    }
}

/* ---- what is asked ---- */

bool playlist_parse_ask(const char *msn, const char *part, const char *skip,
                        struct playlist_ask *ret_ask, const char **ret_why)
{
    struct playlist_ask a = {.blocking = msn != NULL, .part_given = part != NULL};
    const char *why = NULL;
    if (msn != NULL && str_parse_u64(msn, UINT64_MAX / 2, &a.msn) != 0) {
        why = "_HLS_msn is a media sequence number.";
    } else if (part != NULL && msn == NULL) {
        why = "_HLS_part goes with _HLS_msn.";
    } else if (part != NULL && str_parse_u64(part, UINT32_MAX, &a.part) != 0) {
        why = "_HLS_part is the number of a part within its segment.";
    } else if (skip != NULL && strcmp(skip, "YES") != 0 && strcmp(skip, "v2") != 0) {
        why = "_HLS_skip is YES or v2.";
    }
    a.skip = skip != NULL;
    if (why != NULL) {
        *ret_why = why;
        return false;
    }
    *ret_ask = a;
    return true;
}

int playlist_parse_name(const char *name, enum playlist_kind *ret_kind, uint64_t *ret_number)
{
    static const char letters[] = "psi"; /* in the order of enum playlist_kind */
    char digits[24];
    size_t n = strlen(name);
    const char *kind = n > 0 ? strchr(letters, name[0]) : NULL;
    if (kind == NULL || n < 6 || n - 5 >= sizeof digits || !str_suffix(name, ".mp4") ||
        (name[1] == '0' && n > 6)) {
        return -EINVAL;
    }
    memcpy(digits, name + 1, n - 5);
    digits[n - 5] = '\0';
    if (str_parse_u64(digits, UINT64_MAX, ret_number) != 0) {
        return -EINVAL;
    }
    *ret_kind = (enum playlist_kind)(kind - letters);
    return 0;
}
