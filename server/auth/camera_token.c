/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/camera_token.h"

#include "base/clock.h"

void camera_token_add(struct db_tx *tx, const struct id *camera, char ret_text[CREDENTIAL_SIZE])
{
    uint8_t hash[SHA256_SIZE];
    int64_t now = clock_now_us();
    credential_new(CREDENTIAL_ACCESS, ret_text, hash);
    db_tx_add(tx, DB_CAMERA_TOKEN_ADD, DB_BYTES(hash, SHA256_SIZE), DB_ID(camera), DB_I64(now),
              DB_I64(now + (int64_t)CAMERA_TOKEN_LIFETIME_S * CLOCK_US));
}

struct finding {
    session_camera_fn *done;
    void *arg;
};

static void row_found(void *arg, const struct db_reply *r)
{
    struct finding f = *(struct finding *)arg;
    free(arg);
    int status = db_status(r) != 0    ? SESSION_E_UNAVAILABLE
                 : db_rows(r, 0) == 0 ? SESSION_E_NONE
                                      : 0;
    struct principal who = {.kind = PRINCIPAL_CAMERA};
    if (status == 0) {
        who.id = db_id(r, 0, 0, 0);
        who.household = db_id(r, 0, 0, 1);
    }
    f.done(f.arg, status, status == 0 ? &who : NULL, status == 0 && db_bool(r, 0, 0, 2));
}

void camera_token_find(struct db *db, const uint8_t hash[SHA256_SIZE], session_camera_fn *done,
                       void *arg)
{
    struct finding *f = mem_new(struct finding);
    *f = (struct finding){done, arg};
    db_run(db, row_found, f, DB_CAMERA_TOKEN_FIND, DB_BYTES(hash, SHA256_SIZE),
           DB_I64(clock_now_us()));
}
