/* SPDX-License-Identifier: Apache-2.0 */
/* `doorward check`: findings one a line, then the sums; with --json one object. Exit code 0: rows
 * and objects agree; 1: they do not; 2: could not look, or not asked rightly. */
#include "recording/check.h"
#include "base/str.h"
#include "cmd/place.h"
#include "retention/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CHECK_CLEAN = 0, CHECK_FINDINGS = 1, CHECK_COULD_NOT = 2 };
enum { FINDINGS_JSON_MAX = 1 << 20, REASON_MAX = 512 };

struct check_cmd {
    const struct cmd *cmd;
    bool json;
    struct check_params params;
    struct verify_result verified;
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

static void tell(struct check_cmd *k, const char *kind, const char *name)
{
    bool plain = str_is_text(name, strlen(name)) && strpbrk(name, "\"\\\n\t") == NULL;
    const char *shown = plain ? name : "(a name that is no text)";
    if (k->json) {
        buf_printf(&k->findings, "%s{\"kind\":\"%s\",\"name\":\"%s\"}",
                   k->findings.len > 0 ? "," : "", kind, shown);
    } else {
        printf("%s %s\n", kind, shown);
    }
}

static void on_finding(void *arg, enum check_kind kind, const char *name)
{
    tell(arg, check_kind_name(kind), name);
}

static void on_verified(void *arg, enum verify_kind kind, const char *what, const struct id *row)
{
    char id[ID_TEXT_SIZE], text[256];
    id_format(row, id);
    snprintf(text, sizeof text, "%s: %s", id, what);
    tell(arg, verify_kind_name(kind), text);
}

static bool clean(const struct check_cmd *k, const struct check_result *r)
{
    uint64_t sum = k->verified.found[VERIFY_ROW] + k->verified.found[VERIFY_TOMBSTONE];
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
           clean(k, r) ? "true" : "false", (unsigned long long)r->rows,
           (unsigned long long)r->objects, (unsigned long long)r->object_bytes,
           (unsigned long long)r->garbage, (unsigned long long)r->uploads,
           (unsigned long long)r->garbage_finished, (unsigned long long)r->orphans_deleted,
           r->stopped ? "true" : "false");
    for (int i = 0; i < CHECK_KINDS; i++) {
        printf("%s\"%s\":%llu", i > 0 ? "," : "", check_kind_name((enum check_kind)i),
               (unsigned long long)r->found[i]);
    }
    for (int i = 0; i < VERIFY_KINDS; i++) {
        printf(",\"%s\":%llu", verify_kind_name((enum verify_kind)i),
               (unsigned long long)k->verified.found[i]);
    }
    printf("},\"tombstones\":%llu,\"findings\":[%s],\"findings_cut\":%s}\n",
           (unsigned long long)k->verified.tombstones,
           k->findings.len > 0 ? (const char *)k->findings.data : "",
           k->findings.overflow ? "true" : "false");
}

static void print_text(const struct check_cmd *k, const struct check_result *r)
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
    printf("%s\n", clean(k, r) ? "clean" : "not clean");
}

static int run(struct check_cmd *k, struct check_result *ret_result)
{
    struct place place;
    int r = place_open(k->cmd, &place, k->reason, sizeof k->reason);
    if (r != 0) {
        return r;
    }
    k->params.loop = place.loop;
    k->params.db = place.db;
    k->params.store = place.store;
    k->params.keyring = place.keyring;
    r = check_run(&k->params, ret_result, k->reason, sizeof k->reason);
    const struct verify_params v = {
        .loop = place.loop, .db = place.db, .finding = on_verified, .arg = k};
    if (r == 0 && (r = verify_run(&v, &k->verified)) != 0) {
        snprintf(k->reason, sizeof k->reason, "The database does not answer.");
    }
    place_close(&place);
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
        print_text(&k, &result);
    }
    buf_finish(&k.findings);
    return r != 0 || result.stopped ? CHECK_COULD_NOT
           : clean(&k, &result)     ? CHECK_CLEAN
                                    : CHECK_FINDINGS;
}
