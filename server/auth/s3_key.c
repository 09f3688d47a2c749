/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/s3_key.h"

#include "base/clock.h"
#include "crypto/keyring.h"

#include <stdio.h>
#include <string.h>

enum { SALT_SIZE = 32 };
#define S3_TOKEN_PREFIX "dwk_"

/* base64url of 32 bytes: 43 characters that no tool needs to escape. */
static void derive_secret(const struct keyring *keyring, const char *access_key,
                          const uint8_t salt[SALT_SIZE], char ret_secret[S3_SECRET_SIZE])
{
    uint8_t key[32], secret[SHA256_SIZE + 4], text[S3_ACCESS_KEY_SIZE + SALT_SIZE] = {0};
    keyring_derive(keyring, "s3-secret", key);
    memcpy(text, access_key, strlen(access_key));
    memcpy(text + S3_ACCESS_KEY_SIZE, salt, SALT_SIZE);
    hmac_sha256(key, sizeof key, text, sizeof text, secret);
    char coded[4 * SHA256_SIZE / 3 + 4];
    base64url(secret, SHA256_SIZE, coded);
    memcpy(ret_secret, coded, S3_SECRET_SIZE);
    secret_wipe(key, sizeof key);
    secret_wipe(secret, sizeof secret);
    secret_wipe(coded, sizeof coded);
}

static void make_access_key(char ret_key[S3_ACCESS_KEY_SIZE])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t random[S3_ACCESS_KEY_SIZE - 1];
    random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        ret_key[i] = letters[random[i] & 31];
    }
    memcpy(ret_key, "DW", 2); /* says whose it is when it turns up somewhere */
    ret_key[S3_ACCESS_KEY_SIZE - 1] = '\0';
}

void s3_key_add(struct db_tx *tx, const struct keyring *keyring, const struct id *camera,
                bool permanent, struct s3_key_made *ret_key)
{
    uint8_t salt[SALT_SIZE], hash[SHA256_SIZE];
    int64_t now = clock_now_us();
    *ret_key = (struct s3_key_made){0};
    make_access_key(ret_key->access_key);
    random_bytes(salt, sizeof salt);
    derive_secret(keyring, ret_key->access_key, salt, ret_key->secret);
    if (!permanent) {
        credential_new(S3_TOKEN_PREFIX, ret_key->token, hash);
        ret_key->expires_us = now + (int64_t)S3_KEY_LIFETIME_S * CLOCK_US;
    }
    db_tx_add(tx, DB_S3_KEY_ADD, DB_TEXT(ret_key->access_key), DB_ID(camera),
              DB_BYTES(salt, sizeof salt), DB_BYTES(permanent ? NULL : hash, SHA256_SIZE),
              DB_I64(now), permanent ? DB_NULL : DB_I64(ret_key->expires_us));
}

struct finding {
    const struct keyring *keyring;
    char access_key[S3_ACCESS_KEY_SIZE];
    bool has_token;
    uint8_t token_hash[SHA256_SIZE];
    s3_key_found_fn *done;
    void *arg;
};

/* Columns of s3_key_find.sql. */
enum { FIND_CAMERA, FIND_HOUSEHOLD, FIND_ENABLED, FIND_SALT, FIND_TOKEN_HASH, FIND_EXPIRED };

static int judge(const struct finding *f, const struct db_reply *r)
{
    size_t n;
    if (db_status(r) != 0) {
        return S3_KEY_E_UNAVAILABLE;
    }
    if (db_rows(r, 0) == 0) {
        return S3_KEY_E_NONE;
    }
    bool temporary = !db_is_null(r, 0, 0, FIND_TOKEN_HASH);
    if (temporary != f->has_token) {
        return S3_KEY_E_TOKEN;
    }
    const uint8_t *hash = temporary ? db_bytes(r, 0, 0, FIND_TOKEN_HASH, &n) : NULL;
    if (temporary && !bytes_equal(hash, f->token_hash, SHA256_SIZE)) {
        return S3_KEY_E_TOKEN;
    }
    return db_bool(r, 0, 0, FIND_EXPIRED) ? S3_KEY_E_EXPIRED : 0;
}

static void row_found(void *arg, const struct db_reply *r)
{
    struct finding *f = arg;
    struct s3_key_found found = {.camera.kind = PRINCIPAL_CAMERA};
    int status = judge(f, r);
    if (status == 0) {
        size_t n;
        const uint8_t *salt = db_bytes(r, 0, 0, FIND_SALT, &n);
        ALWAYS(n == SALT_SIZE);
        found.camera.id = db_id(r, 0, 0, FIND_CAMERA);
        found.camera.household = db_id(r, 0, 0, FIND_HOUSEHOLD);
        found.enabled = db_bool(r, 0, 0, FIND_ENABLED);
        derive_secret(f->keyring, f->access_key, salt, found.secret);
    }
    f->done(f->arg, status, status == 0 ? &found : NULL);
    secret_wipe(&found, sizeof found);
    free(f);
}

void s3_key_find(struct db *db, const struct keyring *keyring, const struct s3_key_wanted *w)
{
    struct finding *f = mem_new(struct finding);
    f->keyring = keyring;
    f->done = w->done;
    f->arg = w->arg;
    /* A key of another length is none of ours; looking it up finds nothing, in the same time. */
    snprintf(f->access_key, sizeof f->access_key, "%.20s", w->access_key);
    f->has_token = w->token[0] != '\0';
    if (f->has_token && credential_hash(w->token, strlen(w->token), f->token_hash) != 0) {
        memset(f->token_hash, 0, sizeof f->token_hash);
    }
    const char *key = strlen(w->access_key) == S3_ACCESS_KEY_SIZE - 1 ? f->access_key : "";
    db_run(db, row_found, f, DB_S3_KEY_FIND, DB_TEXT(key), DB_I64(clock_now_us()));
}
