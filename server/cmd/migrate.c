/* SPDX-License-Identifier: Apache-2.0 */
#include "db/migrate.h"
#include "app/database.h"
#include "cmd/cmd.h"

#include <stdio.h>

int cmd_migrate(const struct cmd *c, int argc, char **argv)
{
    struct database d = {.lock_fd = -1};
    char reason[512] = "";
    unsigned applied = 0;
    int r = database_open(c->config, c->log, &d, reason, sizeof(reason));
    if (r == 0) {
        r = migrate_run(d.url, c->log, &applied, reason, sizeof(reason));
        database_close(&d);
    }
    if (r != 0) {
        fprintf(stderr, "doorward: %s\n", reason);
        return CMD_FAILED;
    }
    printf("applied %u\n", applied);
    return CMD_OK;
}
