/* SPDX-License-Identifier: Apache-2.0 */
/* Files of segment-pushing tools among the named uploads: pieces, headers, playlists, snapshots. */
#ifndef API_PIECES_H
#define API_PIECES_H

#include "api/api.h"

/* False: the name is that of an ordinary upload. True: taken, and it will be answered. */
bool api_piece(struct http_exchange *x, struct api *api, const struct principal *who);

#endif
