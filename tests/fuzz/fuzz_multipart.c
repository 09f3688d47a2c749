/* SPDX-License-Identifier: Apache-2.0 */
/* A form: the first byte says how the rest is cut, the first line is the Content-Type. However it
 * is cut, the same content comes out, and it ends. */
#include "base/buf.h"
#include "http/multipart.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const char *type, const uint8_t *p, size_t n, size_t piece, struct buf *out)
{
    struct multipart m;
    if (multipart_init(&m, type) != 0) {
        return;
    }
    unsigned idle = 0;
    for (size_t at = 0; at < n;) {
        struct multipart_span span = {0};
        size_t used, offered = n - at < piece ? n - at : piece;
        enum multipart_event e = multipart_next(&m, p + at, offered, &used, &span);
        ALWAYS(used <= offered && (idle = used > 0 ? 0 : idle + 1) < 2);
        at += used;
        if (e == MULTIPART_BAD) {
            buf_str(out, "!");
            return;
        }
        if (e == MULTIPART_DATA) {
            ALWAYS(span.n > 0);
            buf_append(out, span.p, span.n);
        } else if (e != MULTIPART_MORE) {
            buf_printf(out, "<%d %s %s>", e, m.name, m.filename);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
    if (line == NULL || size > 100000) {
        return 0;
    }
    size_t n = (size_t)(line - data - 1);
    char *type = mem_alloc(n + 1, 1);
    memcpy(type, data + 1, n);
    struct buf whole = BUF_INIT(1 << 20), cut = BUF_INIT(1 << 20);
    run(type, line + 1, size - n - 2, size, &whole);
    run(type, line + 1, size - n - 2, data[0] + 1u, &cut);
    ALWAYS(whole.len == cut.len &&
           (whole.len == 0 || memcmp(whole.data, cut.data, whole.len) == 0));
    buf_finish(&whole);
    buf_finish(&cut);
    free(type);
    return 0;
}
