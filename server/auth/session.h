/* SPDX-License-Identifier: Apache-2.0 */
/* Browser sessions and API tokens: one row each, found by the hash of what was presented, so that
 * revoking works with the next request. */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/credential.h"
#include "db/db.h"
#include "ledger/principal.h"

struct session {
    struct principal who;
    char csrf[CREDENTIAL_SIZE]; /* "" for tokens */
    int64_t expires_us;
};

enum { SESSION_E_NONE = 1, SESSION_E_UNAVAILABLE };
/* s is set when status is 0, and borrowed. */
typedef void session_found_fn(void *arg, int status, const struct session *s);
/* done exactly once, never before this returns. */
void session_find(struct db *db, const uint8_t hash[SHA256_SIZE], session_found_fn *done,
                  void *arg);
/* The camera of a secret: who is its principal; enabled: takes media now. */
typedef void session_camera_fn(void *arg, int status, const struct principal *who, bool enabled);
void session_find_camera(struct db *db, const uint8_t hash[SHA256_SIZE], session_camera_fn *done,
                         void *arg);

struct session_new {
    const char *kind;            /* "cookie" or "token" */
    const struct principal *who; /* account or officer; its session is ignored */
    const char *name, *peer;     /* "" when none */
    int64_t idle_us, lifetime_us;
};
/* Add the session to the transaction; ret_text is what the holder presents, shown once. */
void session_add(struct db_tx *tx, const struct session_new *n, char ret_text[CREDENTIAL_SIZE],
                 struct id *ret_id);

#endif
