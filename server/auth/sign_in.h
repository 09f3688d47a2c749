/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in with a password and, where set, a one-time code. The answer and its time do not tell
 * whether the account exists. Failures are counted per account and per peer in the database. */
#ifndef AUTH_SIGN_IN_H
#define AUTH_SIGN_IN_H

#include "auth/session.h"

enum {
    SIGN_IN_E_REFUSED = 1,   /* unknown, wrong password, wrong or used code: one answer for all */
    SIGN_IN_E_SECOND_FACTOR, /* the password was right, a code is needed */
    SIGN_IN_E_LATER,         /* too many failures or too many at once: see retry_s */
    SIGN_IN_E_UNAVAILABLE
};
enum { SIGN_IN_EMAIL_MAX = 254, SIGN_IN_PASSWORD_MAX = 1024 };

struct sign_in_params { /* all text is copied */
    struct loop *loop;
    struct db *db;
    const char *email, *password;
    const char *totp; /* or NULL */
    const char *peer, *request_id;
    unsigned account_tries;       /* failures on one account before waits begin */
    int64_t idle_us, lifetime_us; /* of an owner's session; officers have a shift's */
};
struct sign_in_result {
    int status;
    unsigned retry_s;
    char token[CREDENTIAL_SIZE]; /* the new session's cookie value */
};
typedef void sign_in_fn(void *arg, const struct sign_in_result *r);
/* done exactly once, never before this returns. */
void sign_in_begin(const struct sign_in_params *p, sign_in_fn *done, void *arg);

/* Lower-case ASCII, as the email_key columns have it; out holds SIGN_IN_EMAIL_MAX+1 bytes.
 * -EINVAL: empty, too long, not of the form x@y. */
int sign_in_email_key(const char *email, char *out) MUST_CHECK;

#endif
