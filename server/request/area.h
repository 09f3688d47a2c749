/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: polygons of longitude and latitude (WGS 84, degrees), a few kilometres wide. */
#ifndef REQUEST_AREA_H
#define REQUEST_AREA_H

#include "base/buf.h"

struct area_point {
    double lon, lat;
};
enum { AREA_POINTS_MIN = 3, AREA_REQUEST_POINTS_MAX = 64, AREA_POINTS_MAX = 512 };
/* What a request may cover: 0.025 to 0.5 square miles. */
#define AREA_MIN_KM2 0.065
#define AREA_MAX_KM2 1.295

enum {
    AREA_E_POINTS = 1, /* fewer than 3 or more than AREA_POINTS_MAX */
    AREA_E_RANGE,      /* not a place on Earth, or nearer to a pole or the date line than we go */
    AREA_E_CROSSING    /* two sides touch or cross, or a corner is listed twice */
};
/* A simple polygon; the closing point is not repeated. *ret_km2 is its area. */
int area_measure(const struct area_point *p, size_t n, double *ret_km2) MUST_CHECK;
const char *area_complaint(int error); /* one sentence */
/* Append PostgreSQL's polygon text: "((lon,lat),...)". */
void area_format(const struct area_point *p, size_t n, struct buf *out);
/* "lon,lat lon,lat ..." from a command line. A repeated first point at the end is dropped.
 * -EINVAL. p holds AREA_POINTS_MAX. */
int area_parse(const char *s, struct area_point *ret_p, size_t *ret_n) MUST_CHECK;
/* What area_format() wrote, read back. -EINVAL. */
int area_parse_polygon(const char *s, struct area_point *ret_p, size_t *ret_n) MUST_CHECK;

#endif
