/* SPDX-License-Identifier: Apache-2.0 */
#include "api/s3.h"

static void later(struct s3_call *c)
{
    s3_answer_error(c->x, S3_NoSuchUpload, NULL);
}

void s3_create_multipart(struct s3_call *c)
{
    later(c);
}

void s3_upload_part(struct s3_call *c)
{
    later(c);
}

void s3_complete_multipart(struct s3_call *c)
{
    later(c);
}

void s3_abort_multipart(struct s3_call *c)
{
    later(c);
}

void s3_list_parts(struct s3_call *c)
{
    later(c);
}

void s3_list_multiparts(struct s3_call *c)
{
    later(c);
}
