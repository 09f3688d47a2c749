/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: signed links to the media of a clip or a camera for players that carry no session. The
 * signature covers the path prefix (`/api/v1/clips/{id}/` or `/api/v1/cameras/{id}/`), the end time
 * and the account that made it - so one query string opens the playlist and every segment it names
 * - and GET and HEAD only. It is no more than the account's own access: whoever checks it goes on
 * to ask the database whether that account may see the footage. Format: docs/design/signed-link.md.
 */
#ifndef PLAYBACK_LINK_H
#define PLAYBACK_LINK_H

#include "base/id.h"
#include "crypto/hash.h"

enum {
    LINK_KEY_SIZE = 32, /* keyring_derive("signed-link") */
    LINK_TTL_DEFAULT_S = 300,
    LINK_TTL_MAX_S = 3600,
    LINK_QUERY_SIZE = 160
};
#define LINK_KEY_PURPOSE "signed-link"
/* The query arguments a link has; all other arguments are the route's own. */
#define LINK_ARGUMENTS "exp", "acc", "kid", "sig"

enum { LINK_E_EXPIRED = 1 };

enum link_kind { LINK_CLIP, LINK_CAMERA };
struct link_subject { /* all media below its address */
    enum link_kind kind;
    struct id id;
};

/* "exp=...&acc=...&kid=1&sig=..." (no question mark); out holds LINK_QUERY_SIZE bytes. */
void link_format(const uint8_t key[LINK_KEY_SIZE], const struct link_subject *subject,
                 const struct id *account, int64_t expires_s, char *out);

struct link_query { /* as in the request; NULL = absent */
    const char *exp, *acc, *kid, *sig;
};
/* 0: *ret_account made the link. LINK_E_EXPIRED: genuine, but over at now_s. -EINVAL: not ours, for
 * something else, or longer than any we give. */
int link_check(const uint8_t key[LINK_KEY_SIZE], const struct link_subject *subject,
               const struct link_query *q, int64_t now_s, struct id *ret_account) MUST_CHECK;

#endif
