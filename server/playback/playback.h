/* SPDX-License-Identifier: Apache-2.0 */
/* From a clip, a span of a camera or one of its segments to something that can be read: segments,
 * keys, virtual MP4 and playlist, made once from the stored indexes and kept in a small cache per
 * loop. Whether the account may see it - and whether it is still what it was - is asked of the
 * database for every request, cached or not. Callers: api/clips.c, api/media.c, api/spans.c. */
#ifndef PLAYBACK_PLAYBACK_H
#define PLAYBACK_PLAYBACK_H

#include "base/list.h"
#include "db/db.h"
#include "ledger/principal.h"
#include "playback/hls.h"
#include "playback/mp4.h"
#include "playback/patch.h"
#include "recording/segment_read.h"
#include "remux/remux.h"

#include <stdatomic.h>

struct keyring;

enum {
    PLAYBACK_CACHE_BYTES = 16 << 20, /* of films that are small */
    PLAYBACK_CACHE_AGE_S = 600,
    PLAYBACK_BIG_BYTES = 4 << 20, /* larger ones, of many hours: */
    PLAYBACK_BIG_MAX = 2,         /* so many are kept ... */
    PLAYBACK_BIG_AGE_S = 60,      /* ... for so long */
    PLAYBACK_SEGMENTS_MAX = 65536,
    PLAYBACK_NAME_SIZE = 100
};
/* A day, with the hour that the end of summer time adds. */
#define PLAYBACK_SPAN_MAX_US (25 * (int64_t)3600 * 1000000)
/* As a file, fragmented when longer than that. */
#define PLAYBACK_FILE_MAX_US (45 * 24 * (int64_t)3600 * 1000000)

struct playback; /* one per loop */
struct playback_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    struct remux *remux;
    const struct keyring *keyring;
    const char *node;            /* of sprites that are being made; NULL: none are made here */
    bool thumbs_ahead;           /* this loop makes sprites that nobody asked for yet */
    const atomic_bool *draining; /* or NULL */
};
struct playback *playback_create(const struct playback_params *p);
/* Something is under way that will come back here: wait for it before destroying what it uses. */
bool playback_busy(const struct playback *pb);
/* Takes NULL. What is busy even now - the process is ending by force - is left to the end of the
 * process: late callbacks find their memory. */
struct playback *playback_destroy(struct playback *pb);
/* For link.h; derived once, since every range of a signed link needs it. */
const uint8_t *playback_link_key(const struct playback *pb);

enum playback_kind {
    PLAYBACK_CLIP,    /* id: a clip */
    PLAYBACK_SPAN,    /* id: a camera; [from_us, to_us) of its time */
    PLAYBACK_SEGMENT, /* id: a segment of camera: what a playlist of its spans names */
    PLAYBACK_GRANTED  /* id: a granted file (playback_load only) */
};
struct playback_subject {
    enum playback_kind kind;
    struct id id, camera;   /* camera: of a segment, else zero */
    int64_t from_us, to_us; /* of a span, else 0 */
    bool list_only;         /* of a span: the playlist, without an MP4 */
};

/* A part of a segment that may be read. */
struct playback_part {
    uint32_t segment;
    uint64_t from, to; /* of its plaintext */
};

/* A loaded film: a clip, span or segment. Immutable but for the still; held by references. */
struct playback_clip {
    struct playback_subject subject;
    struct id household, camera;
    char camera_name[2 * PLAYBACK_NAME_SIZE], kind[16];
    int64_t start_us, end_us; /* of its time; of a whole recording: its first segment's zero */
    uint32_t n_segments, n_parts;
    struct segment_ref *segments;
    struct playback_part *parts; /* in order of segment and place */
    struct patches patches;      /* of decode times: when it is not one whole recording */
    struct mp4 mp4; /* of a very long span: fragments as they are stored, without a header */
    struct hls hls;
    char codecs[72]; /* RFC 6381, of the first segment */
    uint16_t width, height;
    char tag[33]; /* same bytes, same tag: hex of a digest over id and what is taken */
    /* Where a picture can be made from: the first key fragment and the init of its segment. */
    uint32_t still_segment, still_init_bytes, still_bytes;
    uint64_t still_offset;
    int64_t still_us; /* when it was */
    uint8_t *still;   /* JPEG, once made; owned */
    size_t still_n;
    /* the cache's own */
    int64_t print;       /* another one: not what is in the database any more */
    struct id recording; /* of a segment */
    struct playback *pb;
    struct list node; /* of the cache, newest first */
    unsigned refs;
    bool cached;
    size_t bytes;
    int64_t used_us;
};
struct playback_clip *playback_clip_ref(struct playback_clip *c);
struct playback_clip *playback_clip_unref(struct playback_clip *c); /* takes NULL, returns NULL */
/* The segment with that id, or UINT32_MAX. */
uint32_t playback_find_segment(const struct playback_clip *c, const struct id *id);
/* Nothing of [from, to) of the segment is hidden or outside. */
bool playback_part_readable(const struct playback_clip *c, uint32_t segment, uint64_t from,
                            uint64_t to);
