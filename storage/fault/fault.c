/* SPDX-License-Identifier: Apache-2.0 */
/* A script is parsed into rules once; each call of an operation takes the next number and looks for
 * the first rule that names it. */
#include "storage/driver.h"

#include "base/str.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum fault_op { OP_STAGE, OP_PUT, OP_GET, OP_STAT, OP_DELETE, OP_LIST, OP_HEALTH, OPS };
static const char *const op_names[OPS] = {"stage",  "put",  "get",   "stat",
                                          "delete", "list", "health"};

enum fault_kind { FAULT_NONE, FAULT_FAIL, FAULT_FULL, FAULT_SHORT, FAULT_LOST, FAULT_CRASH, KINDS };
static const char *const kind_names[KINDS] = {"", "fail", "full", "short", "lost", "crash"};

enum { RULES_MAX = 64, LATE_MAX_MS = 60000 };

struct rule {
    enum fault_op op;
    uint64_t from, to; /* calls, counted from 1 */
    enum fault_kind kind;
    uint64_t late_ms;
};

struct fault {
    struct store_driver driver;
    struct store_driver_ops ops; /* a copy of ours with the name put together */
    struct store_driver *inner;
    char name[64];
    struct rule rules[RULES_MAX];
    size_t rule_count;
    atomic_ulong calls[OPS];
};

static struct fault *fault_of(struct store_driver *d)
{
    return CONTAINER_OF(d, struct fault, driver);
}

/* What happens to this call; being late has already happened on return. */
static enum fault_kind fault_next(struct fault *f, enum fault_op op)
{
    uint64_t call = atomic_fetch_add(&f->calls[op], 1) + 1;
    for (size_t i = 0; i < f->rule_count; i++) {
        const struct rule *r = &f->rules[i];
        if (r->op != op || call < r->from || call > r->to) {
            continue;
        }
        if (r->late_ms > 0) {
            usleep((useconds_t)r->late_ms * 1000);
        }
        if (r->kind == FAULT_CRASH) {
            kill(getpid(), SIGKILL);
        }
        return r->kind;
    }
    return FAULT_NONE;
}

/* Before the call: its result, or 0 to go on. */
static int fault_before(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_FAIL:
        return STORE_E_UNAVAILABLE;
    case FAULT_FULL:
        return STORE_E_FULL;
    case FAULT_SHORT:
        return STORE_E_SHORT;
    default:
        return 0;
    }
}

static int fault_after(enum fault_kind kind, int status)
{
    return kind == FAULT_LOST ? STORE_E_UNAVAILABLE : status;
}

static int fault_stage(struct store_driver *d, int *ret_fd, void **ret_token)
{
    struct fault *f = fault_of(d);
    int r = fault_before(fault_next(f, OP_STAGE));
    return r != 0 ? r : f->inner->ops->stage(f->inner, ret_fd, ret_token);
}

static void fault_stage_drop(struct store_driver *d, int fd, void *token)
{
    struct fault *f = fault_of(d);
    f->inner->ops->stage_drop(f->inner, fd, token);
}

static int fault_put(struct store_driver *d, int fd, void *token, const char *key, uint64_t size)
{
    struct fault *f = fault_of(d);
    enum fault_kind kind = fault_next(f, OP_PUT);
    int r = fault_before(kind);
    if (r != 0) {
        f->inner->ops->stage_drop(f->inner, fd, token);
        return r;
    }
    return fault_after(kind, f->inner->ops->put(f->inner, fd, token, key, size));
}

static int fault_get(struct store_driver *d, const char *key, uint64_t offset, uint8_t *p, size_t n)
{
    struct fault *f = fault_of(d);
    enum fault_kind kind = fault_next(f, OP_GET);
    int r = fault_before(kind);
    return r != 0 ? r : fault_after(kind, f->inner->ops->get(f->inner, key, offset, p, n));
}

static int fault_stat(struct store_driver *d, const char *key, uint64_t *ret_size)
{
    struct fault *f = fault_of(d);
    enum fault_kind kind = fault_next(f, OP_STAT);
    int r = fault_before(kind);
    return r != 0 ? r : fault_after(kind, f->inner->ops->stat(f->inner, key, ret_size));
}

