/* SPDX-License-Identifier: Apache-2.0 */
/* `doorward check`: findings one a line, then the sums; with --json one object. Exit code 0: rows
 * and objects agree; 1: they do not; 2: could not look, or not asked rightly. */
#include "recording/check.h"
#include "app/database.h"
#include "app/store_driver.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_CLEAN = 0, CHECK_FINDINGS = 1, CHECK_COULD_NOT = 2 };
enum { DEADLINE_MS = 60000, FINDINGS_JSON_MAX = 1 << 20, REASON_MAX = 512 };

struct check_cmd {
    const struct cmd *cmd;
    bool json;
    struct check_params params;
    struct buf findings; /* JSON; cut at its maximum, the counts stay whole */
    char reason[REASON_MAX];
};

static int usage(void)
{
    fprintf(stderr,
            "usage: doorward check [--level presence|size|digest] [--json]\n"
            "                      [--finish-garbage] [--delete-orphans [--orphans-max N]]\n"
            "Changes nothing without one of the last two. --delete-orphans stops when more than N\n"
            "objects would go (default: one in a hundred, at least 10).\n");
    return CHECK_COULD_NOT;
}

static int parse_level(const char *s, enum check_level *ret_level)
{
    static const char *const names[] = {"presence", "size", "digest"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(s, names[i]) == 0) {
            *ret_level = (enum check_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse(struct check_cmd *k, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--json") == 0) {
            k->json = true;
        } else if (strcmp(argv[i], "--finish-garbage") == 0) {
            k->params.finish_garbage = true;
        } else if (strcmp(argv[i], "--delete-orphans") == 0) {
            k->params.delete_orphans = true;
        } else if (strcmp(argv[i], "--level") == 0 && parse_level(next, &k->params.level) == 0) {
            i++;
        } else if (strcmp(argv[i], "--orphans-max") == 0 &&
                   str_parse_u64(next, INT64_MAX, &k->params.orphans_max) == 0) {
            i++;
        } else {
            return -EINVAL;
        }
    }
    return 0;
}

static void on_finding(void *arg, enum check_kind kind, const char *name)
{
    struct check_cmd *k = arg;
    bool plain = str_is_text(name, strlen(name)) && strpbrk(name, "\"\\\n\t") == NULL;
    const char *shown = plain ? name : "(a name that is no text)";
    if (k->json) {
        buf_printf(&k->findings, "%s{\"kind\":\"%s\",\"name\":\"%s\"}",
                   k->findings.len > 0 ? "," : "", check_kind_name(kind), shown);
    } else {
        printf("%s %s\n", check_kind_name(kind), shown);
    }
}

static bool clean(const struct check_result *r)
{
    uint64_t sum = 0;
    for (int i = 0; i < CHECK_KINDS; i++) {
        sum += r->found[i];
    }
    return sum == r->orphans_deleted;
}

static void print_json(const struct check_cmd *k, const struct check_result *r)
{
    printf("{\"clean\":%s,\"rows\":%llu,\"objects\":%llu,\"object_bytes\":%llu,\"garbage\":%llu,"
           "\"uploads\":%llu,\"garbage_finished\":%llu,\"orphans_deleted\":%llu,\"stopped\":%s,"
           "\"found\":{",
           clean(r) ? "true" : "false", (unsigned long long)r->rows, (unsigned long long)r->objects,
           (unsigned long long)r->object_bytes, (unsigned long long)r->garbage,
           (unsigned long long)r->uploads, (unsigned long long)r->garbage_finished,
           (unsigned long long)r->orphans_deleted, r->stopped ? "true" : "false");
    for (int i = 0; i < CHECK_KINDS; i++) {
        printf("%s\"%s\":%llu", i > 0 ? "," : "", check_kind_name((enum check_kind)i),
               (unsigned long long)r->found[i]);
    }
    printf("},\"findings\":[%s],\"findings_cut\":%s}\n",
           k->findings.len > 0 ? (const char *)k->findings.data : "",
           k->findings.overflow ? "true" : "false");
}

static void print_text(const struct check_result *r)
{
    printf("rows %llu, objects %llu (%llu bytes), garbage waiting %llu, uploads under way %llu\n",
           (unsigned long long)r->rows, (unsigned long long)r->objects,
           (unsigned long long)r->object_bytes, (unsigned long long)r->garbage,
           (unsigned long long)r->uploads);
    if (r->garbage_finished > 0 || r->orphans_deleted > 0) {
        printf("garbage finished %llu, orphans deleted %llu\n",
               (unsigned long long)r->garbage_finished, (unsigned long long)r->orphans_deleted);
    }
    if (r->stopped) {
        printf("nothing deleted: %llu orphans are more than --orphans-max allows\n",
               (unsigned long long)r->found[CHECK_ORPHAN]);
    }
    printf("%s\n", clean(r) ? "clean" : "not clean");
}

static void on_drained(void *arg)
{
    loop_stop(arg);
}

static int run_with_store(struct check_cmd *k, const char *database_url,
                          struct check_result *ret_result)
{
    const struct config *c = k->cmd->config;
    struct store_driver *driver = NULL;
    /* Making a store that is not there would turn a wrong path into lost footage. */
    if (access(c->store_dir, F_OK) != 0) {
        snprintf(k->reason, sizeof k->reason, "There is no store in %s.", c->store_dir);
        return -ENOENT;
    }
    int r = store_driver_create(c, &driver, k->reason, sizeof k->reason);
    if (r != 0) {
        return r;
    }
    struct loop *l = loop_create(k->cmd->log);
    struct store *store = store_create(l, driver);
    struct db *db = db_create(&(struct db_params){.loop = l,
                                                  .url = database_url,
                                                  .connections = 1,
                                                  .waiting_max = 16,
                                                  .deadline_ms = DEADLINE_MS});
    k->params.loop = l;
    k->params.db = db;
    k->params.store = store;
    r = check_run(&k->params, ret_result, k->reason, sizeof k->reason);
    db_drain(db, on_drained, l);
    loop_run(l);
    db_destroy(db);
    store_destroy(store);
    loop_destroy(l);
    return r;
}

static int run(struct check_cmd *k, struct check_result *ret_result)
{
    const struct config *c = k->cmd->config;
    struct database d = {.lock_fd = -1};
    struct keyring *keyring = NULL;
    int r = keyring_load(c->master_key_file, false, &keyring);
    if (r != 0) {
        snprintf(k->reason, sizeof k->reason, "Cannot use the master key %s: %s.",
                 c->master_key_file, log_errno_text(r));
        return r;
    }
    k->params.keyring = keyring;
    r = database_open(c, k->cmd->log, &d, k->reason, sizeof k->reason);
    if (r == 0) {
        r = run_with_store(k, d.url, ret_result);
        database_close(&d);
    }
    keyring_destroy(keyring);
    return r;
}

int cmd_check(const struct cmd *c, int argc, char **argv)
{
    struct check_cmd k = {.cmd = c,
                          .findings = BUF_INIT(FINDINGS_JSON_MAX),
                          .params = {.level = CHECK_SIZE, .finding = on_finding}};
    struct check_result result;
    k.params.arg = &k;
    if (parse(&k, argc, argv) != 0) {
        return usage();
    }
    int r = run(&k, &result);
    if (r != 0) {
        fprintf(stderr, "doorward: could not check: %s\n", k.reason);
    } else if (k.json) {
        print_json(&k, &result);
    } else {
        print_text(&result);
    }
    buf_finish(&k.findings);
    return r != 0 || result.stopped ? CHECK_COULD_NOT
           : clean(&result)         ? CHECK_CLEAN
                                    : CHECK_FINDINGS;
}
