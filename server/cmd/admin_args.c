/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/admin_args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int find(const struct admin_option *options, const char *name)
{
    for (int i = 0; options[i].name; i++) {
        if (!strcmp(options[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static unsigned given(const struct admin_args *a, int option)
{
    unsigned n = 0;
    while (n < ADMIN_REPEATS_MAX && a->values[option][n]) {
        n++;
    }
    return n;
}

static unsigned wanted(const struct admin_option *o)
{
    return o->repeats ? o->repeats : 1;
}

int admin_args_parse(const struct admin_option *options, int argc, char **argv,
                     struct admin_args *ret_args, char *complaint, size_t size)
{
    struct admin_args a = {.options = options};
    for (int i = 0; i < argc; i++) {
        int o = find(options, argv[i]);
        if (o < 0) {
            snprintf(complaint, size, "%s is not an option here.", argv[i]);
            return -EINVAL;
        }
        unsigned n = given(&a, o);
        if (n == wanted(&options[o]) || (!options[o].flag && i + 1 == argc)) {
            snprintf(complaint, size, n ? "%s is given too often." : "%s needs a value.", argv[i]);
            return -EINVAL;
        }
        a.values[o][n] = options[o].flag ? "" : argv[++i];
    }
    for (int o = 0; options[o].name; o++) {
        unsigned n = given(&a, o);
        if ((options[o].required || n) && n != wanted(&options[o])) {
            snprintf(complaint, size, "%s is needed%s.", options[o].name,
                     options[o].repeats > 1 ? " twice" : "");
            return -EINVAL;
        }
    }
    *ret_args = a;
    return 0;
}

const char *admin_arg_at(const struct admin_args *a, const char *name, unsigned i)
{
    int o = find(a->options, name);
    ALWAYS(o >= 0 && i < ADMIN_REPEATS_MAX);
    return a->values[o][i];
}

const char *admin_arg(const struct admin_args *a, const char *name)
{
    return admin_arg_at(a, name, 0);
}
