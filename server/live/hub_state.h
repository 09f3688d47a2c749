/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of live/: what the hub's files share. Everything in here is touched with the hub's mutex
 * held, but for what is marked: `const` = never changes once others can see it, `loop` = belongs to
 * one loop. */
#ifndef LIVE_HUB_STATE_H
#define LIVE_HUB_STATE_H

#include "base/list.h"
#include "ledger/principal.h"
#include "live/fragment.h"
#include "live/hub.h"

#include <pthread.h>

enum { HUB_BUCKETS = 256, CHANNEL_BANS = 16, CHANNEL_RECORDED = 64 };

/* What a decoder needs before the parts behind it. */
struct live_init {
    unsigned refs;
    uint64_t number; /* const: of the first part with it */
    uint8_t *bytes;  /* const, like all below */
    size_t n;
    unsigned n_tracks;
    struct live_track {
        enum index_kind kind;
        char codec[32];
        uint32_t timescale;
        uint16_t width, height;
    } track[INDEX_TRACKS_MAX];
};

enum part_state { PART_COLD, PART_READING, PART_WARM, PART_LOST };

struct live_part {
    unsigned refs;
    struct live_init *init;         /* const, held */
    struct live_fragment *fragment; /* const, held */
    uint64_t number, msn;           /* const */
    bool discontinuity, begins;     /* const; begins: its segment */
    struct id recording;            /* const */
    bool last;                      /* of its segment */
    enum part_state state;
    uint8_t *data; /* const while it is warm and held */
    struct fragment_times times;
    struct list warm; /* of the hub, oldest first */
};

struct live_feed {
    struct live_hub *hub;         /* const */
    struct channel *channel;      /* const */
    struct list node;             /* of the channel */
    struct live_feed_facts facts; /* const */
    uint64_t order;               /* const: which began later */
    struct live_init *init;       /* loop: held */
    bool new_init;                /* loop */
};

struct channel {
    struct list node; /* of its bucket */
    struct id camera; /* const */
    struct list feeds, subs, viewers;
    struct live_feed *feed; /* the one that is shown; NULL */
    struct live_part *ring[LIVE_RING_PARTS];
    uint64_t first, next;         /* numbers of the parts in the ring: [first, next) */
    uint64_t msn;                 /* of the newest part */
    int64_t end_90k;              /* where the newest part ends on its time line */
    uint64_t segment_90k;         /* so much is in the newest segment */
    uint64_t discontinuities;     /* of parts that left the ring */
    uint32_t target_s;            /* of playlists; only ever grows */
    int64_t since_us, arrived_us; /* server's clock: the feed's begin, the newest part */
    uint64_t quiet_ms;            /* monotonic: since when there is no feed */
    bool ended;                   /* the wait for the next feed is over */
    unsigned n_viewers;
    struct ban {
        struct id account, session;
        uint64_t until_ms;
    } bans[CHANNEL_BANS], recorded[CHANNEL_RECORDED]; /* recorded: on the ledger already */
    unsigned ban_at, recorded_at;
};

/* The viewers of a channel on one loop. */
struct live_sub {
    struct list node;        /* of the channel */
    struct list local;       /* loop: of the loop's subs */
    struct channel *channel; /* const */
    struct live *live;       /* const; gone when the sub is */
    struct live_hub *hub;    /* const */
    struct loop *loop;       /* const */
    bool posted, gone;
    unsigned users;      /* loop */
    struct list waiters; /* loop: live_waiter.node */
};

struct live_viewer {
    struct list node;        /* of the channel; empty once it is over */
    struct channel *channel; /* while it is listed */
    unsigned refs;
    struct id id, account, session; /* const; session: zero for a link */
    bool hls;                       /* const */
    int64_t since_us;               /* const */
    char peer[48];                  /* const */
    uint64_t used_ms;               /* hls: last request */
    unsigned skipped;
    bool recorded;     /* its entry is on the ledger */
    enum live_end end; /* goes on until it says otherwise */
};

struct live_hub {
    pthread_mutex_t mutex;
    struct {
        struct list buckets[HUB_BUCKETS];
        struct list warm; /* live_part.warm */
        size_t warm_bytes;
        uint64_t feeds;
        struct list lives; /* live.of_hub: the loops */
    } synced;
};

void hub_lock(struct live_hub *h);
void hub_unlock(struct live_hub *h);

/* hub.c; all with the lock held */
struct channel *channel_find(struct live_hub *h, const struct id *camera); /* NULL */
struct channel *channel_get(struct live_hub *h, const struct id *camera);  /* made when missing */
struct live_part *channel_part(const struct channel *c, uint64_t number);  /* NULL */
void channel_wake(struct channel *c);
bool channel_is_live(const struct channel *c, int64_t now_us);
/* A second has passed: what is too old goes. */
void hub_tidy(struct live_hub *h, uint64_t now_ms, int64_t now_us);

/* part.c; with the lock held */
struct live_part *live_part_ref(struct live_part *p);
struct live_part *live_part_unref(struct live_hub *h, struct live_part *p); /* takes NULL */
/* Copies; one reference. Without the lock too. */
struct live_init *live_init_make(const uint8_t *bytes, size_t n, const struct index_track *tracks,
                                 size_t n_tracks);
struct live_init *live_init_ref(struct live_init *i);
struct live_init *live_init_unref(struct live_init *i); /* takes NULL */
/* True: p is warm (or lost: look). False: it is being read, and the channel is woken when that is
 * over. */
bool live_part_load(struct live_hub *h, struct live_sub *s, struct live_part *p);
void part_cool(struct live_hub *h, struct live_part *p);
/* "avc1.64001f, mp4a.40.2" */
void live_init_codecs(const struct live_init *i, char *out, size_t size);

/* viewer.c; with the lock held */
struct live_viewer_key {
    struct id account, session; /* session: zero for a link */
    bool hls;
    const char *peer;
};
/* The viewer that these requests belong to, or a new one; listed, with a reference for the caller.
 * NULL: the channel is full. */
struct live_viewer *channel_viewer(struct channel *c, const struct live_viewer_key *k);
struct live_viewer *live_viewer_unref(struct live_viewer *v); /* takes NULL */
/* It is not listed any more, and who sends to it finds out why. Harmless when it is over. */
void live_viewer_end(struct live_viewer *v, enum live_end why);
bool channel_banned(const struct channel *c, const struct live_viewer_key *k);
bool channel_recorded(const struct channel *c, const struct live_viewer_key *k);
void channel_record(struct channel *c, const struct live_viewer_key *k);
void channel_tidy_viewers(struct channel *c, uint64_t now_ms);

/* sub.c; on the sub's loop, without the lock */
struct live_waiter {
    struct list node;
    void (*woken)(struct live_waiter *w); /* something about the channel changed */
};
struct live_sub *live_sub_open(struct live *l, const struct id *camera);
void live_sub_close(struct live_sub *s);
/* Call every waiter now: time has passed. */
void live_sub_wake(struct live_sub *s);

#endif
