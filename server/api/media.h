/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the handlers of media (media.c, spans.c): one request for bytes of a clip, of a span of
 * a camera, or of a granted file. Every request goes: open (the database says whether the account
 * may see it) -> preconditions and range -> the record (committed before the first byte) -> bytes.
 */
#ifndef API_MEDIA_H
#define API_MEDIA_H

#include "api/api.h"
#include "playback/playback.h"
#include "playback/stream.h"

/* What the owner's own browser may keep. It is asked for again once the clip was deleted. */
#define MEDIA_CACHE_FILE     "private, max-age=3600"
#define MEDIA_CACHE_PLAYLIST "private, no-cache"

struct media {
    struct http_exchange *x;
    struct api *api;
    const struct principal *who;
    struct id id;    /* the clip's or camera's, of the address */
    struct id grant; /* set: a granted file, for an officer */
    struct playback_subject subject;
    struct id segment; /* a segment of a playlist; zero: the virtual MP4 */
    uint32_t file;     /* STREAM_MP4 or a segment's number */
    bool download, export_right;
    enum playback_action action;
    void (*answer)(struct media *m);   /* with the film open */
    void (*recorded)(struct media *m); /* with the entry committed */
    struct playback_clip *clip;        /* held */
    const char *cache;
    char etag[80];
    bool partial;
    uint64_t from, to; /* [from, to) */
    struct buf text;   /* of a playlist */
};

/* Answers itself and returns NULL when the request is not for this. */
struct media *media_begin(struct http_exchange *x, struct api *api, const struct principal *who,
                          const char *const *arguments);
/* Open m->subject, then m->answer. */
void media_open(struct media *m);
void media_refuse(struct media *m, int status); /* PLAYBACK_E_ */
void media_record(struct media *m, void (*recorded)(struct media *m));
/* ETag and Cache-Control. Only on success: an error must not be kept, nor look like a part. */
void media_add_headers(struct media *m);
/* True when a conditional request was answered with 304. */
bool media_not_modified(struct media *m);
/* m->answer of files with ranges: m->file, or m->segment. */
void media_answer_file(struct media *m);
/* "?exp=..." of the link that the request came by, for every address in a playlist. */
enum { MEDIA_QUERY_SIZE = 192 };
void media_link_query(const struct media *m, char out[MEDIA_QUERY_SIZE]);
/* m->answer of stills. */
void media_answer_still(struct media *m);
/* "UUID.mp4" */
bool media_file_id(const char *file, struct id *ret_id);

#endif
