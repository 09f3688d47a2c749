/* SPDX-License-Identifier: Apache-2.0 */
/* From a clip's id to something that can be read: its segments, keys, virtual MP4 and playlist,
 * made once from the stored indexes and kept in a small cache per loop. Whether the account may see
 * the clip - and whether it is still there - is asked of the database for every request, cached or
 * not. Callers: api/clips.c, api/media.c. */
#ifndef PLAYBACK_PLAYBACK_H
#define PLAYBACK_PLAYBACK_H

#include "base/list.h"
#include "db/db.h"
#include "ledger/principal.h"
#include "playback/hls.h"
#include "playback/mp4.h"
#include "recording/segment_read.h"
#include "remux/remux.h"

struct keyring;

enum {
    PLAYBACK_CACHE_BYTES = 16 << 20,
    PLAYBACK_CACHE_AGE_S = 600,
    PLAYBACK_SEGMENTS_MAX = 4096,
    PLAYBACK_NAME_SIZE = 100
};

struct playback; /* one per loop */
struct playback_params {
    struct loop *loop;
    struct db *db;
    struct store *store;
    struct remux *remux;
    const struct keyring *keyring;
};
struct playback *playback_create(const struct playback_params *p);
/* Something is under way that will come back here: wait for it before destroying what it uses. */
bool playback_busy(const struct playback *pb);
/* Takes NULL. What is busy even now - the process is ending by force - is left to the end of the
 * process: late callbacks find their memory. */
struct playback *playback_destroy(struct playback *pb);
/* For link.h; derived once, since every range of a signed link needs it. */
const uint8_t *playback_link_key(const struct playback *pb);

/* A loaded clip. Immutable but for the still; held by references. */
struct playback_clip {
    struct id id, household;
    char camera_name[2 * PLAYBACK_NAME_SIZE], kind[16];
    int64_t start_us;
    uint32_t n_segments;
    struct segment_ref *segments;
    struct mp4 mp4;
    struct hls hls;
    char tag[33]; /* same bytes, same tag: hex of a digest over id and segment digests */
    /* Where a picture can be made from: the first key fragment and the init of its segment. */
    uint32_t still_segment, still_init_bytes, still_bytes;
    uint64_t still_offset;
    uint8_t *still; /* JPEG, once made; owned */
    size_t still_n;
    /* the cache's own */
    struct playback *pb;
    struct list node; /* of the cache, newest first */
    unsigned refs;
    bool cached;
    size_t bytes;
    int64_t used_us;
};
struct playback_clip *playback_clip_ref(struct playback_clip *c);
struct playback_clip *playback_clip_unref(struct playback_clip *c); /* takes NULL, returns NULL */

enum {
    PLAYBACK_E_NOT_FOUND = 1, /* no such clip, or not for this account: there is no telling */
    PLAYBACK_E_UNAVAILABLE,   /* the database does not answer */
    PLAYBACK_E_BROKEN         /* what is stored cannot be read: logged */
};
/* status 0: c is borrowed until the callback returns, and rights are the account's in its
 * household (principal.h), RIGHT_HISTORY among them. */
typedef void playback_open_fn(void *arg, int status, struct playback_clip *c, unsigned rights);
/* done exactly once, never before this returns. */
void playback_open(struct playback *pb, const struct id *account, const struct id *clip,
                   playback_open_fn *done, void *arg);
/* A clip out of rows the caller read and whose user it has allowed: the columns of clip facts
 * (name, kind) and of segments_of_clip.sql, for instance a granted file. Not cached; one reference.
 * PLAYBACK_E_NOT_FOUND or PLAYBACK_E_BROKEN. */
int playback_load(struct playback *pb, const struct id *clip, const struct db_reply *r,
                  unsigned facts, unsigned segments, struct playback_clip **ret_clip) MUST_CHECK;
/* Forget a clip (deleted): its keys leave memory as soon as nobody reads it. */
void playback_forget(struct playback *pb, const struct id *clip);

/* ---- the record of who looked ----
 * An entry `clip.view`, `clip.still` or `clip.download` is committed before the first byte goes
 * out. A play is many range requests: after an entry, the same principal, clip and action need no
 * other one for a while (below). The memory of that is per loop and bounded; losing it means one
 * entry more, never one less. */
enum playback_action { PLAYBACK_VIEW, PLAYBACK_STILL, PLAYBACK_DOWNLOAD, PLAYBACK_ACTIONS };
enum { PLAYBACK_VIEW_S = 600, PLAYBACK_STILL_S = 86400, PLAYBACK_DOWNLOAD_S = 60 };
typedef void playback_done_fn(void *arg, int status); /* 0 or PLAYBACK_E_ */
/* True: on the record already, go on; done() is not called. False: done() follows. */
bool playback_record(struct playback *pb, const struct playback_clip *c,
                     const struct principal *who, enum playback_action action,
                     const char *request_id, playback_done_fn *done, void *arg);

#endif
