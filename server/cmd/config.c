/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration, or the manuals made from the tables. */
#include "config/config.h"
#include "cmd/cmd.h"
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>

int cmd_config(const struct cmd *c, int argc, char **argv)
{
    struct buf out = BUF_INIT(METRICS_TEXT_MAX);
    int result = argc > 2 ? CMD_USAGE : CMD_OK;
    if (argc == 1) {
        config_print(c->config, &out);
    } else if (strcmp(argv[1], "--json") == 0) {
        config_print_json(c->config, &out);
    } else if (strcmp(argv[1], "--manual") == 0) {
        config_manual(&out);
    } else if (strcmp(argv[1], "--metrics-manual") == 0) {
        metrics_manual(&out);
    } else {
        result = CMD_USAGE;
    }
    if (result == CMD_USAGE) {
        fprintf(stderr, "usage: doorward config [--json | --manual | --metrics-manual]\n");
    } else {
        fwrite(out.data, 1, out.len, stdout);
    }
    buf_finish(&out);
    return result;
}
