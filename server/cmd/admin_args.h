/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `doorward admin`: NOUN VERB --option value ... Every option takes a value,
 * except --json and --password-stdin. */
#ifndef CMD_ADMIN_ARGS_H
#define CMD_ADMIN_ARGS_H

#include "base/status.h"

#include <stdbool.h>

enum { ADMIN_OPTIONS_MAX = 16, ADMIN_REPEATS_MAX = 2 };

struct admin_option {
    const char *name; /* with its dashes */
    bool required, flag;
    unsigned repeats; /* exactly so often; 0 = once */
    const char *help;
};
struct admin_args {
    const struct admin_option *options; /* ended by a NULL name */
    const char *values[ADMIN_OPTIONS_MAX][ADMIN_REPEATS_MAX];
};
/* argv from the first option on. -EINVAL: complaint holds one sentence. */
int admin_args_parse(const struct admin_option *options, int argc, char **argv,
                     struct admin_args *ret_args, char *complaint, size_t size) MUST_CHECK;
/* NULL when not given; "" for a flag that is. */
const char *admin_arg(const struct admin_args *a, const char *name);
const char *admin_arg_at(const struct admin_args *a, const char *name, unsigned i);

#endif
