/* SPDX-License-Identifier: Apache-2.0 */
/* One sign-in: look up -> wait for a hashing slot -> verify on the pool -> record -> answer.
 *
 * Every path that reaches the password takes one hash of the same cost and one transaction of the
 * same shape, so an unknown address takes as long as a wrong password. */
#include "auth/sign_in.h"

#include "auth/gate.h"
#include "base/clock.h"
#include "base/str.h"
#include "crypto/password.h"
#include "ledger/ledger.h"
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)
enum { RETRY_BUSY_S = 2 };
/* Many people share an address, so it has more tries than an account. */
enum { PEER_TRIES_FACTOR = 4 };
#define WAIT_MAX_US (INT64_C(900) * CLOCK_US)
/* Officers sign in for a shift, whatever owners may do. */
static const int64_t officer_idle_us = DAY_US / 24, officer_life_us = DAY_US / 2;

struct sign_in {
    struct loop *loop;
    struct db *db;
    sign_in_fn *done;
    void *arg;
    char *password, *hash; /* hash NULL: nobody has this address */
    char email_key[SIGN_IN_EMAIL_MAX + 1], totp[16], peer[64], network[64], request_id[64];
    bool totp_given, totp_needed, password_ok, totp_ok;
    uint8_t totp_secret[TOTP_SECRET_SIZE];
    int64_t totp_step, idle_us, lifetime_us;
    unsigned account_tries;
    struct principal who;
    struct id household;
    struct sign_in_result result;
};

int sign_in_email_key(const char *email, char *out)
{
    size_t n = strlen(email);
    const char *at = strchr(email, '@');
    if (n < 3 || n > SIGN_IN_EMAIL_MAX || !at || at == email || !at[1] || strchr(at + 1, '@') ||
        !str_is_text(email, n) || strpbrk(email, " \t\n")) {
        return -EINVAL;
    }
    for (size_t i = 0; i <= n; i++) {
        out[i] = (char)tolower((unsigned char)email[i]);
    }
    return 0;
}

/* Failures are counted by address; of IPv6, by the network that one customer has. */
static void peer_network(const char *peer, char *out, size_t size)
{
    struct in6_addr a;
    if (inet_pton(AF_INET6, peer, &a) != 1 || IN6_IS_ADDR_V4MAPPED(&a)) {
        snprintf(out, size, "%s", peer);
        return;
    }
    char text[INET6_ADDRSTRLEN];
    memset(a.s6_addr + 8, 0, 8);
    snprintf(out, size, "%s/64", inet_ntop(AF_INET6, &a, text, sizeof(text)));
}

static void answer(struct sign_in *s, int status)
{
    static const enum metric metrics[] = {
        [0] = METRIC_SIGN_IN_OK,
        [SIGN_IN_E_REFUSED] = METRIC_SIGN_IN_REFUSED,
        [SIGN_IN_E_SECOND_FACTOR] = METRIC_SIGN_IN_REFUSED,
        [SIGN_IN_E_LATER] = METRIC_SIGN_IN_LATER,
        [SIGN_IN_E_UNAVAILABLE] = METRIC_SIGN_IN_LATER,
    };
    metric_add(metrics[status], 1);
    s->result.status = status;
    s->done(s->arg, &s->result);
    secret_wipe(s->password, strlen(s->password));
    free(s->password);
    free(s->hash);
    secret_wipe(s, sizeof(*s));
    free(s);
}

/* ---- record ---- */
static void refusal_recorded(void *arg, const struct db_reply *r)
{
    answer(arg, db_status(r) ? SIGN_IN_E_UNAVAILABLE : SIGN_IN_E_REFUSED);
}

static void record_refusal(struct sign_in *s)
{
    char account[SIGN_IN_EMAIL_MAX + 16], peer[80], detail[128];
    int64_t now = clock_now_us();
    snprintf(account, sizeof(account), "account:%s", s->email_key);
    snprintf(peer, sizeof(peer), "peer:%s", s->network);
    snprintf(detail, sizeof(detail), "{\"peer\":\"%s\"}", s->peer);
    struct db_tx *tx = db_tx_begin(s->db);
    db_tx_add(tx, DB_SIGN_IN_FAILED, DB_TEXT(account), DB_I64(now), DB_I64(s->account_tries),
              DB_I64(WAIT_MAX_US));
    db_tx_add(tx, DB_SIGN_IN_FAILED, DB_TEXT(peer), DB_I64(now),
              DB_I64(s->account_tries * PEER_TRIES_FACTOR), DB_I64(WAIT_MAX_US));
    bool officer = s->who.kind == PRINCIPAL_OFFICER;
    metric_add(METRIC_SIGN_IN_REFUSED, 1);
    db_tx_add(tx, DB_SIGN_IN_PRUNE, DB_I64(now));
    ledger_add(tx, &(struct ledger_entry){
                       .action = "session.refused",
                       .household = id_is_zero(&s->household) ? NULL : &s->household,
                       .agency = officer ? &s->who.agency : NULL,
                       .subject_kind = officer ? "officer" : "account",
                       .subject = s->who.kind ? &s->who.id : NULL,
                       .detail_json = detail,
                       .request_id = s->request_id,
                   });
    db_tx_commit(tx, refusal_recorded, s);
}

