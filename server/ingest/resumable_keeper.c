/* SPDX-License-Identifier: Apache-2.0 */
/* at start: nobody sends, whole bodies are due; files without a row go -> every second or two: what
 * is due. A database that does not answer is asked again. */
#include "base/clock.h"
#include "base/crash_point.h"
#include "ingest/resumable_op.h"

enum { EVERY_MS = 1000, AT_ONCE = 4, TRY_MS = 5000, STRAYS_AT_ONCE = 1000 };

struct resumable_keeper {
    struct ingest *in;
    struct timer *timer;
    bool started, listed, busy, ended;
    unsigned feeding;
    struct buf ids; /* of files, as an array for SQL */
    unsigned n_ids, n_strays;
    struct id *files;
    size_t n_files, next_file;
    struct id strays[STRAYS_AT_ONCE];
};

static void step(void *arg);

static void keeper_free(struct resumable_keeper *k)
{
    if (k->ended && !k->busy && k->feeding == 0) {
        buf_finish(&k->ids);
        free(k->files);
        free(k);
    }
}

/* A callback came. False: nothing more is wanted. */
static bool still_wanted(struct resumable_keeper *k)
{
    k->busy = false;
    if (k->ended) {
        keeper_free(k);
        return false;
    }
    return true;
}

static void later(struct resumable_keeper *k)
{
    timer_set(k->timer, EVERY_MS);
}

/* ---- what is due ---- */
static void told(void *arg, const struct upload_result *r)
{
    struct resumable_keeper *k = arg;
    k->feeding--;
    keeper_free(k);
}

static void due(void *arg, const struct db_reply *r)
{
    struct resumable_keeper *k = arg;
    bool ok = db_status(r) == 0;
    for (int i = 0; ok && i < db_rows(r, 0); i++) {
        struct resumable_finish_params f = {
            .in = k->in, .request_id = "", .try_for_ms = TRY_MS, .told = told, .arg = k};
        resumable_row_read(r, i, &f.row);
        k->feeding++;
        resumable_finish(&f);
    }
    crash_point("resumable_closed");
    if (still_wanted(k)) {
        later(k);
    }
}

static void ask_due(struct resumable_keeper *k)
{
    int64_t now = clock_now_us();
    db_run(k->in->db, due, k, DB_RESUMABLE_DUE, DB_TEXT(k->in->node), DB_I64(now),
           DB_I64(now + RESUMABLE_LEASE_US), DB_I64(AT_ONCE - k->feeding));
}

/* ---- files that no row knows ---- */
static int note_file(void *arg, const struct id *body, uint64_t bytes)
{
    struct resumable_keeper *k = arg;
    if ((k->n_files & (k->n_files - 1)) == 0) { /* a power of two: full */
        k->files = mem_resize(k->files, k->n_files > 0 ? k->n_files * 2 : 1, sizeof *k->files);
    }
    k->files[k->n_files++] = *body;
    return 0;
}

static void list_work(void *arg)
{
    struct resumable_keeper *k = arg;
    k->n_files = 0;
    k->listed = spool_list(k->in->spool, SPOOL_RESUMABLE, note_file, k) == 0;
}

static void list_done(void *arg)
{
    struct resumable_keeper *k = arg;
    if (still_wanted(k)) {
        if (k->listed) {
            step(k);
        } else {
            later(k);
        }
    }
}

static void strays_work(void *arg)
{
    struct resumable_keeper *k = arg;
    for (unsigned i = 0; i < k->n_strays; i++) {
        if (spool_remove(k->in->spool, SPOOL_RESUMABLE, &k->strays[i]) != 0) {
            continue; /* found again at the next start */
        }
    }
}

static void strays_done(void *arg)
{
    struct resumable_keeper *k = arg;
    if (still_wanted(k)) {
        step(k);
    }
}

static void strays_told(void *arg, const struct db_reply *r)
{
    struct resumable_keeper *k = arg;
    if (!still_wanted(k)) {
        return;
    }
    if (db_status(r) != 0) {
        later(k);
        return;
    }
    k->next_file += k->n_ids;
    k->n_strays = (unsigned)db_rows(r, 0);
    for (unsigned i = 0; i < k->n_strays; i++) {
        k->strays[i] = db_id(r, 0, (int)i, 0);
    }
    k->busy = true;
    loop_offload(k->in->loop, strays_work, strays_done, k);
}

static void ask_strays(struct resumable_keeper *k)
{
    k->n_ids = 0;
    buf_clear(&k->ids);
    for (size_t i = k->next_file; i < k->n_files && k->n_ids < STRAYS_AT_ONCE; i++, k->n_ids++) {
        char id[ID_TEXT_SIZE];
        id_format(&k->files[i], id);
        buf_printf(&k->ids, "%s%s", k->n_ids == 0 ? "{" : ",", id);
    }
    buf_str(&k->ids, "}");
    db_run(k->in->db, strays_told, k, DB_RESUMABLE_STRAYS, DB_TEXT((const char *)k->ids.data));
}

/* ---- start ---- */
static void start_told(void *arg, const struct db_reply *r)
{
    struct resumable_keeper *k = arg;
    if (still_wanted(k)) {
        k->started = db_status(r) == 0;
        later(k);
    }
}

static void step(void *arg)
{
    struct resumable_keeper *k = arg;
    struct ingest *in = k->in;
    if (k->started && k->listed && k->next_file == k->n_files && k->feeding == AT_ONCE) {
        later(k);
        return;
    }
    k->busy = true;
    if (!k->started) {
        db_run(in->db, start_told, k, DB_RESUMABLE_START, DB_TEXT(in->node), DB_I64(clock_now_us()),
               DB_I64(in->resumable_idle_us), DB_I64(in->resumable_keep_us));
    } else if (!k->listed) {
        loop_offload(in->loop, list_work, list_done, k);
    } else if (k->next_file < k->n_files) {
        ask_strays(k);
    } else {
        ask_due(k);
    }
}

struct resumable_keeper *resumable_keeper_create(struct ingest *in)
{
    struct resumable_keeper *k = mem_new(struct resumable_keeper);
    k->in = in;
    k->ids = BUF_INIT((STRAYS_AT_ONCE + 1) * (ID_TEXT_SIZE + 1));
    k->timer = timer_create_on(in->loop, step, k);
    step(k);
    return k;
}

struct resumable_keeper *resumable_keeper_destroy(struct resumable_keeper *k)
{
    if (k != NULL) {
        k->timer = timer_destroy(k->timer);
        k->ended = true;
        keeper_free(k);
    }
    return NULL;
}
