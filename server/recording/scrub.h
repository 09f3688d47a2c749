/* SPDX-License-Identifier: Apache-2.0 */
/* Reads every stored object again within a time (30 days), slowly: each chunk must open and the
 * digest must be the row's. What does not is marked corrupt, told to the owner's ledger, counted
 * and logged; it is never served, for it does not open. What opens again (a restored disk) is
 * unmarked. The position is in the database and leased, so several nodes share one round and a
 * restart goes on where it was. On one loop a server. */
#ifndef RECORDING_SCRUB_H
#define RECORDING_SCRUB_H

#include "crypto/keyring.h"
#include "db/db.h"
#include "storage/store.h"

struct scrub_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    const struct keyring *keyring;
    const char *node; /* borrowed for its life */
    uint64_t round_s; /* all objects within so long; 0: scrub_create gives NULL */
};
struct scrub;
struct scrub *scrub_create(const struct scrub_params *p);
/* Nothing new is begun; what is under way ends by itself (store_busy and the database's drain cover
 * it). Takes NULL. */
struct scrub *scrub_destroy(struct scrub *s);

#endif
