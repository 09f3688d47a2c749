/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of multipart uploads: s3_parts.c (a part), s3_complete.c (all of them). */
#ifndef INGEST_S3_PARTS_OP_H
#define INGEST_S3_PARTS_OP_H

#include "storage/spool/spool.h"

int s3_parts_spool_error(int status); /* SPOOL_E_ to S3_PARTS_E_ */

#endif
