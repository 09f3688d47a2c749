/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/output.h"

#include "remux/protocol.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void output_open(struct output *o, int fd)
{
    if (o->buffer == NULL) {
        o->buffer = aligned_alloc(CHANNEL_OUTPUT_BLOCK, OUTPUT_BUFFER_BYTES);
        ALWAYS(o->buffer != NULL);
    }
    o->fd = fd;
    o->waiting = 0;
}

int output_write(struct output *o, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t room = OUTPUT_BUFFER_BYTES - o->waiting, take = n < room ? n : room;
        memcpy(o->buffer + o->waiting, p, take);
        o->waiting += take;
        p += take;
        n -= take;
        if (o->waiting == OUTPUT_BUFFER_BYTES) {
            o->waiting = 0;
            int r = fd_write_all(o->fd, o->buffer, OUTPUT_BUFFER_BYTES);
            if (r < 0) {
                return r;
            }
        }
    }
    return 0;
}

int output_flush(struct output *o)
{
    size_t whole = channel_output_size(o->waiting);
    memset(o->buffer + o->waiting, 0, whole - o->waiting);
    o->waiting = 0;
    return fd_write_all(o->fd, o->buffer, whole);
}

void output_close(struct output *o)
{
    fd_close_at(&o->fd);
    o->fd = -1;
}

void output_finish(struct output *o)
{
    output_close(o);
    free(o->buffer);
    o->buffer = NULL;
}
