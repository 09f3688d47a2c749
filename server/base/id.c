/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

struct id id_new(void)
{
    struct id id;
    ALWAYS(getrandom(id.b, sizeof id.b, 0) == (ssize_t)sizeof id.b);
    uint64_t ms = (uint64_t)clock_now_us() / 1000;
    for (int i = 0; i < 6; i++) {
        id.b[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
    id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
    return id;
}

bool id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool id_is_zero(const struct id *a)
{
    static const struct id zero;
    return id_equal(a, &zero);
}

void id_format(const struct id *id, char *out)
{
    char hex[33];
    str_hex(id->b, 16, hex);
    static const uint8_t group[] = {8, 4, 4, 4, 12};
    const char *from = hex;
    for (size_t g = 0; g < ARRAY_LEN(group); g++) {
        memcpy(out, from, group[g]);
        out += group[g];
        from += group[g];
        *out++ = g + 1 < ARRAY_LEN(group) ? '-' : '\0';
    }
}

int id_parse(const char *s, struct id *ret_id)
{
    char hex[33];
    size_t n = 0;
    if (strlen(s) != ID_TEXT_SIZE - 1) {
        return -EINVAL;
    }
    for (size_t i = 0; i < ID_TEXT_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (s[i] == '-')) {
            return -EINVAL;
        }
        if (!dash) {
            hex[n++] = s[i];
        }
    }
    hex[n] = '\0';
    return str_unhex(hex, 16, ret_id->b);
}
