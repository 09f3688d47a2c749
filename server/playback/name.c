/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/name.h"

#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { CAMERA_MAX = 200, STEM_SIZE = 64 };

static bool is_plain(unsigned char c)
{
    return c < 0x80 && isalnum(c);
}

/* Letters and digits in lower case, everything else one hyphen; bytes above ASCII kept on request.
 */
static void slug(const char *s, bool keep_high, char out[CAMERA_MAX + 1])
{
    size_t n = 0;
    for (; *s != 0 && n < CAMERA_MAX; s++) {
        unsigned char c = (unsigned char)*s;
        if (is_plain(c)) {
            out[n++] = (char)tolower(c);
        } else if (c >= 0x80 && keep_high) {
            out[n++] = *s;
        } else if (n > 0 && out[n - 1] != '-') {
            out[n++] = '-';
        }
    }
    while (n > 0 && out[n - 1] == '-') {
        n--;
    }
    snprintf(out + n, CAMERA_MAX + 1 - n, "%s", n == 0 ? "camera" : "");
}

/* _2026-11-23T18-52-03Z_motion.mp4 */
static void stem(const struct name_params *p, char out[STEM_SIZE])
{
    char time[CLOCK_RFC3339_SIZE];
    clock_format(p->start_us, time);
    time[strcspn(time, ".")] = 0;
    for (char *c = time; *c != 0; c++) {
        *c = *c == ':' ? '-' : *c;
    }
    snprintf(out, STEM_SIZE, "_%sZ%s%.16s.mp4", time, p->kind[0] != 0 ? "_" : "", p->kind);
}

void name_disposition(const struct name_params *p, char out[NAME_DISPOSITION_SIZE])
{
    char ascii[CAMERA_MAX + 1], full[CAMERA_MAX + 1], coded[3 * CAMERA_MAX + 1], rest[STEM_SIZE];
    slug(p->camera, false, ascii);
    slug(p->camera, true, full);
    stem(p, rest);
    size_t n = 0;
    for (const char *c = full; *c != 0; c++) {
        bool plain = is_plain((unsigned char)*c) || *c == '-';
        n += (size_t)snprintf(coded + n, sizeof coded - n, plain ? "%c" : "%%%02X",
                              (unsigned char)*c);
    }
    snprintf(out, NAME_DISPOSITION_SIZE, "%s; filename=\"%s%s\"; filename*=UTF-8''%s%s",
             p->attachment ? "attachment" : "inline", ascii, rest, coded, rest);
}
