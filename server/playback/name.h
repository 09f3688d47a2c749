/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the Content-Disposition of a clip's file (RFC 6266): camera, time and kind, without colons
 * or anything else a file system dislikes. */
#ifndef PLAYBACK_NAME_H
#define PLAYBACK_NAME_H

#include "base/status.h"

#include <stdbool.h>

enum { NAME_DISPOSITION_SIZE = 1024 };

struct name_params {
    const char *camera; /* UTF-8, at most 199 bytes */
    const char *kind;   /* may be "" */
    int64_t start_us;
    bool attachment; /* download, or inline */
};
void name_disposition(const struct name_params *p, char out[NAME_DISPOSITION_SIZE]);

#endif