/* "ID.mp4" of a segment, as playlists name it (hls_text.name; arg is the clip). */
void playback_segment_name(void *arg, uint32_t segment, char out[HLS_NAME_SIZE]);

enum {
    PLAYBACK_E_NOT_FOUND = 1, /* no such clip, or not for this account: there is no telling */
    PLAYBACK_E_UNAVAILABLE,   /* the database does not answer, or too much is being loaded */
    PLAYBACK_E_BROKEN,        /* what is stored cannot be read: logged */
    PLAYBACK_E_EMPTY,         /* a span without footage */
    PLAYBACK_E_TOO_LARGE,     /* too many segments or samples for one film */
    PLAYBACK_E_MIXED          /* a very long span in which the format changes */
};
/* status 0: c is borrowed until the callback returns. rights are the account's in its household
 * (principal.h), RIGHT_HISTORY among them; also set with E_EMPTY. */
typedef void playback_open_fn(void *arg, int status, struct playback_clip *c, unsigned rights);
/* done exactly once, never before this returns. */
void playback_open(struct playback *pb, const struct id *account, const struct playback_subject *s,
                   playback_open_fn *done, void *arg);
/* A clip out of rows the caller read and whose user it has allowed: what it is called (name, kind)
 * and columns as of segments_of_clip.sql: a granted file. Not cached; one reference.
 * PLAYBACK_E_NOT_FOUND or PLAYBACK_E_BROKEN. */
int playback_load(struct playback *pb, const struct id *clip, const struct db_reply *r,
                  unsigned facts, unsigned segments, struct playback_clip **ret_clip) MUST_CHECK;
/* Sprites were asked for (rows of sprite_job): make them soon. */
void playback_thumbs_wanted(struct playback *pb);
/* Forget a clip (deleted): its keys leave memory as soon as nobody reads it. */
void playback_forget(struct playback *pb, const struct id *clip);

/* ---- the record of who looked ----
 * An entry `clip.view`, `clip.still` or `clip.download` (`camera.` of a camera's footage) is
 * committed before the first byte goes out. A play is many range requests: after an entry, the same
 * principal, subject and action need no other one for a while (below). The memory of that is per
 * loop and bounded; losing it means one entry more, never one less. */
enum playback_action {
    PLAYBACK_VIEW,
    PLAYBACK_STILL,
    PLAYBACK_DOWNLOAD,
    PLAYBACK_EXPORT, /* a span as a file */
    PLAYBACK_ACTIONS
};
enum {
    PLAYBACK_VIEW_S = 600,
    PLAYBACK_STILL_S = 86400,
    PLAYBACK_DOWNLOAD_S = 60,
    PLAYBACK_EXPORT_S = 60
};
typedef void playback_done_fn(void *arg, int status); /* 0 or PLAYBACK_E_ */
/* True: on the record already, go on; done() is not called. False: done() follows. */
bool playback_record(struct playback *pb, const struct playback_clip *c,
                     const struct principal *who, enum playback_action action,
                     const char *request_id, playback_done_fn *done, void *arg);
/* The same for what is not a loaded film. */
struct playback_looked {
    struct playback_subject subject;
    struct id camera, household;
    int64_t from_us, to_us;
};
bool playback_record_look(struct playback *pb, const struct playback_looked *l,
                          const struct principal *who, enum playback_action action,
                          const char *request_id, playback_done_fn *done, void *arg);

#endif
