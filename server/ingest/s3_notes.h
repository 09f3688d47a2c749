/* SPDX-License-Identifier: Apache-2.0 */
/* What the camera said of an object against what came of it: its SeekTable and its Duration. A
 * difference becomes a note on the clip - it is the camera's word, so nothing is refused for it. */
#ifndef INGEST_S3_NOTES_H
#define INGEST_S3_NOTES_H

#include "ingest/upload.h"

enum { S3_NOTE_MAX = 256 };
/* note: one sentence, or "" when there is nothing to say; borrowed. */
typedef void s3_notes_fn(void *arg, const char *note);
/* False: the metadata says nothing that could be compared; done is then never called. Else exactly
 * once, later. */
bool s3_notes_begin(struct ingest *in, const struct clip *clip, const char *metadata,
                    s3_notes_fn *done, void *arg) MUST_CHECK;

#endif
