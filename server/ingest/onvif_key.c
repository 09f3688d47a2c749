/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/onvif_key.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Does s look like the pattern, in which '0' stands for any digit? */
static bool looks_like(const char *s, const char *pattern)
{
    for (; *pattern != '\0'; s++, pattern++) {
        if (*pattern == '0' ? *s < '0' || *s > '9' : *s != *pattern) {
            return false;
        }
    }
    return true;
}

static const char *back_to_slash(const char *begin, const char *end)
{
    while (end > begin && end[-1] != '/') {
        end--;
    }
    return end;
}

/* "MM-SS[.frac]Z.N.ext[_end]" at s. Returns where ".N" begins, or NULL. */
static const char *after_time(const char *s)
{
    if (!looks_like(s, "00-00")) {
        return NULL;
    }
    s += 5;
    if (*s == '.') {
        size_t n = strspn(++s, "0123456789");
        if (n < 1 || n > 6) {
            return NULL;
        }
        s += n;
    }
    return *s == 'Z' ? s + 1 : NULL;
}

static bool read_extension(const char *s, struct onvif_key *k, char out[4])
{
    static const char *const known[] = {"mp4", "m4v", "m4a", "m4m"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strncmp(s, known[i], 3) == 0) {
            memcpy(out, s, 4);
            out[3] = '\0';
            k->audio = i == 2;
            k->metadata = i == 3;
            k->end = strcmp(s + 3, "_end") == 0;
            return k->end || s[3] == '\0';
        }
    }
    return false;
}

static bool read_number(const char *s, const char **ret_end, uint32_t *ret_number)
{
    size_t n = strspn(s, "0123456789");
    char digits[10];
    uint64_t v;
    if (n == 0 || n >= sizeof digits) {
        return false;
    }
    memcpy(digits, s, n);
    digits[n] = '\0';
    if (str_parse_u64(digits, INT32_MAX, &v) != 0) {
        return false;
    }
    *ret_number = (uint32_t)v;
    *ret_end = s + n;
    return true;
}

/* The date is the last segment of that form before the hour: what stands before it is the prefix,
 * what stands behind it the postfix. */
static const char *find_date(const char *key, const char *hour)
{
    for (const char *at = hour; at > key;) {
        at = back_to_slash(key, at - 1);
        if (looks_like(at, "0000-00-00/")) {
            return at;
        }
    }
    return NULL;
}

static int read_time(const char *date, const char *hour, const char *minute, const char *end,
                     int64_t *ret_us)
{
    char text[48];
    snprintf(text, sizeof text, "%.10sT%.2s:%.2s:%.*s", date, hour, minute, (int)(end - minute - 3),
             minute + 3);
    return clock_parse(text, ret_us);
}

int onvif_key_parse(const char *key, struct onvif_key *ret_key)
{
    struct onvif_key k = {0};
    char extension[4];
    size_t n = strlen(key);
    if (n > ONVIF_KEY_MAX) {
        return -EINVAL;
    }
    const char *minute = back_to_slash(key, key + n), *number = after_time(minute), *ext;
    if (number == NULL || minute - key < 4 || *number != '.' ||
        !read_number(number + 1, &ext, &k.number) || *ext != '.' ||
        !read_extension(ext + 1, &k, extension)) {
        return -EINVAL;
    }
    const char *hour = back_to_slash(key, minute - 1);
    const char *date = looks_like(hour, "00/") && minute - hour == 3 ? find_date(key, hour) : NULL;
    if (date == NULL || read_time(date, hour, minute, number, &k.time_us) != 0) {
        return -EINVAL;
    }
    int behind = (int)(hour - (date + 11));
    snprintf(k.span, sizeof k.span, "%.*s/%.*s.%s", (int)(date - key), key, behind, date + 11,
             extension);
    *ret_key = k;
    return 0;
}

const char *onvif_kind_of_topic(const char *topic)
{
    static const struct {
        const char *word, *kind;
    } words[] = {{"doorbell", "ring"}, {"/ring", "ring"},      {"/call", "ring"},
                 {"plate", "vehicle"}, {"vehicle", "vehicle"}, {"human", "person"},
                 {"person", "person"}, {"/face", "person"},    {"animal", "animal"},
                 {"/pet", "animal"},   {"package", "package"}, {"parcel", "package"},
                 {"audio", "sound"},   {"sound", "sound"},     {"motion", "motion"},
                 {"/line", "motion"},  {"/field", "motion"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t n = strlen(words[i].word);
        for (const char *p = topic; *p != '\0'; p++) {
            if (strncasecmp(p, words[i].word, n) == 0) {
                return words[i].kind;
            }
        }
    }
    return NULL;
}

/* One "12.5X" of a duration, in milliseconds; *s is moved on. */
static bool read_part(const char **s, int64_t *sum_ms)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'H', 3600000}, {'M', 60000}, {'S', 1000}};
    int64_t whole = 0, ms = 0, scale = 1000;
    size_t n = strspn(*s, "0123456789");
    if (n == 0 || n > 6) {
        return false;
    }
    for (; n > 0; n--, (*s)++) {
        whole = whole * 10 + (**s - '0');
    }
    if (**s == '.') {
        for ((*s)++; **s >= '0' && **s <= '9'; (*s)++) {
            scale /= 10;
            ms += scale * (**s - '0');
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (**s == units[i].unit && (ms == 0 || units[i].unit == 'S')) {
            *sum_ms += whole * units[i].ms + ms;
            (*s)++;
            return true;
        }
    }
    return false;
}

int onvif_duration_parse(const char *s, int64_t *ret_ms)
{
    int64_t ms = 0;
    if (!str_prefix(s, "PT") || s[2] == '\0') {
        return -EINVAL;
    }
    for (s += 2; *s != '\0';) {
        if (!read_part(&s, &ms)) {
            return -EINVAL;
        }
    }
    *ret_ms = ms;
    return 0;
}
