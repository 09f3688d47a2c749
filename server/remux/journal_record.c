/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/journal_record.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>

enum { VERSION = 1, PLACE_BYTES = 16 + 16 + 8 + JOURNAL_SIZE_BYTES };
#define TIME_MAX ((uint64_t)1 << 53)

static void put_be(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    }
}

static uint64_t get_be(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

void journal_head_format(const struct journal_head *h, uint8_t out[JOURNAL_HEAD_SIZE])
{
    out[0] = VERSION;
    put_be(out + 1, (uint64_t)h->zero_90k, 8);
    put_be(out + 9, (uint64_t)h->lead_90k, 8);
    memcpy(out + 17, h->container, JOURNAL_CONTAINER_MAX);
}

int journal_head_parse(const uint8_t *p, size_t n, struct journal_head *ret_head)
{
    if (n < JOURNAL_HEAD_SIZE || p[0] != VERSION || get_be(p + 1, 8) > TIME_MAX ||
        get_be(p + 9, 8) > TIME_MAX) {
        return -EBADMSG;
    }
    size_t text = strnlen((const char *)p + 17, JOURNAL_CONTAINER_MAX);
    if (text == JOURNAL_CONTAINER_MAX || !str_is_text((const char *)p + 17, text)) {
        return -EBADMSG;
    }
    *ret_head = (struct journal_head){.zero_90k = (int64_t)get_be(p + 1, 8),
                                      .lead_90k = (int64_t)get_be(p + 9, 8)};
    memcpy(ret_head->container, p + 17, text);
    return 0;
}

static struct record_place place(const struct seal_params *k, uint64_t offset, size_t n,
                                 uint8_t bytes[PLACE_BYTES])
{
    memcpy(bytes, k->household.b, 16);
    memcpy(bytes + 16, k->object.b, 16);
    put_be(bytes + 32, offset, 8);
    put_be(bytes + 40, n, JOURNAL_SIZE_BYTES);
    return (struct record_place){.key = k->key, .ad = bytes, .ad_n = PLACE_BYTES};
}

void journal_record_seal(const struct seal_params *k, uint64_t offset, const void *p, size_t n,
                         uint8_t *out)
{
    uint8_t bytes[PLACE_BYTES];
    ALWAYS(n > 0 && n <= JOURNAL_PLAIN_MAX);
    struct record_place at = place(k, offset, n, bytes);
    put_be(out, n, JOURNAL_SIZE_BYTES);
    record_seal(&at, p, n, out + JOURNAL_SIZE_BYTES);
}

ssize_t journal_record_size(const uint8_t size[JOURNAL_SIZE_BYTES])
{
    uint64_t n = get_be(size, JOURNAL_SIZE_BYTES);
    return n == 0 || n > JOURNAL_PLAIN_MAX ? -EBADMSG : (ssize_t)n;
}

ssize_t journal_record_open(const struct seal_params *k, uint64_t offset, uint8_t *p, size_t n)
{
    ssize_t plain = n < JOURNAL_EXTRA ? -EBADMSG : journal_record_size(p);
    if (plain < 0 || n != (size_t)plain + JOURNAL_EXTRA) {
        return -EBADMSG;
    }
    uint8_t bytes[PLACE_BYTES];
    struct record_place at = place(k, offset, (size_t)plain, bytes);
    uint8_t *sealed = p + JOURNAL_SIZE_BYTES, *text = sealed + RECORD_NONCE_SIZE;
    if (record_open(&at, sealed, (size_t)plain + RECORD_OVERHEAD, text) < 0) {
        return -EBADMSG;
    }
    memmove(p, text, (size_t)plain);
    return plain;
}
