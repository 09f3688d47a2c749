/* SPDX-License-Identifier: Apache-2.0 */
/* rows -> choose -> (page -> on the pool: decode, add)... -> on the pool: header. Memory: the rows
 * (some 70 bytes a segment), one page of indexes, and what the film is. When a segment is gone
 * between rows and page (deleted, joined with others), it starts over. A few at once; others wait.
 */
#include "playback/film.h"
#include "playback/playback_internal.h"

#include <string.h>

enum { LOADS_MAX = 2, LOADS_WAITING_MAX = 32, PAGE_SEGMENTS = 128, TRIES_MAX = 3 };

struct big_load {
    struct list node;
    struct playback *pb;
    struct film_facts facts;
    char camera_name[2 * PLAYBACK_NAME_SIZE], kind[16];
    struct id recording;
    bool one_recording;
    struct film_hidden *hidden; /* owned */
    uint32_t n_hidden;
    struct take_row *rows; /* owned */
    struct take_use *uses; /* owned */
    uint32_t n_rows, n_uses, next, tries;
    struct film *film;
    /* one page: of uses[next..next+n_page) */
    struct film_row *page; /* owned */
    uint8_t *coded;        /* owned: their indexes */
    uint32_t n_page;
    int status;
    struct playback_clip *clip;
    big_load_fn *done;
    void *arg;
};

static void start_next(struct playback *pb);

static void finish(struct big_load *l, int status)
{
    struct playback *pb = l->pb;
    list_remove(&l->node);
    pb->n_loading--;
    pb->under_way--;
    film_cancel(l->film);
    l->done(l->arg, status, status == 0 ? l->clip : NULL);
    free(l->hidden);
    free(l->rows);
    free(l->uses);
    free(l->page);
    free(l->coded);
    free(l);
    start_next(pb);
}

/* ---- pages ---- */

static void ask_page(struct big_load *l);
static void ask_rows(struct big_load *l);

static void end_work(void *arg)
{
    struct big_load *l = arg;
    l->status = film_end(l->film, &l->clip);
    l->film = NULL;
}

static void end_done(void *arg)
{
    struct big_load *l = arg;
    finish(l, l->status);
}

static void page_work(void *arg)
{
    struct big_load *l = arg;
    for (uint32_t i = 0; i < l->n_page && l->status == 0; i++) {
        l->status = film_add(l->film, &l->page[i], l->uses[l->next + i].from_us);
    }
}

static void page_done(void *arg)
{
    struct big_load *l = arg;
    if (l->status != 0) {
        finish(l, l->status);
        return;
    }
    l->next += l->n_page;
    ask_page(l);
}

static int find_row(const struct db_reply *r, const struct take_row *wanted)
{
    for (int row = 0; row < db_rows(r, 0); row++) {
        struct id other = db_id(r, 0, row, 0);
        if (id_equal(&other, &wanted->id) && db_i64(r, 0, row, 1) == wanted->start_us) {
            return row;
        }
    }
    return -1;
}

/* The page's rows in the order of use, with indexes of our own. False: one is gone. */
static bool take_page(struct big_load *l, const struct db_reply *r)
{
    size_t bytes = 0, at = 0;
    for (uint32_t i = 0; i < l->n_page; i++) {
        int row = find_row(r, &l->rows[l->uses[l->next + i].row]);
        if (row < 0) {
            return false;
        }
        film_read_row(r, 0, row, &l->page[i]);
        bytes += l->page[i].coded_n;
    }
    free(l->coded);
    l->coded = mem_alloc(bytes + 1, 1);
    for (uint32_t i = 0; i < l->n_page; i++) {
        memcpy(l->coded + at, l->page[i].coded, l->page[i].coded_n);
        l->page[i].coded = l->coded + at;
        at += l->page[i].coded_n;
    }
    return true;
}

static void page_read(void *arg, const struct db_reply *r)
{
    struct big_load *l = arg;
    if (db_status(r) != 0) {
        finish(l, PLAYBACK_E_UNAVAILABLE);
    } else if (take_page(l, r)) {
        loop_offload(l->pb->p.loop, page_work, page_done, l);
    } else if (++l->tries < TRIES_MAX) {
        l->film = film_cancel(l->film);
        ask_rows(l);
    } else {
        finish(l, PLAYBACK_E_UNAVAILABLE);
    }
}

static void ask_page(struct big_load *l)
{
    struct buf ids CLEANUP(buf_finish) = BUF_INIT((ID_TEXT_SIZE + 1) * PAGE_SEGMENTS + 3);
    int64_t first_us = INT64_MAX, last_us = 0;
    l->n_page = l->n_uses - l->next < PAGE_SEGMENTS ? l->n_uses - l->next : PAGE_SEGMENTS;
    if (l->n_page == 0) {
        loop_offload(l->pb->p.loop, end_work, end_done, l);
        return;
    }
    for (uint32_t i = 0; i < l->n_page; i++) {
        const struct take_row *row = &l->rows[l->uses[l->next + i].row];
        char id[ID_TEXT_SIZE];
        id_format(&row->id, id);
        buf_printf(&ids, "%s%s", i == 0 ? "{" : ",", id);
        first_us = row->start_us < first_us ? row->start_us : first_us;
        last_us = row->start_us > last_us ? row->start_us : last_us;
    }
    buf_str(&ids, "}");
    db_run(l->pb->p.db, page_read, l, DB_SEGMENT_PAGE, DB_ID(&l->facts.camera), DB_I64(first_us),
           DB_I64(last_us), DB_TEXT((const char *)ids.data));
}

