/* SPDX-License-Identifier: Apache-2.0 */
/* Multipart uploads that nobody completed or aborted end after a day. One per process, on the
 * keeper's loop. */
#ifndef INGEST_S3_SWEEP_H
#define INGEST_S3_SWEEP_H

#include "ingest/upload.h"

struct s3_sweep;
struct s3_sweep *s3_sweep_create(struct ingest *in);   /* sweeps at once */
struct s3_sweep *s3_sweep_destroy(struct s3_sweep *s); /* takes NULL */

#endif
