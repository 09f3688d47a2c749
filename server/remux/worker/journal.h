/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of the segment being written, of endless bodies: what is put is gathered, sealed as
 * one record, appended, and then said to the server - which may be gone, that changes nothing. */
#ifndef REMUX_WORKER_JOURNAL_H
#define REMUX_WORKER_JOURNAL_H

#include "remux/journal_record.h"
#include "remux/worker/channel.h"

struct journal;
struct journal *journal_create(struct channel *channel, const char *container); /* borrowed */
struct journal *journal_destroy(struct journal *j);                             /* takes NULL */
/* Another segment: takes the descriptor, which is empty; what was gathered is forgotten. */
void journal_begin(struct journal *j, int fd, const struct seal_params *seal);
void journal_gather(struct journal *j, const void *p, size_t n);
/* What was gathered is the init: append it behind the head. It is said when it is not what was said
 * last, or a recording begins. Negative errno. */
int journal_init(struct journal *j, const struct journal_head *head, const struct index *tracks,
                 bool fresh) MUST_CHECK;
/* What was gathered is a part: append and say it; offset and bytes of p are filled in here. -E2BIG
 * or another negative errno. */
int journal_part(struct journal *j, const struct channel_part *p) MUST_CHECK;

#endif
