/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/live_tap.h"

struct live_fragment *live_fragment_ref(struct live_fragment *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

struct live_fragment *live_fragment_unref(struct live_fragment *f)
{
    if (f != NULL && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1) {
        journal_ref_drop(f->journal);
        free(f);
    }
    return NULL;
}
