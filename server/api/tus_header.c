/* SPDX-License-Identifier: Apache-2.0 */
#include "api/tus_header.h"

#include "base/str.h"
#include "crypto/hash.h"

#include <errno.h>
#include <string.h>

/* ---- Upload-Metadata ---- */
struct field {
    const char *key;
    char *out;
    size_t size;
};

static int value_decode(const char *p, size_t n, const struct field *f)
{
    char text[TUS_NAME_SIZE];
    ssize_t got = n > 0 ? base64_decode(p, n, text, sizeof text - 1) : 0;
    if (got < 0 || (size_t)got >= f->size || memchr(text, '\0', (size_t)got) != NULL ||
        !str_is_text(text, (size_t)got)) {
        return -EINVAL;
    }
    if (f->out[0] == '\0') {
        memcpy(f->out, text, (size_t)got);
        f->out[got] = '\0';
    }
    return 0;
}

static int pair_parse(const char *p, size_t n, const struct field *fields, size_t n_fields)
{
    const char *blank = memchr(p, ' ', n);
    size_t key = blank != NULL ? (size_t)(blank - p) : n;
    if (key == 0) {
        return -EINVAL;
    }
    size_t value = key + strspn(p + key, " ");
    for (size_t i = 0; i < n_fields; i++) {
        if (strlen(fields[i].key) == key && memcmp(fields[i].key, p, key) == 0) {
            return value_decode(p + value, value < n ? n - value : 0, &fields[i]);
        }
    }
    return 0;
}

int tus_metadata_parse(const char *header, struct tus_metadata *ret_metadata)
{
    struct tus_metadata m = {0};
    const struct field fields[] = {
        {"filename", m.name, sizeof m.name},
        {"name", m.name, sizeof m.name},
        {"kind", m.kind, sizeof m.kind},
        {"started_at", m.started_at, sizeof m.started_at},
    };
    for (const char *p = header; p != NULL && *p != '\0';) {
        p += strspn(p, " \t");
        size_t n = strcspn(p, ","), end = n;
        while (end > 0 && (p[end - 1] == ' ' || p[end - 1] == '\t')) {
            end--;
        }
        int r = pair_parse(p, end, fields, ARRAY_LEN(fields));
        if (r != 0) {
            return r;
        }
        p += n;
        if (*p == ',' && p[1] == '\0') {
            return -EINVAL;
        }
        p += *p == ',';
    }
    *ret_metadata = m;
    return 0;
}

/* ---- Upload-Checksum ---- */
int tus_checksum_parse(const char *header, enum checksum_kind *ret_kind,
                       uint8_t ret_value[CHECKSUM_MAX])
{
    size_t name = strcspn(header, " ");
    const char *value = header + name + strspn(header + name, " ");
    enum checksum_kind kind;
    uint8_t got[CHECKSUM_MAX];
    if (name == 4 && memcmp(header, "sha1", 4) == 0) {
        kind = CHECKSUM_SHA1;
    } else if (name == 6 && memcmp(header, "sha256", 6) == 0) {
        kind = CHECKSUM_SHA256;
    } else {
        return name > 0 && *value != '\0' ? -ENOTSUP : -EINVAL;
    }
    size_t n = strcspn(value, " ");
    if (value[n] != '\0' ||
        base64_decode(value, n, got, sizeof got) != (ssize_t)checksum_size(kind)) {
        return -EINVAL;
    }
    memcpy(ret_value, got, checksum_size(kind));
    *ret_kind = kind;
    return 0;
}

/* ---- Upload-Concat ---- */
static int address_id(const char *p, size_t n, struct id *ret_id)
{
    char text[ID_TEXT_SIZE];
    while (n > 0 && p[n - 1] == '/') {
        n--;
    }
    if (n < ID_TEXT_SIZE - 1 || (n >= ID_TEXT_SIZE && p[n - ID_TEXT_SIZE] != '/')) {
        return -EINVAL;
    }
    memcpy(text, p + n - (ID_TEXT_SIZE - 1), ID_TEXT_SIZE - 1);
    text[ID_TEXT_SIZE - 1] = '\0';
    return id_parse(text, ret_id);
}

int tus_concat_parse(const char *header, struct id *parts, size_t max, enum tus_concat *ret_what,
                     size_t *ret_n)
{
    size_t n = 0;
    if (header == NULL || strcmp(header, "partial") == 0) {
        *ret_what = header == NULL ? TUS_ALONE : TUS_PARTIAL;
        *ret_n = 0;
        return 0;
    }
    if (!str_prefix(header, "final;")) {
        return -EINVAL;
    }
    for (const char *p = header + 6; *(p += strspn(p, " ")) != '\0';) {
        size_t length = strcspn(p, " ");
        if (n == max || address_id(p, length, &parts[n]) != 0) {
            return -EINVAL;
        }
        n++;
        p += length;
    }
    if (n == 0) {
        return -EINVAL;
    }
    *ret_what = TUS_FINAL;
    *ret_n = n;
    return 0;
}