static void success_recorded(void *arg, const struct db_reply *r)
{
    struct sign_in *s = arg;
    if (db_status(r) == DB_E_REFUSED) { /* the code was used a moment ago, elsewhere */
        record_refusal(s);
        return;
    }
    metric_add(METRIC_SIGN_IN_OK, db_status(r) == 0);
    answer(s, db_status(r) ? SIGN_IN_E_UNAVAILABLE : 0);
}

static void record_success(struct sign_in *s)
{
    bool officer = s->who.kind == PRINCIPAL_OFFICER;
    char detail[128];
    snprintf(detail, sizeof(detail), "{\"peer\":\"%s\"}", s->peer);
    struct db_tx *tx = db_tx_begin(s->db);
    if (s->totp_needed) {
        db_tx_add(tx, DB_TOTP_USE, DB_ID(officer ? NULL : &s->who.id),
                  DB_ID(officer ? &s->who.id : NULL), DB_I64(s->totp_step));
    }
    db_tx_add(tx, DB_SIGN_IN_FORGIVE, DB_TEXT(s->email_key));
    session_add(tx,
                &(struct session_new){.kind = "cookie",
                                      .who = &s->who,
                                      .name = "",
                                      .peer = s->peer,
                                      .idle_us = officer ? officer_idle_us : s->idle_us,
                                      .lifetime_us = officer ? officer_life_us : s->lifetime_us},
                s->result.token, &s->who.session);
    ledger_add(tx, &(struct ledger_entry){.action = "session.sign_in",
                                          .agency = officer ? &s->who.agency : NULL,
                                          .who = &s->who,
                                          .subject_kind = "session",
                                          .subject = &s->who.session,
                                          .detail_json = detail,
                                          .request_id = s->request_id});
    db_tx_commit(tx, success_recorded, s);
}

/* ---- verify ---- */
static void verify_on_pool(void *arg)
{
    struct sign_in *s = arg;
    if (!s->hash) {
        password_verify_nobody(s->password);
        return;
    }
    s->password_ok = password_verify(s->password, s->hash);
}

static void verified(void *arg)
{
    struct sign_in *s = arg;
    if (s->password_ok && s->totp_needed && !s->totp_given) {
        answer(s, SIGN_IN_E_SECOND_FACTOR);
        return;
    }
    s->totp_ok = !s->totp_needed || totp_verify(s->totp_secret, sizeof(s->totp_secret), s->totp,
                                                clock_now_us(), &s->totp_step);
    if (s->password_ok && s->totp_ok) {
        record_success(s);
    } else {
        record_refusal(s);
    }
}

/* ---- look up ---- */
static void take_row(struct sign_in *s, const struct db_reply *r)
{
    const char *hash = db_text(r, 0, 0, 4);
    if (!hash) {
        return;
    }
    s->hash = mem_str(hash);
    bool officer = db_is_null(r, 0, 0, 0);
    s->who.kind = officer ? PRINCIPAL_OFFICER : PRINCIPAL_ACCOUNT;
    s->who.id = db_id(r, 0, 0, officer ? 1 : 0);
    if (officer) {
        s->who.agency = db_id(r, 0, 0, 2);
    } else if (!db_is_null(r, 0, 0, 3)) {
        s->household = db_id(r, 0, 0, 3);
    }
    size_t n = 0;
    const uint8_t *secret = db_is_null(r, 0, 0, 5) ? NULL : db_bytes(r, 0, 0, 5, &n);
    s->totp_needed = secret != NULL;
    if (secret && n == sizeof(s->totp_secret)) {
        memcpy(s->totp_secret, secret, n);
    }
}

static void looked_up(void *arg, const struct db_reply *r)
{
    struct sign_in *s = arg;
    if (db_status(r) || db_rows(r, 0) != 1) {
        answer(s, SIGN_IN_E_UNAVAILABLE);
        return;
    }
    int64_t wait_us = db_i64(r, 0, 0, 6) - clock_now_us();
    if (wait_us > 0) {
        s->result.retry_s = (unsigned)(wait_us / CLOCK_US) + 1;
        answer(s, SIGN_IN_E_LATER);
        return;
    }
    take_row(s, r);
    if (gate_offload(s->loop, verify_on_pool, verified, s) == GATE_E_FULL) {
        s->result.retry_s = RETRY_BUSY_S;
        answer(s, SIGN_IN_E_LATER);
    }
}

void sign_in_begin(const struct sign_in_params *p, sign_in_fn *done, void *arg)
{
    struct sign_in *s = mem_new(struct sign_in);
    s->loop = p->loop;
    s->db = p->db;
    s->done = done;
    s->arg = arg;
    s->password = mem_str(p->password);
    s->totp_given = p->totp != NULL;
    s->account_tries = p->account_tries;
    s->idle_us = p->idle_us;
    s->lifetime_us = p->lifetime_us;
    snprintf(s->totp, sizeof(s->totp), "%s", p->totp ? p->totp : "");
    snprintf(s->peer, sizeof(s->peer), "%s", p->peer);
    peer_network(s->peer, s->network, sizeof(s->network));
    snprintf(s->request_id, sizeof(s->request_id), "%s", p->request_id);
    if (sign_in_email_key(p->email, s->email_key)) {
        snprintf(s->email_key, sizeof(s->email_key), "-"); /* nobody's: refused like any other */
    }
    db_run(s->db, looked_up, s, DB_SIGN_IN_LOOKUP, DB_TEXT(s->email_key), DB_TEXT(s->peer),
           DB_I64(clock_now_us()), DB_TEXT(s->network));
}
