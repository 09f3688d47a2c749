/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "{\"level\":\"fatal\",\"event\":\"panic\",\"at\":\"%s:%d\",\"what\":\"%s\"}\n",
            file, line, what);
    abort();
}

void *mem_alloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    ALWAYS(p != NULL);
    return p;
}

void *mem_resize(void *p, size_t n, size_t size)
{
    p = reallocarray(p, n ? n : 1, size ? size : 1);
    ALWAYS(p != NULL);
    return p;
}

void *mem_dup(const void *p, size_t n)
{
    void *q = mem_alloc(1, n);
    if (n > 0) {
        memcpy(q, p, n);
    }
    return q;
}

char *mem_str(const char *s)
{
    return mem_dup(s, strlen(s) + 1);
}

char *mem_printf(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    ALWAYS(n >= 0);
    return s;
}

void mem_free_at(void *pp)
{
    free(*(void **)pp);
}

void fd_close_at(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

int fd_write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w <= 0) {
            return w < 0 ? -errno : -EIO;
        }
        p += w;
        n -= (size_t)w;
    }
    return 0;
}
