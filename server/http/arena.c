/* SPDX-License-Identifier: Apache-2.0 */
/* Sanitizer builds take one block per piece, so that they see overruns. */
#include "http/arena.h"

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
enum { BLOCK_BYTES = 0 };
#else
enum { BLOCK_BYTES = 2048 };
#endif
enum { ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ALIGN) char data[];
};

void *arena_alloc(struct arena_block **a, size_t n)
{
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct arena_block *b = *a;
    if (b == NULL || b->size - b->used < n) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        b = mem_alloc(1, sizeof(*b) + size);
        b->size = size;
        b->next = *a;
        *a = b;
    }
    void *p = b->data + b->used;
    b->used += n;
    return p;
}

char *arena_text(struct arena_block **a, const char *s, size_t n)
{
    char *copy = arena_alloc(a, n + 1);
    memcpy(copy, s, n);
    return copy;
}

void arena_free(struct arena_block **a)
{
    while (*a != NULL) {
        struct arena_block *next = (*a)->next;
        free(*a);
        *a = next;
    }
}
