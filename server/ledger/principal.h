/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asking, once authenticated. Filled by auth/, read by the api and the domains; what it may
 * do is decided per object, in SQL (membership, camera, agency), so that "not yours" and "no such"
 * take the same path. */
#ifndef LEDGER_PRINCIPAL_H
#define LEDGER_PRINCIPAL_H

#include "base/id.h"

enum principal_kind {
    PRINCIPAL_NOBODY,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_OFFICER,
    PRINCIPAL_CAMERA,
    PRINCIPAL_LINK
};

/* Bits of membership.rights (migrations/0001_core.sql). */
enum right {
    RIGHT_LIVE = 1,
    RIGHT_HISTORY = 2,
    RIGHT_EXPORT = 4,
    RIGHT_DELETE = 8,
    RIGHT_SHARE = 16,
    RIGHT_MANAGE = 32,
    RIGHT_ANSWER = 64,
    RIGHT_ALL = 127
};

struct principal {
    enum principal_kind kind;
    struct id id;        /* account, officer or camera; for a link: the account that made it */
    struct id session;   /* account and officer */
    struct id household; /* camera */
    struct id agency;    /* officer */
    char role[16];       /* officer: requester | approver | evidence | admin */
    bool cookie;         /* came by cookie: unsafe methods need the CSRF token */
};

#endif
