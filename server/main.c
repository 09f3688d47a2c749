/* SPDX-License-Identifier: Apache-2.0 */
/* argv -> subcommand. */
#include "app/data_dir.h"
#include "cmd/cmd.h"
#include "config/config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    cmd_fn *run;
    bool owns_data; /* touches the data folder: when root, become its owner first */
    const char *sentence;
} commands[] = {
    {"serve", cmd_serve, true, "run the server"},
    {"migrate", cmd_migrate, true, "bring the database schema up to date and stop"},
    {"admin", cmd_admin, true, "households, owners, cameras, agencies, officers, tokens"},
    {"check", cmd_check, true, "prove that rows and stored objects agree; repairs on request"},
    {"gc", cmd_gc, true, "erase now what may go, or only say what would"},
    {"config", cmd_config, false, "print the effective configuration, secrets hidden"},
    {"healthcheck", cmd_healthcheck, false, "ask the running server whether it is well"},
};

static int usage(FILE *to, int code)
{
    fprintf(to, "usage: doorward COMMAND [ARGUMENTS]\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].sentence);
    }
    fprintf(
        to,
        "  %-12s %s\n  %-12s %s\n\nConfiguration: docs/configuration.md, or `doorward config`.\n",
        "version", "print the version", "help", "print this");
    return code;
}

static struct log make_log(const struct config *c)
{
    enum { JSON, PRETTY, AUTO };
    return (struct log){
        .fd = STDERR_FILENO,
        .level = (enum log_level)c->log_level,
        .pretty = c->log_format == PRETTY || (c->log_format == AUTO && isatty(STDERR_FILENO)),
    };
}

static int run(size_t command, int argc, char **argv)
{
    struct buf errors = BUF_INIT(CONFIG_TEXT_MAX);
    struct config *config = NULL;
    char reason[512] = "";
    int code = CMD_FAILED;
    if (config_load((const char *const *)environ, &config, &errors) != 0) {
        fprintf(stderr, "doorward: the configuration is wrong:\n%s", (const char *)errors.data);
    } else if (commands[command].owns_data &&
               data_dir_become_owner(config, reason, sizeof(reason)) != 0) {
        fprintf(stderr, "doorward: %s\n", reason);
    } else {
        struct log log = make_log(config);
        code = commands[command].run(&(struct cmd){.config = config, .log = &log}, argc, argv);
    }
    buf_finish(&errors);
    config_destroy(config);
    return code;
}

int main(int argc, char **argv)
{
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        printf("doorward %s\n", DOORWARD_VERSION);
        return CMD_OK;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0) {
        return usage(stdout, CMD_OK);
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return run(i, argc - 1, argv + 1);
        }
    }
    return usage(stderr, CMD_USAGE);
}
