/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct journal {
    struct channel *channel;
    const char *container;
    int fd;
    uint64_t offset;
    struct seal_params seal;
    struct buf gathered, sealed, frame;
    struct buf said; /* the init that was said last */
};

struct journal *journal_create(struct channel *channel, const char *container)
{
    struct journal *j = mem_new(struct journal);
    *j = (struct journal){.channel = channel,
                          .container = container,
                          .fd = -1,
                          .gathered = BUF_INIT(JOURNAL_PLAIN_MAX),
                          .sealed = BUF_INIT(JOURNAL_PLAIN_MAX + JOURNAL_EXTRA),
                          .frame = BUF_INIT(CHANNEL_FRAME_MAX),
                          .said = BUF_INIT(CHANNEL_INIT_MAX)};
    return j;
}

struct journal *journal_destroy(struct journal *j)
{
    if (j != NULL) {
        fd_close_at(&j->fd);
        buf_finish(&j->gathered);
        buf_finish(&j->sealed);
        buf_finish(&j->frame);
        buf_finish(&j->said);
        secret_wipe(j, sizeof(*j));
        free(j);
    }
    return NULL;
}

void journal_begin(struct journal *j, int fd, const struct seal_params *seal)
{
    fd_close_at(&j->fd);
    j->fd = fd;
    j->offset = 0;
    j->seal = *seal;
    buf_clear(&j->gathered);
}

void journal_gather(struct journal *j, const void *p, size_t n)
{
    buf_append(&j->gathered, p, n);
}

static int append(struct journal *j, const uint8_t *p, size_t n)
{
    buf_clear(&j->sealed);
    uint8_t *room = buf_room(&j->sealed, n + JOURNAL_EXTRA);
    if (room == NULL) {
        return -E2BIG;
    }
    journal_record_seal(&j->seal, j->offset, p, n, room);
    int e = fd_write_all(j->fd, room, n + JOURNAL_EXTRA);
    j->offset += n + JOURNAL_EXTRA;
    return e;
}

static int say_init(struct journal *j, const struct index *tracks)
{
    struct buf coded CLEANUP(buf_finish) = BUF_INIT(INDEX_BYTES_MAX);
    int e = index_encode_tracks(tracks, &coded);
    if (e < 0) {
        return e;
    }
    buf_clear(&j->said);
    buf_append(&j->said, j->gathered.data, j->gathered.len);
    struct channel_init i = {
        .init = j->said.data, .init_n = j->said.len, .tracks = coded.data, .tracks_n = coded.len};
    snprintf(i.container, sizeof(i.container), "%s", j->container);
    buf_clear(&j->frame);
    channel_format_init(&j->frame, &i);
    channel_send(j->channel, &j->frame);
    return 0;
}

int journal_init(struct journal *j, const struct journal_head *head, const struct index *tracks,
                 bool fresh)
{
    struct buf first CLEANUP(buf_finish) = BUF_INIT(CHANNEL_INIT_MAX + JOURNAL_HEAD_SIZE);
    uint8_t coded[JOURNAL_HEAD_SIZE];
    journal_head_format(head, coded);
    buf_append(&first, coded, sizeof(coded));
    buf_append(&first, j->gathered.data, j->gathered.len);
    if (first.overflow) {
        return -E2BIG;
    }
    int e = append(j, first.data, first.len);
    bool same =
        j->said.len == j->gathered.len && memcmp(j->said.data, j->gathered.data, j->said.len) == 0;
    if (e == 0 && (fresh || !same)) {
        e = say_init(j, tracks);
    }
    buf_clear(&j->gathered);
    return e;
}

int journal_part(struct journal *j, const struct channel_part *p)
{
    if (j->gathered.overflow) {
        return -E2BIG;
    }
    struct channel_part said = *p;
    said.offset = j->offset;
    said.bytes = (uint32_t)j->gathered.len;
    int e = append(j, j->gathered.data, j->gathered.len);
    if (e < 0) {
        return e;
    }
    buf_clear(&j->gathered);
    buf_clear(&j->frame);
    channel_format_part(&j->frame, &said);
    channel_send(j->channel, &j->frame);
    return 0;
}
