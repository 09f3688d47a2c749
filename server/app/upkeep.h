/* SPDX-License-Identifier: Apache-2.0 */
/* What one lane does for the whole server by the day: making partitions ahead of time. */
#ifndef APP_UPKEEP_H
#define APP_UPKEEP_H

#include "base/loop.h"

struct db;
struct upkeep;
/* On the loop's thread. Works at once and then daily. */
struct upkeep *upkeep_create(struct loop *l, struct db *db);
/* Work under way ends by itself. Takes NULL. */
struct upkeep *upkeep_destroy(struct upkeep *u);

#endif
