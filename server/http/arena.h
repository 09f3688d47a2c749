/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed in one go, with its request. */
#ifndef HTTP_ARENA_H
#define HTTP_ARENA_H

#include "base/status.h"

struct arena_block;
/* Zeroed. *a is NULL at first. */
void *arena_alloc(struct arena_block **a, size_t n);
char *arena_text(struct arena_block **a, const char *s, size_t n);
void arena_free(struct arena_block **a);

#endif
