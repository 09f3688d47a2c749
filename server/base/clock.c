/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * CLOCK_US + ts.tv_nsec / 1000;
}

uint64_t clock_mono_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void clock_format(int64_t us, char *out)
{
    int64_t rest = us % CLOCK_US;
    time_t s = (time_t)(us / CLOCK_US);
    if (rest < 0) {
        rest += CLOCK_US;
        s--;
    }
    struct tm tm;
    if (gmtime_r(&s, &tm) == NULL || tm.tm_year > 8099 || tm.tm_year < -1900) {
        snprintf(out, CLOCK_RFC3339_SIZE, "0000-01-01T00:00:00.000Z");
        return;
    }
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, CLOCK_RFC3339_SIZE, "%s.%03dZ", date, (int)(rest / 1000));
}

/* n digits at *s as a number, moving *s on; -1 when there are not n digits. */
static int digits(const char **s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9') {
            return -1;
        }
        v = v * 10 + (**s - '0');
    }
    return v;
}

static bool literal(const char **s, char c, char other)
{
    if (**s != c && **s != other) {
        return false;
    }
    (*s)++;
    return true;
}

static int parse_fraction(const char **s, int64_t *us)
{
    int64_t scale = 100000;
    *us = 0;
    if (**s != '.') {
        return 0;
    }
    (*s)++;
    if (**s < '0' || **s > '9') {
        return -EINVAL;
    }
    for (; **s >= '0' && **s <= '9'; (*s)++, scale /= 10) {
        *us += (**s - '0') * scale;
    }
    return 0;
}

static int parse_offset(const char **s, int64_t *seconds)
{
    *seconds = 0;
    if (literal(s, 'Z', 'z')) {
        return 0;
    }
    int sign = **s == '+' ? 1 : **s == '-' ? -1 : 0;
    if (sign == 0) {
        return -EINVAL;
    }
    (*s)++;
    int h = digits(s, 2);
    if (h < 0 || h > 23 || !literal(s, ':', ':')) {
        return -EINVAL;
    }
    int m = digits(s, 2);
    if (m < 0 || m > 59) {
        return -EINVAL;
    }
    *seconds = sign * (h * 3600 + m * 60);
    return 0;
}

static bool in_range(const struct tm *tm)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = tm->tm_year + 1900;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1 || tm->tm_mon < 0 || tm->tm_mon > 11 || tm->tm_mday < 1 ||
        tm->tm_mday > days[tm->tm_mon]) {
        return false;
    }
    bool day_exists = tm->tm_mon != 1 || tm->tm_mday < 29 || leap;
    return day_exists && tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 &&
           tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

int clock_parse(const char *s, int64_t *ret_us)
{
    struct tm tm = {0};
    tm.tm_year = digits(&s, 4) - 1900;
    bool ok = literal(&s, '-', '-');
    tm.tm_mon = ok ? digits(&s, 2) - 1 : -1;
    ok = ok && literal(&s, '-', '-');
    tm.tm_mday = ok ? digits(&s, 2) : -1;
    ok = ok && (literal(&s, 'T', 't') || literal(&s, ' ', ' '));
    tm.tm_hour = ok ? digits(&s, 2) : -1;
    ok = ok && literal(&s, ':', ':');
    tm.tm_min = ok ? digits(&s, 2) : -1;
    ok = ok && literal(&s, ':', ':');
    tm.tm_sec = ok ? digits(&s, 2) : -1;
    int64_t fraction_us, offset_s;
    if (!ok || !in_range(&tm) || parse_fraction(&s, &fraction_us) != 0 ||
        parse_offset(&s, &offset_s) != 0 || *s != '\0') {
        return -EINVAL;
    }
    *ret_us = ((int64_t)timegm(&tm) - offset_s) * CLOCK_US + fraction_us;
    return 0;
}

static int month(const char **s)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (strncmp(*s, names + 3 * (size_t)i, 3) == 0) {
            *s += 3;
            return i;
        }
    }
    return -1;
}

int clock_parse_http(const char *s, int64_t *ret_us)
{
    struct tm tm = {0};
    if (strlen(s) != sizeof "Mon, 23 Nov 2026 18:52:03 GMT" - 1 || s[3] != ',' || s[4] != ' ') {
        return -EINVAL;
    }
    s += 5; /* which day of the week it is follows from the rest */
    tm.tm_mday = digits(&s, 2);
    bool ok = literal(&s, ' ', ' ');
    tm.tm_mon = ok ? month(&s) : -1;
    ok = ok && tm.tm_mon >= 0 && literal(&s, ' ', ' ');
    tm.tm_year = ok ? digits(&s, 4) - 1900 : -1;
    ok = ok && literal(&s, ' ', ' ');
    tm.tm_hour = ok ? digits(&s, 2) : -1;
    ok = ok && literal(&s, ':', ':');
    tm.tm_min = ok ? digits(&s, 2) : -1;
    ok = ok && literal(&s, ':', ':');
    tm.tm_sec = ok ? digits(&s, 2) : -1;
    if (!ok || !in_range(&tm) || strcmp(s, " GMT") != 0) {
        return -EINVAL;
    }
    *ret_us = (int64_t)timegm(&tm) * CLOCK_US;
    return 0;
}
