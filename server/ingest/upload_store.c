/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of an upload on their way into the store. An object is put only once its id is committed
 * in upload_object, so that a crash never leaves an object that nobody owns. */
#include "base/crash_point.h"
#include "ingest/endless.h"
#include "ingest/upload_op.h"

#include <string.h>

struct upload_segment *upload_add_segment(struct upload *u, int *ret_status)
{
    if (u->n_segments == UPLOAD_SEGMENTS_MAX) {
        *ret_status = INGEST_E_TOO_LARGE;
        return NULL;
    }
    struct store_stage *stage;
    int r = store_stage(u->in->store, &stage);
    if (r != 0) {
        *ret_status = r == STORE_E_FULL ? INGEST_E_FULL : INGEST_E_UNAVAILABLE;
        return NULL;
    }
    struct upload_segment *s = mem_new(struct upload_segment);
    s->upload = u;
    s->object = id_new();
    s->stage = stage;
    upload_append_segment(u, s);
    return s;
}

void upload_append_segment(struct upload *u, struct upload_segment *s)
{
    u->segments = mem_resize(u->segments, u->n_segments + 1, sizeof(struct upload_segment *));
    u->segments[u->n_segments++] = s;
}

struct upload_segment *upload_find_segment(const struct upload *u, const struct id *object)
{
    for (size_t i = u->n_segments; i > 0; i--) {
        if (id_equal(&u->segments[i - 1]->object, object)) {
            return u->segments[i - 1];
        }
    }
    return NULL;
}

static void put_done(void *arg, int status)
{
    struct upload_segment *s = arg;
    struct upload *u = s->upload;
    s->stored = status == 0;
    if (status == STORE_E_FULL) {
        upload_fail(u, INGEST_E_FULL, NULL);
    } else if (status != 0) {
        upload_fail(u, INGEST_E_UNAVAILABLE, "The store did not take the segment.");
    }
    u->pending--;
    if (u->endless != NULL) {
        endless_advance(u);
    }
    upload_settled(u);
}

void upload_put_when_ready(struct upload_segment *s)
{
    struct upload *u = s->upload;
    if (!s->registered || !s->complete || s->putting || u->status != 0) {
        return;
    }
    char key[STORE_KEY_SIZE];
    store_key(&s->object, key);
    struct store_stage *stage = s->stage;
    s->stage = NULL;
    s->putting = true;
    u->pending++;
    crash_point("upload_before_put");
    store_put(u->in->store, stage, key, s->sealed.sealed_bytes, put_done, s);
}

static void register_done(void *arg, const struct db_reply *r)
{
    struct upload_segment *s = arg;
    struct upload *u = s->upload;
    u->pending--;
    s->registered = db_status(r) == 0;
    if (!s->registered) {
        upload_fail(u, INGEST_E_UNAVAILABLE, NULL);
    }
    upload_put_when_ready(s);
    upload_settled(u);
}

int upload_next_output(void *arg, struct remux_output *ret_output)
{
    struct upload *u = arg;
    struct upload_segment *s = u->segments[u->n_segments - 1];
    if (s->complete) { /* the first one was made by `open` */
        int status;
        s = upload_add_segment(u, &status);
        if (s == NULL) {
            upload_fail(u, status, NULL);
            return -EIO;
        }
        u->pending++;
        db_run(u->in->db, register_done, s, DB_UPLOAD_OBJECT_ADD, DB_ID(&u->id), DB_ID(&s->object));
    }
    struct seal_params *seal = &ret_output->seal;
    *seal = (struct seal_params){.household = u->camera.household, .object = s->object};
    int r = keyring_new_object(u->in->keyring, &u->camera.household, u->household_wrapped,
                               &s->object, seal->key, s->wrapped_key);
    if (r < 0) {
        upload_fail(u, INGEST_E_INTERNAL, "The household's key does not open.");
        return r;
    }
    store_stage_direct(s->stage);
    ret_output->fd = store_stage_fd(s->stage);
    return 0;
}

static void keep_facts(struct upload_facts *f, const struct index *ix)
{
    f->n = ix->n_tracks;
    for (uint32_t i = 0; i < ix->n_tracks; i++) {
        f->tracks[i] = ix->tracks[i];
        f->tracks[i].stsd = NULL;
        f->tracks[i].samples = NULL;
    }
}

void upload_segment_complete(void *arg, const struct remux_segment *seg)
{
    struct upload *u = arg;
    struct upload_segment *s = upload_find_segment(u, &seg->object);
    ALWAYS(s != NULL);
    s->sealed = seg->sealed;
    s->index_bytes = mem_dup(seg->index_bytes, seg->index_n);
    s->index_n = seg->index_n;
    s->zero_90k = seg->index->zero_90k;
    s->duration_90k = seg->index->duration_90k;
    const struct index_fragment *last = &seg->index->fragments[seg->index->n_fragments - 1];
    s->shown_from_90k = s->zero_90k + seg->index->fragments[0].start_90k;
    s->shown_to_90k = s->zero_90k + last->start_90k + last->duration_90k;
    s->complete = true;
    if (s->fresh) {
        s->facts = mem_new(struct upload_facts);
        keep_facts(s->facts, seg->index);
    } else if (u->facts.n == 0) {
        keep_facts(&u->facts, seg->index);
    }
    if (u->endless != NULL) {
        endless_segment_complete(s);
    }
    upload_put_when_ready(s);
}

void upload_segment_free(struct upload_segment *s)
{
    if (s != NULL) {
        store_stage_drop(s->stage);
        endless_forget_journal(s);
        free(s->facts);
        free(s->index_bytes);
        free(s);
    }
}

void upload_shift_segment(struct upload *u)
{
    upload_segment_free(u->segments[0]);
    u->n_segments--;
    memmove(u->segments, u->segments + 1, u->n_segments * sizeof(struct upload_segment *));
}

void upload_drop_segments(struct upload *u)
{
    for (size_t i = 0; i < u->n_segments; i++) {
        upload_segment_free(u->segments[i]);
    }
    free(u->segments);
}

int64_t upload_duration_90k(const struct upload *u)
{
    int64_t end = u->span.end_90k;
    for (size_t i = u->n_segments; i > 0; i--) {
        const struct upload_segment *s = u->segments[i - 1];
        if (s->complete) {
            return s->zero_90k + s->duration_90k;
        }
    }
    return end;
}
