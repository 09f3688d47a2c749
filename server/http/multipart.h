/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: multipart/form-data (RFC 7578) read as it arrives, in constant memory. Feed it bytes and it
 * says what they are; nothing is kept but the head of one part. */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "base/status.h"

#include <stdbool.h>

enum {
    MULTIPART_BOUNDARY_MAX = 70,
    MULTIPART_HEAD_MAX = 4096,
    MULTIPART_PARTS_MAX = 32,
    MULTIPART_NAME_SIZE = 64,
    MULTIPART_FILENAME_SIZE = 256
};

enum multipart_event {
    MULTIPART_MORE,     /* everything was used; give it more */
    MULTIPART_PART,     /* a part begins: m->name, m->filename ("" when it has none) */
    MULTIPART_DATA,     /* *ret_span is of the part's content */
    MULTIPART_PART_END, /* of its content */
    MULTIPART_END,      /* the last part was the last; what follows is of no interest */
    MULTIPART_BAD       /* m->complaint says why; it stays so */
};

struct multipart_span {
    const uint8_t *p; /* into the bytes given, or into m */
    size_t n;
    bool inside; /* of m: it must be taken before the next call */
};

struct multipart {
    char name[MULTIPART_NAME_SIZE];
    char filename[MULTIPART_FILENAME_SIZE];
    const char *complaint;
    /* its own */
    uint8_t delimiter[MULTIPART_BOUNDARY_MAX + 4];
    size_t delimiter_n, matched;
    unsigned state, parts, after;
    char head[MULTIPART_HEAD_MAX + 1];
    size_t head_n;
};

/* content_type: the header's value, NULL when absent. -EINVAL: not multipart/form-data with a
 * boundary. */
int multipart_init(struct multipart *m, const char *content_type) MUST_CHECK;
/* Looks at the first bytes of p[0..n), n > 0: *ret_used of them were used. Of a span that is not
 * inside m a beginning may be taken: then give the rest again, that is, use less. */
enum multipart_event multipart_next(struct multipart *m, const uint8_t *p, size_t n,
                                    size_t *ret_used, struct multipart_span *ret_span);

#endif
