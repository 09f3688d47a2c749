/* SPDX-License-Identifier: Apache-2.0 */
/* A box without doors for code that reads hostile bytes: it may use memory and the descriptors it
 * already holds, and nothing else. Prepared once in the zygote (that part needs freedom), entered
 * by each child before it reads its first byte. There is no way out again. */
#ifndef JAIL_JAIL_H
#define JAIL_JAIL_H

#include "base/status.h"

#include <stdbool.h>

struct jail_limits {
    uint64_t memory_bytes; /* address space */
    uint64_t file_bytes;   /* largest size of any file written */
    uint64_t cpu_s;
    uint64_t files; /* descriptors, the present ones included */
};

struct jail;
/* Compile the system-call filter and, where the kernel has it, a Landlock rule set that allows
 * nothing. Negative errno when the kernel or library refuses: then no media must be touched. */
int jail_prepare(struct jail **ret_jail) MUST_CHECK;
/* No new privileges, limits, Landlock, filter; in this order. Negative errno: the caller must
 * exit. A forbidden call afterwards kills the process (SIGSYS); only opening a file, which libc
 * tries by itself, just fails. */
int jail_enter(const struct jail *j, const struct jail_limits *limits) MUST_CHECK;
struct jail *jail_destroy(struct jail *j); /* takes NULL */

#endif
