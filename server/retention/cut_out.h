/* SPDX-License-Identifier: Apache-2.0 */
/* Erases a part of a segment: the fragments before and behind the deleted span are stored as
 * objects of their own under new keys, then one transaction puts their rows in the place of the old
 * one, whose key is gone with it. Every fragment with a sample in the span goes, and behind it all
 * up to the next key picture, which could not be shown without it. */
#ifndef RETENTION_CUT_OUT_H
#define RETENTION_CUT_OUT_H

#include "crypto/keyring.h"
#include "db/db.h"
#include "recording/cut.h"
#include "storage/store.h"

enum {
    CUT_OUT_E_NONE = 1, /* no segment of this deletion needs it (any more) */
    CUT_OUT_E_LATER     /* database or store do not answer, no room, or the state changed: later */
};
struct cut_out_params { /* borrowed until done */
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    const char *node;
};
typedef void cut_out_fn(void *arg, int status);
/* The next segment of a deletion of which only a part goes. done exactly once, never before this
 * returns. */
void cut_out_begin(const struct cut_out_params *p, const struct id *deletion, cut_out_fn *done,
                   void *arg);

#endif
