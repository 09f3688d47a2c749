/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a segment in progress: what a worker of an endless body has cut so far, on disk
 * before the segment is finished, so that neither a killed server nor a power cut loses it.
 *
 * A file DATA_DIR/journal/<object id> of records (remux/journal_record.h) sealed by the object's
 * own key. The first record holds a struct journal_head and the init (ftyp+moov), every other one
 * one part (moof+mdat): joined they are a fragmented MP4. The jailed worker appends, the server
 * syncs, readers read on pool threads. A record cut short or one that does not open ends the
 * journal. Whoever holds the file's lock owns it: the worker shares it with the server that opened
 * the file, so a journal that can be locked has no writer left. */
#ifndef RECORDING_JOURNAL_H
#define RECORDING_JOURNAL_H

#include "base/loop.h"
#include "remux/journal_record.h"

/* One open journal: shared by its upload and by whoever reads parts of it. Counted; any thread. The
 * last drop closes the descriptor and wipes the key. What was read before stays readable after the
 * file was removed. */
struct journal_ref;
/* Make, open and lock a new file; its name is durable once journal_sync() succeeded for the first
 * time. dir: DATA_DIR/journal, made when it is missing. Blocking (a directory entry). */
int journal_create(const char *dir, const struct seal_params *seal,
                   struct journal_ref **ret_journal) MUST_CHECK;
/* Open and lock one that an earlier writer left. -ENOENT; -EBUSY while a writer still holds it.
 * Blocking. */
int journal_open(const char *dir, const struct seal_params *seal,
                 struct journal_ref **ret_journal) MUST_CHECK;
struct journal_ref *journal_ref_take(struct journal_ref *j);
struct journal_ref *journal_ref_drop(struct journal_ref *j); /* takes NULL, returns NULL */
int journal_fd(const struct journal_ref *j);                 /* borrowed */
/* On a pool thread: what was written is durable afterwards, the file's name too. */
int journal_sync(struct journal_ref *j) MUST_CHECK;
/* The writer is gone, but this process has not ended: whoever finishes the upload may lock it. */
void journal_unlock(struct journal_ref *j);
/* The file goes; references live on. On a pool thread. */
void journal_remove(struct journal_ref *j);

/* On a pool thread: the plaintext of the record at *offset, which moves on; malloc'd, the caller's.
 * False: the journal ends there. */
bool journal_next(struct journal_ref *j, uint64_t *offset, uint8_t **ret_p, size_t *ret_n);
/* On a pool thread: files that nobody writes and that are of none of these objects go. */
int journal_tidy(const char *dir, const struct id *needed, size_t n,
                 unsigned *ret_removed) MUST_CHECK;

/* status 0, or negative errno; -EBADMSG: it does not open. p is malloc'd and belongs to the
 * callback; NULL unless status is 0. */
typedef void journal_read_fn(void *arg, int status, uint8_t *p, size_t n);
/* The plaintext of the record at offset, of `bytes` bytes (both as announced: struct
 * live_fragment). Reads on the pool of the caller's loop and calls done there, exactly once, never
 * before this returns; takes a reference of its own for that time. */
void journal_read(struct loop *loop, struct journal_ref *j, uint64_t offset, uint32_t bytes,
                  journal_read_fn *done, void *arg);

#endif
