/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/playlist_hint.h"

#include "base/clock.h"
#include "base/str.h"

#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

/* The last part of a path, without a query. */
static void file_name(const char *uri, size_t n, char out[PIECE_STEM_MAX + 1])
{
    const char *query = memchr(uri, '?', n);
    n = query != NULL ? (size_t)(query - uri) : n;
    size_t at = n;
    while (at > 0 && uri[at - 1] != '/') {
        at--;
    }
    n -= at;
    n = n <= PIECE_STEM_MAX ? n : 0;
    memcpy(out, uri + at, n);
    out[n] = '\0';
}

static void take_map(const char *line, struct playlist_hint *h)
{
    const char *uri = strstr(line, "URI=\"");
    const char *end = uri != NULL ? strchr(uri + 5, '"') : NULL;
    if (end != NULL) {
        file_name(uri + 5, (size_t)(end - uri - 5), h->map);
    }
}

struct reading {
    struct playlist_hint *h;
    bool dated; /* a date was told for the next piece */
    int64_t date_us;
};

static void take_uri(struct reading *r, const char *line)
{
    char name[PIECE_STEM_MAX + 1];
    struct piece_name p;
    file_name(line, strlen(line), name);
    piece_name_parse(name, &p);
    bool dated = r->dated;
    r->dated = false;
    if (p.role != PIECE_MEDIA) {
        return;
    }
    if (r->h->has_pieces && strcmp(p.stem, r->h->last.stem) != 0) {
        r->h->timed = false; /* what was told is of another push */
    }
    r->h->has_pieces = true;
    r->h->last = p;
    if (dated && !r->h->timed) {
        r->h->timed = true;
        r->h->number = p.number;
        r->h->start_us = r->date_us;
    }
}

static void take_line(struct reading *r, const char *line)
{
    static const char date[] = "#EXT-X-PROGRAM-DATE-TIME:";
    if (str_prefix(line, date)) {
        r->dated = clock_parse(line + sizeof date - 1, &r->date_us) == 0;
    } else if (str_prefix(line, "#EXT-X-MAP:")) {
        take_map(line, r->h);
    } else if (line[0] != '#' && line[0] != '\0') {
        take_uri(r, line);
    }
}

/* "2026-11-23T18:52:03.250+0000" is how ffmpeg writes an offset; RFC 3339 has a colon in it. */
static void mend_offset(char *line, size_t *n)
{
    size_t k = *n;
    if (str_prefix(line, "#EXT-X-PROGRAM-DATE-TIME:") && k > 30 && k + 1 < LINE_MAX_BYTES &&
        (line[k - 5] == '+' || line[k - 5] == '-') && line[k - 3] != ':') {
        memmove(line + k - 1, line + k - 2, 3);
        line[k - 2] = ':';
        *n = k + 1;
    }
}

void playlist_hint_parse(const char *text, size_t n, struct playlist_hint *ret_hint)
{
    struct playlist_hint h = {.is_hls = n >= 7 && memcmp(text, "#EXTM3U", 7) == 0};
    struct reading r = {.h = &h};
    n = n <= PLAYLIST_BYTES_MAX ? n : PLAYLIST_BYTES_MAX;
    for (size_t at = 0; h.is_hls && at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t next = end != NULL ? (size_t)(end - text) + 1 : n;
        size_t len = (end != NULL ? (size_t)(end - text) : n) - at;
        char line[LINE_MAX_BYTES];
        len -= len > 0 && text[at + len - 1] == '\r';
        if (len + 1 < sizeof line) {
            memcpy(line, text + at, len);
            line[len] = '\0';
            mend_offset(line, &len);
            take_line(&r, line);
        }
        at = next;
    }
    *ret_hint = h;
}
