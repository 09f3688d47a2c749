/* SPDX-License-Identifier: Apache-2.0 */
/* The file of the segment being written. Bytes go out in whole blocks from aligned memory, so that
 * the server may have set the descriptor to direct I/O: video is written once and seldom read soon,
 * and copying it into the page cache was the dearest part of a job. The last block is filled up
 * with zeros; the server cuts the file to its size when it puts it. */
#ifndef REMUX_WORKER_OUTPUT_H
#define REMUX_WORKER_OUTPUT_H

#include "base/status.h"

enum { OUTPUT_BUFFER_BYTES = 1024 << 10 };

struct output {
    int fd; /* -1: none */
    uint8_t *buffer;
    size_t waiting;
};
void output_open(struct output *o, int fd); /* takes the descriptor */
/* 0 or negative errno. */
int output_write(struct output *o, const uint8_t *p, size_t n) MUST_CHECK;
/* Write what waits. The file stays open. */
int output_flush(struct output *o) MUST_CHECK;
/* The descriptor goes, the memory stays for the next file. */
void output_close(struct output *o);
void output_finish(struct output *o); /* takes a zeroed one whose fd is -1, too */

#endif
