/* SPDX-License-Identifier: Apache-2.0 */
#include "request/area.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kilometres in a degree of longitude and latitude at a latitude (series of the WGS 84 ellipsoid).
 */
static void degree_km(double lat, double *ret_lon_km, double *ret_lat_km)
{
    double f = lat * M_PI / 180;
    *ret_lat_km = (111132.954 - 559.822 * cos(2 * f) + 1.175 * cos(4 * f)) / 1000;
    *ret_lon_km = (111412.84 * cos(f) - 93.5 * cos(3 * f) + 0.118 * cos(5 * f)) / 1000;
}

/* > 0: c lies left of a->b; 0: on the line. */
static double side(const struct area_point *a, const struct area_point *b,
                   const struct area_point *c)
{
    return (b->lon - a->lon) * (c->lat - a->lat) - (b->lat - a->lat) * (c->lon - a->lon);
}

static bool within(const struct area_point *a, const struct area_point *b,
                   const struct area_point *c)
{
    return fmin(a->lon, b->lon) <= c->lon && c->lon <= fmax(a->lon, b->lon) &&
           fmin(a->lat, b->lat) <= c->lat && c->lat <= fmax(a->lat, b->lat);
}

static bool touch(const struct area_point *a, const struct area_point *b,
                  const struct area_point *c, const struct area_point *d)
{
    double c_side = side(a, b, c), d_side = side(a, b, d), a_side = side(c, d, a),
           b_side = side(c, d, b);
    if (((c_side > 0 && d_side < 0) || (c_side < 0 && d_side > 0)) &&
        ((a_side > 0 && b_side < 0) || (a_side < 0 && b_side > 0))) {
        return true;
    }
    return (c_side == 0 && within(a, b, c)) || (d_side == 0 && within(a, b, d)) ||
           (a_side == 0 && within(c, d, a)) || (b_side == 0 && within(c, d, b));
}

/* Do side i and side j meet where they should not? Neighbours share one corner and nothing else. */
static bool cross(const struct area_point *p, size_t n, size_t i, size_t j)
{
    const struct area_point *a = &p[i], *b = &p[(i + 1) % n], *c = &p[j], *d = &p[(j + 1) % n];
    if ((i + 1) % n == j) {
        return (side(a, b, d) == 0 && within(a, b, d)) || (side(c, d, a) == 0 && within(c, d, a));
    }
    if ((j + 1) % n == i) {
        return (side(c, d, b) == 0 && within(c, d, b)) || (side(a, b, c) == 0 && within(a, b, c));
    }
    return touch(a, b, c, d);
}

static int check(const struct area_point *p, size_t n)
{
    if (n < AREA_POINTS_MIN || n > AREA_POINTS_MAX) {
        return AREA_E_POINTS;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(p[i].lon) <= 180 && fabs(p[i].lat) <= 85) || fabs(p[i].lon - p[0].lon) > 90) {
            return AREA_E_RANGE;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            if ((p[i].lon == p[j].lon && p[i].lat == p[j].lat) || cross(p, n, i, j)) {
                return AREA_E_CROSSING;
            }
        }
    }
    return 0;
}

int area_measure(const struct area_point *p, size_t n, double *ret_km2)
{
    int r = check(p, n);
    if (r) {
        return r;
    }
    double lat = 0, lon_km, lat_km, twice = 0;
    for (size_t i = 0; i < n; i++) {
        lat += p[i].lat / (double)n;
    }
    degree_km(lat, &lon_km, &lat_km);
    for (size_t i = 0; i < n; i++) { /* relative to the first corner: no digits are lost */
        const struct area_point *a = &p[i], *b = &p[(i + 1) % n];
        twice +=
            (a->lon - p[0].lon) * (b->lat - p[0].lat) - (b->lon - p[0].lon) * (a->lat - p[0].lat);
    }
    *ret_km2 = fabs(twice) / 2 * lon_km * lat_km;
    return 0;
}

const char *area_complaint(int error)
{
    switch (error) {
    case AREA_E_POINTS:
        return "the number of corners is out of bounds";
    case AREA_E_RANGE:
        return "a corner is not a longitude and latitude that are taken here";
    default:
        return "sides touch or cross, or a corner is listed twice";
    }
}

void area_format(const struct area_point *p, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s(%.9f,%.9f)", i ? "," : "(", p[i].lon, p[i].lat);
    }
    buf_str(out, ")");
}

static const char *parse_number(const char *s, double *ret)
{
    char *end;
    if (!strchr("-.0123456789", *s) || !*s) {
        return NULL;
    }
    *ret = strtod(s, &end);
    return end == s || !isfinite(*ret) ? NULL : end;
}

/* How a list of points is written: "open lon,lat close", `between` after each but the last, then
 * `end` and nothing more. */
struct spelling {
    const char *open, *close, *between, *end;
};

static const char *parse_point(const char *s, const struct spelling *how, struct area_point *ret_p)
{
    if (strncmp(s, how->open, strlen(how->open))) {
        return NULL;
    }
    s = parse_number(s + strlen(how->open), &ret_p->lon);
    s = s && *s == ',' ? parse_number(s + 1, &ret_p->lat) : NULL;
    return s && !strncmp(s, how->close, strlen(how->close)) ? s + strlen(how->close) : NULL;
}

static int parse_points(const char *s, const struct spelling *how, struct area_point *ret_p,
                        size_t *ret_n)
{
    size_t n = 0;
    for (;;) {
        struct area_point p;
        s = n < AREA_POINTS_MAX ? parse_point(s, how, &p) : NULL;
        if (!s) {
            return -EINVAL;
        }
        ret_p[n++] = p;
        if (*s != *how->between) {
            break;
        }
        s += strspn(s, how->between);
    }
    if (strcmp(s, how->end)) {
        return -EINVAL;
    }
    *ret_n = n;
    return 0;
}

int area_parse(const char *s, struct area_point *ret_p, size_t *ret_n)
{
    static const struct spelling words = {"", "", " ", ""};
    int r = parse_points(s, &words, ret_p, ret_n);
    if (!r && *ret_n > AREA_POINTS_MIN &&
        !memcmp(&ret_p[0], &ret_p[*ret_n - 1], sizeof(ret_p[0]))) {
        (*ret_n)--;
    }
    return r;
}

int area_parse_polygon(const char *s, struct area_point *ret_p, size_t *ret_n)
{
    static const struct spelling sql = {"(", ")", ",", ")"};
    return *s == '(' ? parse_points(s + 1, &sql, ret_p, ret_n) : -EINVAL;
}
