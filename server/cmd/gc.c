/* SPDX-License-Identifier: Apache-2.0 */
/* `doorward gc`: what the sweep does by itself, now and to the end; or, with --dry-run, what it
 * would do, by camera and reason. Exit code 0: done; 1: something could not be erased now; 2: could
 * not look, or not asked rightly. */
#include "base/clock.h"
#include "base/str.h"
#include "cmd/place.h"
#include "config/config.h"
#include "recording/garbage.h"
#include "retention/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { GC_DONE = 0, GC_LEFT = 1, GC_COULD_NOT = 2 };
enum { REASON_MAX = 512 };

struct gc {
    const struct cmd *cmd;
    bool json, dry_run, trust_clock, confirm;
    struct place place;
    int db_status;
    char reason[REASON_MAX];
    int64_t nodes;
    int garbage_status;
    uint64_t objects;
};

static int usage(void)
{
    fprintf(stderr,
            "usage: doorward gc [--dry-run | --confirm | --trust-clock] [--json]\n"
            "Erases what is deleted, past its time or over a quota, and carries out garbage.\n"
            "--dry-run only says what would go. --confirm says that it may go although an unusual\n"
            "share of a camera's footage is due at once, which halts the sweep. --trust-clock says "
            "that the clock is right after\n"
            "the server stopped erasing because it jumped; it erases nothing itself.\n");
    return GC_COULD_NOT;
}

static int parse(struct gc *g, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            g->json = true;
        } else if (strcmp(argv[i], "--dry-run") == 0) {
            g->dry_run = true;
        } else if (strcmp(argv[i], "--confirm") == 0) {
            g->confirm = true;
        } else if (strcmp(argv[i], "--trust-clock") == 0) {
            g->trust_clock = true;
        } else {
            return -EINVAL;
        }
    }
    return g->dry_run + g->trust_clock + g->confirm > 1 ? -EINVAL : 0;
}

/* ---- asking ---- */

static bool answered(struct gc *g, const struct db_reply *r)
{
    g->db_status = db_status(r);
    if (g->db_status != 0) {
        snprintf(g->reason, REASON_MAX, "The database does not answer: %s", db_message(r));
    }
    loop_stop(g->place.loop);
    return g->db_status == 0;
}

static void on_trusted(void *arg, const struct db_reply *r)
{
    struct gc *g = arg;
    if (answered(g, r)) {
        g->nodes = db_i64(r, 0, 0, 0);
    }
}

static void on_all_due(void *arg, const struct db_reply *r)
{
    answered(arg, r);
}

/* ---- --dry-run ---- */

static void id_text(const struct db_reply *r, int row, int col, char out[ID_TEXT_SIZE])
{
    out[0] = '\0';
    if (!db_is_null(r, 0, row, col)) {
        struct id id = db_id(r, 0, row, col);
        id_format(&id, out);
    }
}

static const char *plain(const char *name)
{
    bool ok = str_is_text(name, strlen(name)) && strpbrk(name, "\"\\\n\t") == NULL;
    return ok ? name : "(a name that is no plain text)";
}

static void print_row(const struct gc *g, const struct db_reply *r, int i)
{
    char household[ID_TEXT_SIZE], camera[ID_TEXT_SIZE];
    id_text(r, i, 0, household);
    id_text(r, i, 1, camera);
    if (g->json) {
        printf("%s{\"household_id\":\"%s\",\"camera_id\":\"%s\",\"name\":\"%s\",\"reason\":\"%s\","
               "\"segments\":%" PRId64 ",\"bytes\":%" PRId64 ",\"held_segments\":%" PRId64
               ",\"held_bytes\":%" PRId64 "}",
               i > 0 ? "," : "", household, camera, plain(db_text(r, 0, i, 2)), db_text(r, 0, i, 3),
               db_i64(r, 0, i, 4), db_i64(r, 0, i, 5), db_i64(r, 0, i, 6), db_i64(r, 0, i, 7));
        return;
    }
    printf("%-7s %s %s: %" PRId64 " segments, %" PRId64 " bytes; held: %" PRId64
           " segments, %" PRId64 " bytes\n",
           db_text(r, 0, i, 3), camera[0] != '\0' ? camera : household, plain(db_text(r, 0, i, 2)),
           db_i64(r, 0, i, 4), db_i64(r, 0, i, 5), db_i64(r, 0, i, 6), db_i64(r, 0, i, 7));
}

