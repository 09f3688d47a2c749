/* SPDX-License-Identifier: Apache-2.0 */
/* Plaintext lately read: players ask for one short range after another, and each range begins in
 * the middle of the sealed chunk in which the last one ended. Bounded, and forgotten after half a
 * minute. One per loop. */
#ifndef PLAYBACK_EXTENT_H
#define PLAYBACK_EXTENT_H

#include "base/id.h"
#include "base/list.h"
#include "base/loop.h"

enum { EXTENT_CACHE_BYTES = 16 << 20, EXTENT_AGE_MS = 30000 };

struct extent {
    struct list node;
    struct id object;
    uint64_t from, to; /* of the object's plaintext */
    uint8_t *p;        /* owned */
    uint64_t used_ms;
};

struct extent_cache;
struct extent_cache *extent_cache_create(struct loop *l);
struct extent_cache *extent_cache_destroy(struct extent_cache *c); /* takes NULL */
/* What holds that byte, or NULL; valid until the next extent_keep(). */
const struct extent *extent_find(struct extent_cache *c, const struct id *object, uint64_t at);
/* p is malloc'd and now the cache's. Found again at least until the next extent_keep(). */
void extent_keep(struct extent_cache *c, const struct id *object, uint64_t from, uint8_t *p,
                 size_t n);
void extent_forget(struct extent_cache *c, const struct id *object);

#endif
