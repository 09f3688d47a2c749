/* SPDX-License-Identifier: Apache-2.0 */
#include "ingest/s3_manifest.h"

#include "base/str.h"

#include <stdbool.h>
#include <string.h>

enum { VALUE_MAX = 128 };

struct reader {
    const char *at, *end;
};

/* The next tag: its name without '<' and attributes; text before it is left behind. */
static bool next_tag(struct reader *r, char *name, size_t size, const char **ret_text)
{
    *ret_text = r->at;
    const char *open = memchr(r->at, '<', (size_t)(r->end - r->at));
    const char *close = open != NULL ? memchr(open, '>', (size_t)(r->end - open)) : NULL;
    if (close == NULL) {
        return false;
    }
    size_t n = 0;
    for (const char *p = open + 1; p < close && *p != ' ' && *p != '\t' && *p != '\r' && *p != '\n';
         p++) {
        if (n + 1 == size) {
            return false;
        }
        name[n++] = *p;
    }
    name[n] = '\0';
    r->at = close + 1;
    return name[0] != '!';
}

/* Text of an element without its blanks, entities of quotes undone; its end tag is the next one. */
static bool read_value(struct reader *r, const char *element, char *out)
{
    char name[64];
    const char *text;
    if (!next_tag(r, name, sizeof name, &text) || name[0] != '/' ||
        strcmp(name + 1, element) != 0) {
        return false;
    }
    size_t n = 0;
    for (const char *p = text; *p != '<';) {
        static const char *const quotes[] = {"&quot;", "&#34;", "&#x22;"};
        size_t skip = 0;
        for (size_t i = 0; i < ARRAY_LEN(quotes); i++) {
            skip = strncmp(p, quotes[i], strlen(quotes[i])) == 0 ? strlen(quotes[i]) : skip;
        }
        if (skip == 0 && (*p == '"' || *p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
            skip = 1;
        }
        if (skip == 0) {
            if (n + 1 == VALUE_MAX) {
                return false;
            }
            out[n++] = *p;
            skip = 1;
        }
        p += skip;
    }
    out[n] = '\0';
    return true;
}

/* The inside of <Part>; other elements (checksums) are passed over. */
static bool read_part(struct reader *r, struct s3_manifest_part *part)
{
    char name[64], value[VALUE_MAX];
    const char *text;
    bool number = false, etag = false;
    while (next_tag(r, name, sizeof name, &text)) {
        uint64_t v;
        if (strcmp(name, "/Part") == 0) {
            return number && etag;
        }
        if (strcmp(name, "PartNumber") == 0) {
            if (number || !read_value(r, name, value) ||
                str_parse_u64(value, S3_PARTS_MAX, &v) != 0 || v == 0) {
                return false;
            }
            part->number = (uint32_t)v;
            number = true;
        } else if (strcmp(name, "ETag") == 0) {
            if (etag || !read_value(r, name, value) || strlen(value) != 2 * sizeof part->md5 ||
                str_unhex(value, sizeof part->md5, part->md5) != 0) {
                return false;
            }
            etag = true;
        }
    }
    return false;
}

static bool add(struct s3_manifest *m, const struct s3_manifest_part *part)
{
    if (m->n == S3_PARTS_MAX) {
        return false;
    }
    if ((m->n & (m->n - 1)) == 0) { /* grows by doubling */
        m->parts = mem_resize(m->parts, m->n == 0 ? 1 : 2 * m->n, sizeof *m->parts);
    }
    m->parts[m->n++] = *part;
    return true;
}

static int check_order(const struct s3_manifest *m)
{
    for (size_t i = 1; i < m->n; i++) {
        if (m->parts[i].number <= m->parts[i - 1].number) {
            return S3_MANIFEST_E_ORDER;
        }
    }
    return m->n > 0 ? 0 : S3_MANIFEST_E_MALFORMED;
}

static int read_all(struct reader *r, struct s3_manifest *m)
{
    char name[64];
    const char *text;
    bool inside = false;
    while (next_tag(r, name, sizeof name, &text)) {
        struct s3_manifest_part part;
        if (name[0] == '?' && !inside) {
            continue;
        }
        if (strcmp(name, "CompleteMultipartUpload") == 0 && !inside) {
            inside = true;
        } else if (strcmp(name, "/CompleteMultipartUpload") == 0 && inside) {
            return check_order(m);
        } else if (strcmp(name, "Part") != 0 || !inside || !read_part(r, &part) || !add(m, &part)) {
            return S3_MANIFEST_E_MALFORMED;
        }
    }
    return S3_MANIFEST_E_MALFORMED;
}

int s3_manifest_parse(const char *xml, size_t n, struct s3_manifest *ret_manifest)
{
    struct s3_manifest m = {0};
    char *copy = mem_alloc(n + 1, 1); /* ended with a NUL */
    memcpy(copy, xml, n);
    struct reader r = {copy, copy + n};
    int status = memchr(copy, '\0', n) != NULL ? S3_MANIFEST_E_MALFORMED : read_all(&r, &m);
    free(copy);
    if (status != 0) {
        s3_manifest_finish(&m);
    } else {
        *ret_manifest = m;
    }
    return status;
}

void s3_manifest_finish(struct s3_manifest *m)
{
    free(m->parts);
    *m = (struct s3_manifest){0};
}