static void on_preview(void *arg, const struct db_reply *r)
{
    struct gc *g = arg;
    if (!answered(g, r)) {
        return;
    }
    printf("%s", g->json ? "{\"would_erase\":[" : "");
    for (int i = 0; i < db_rows(r, 0); i++) {
        print_row(g, r, i);
    }
    printf(g->json ? "],\"garbage\":%" PRId64 "}\n" : "garbage waiting: %" PRId64 " objects\n",
           db_i64(r, 1, 0, 0));
}

static int dry_run(struct gc *g)
{
    struct db_tx *tx = db_tx_begin(g->place.db);
    db_tx_add(tx, DB_GC_PREVIEW, DB_I64(clock_now_us()));
    db_tx_add(tx, DB_CHECK_WAITING);
    db_tx_commit(tx, on_preview, g);
    loop_run(g->place.loop);
    return g->db_status == 0 ? GC_DONE : GC_COULD_NOT;
}

/* ---- for real ---- */

static void on_swept(void *arg)
{
    struct gc *g = arg;
    loop_stop(g->place.loop);
}

static void on_garbage(void *arg, int status, uint64_t finished)
{
    struct gc *g = arg;
    g->garbage_status = status;
    g->objects = finished;
    loop_stop(g->place.loop);
}

static int print_totals(struct gc *g, const struct sweep_totals *t)
{
    unsigned long long deleted = t->deleted_segments, expired = t->expired_segments,
                       quota = t->quota_segments, cut = t->cut_segments;
    if (g->json) {
        printf("{\"deleted_segments\":%llu,\"expired_segments\":%llu,\"quota_segments\":%llu,"
               "\"cut_segments\":%llu,\"bytes\":%llu,\"objects\":%llu,\"halted_cameras\":%llu}\n",
               deleted, expired, quota, cut, (unsigned long long)t->bytes,
               (unsigned long long)g->objects, (unsigned long long)t->halted_cameras);
    } else {
        printf("erased: %llu segments deleted, %llu past their time, %llu over a quota, %llu cut; "
               "%llu bytes\nobjects removed: %llu; cameras halted: %llu\n",
               deleted, expired, quota, cut, (unsigned long long)t->bytes,
               (unsigned long long)g->objects, (unsigned long long)t->halted_cameras);
    }
    if (t->clock_stopped) {
        snprintf(g->reason, REASON_MAX,
                 "The clock is not believed (see the log); set it right, or --trust-clock.");
        return GC_COULD_NOT;
    }
    return t->failed || t->halted_cameras > 0 || g->garbage_status != 0 ? GC_LEFT : GC_DONE;
}

static int for_real(struct gc *g)
{
    struct place *p = &g->place;
    struct db_tx *tx = db_tx_begin(p->db);
    if (g->confirm) {
        db_tx_add(tx, DB_SWEEP_CONFIRM, DB_I64(clock_now_us()));
    }
    db_tx_add(tx, DB_SWEEP_ALL, DB_I64(clock_now_us()));
    db_tx_commit(tx, on_all_due, g);
    loop_run(p->loop);
    if (g->db_status != 0) {
        return GC_COULD_NOT;
    }
    struct sweep *s =
        sweep_create(&(struct sweep_params){.loop = p->loop,
                                            .db = p->db,
                                            .store = p->store,
                                            .keyring = p->keyring,
                                            .node = g->cmd->config->node,
                                            .every_s = g->cmd->config->retention_sweep_s,
                                            .once = true,
                                            .ended = on_swept,
                                            .arg = g});
    loop_run(p->loop);
    garbage_pass_begin(p->db, p->store, on_garbage, g);
    loop_run(p->loop);
    int code = print_totals(g, sweep_totals(s));
    sweep_destroy(s);
    return code;
}

static int trust_clock(struct gc *g)
{
    db_run(g->place.db, on_trusted, g, DB_KEEPING_CLOCK_TRUST, DB_I64(clock_now_us()));
    loop_run(g->place.loop);
    if (g->db_status == 0) {
        printf(g->json ? "{\"nodes\":%" PRId64 "}\n" : "nodes that will erase again: %" PRId64 "\n",
               g->nodes);
    }
    return g->db_status == 0 ? GC_DONE : GC_COULD_NOT;
}

int cmd_gc(const struct cmd *c, int argc, char **argv)
{
    struct gc g = {.cmd = c};
    if (parse(&g, argc, argv) != 0) {
        return usage();
    }
    int code = GC_COULD_NOT;
    if (place_open(c, &g.place, g.reason, sizeof g.reason) == 0) {
        code = g.dry_run ? dry_run(&g) : g.trust_clock ? trust_clock(&g) : for_real(&g);
        place_close(&g.place);
    }
    if (code == GC_COULD_NOT) {
        fprintf(stderr, "doorward: could not erase: %s\n", g.reason);
    }
    return code;
}
