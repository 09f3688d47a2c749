/* SPDX-License-Identifier: Apache-2.0 */
/* The second wall behind the system-call filter: a Landlock domain with no rule, so every path,
 * port, abstract socket and outside process is out of reach. */
#ifndef JAIL_LANDLOCK_H
#define JAIL_LANDLOCK_H

#include "base/status.h"

/* A descriptor of the rule set, -ENOSYS or -EOPNOTSUPP where the kernel has no Landlock. */
int landlock_deny_all(void);
/* Apply it to this thread, for ever. 0 or negative errno. */
int landlock_enter(int ruleset_fd) MUST_CHECK;

#endif
