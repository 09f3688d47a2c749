/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: may footage be erased because of what the clock says? A clock that jumped by more than an
 * hour - against the machine's uptime, the database's clock, or what this node or the ledger wrote
 * last - erases nothing until it agrees again or the operator says that it is right. */
#ifndef RETENTION_CLOCK_GUARD_H
#define RETENTION_CLOCK_GUARD_H

#include "base/status.h"

#include <stdbool.h>

enum { BOOT_ID_SIZE = 40 };
#define CLOCK_JUMP_US INT64_C(3600000000)

enum clock_verdict {
    CLOCK_BELIEVED,
    CLOCK_DATABASE_DIFFERS,
    CLOCK_WENT_BACK,
    CLOCK_WENT_AHEAD,
    CLOCK_UNPROVED, /* the machine was started anew, long after what is known, and says itself that
                       its clock is not set by the network */
    CLOCK_VERDICTS
};
const char *clock_verdict_text(enum clock_verdict v); /* one sentence */

struct clock_facts {
    int64_t wall_us, uptime_us;
    char boot_id[BOOT_ID_SIZE]; /* of the machine's start; "" = not known */
    bool synchronised;          /* the kernel says that the network sets the clock */
    int64_t database_us;
    int64_t
        newest_us; /* of the ledger's last entry; 0 = there is none. For a node without memory */
};
struct clock_memory { /* when the clock was last believed */
    bool known;
    char boot_id[BOOT_ID_SIZE];
    int64_t uptime_us, wall_us;
    int64_t stopped_us; /* since when it is not believed; 0 = it is */
    bool trusted;       /* the operator said so since */
};
enum clock_verdict clock_judge(const struct clock_memory *m, const struct clock_facts *f);

/* What this machine says now; what cannot be read stays empty. Not pure. */
void clock_look(struct clock_facts *ret_facts);

#endif
