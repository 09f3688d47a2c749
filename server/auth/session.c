/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/session.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

struct find {
    session_found_fn *done;
    session_camera_fn *camera_done;
    void *arg;
};

static int outcome(const struct db_reply *r)
{
    if (db_status(r)) {
        return SESSION_E_UNAVAILABLE;
    }
    return db_rows(r, 0) == 1 ? 0 : SESSION_E_NONE;
}

static void found(void *arg, const struct db_reply *r)
{
    struct find f = *(struct find *)arg;
    free(arg);
    int status = outcome(r);
    if (status) {
        f.done(f.arg, status, NULL);
        return;
    }
    bool officer = !db_is_null(r, 0, 0, 3);
    struct session s = {
        .who = {.kind = officer ? PRINCIPAL_OFFICER : PRINCIPAL_ACCOUNT,
                .id = db_id(r, 0, 0, officer ? 3 : 2),
                .session = db_id(r, 0, 0, 0),
                .cookie = db_bool(r, 0, 0, 1)},
        .expires_us = db_i64(r, 0, 0, 7),
    };
    if (officer) {
        s.who.agency = db_id(r, 0, 0, 4);
    }
    snprintf(s.who.role, sizeof(s.who.role), "%s", db_text(r, 0, 0, 5));
    snprintf(s.csrf, sizeof(s.csrf), "%s", db_text(r, 0, 0, 6));
    f.done(f.arg, 0, &s);
}

void session_find(struct db *db, const uint8_t hash[SHA256_SIZE], session_found_fn *done, void *arg)
{
    struct find *f = mem_new(struct find);
    *f = (struct find){.done = done, .arg = arg};
    db_run(db, found, f, DB_SESSION_FIND, DB_BYTES(hash, SHA256_SIZE), DB_I64(clock_now_us()));
}

static void camera_found(void *arg, const struct db_reply *r)
{
    struct find f = *(struct find *)arg;
    free(arg);
    int status = outcome(r);
    if (status) {
        f.camera_done(f.arg, status, NULL, false);
        return;
    }
    struct principal who = {
        .kind = PRINCIPAL_CAMERA, .id = db_id(r, 0, 0, 0), .household = db_id(r, 0, 0, 1)};
    f.camera_done(f.arg, 0, &who, db_bool(r, 0, 0, 2));
}

void session_find_camera(struct db *db, const uint8_t hash[SHA256_SIZE], session_camera_fn *done,
                         void *arg)
{
    struct find *f = mem_new(struct find);
    *f = (struct find){.camera_done = done, .arg = arg};
    db_run(db, camera_found, f, DB_CAMERA_FIND, DB_BYTES(hash, SHA256_SIZE));
}

void session_add(struct db_tx *tx, const struct session_new *n, char ret_text[CREDENTIAL_SIZE],
                 struct id *ret_id)
{
    uint8_t hash[SHA256_SIZE], csrf_hash[SHA256_SIZE];
    char csrf[CREDENTIAL_SIZE] = "";
    bool cookie = !strcmp(n->kind, "cookie"), officer = n->who->kind == PRINCIPAL_OFFICER;
    int64_t now = clock_now_us();
    *ret_id = id_new();
    credential_new(cookie ? CREDENTIAL_SESSION : CREDENTIAL_TOKEN, ret_text, hash);
    if (cookie) {
        credential_new("", csrf, csrf_hash);
    }
    db_tx_add(tx, DB_SESSION_INSERT, DB_ID(ret_id), DB_BYTES(hash, SHA256_SIZE), DB_TEXT(n->kind),
              DB_ID(officer ? NULL : &n->who->id), DB_ID(officer ? &n->who->id : NULL),
              DB_TEXT(csrf), DB_TEXT(n->name), DB_TEXT(n->peer), DB_I64(now),
              DB_I64(now + n->idle_us), DB_I64(now + n->lifetime_us));
}
