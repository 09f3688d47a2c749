/* SPDX-License-Identifier: Apache-2.0 */
/* A camera's S3 keys. The secret is never stored: it is derived from the master key, the access key
 * and a random salt in the row, so a stolen database signs nothing, and a deleted row is a lost
 * secret. Permanent keys are made by the operator; short-lived ones come with a session token. All
 * end when the camera's secret is rotated. */
#ifndef AUTH_S3_KEY_H
#define AUTH_S3_KEY_H

#include "auth/credential.h"
#include "db/db.h"
#include "ledger/principal.h"

struct keyring;

enum { S3_ACCESS_KEY_SIZE = 21, S3_SECRET_SIZE = 44 };
enum { S3_KEY_LIFETIME_S = 12 * 3600 }; /* of a short-lived one */

struct s3_key_made {
    char access_key[S3_ACCESS_KEY_SIZE], secret[S3_SECRET_SIZE];
    char token[CREDENTIAL_SIZE]; /* "" for a permanent key */
    int64_t expires_us;          /* 0: permanent */
};
/* Add a key to the transaction; what is in ret_key is shown once. Wipe it afterwards. */
void s3_key_add(struct db_tx *tx, const struct keyring *keyring, const struct id *camera,
                bool permanent, struct s3_key_made *ret_key);

enum {
    S3_KEY_E_NONE = 1,   /* unknown or revoked */
    S3_KEY_E_TOKEN,      /* the session token is missing or not the key's */
    S3_KEY_E_EXPIRED,    /* its time is over: the camera renews its configuration */
    S3_KEY_E_UNAVAILABLE /* the database does not answer */
};
struct s3_key_found {
    struct principal camera;
    bool enabled; /* takes media now */
    char secret[S3_SECRET_SIZE];
};
/* found is set when status is 0, borrowed, and wiped when the callback returns. */
typedef void s3_key_found_fn(void *arg, int status, const struct s3_key_found *found);
struct s3_key_wanted {
    const char *access_key, *token; /* read before this returns; token "" = none was sent */
    s3_key_found_fn *done;          /* exactly once, later */
    void *arg;
};
void s3_key_find(struct db *db, const struct keyring *keyring, const struct s3_key_wanted *w);

#endif
