/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands of `doorward`, listed once in main.c. Each is one file and one function; what it says
 * for programs goes to stdout, log and complaints to stderr. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/log.h"

struct config;

/* What every subcommand is given. */
struct cmd {
    const struct config *config;
    const struct log *log; /* to stderr */
};
enum { CMD_OK = 0, CMD_FAILED = 1, CMD_USAGE = 2 }; /* exit codes */

/* argv[0] is the subcommand's own name. Returns the exit code. */
typedef int cmd_fn(const struct cmd *c, int argc, char **argv);
cmd_fn cmd_serve, cmd_migrate, cmd_check, cmd_gc, cmd_config, cmd_healthcheck, cmd_admin;

#endif