/* ---- rows ---- */

static void take_rows(struct big_load *l, const struct db_reply *r)
{
    uint32_t n = (uint32_t)db_rows(r, 0);
    free(l->rows);
    free(l->uses);
    l->rows = mem_alloc(n, sizeof *l->rows);
    l->uses = mem_alloc(n, sizeof *l->uses);
    l->n_rows = n;
    for (uint32_t i = 0; i < n; i++) {
        l->rows[i] = (struct take_row){.id = db_id(r, 0, (int)i, 0),
                                       .recording = db_id(r, 0, (int)i, 1),
                                       .start_us = db_i64(r, 0, (int)i, 2),
                                       .zero_90k = db_i64(r, 0, (int)i, 3),
                                       .duration_90k = (uint32_t)db_i64(r, 0, (int)i, 4)};
        l->uses[i] = (struct take_use){.row = i, .from_us = l->rows[i].start_us};
    }
    l->n_uses = l->one_recording ? n : take_choose(l->rows, n, l->uses);
}

static void rows_read(void *arg, const struct db_reply *r)
{
    struct big_load *l = arg;
    if (db_status(r) != 0) {
        finish(l, PLAYBACK_E_UNAVAILABLE);
        return;
    }
    if (db_rows(r, 0) == 0 || db_rows(r, 0) > PLAYBACK_SEGMENTS_MAX) {
        finish(l, db_rows(r, 0) == 0 ? PLAYBACK_E_EMPTY : PLAYBACK_E_TOO_LARGE);
        return;
    }
    take_rows(l, r);
    l->next = 0;
    l->film = film_begin(l->pb, &l->facts, l->rows[0].start_us, l->hidden, l->n_hidden);
    ask_page(l);
}

static void ask_rows(struct big_load *l)
{
    /* The hour in front of a recording that is dated a little apart from its clip. */
    int64_t slack = l->one_recording ? 3600 * (int64_t)1000000 : 0;
    db_run(l->pb->p.db, rows_read, l, DB_SEGMENT_ROWS, DB_ID(&l->facts.camera),
           l->one_recording ? DB_ID(&l->recording) : DB_NULL, DB_I64(l->facts.from_us - slack),
           DB_I64(l->facts.to_us + slack), DB_I64(PLAYBACK_SEGMENTS_MAX + 1));
}

/* ---- the queue ---- */

static void start_next(struct playback *pb)
{
    while (pb->n_loading < LOADS_MAX && !list_empty(&pb->load_waiting)) {
        struct big_load *l = CONTAINER_OF(list_pop(&pb->load_waiting), struct big_load, node);
        pb->n_load_waiting--;
        pb->n_loading++;
        list_append(&pb->loading, &l->node);
        ask_rows(l);
    }
}

struct refusal {
    big_load_fn *done;
    void *arg;
};

static void refuse(void *arg)
{
    struct refusal *f = arg;
    f->done(f->arg, PLAYBACK_E_UNAVAILABLE, NULL);
    free(f);
}

void big_load_begin(struct playback *pb, const struct film_facts *facts, const struct id *recording,
                    const struct film_hidden *hidden, uint32_t n_hidden, big_load_fn *done,
                    void *arg)
{
    if (pb->n_load_waiting == LOADS_WAITING_MAX) {
        struct refusal *f = mem_new(struct refusal);
        *f = (struct refusal){done, arg};
        loop_post(pb->p.loop, refuse, f);
        return;
    }
    struct big_load *l = mem_new(struct big_load);
    *l = (struct big_load){.pb = pb,
                           .facts = *facts,
                           .one_recording = recording != NULL,
                           .n_hidden = n_hidden,
                           .done = done,
                           .arg = arg};
    if (recording != NULL) {
        l->recording = *recording;
    }
    memccpy(l->camera_name, facts->camera_name, 0, sizeof l->camera_name - 1);
    memccpy(l->kind, facts->kind, 0, sizeof l->kind - 1);
    l->facts.camera_name = l->camera_name;
    l->facts.kind = l->kind;
    l->hidden = mem_alloc(n_hidden + 1, sizeof *l->hidden);
    if (n_hidden > 0) {
        memcpy(l->hidden, hidden, n_hidden * sizeof *hidden);
    }
    l->page = mem_alloc(PAGE_SEGMENTS, sizeof *l->page);
    list_init(&l->node);
    pb->under_way++;
    pb->n_load_waiting++;
    list_append(&pb->load_waiting, &l->node);
    start_next(pb);
}
