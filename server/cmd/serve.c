/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "cmd/cmd.h"

int cmd_serve(const struct cmd *c, int argc, char **argv)
{
    return app_run(c->config, c->log) == 0 ? CMD_OK : CMD_FAILED;
}