static int fault_delete(struct store_driver *d, const char *key)
{
    struct fault *f = fault_of(d);
    enum fault_kind kind = fault_next(f, OP_DELETE);
    int r = fault_before(kind);
    return r != 0 ? r : fault_after(kind, f->inner->ops->delete (f->inner, key));
}

static int fault_list(struct store_driver *d,
                      int (*each)(void *arg, const char *key, uint64_t size), void *arg)
{
    struct fault *f = fault_of(d);
    enum fault_kind kind = fault_next(f, OP_LIST);
    int r = fault_before(kind);
    return r != 0 ? r : fault_after(kind, f->inner->ops->list(f->inner, each, arg));
}

static int fault_health(struct store_driver *d)
{
    struct fault *f = fault_of(d);
    enum fault_kind kind = fault_next(f, OP_HEALTH);
    int r = fault_before(kind);
    return r != 0 ? r : fault_after(kind, f->inner->ops->health(f->inner));
}

static int fault_recover(struct store_driver *d, unsigned *ret_removed)
{
    struct fault *f = fault_of(d);
    return f->inner->ops->recover == NULL ? 0 : f->inner->ops->recover(f->inner, ret_removed);
}

static int fault_room(struct store_driver *d, uint64_t *ret_bytes)
{
    struct fault *f = fault_of(d);
    return f->inner->ops->room == NULL ? -ENOTSUP : f->inner->ops->room(f->inner, ret_bytes);
}

static void fault_destroy(struct store_driver *d)
{
    struct fault *f = fault_of(d);
    f->inner->ops->destroy(f->inner);
    free(f);
}

static const struct store_driver_ops fault_ops = {
    .stage = fault_stage,
    .stage_drop = fault_stage_drop,
    .put = fault_put,
    .get = fault_get,
    .stat = fault_stat,
    .delete = fault_delete,
    .list = fault_list,
    .health = fault_health,
    .destroy = fault_destroy,
    .recover = fault_recover,
    .room = fault_room,
};

/* ---- the script ---- */
static int word_find(const char *word, const char *const *words, int from, int n)
{
    for (int i = from; i < n; i++) {
        if (strcmp(word, words[i]) == 0) {
            return i;
        }
    }
    return -EINVAL;
}

static int calls_parse(char *s, uint64_t *ret_from, uint64_t *ret_to)
{
    if (strcmp(s, "*") == 0) {
        *ret_from = 1;
        *ret_to = UINT64_MAX;
        return 0;
    }
    char *end = s, *first = strsep(&end, "-");
    uint64_t from, to;
    if (str_parse_u64(first, UINT32_MAX, &from) != 0 ||
        str_parse_u64(end != NULL ? end : first, UINT32_MAX, &to) != 0 || from == 0 || to < from) {
        return -EINVAL;
    }
    *ret_from = from;
    *ret_to = to;
    return 0;
}

static int rule_parse(char *s, struct rule *ret_rule)
{
    char *op = strsep(&s, ":"), *calls = strsep(&s, ":"), *what = s;
    struct rule r = {.kind = FAULT_NONE};
    if (what == NULL || calls_parse(calls, &r.from, &r.to) != 0) {
        return -EINVAL;
    }
    int found = word_find(op, op_names, 0, OPS);
    if (found < 0) {
        return found;
    }
    r.op = (enum fault_op)found;
    if (str_prefix(what, "late=")) {
        *ret_rule = r;
        return str_parse_u64(what + strlen("late="), LATE_MAX_MS, &ret_rule->late_ms);
    }
    found = word_find(what, kind_names, FAULT_FAIL, KINDS);
    if (found < 0) {
        return found;
    }
    r.kind = (enum fault_kind)found;
    *ret_rule = r;
    return 0;
}

int store_fault_create(struct store_driver *inner, const char *script,
                       struct store_driver **ret_driver)
{
    struct fault *f = mem_new(struct fault);
    char *copy CLEANUP(mem_free_at) = mem_str(script), *rest = copy, *one;
    while ((one = strsep(&rest, ",")) != NULL) {
        if (f->rule_count == RULES_MAX || rule_parse(one, &f->rules[f->rule_count++]) != 0) {
            free(f);
            return -EINVAL;
        }
    }
    snprintf(f->name, sizeof f->name, "fault(%s)", inner->ops->name);
    f->ops = fault_ops;
    f->ops.name = f->name;
    f->driver.ops = &f->ops;
    f->inner = inner;
    *ret_driver = &f->driver;
    return 0;
}
