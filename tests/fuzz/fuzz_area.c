/* SPDX-License-Identifier: Apache-2.0 */
/* Polygons: what is measured is simple and finite, and what is written is read back as it was. */
#include "request/area.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(const struct area_point *p, size_t n)
{
    static struct area_point back[AREA_POINTS_MAX];
    struct buf text = BUF_INIT(1 << 20);
    size_t m;
    area_format(p, n, &text);
    ALWAYS(!text.overflow && area_parse_polygon((const char *)text.data, back, &m) == 0 && m == n);
    for (size_t i = 0; i < n; i++) {
        ALWAYS(fabs(p[i].lon - back[i].lon) < 1e-8 && fabs(p[i].lat - back[i].lat) < 1e-8);
    }
    buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct area_point p[AREA_POINTS_MAX];
    size_t n;
    double km2;
    if (size > 16384) {
        return 0;
    }
    char *text = mem_alloc(size + 1, 1);
    memcpy(text, data, size);
    bool read = area_parse(text, p, &n) == 0 || area_parse_polygon(text, p, &n) == 0;
    if (read && n <= AREA_REQUEST_POINTS_MAX && area_measure(p, n, &km2) == 0) {
        ALWAYS(isfinite(km2) && km2 >= 0);
        there_and_back(p, n);
    }
    free(text);
    return 0;
}
