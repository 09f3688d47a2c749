/* SPDX-License-Identifier: Apache-2.0 */
#include "account/agency.h"

#include "base/buf.h"
#include "base/clock.h"
#include "crypto/password.h"
#include "ledger/ledger.h"

enum { DETAIL_MAX = 4096 };

static void put_member(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, "%s\"%s\":\"", b->len > 1 ? "," : "", key);
    buf_json_text(b, value);
    buf_str(b, "\"");
}

void agency_admit(struct db_tx *tx, const struct agency_new *a, struct id *ret_id)
{
    *ret_id = id_new();
    db_tx_add(tx, DB_AGENCY_INSERT, DB_ID(ret_id), DB_TEXT(a->name), DB_TEXT(a->kind),
              DB_TEXT(a->jurisdiction), DB_TEXT(a->contact), DB_TEXT(a->email_domain),
              DB_TEXT(a->act_title), DB_TEXT(a->act_url), DB_TEXT(a->act_date),
              DB_I64(clock_now_us()));
    struct buf detail = BUF_INIT(DETAIL_MAX);
    buf_str(&detail, "{");
    put_member(&detail, "name", a->name);
    put_member(&detail, "act", a->act_title);
    put_member(&detail, "act_url", a->act_url);
    put_member(&detail, "staff_1", a->staff[0]);
    put_member(&detail, "staff_2", a->staff[1]);
    buf_str(&detail, "}");
    ledger_add(tx, &(struct ledger_entry){.action = "agency.admit",
                                          .agency = ret_id,
                                          .actor_kind = "operator",
                                          .subject_kind = "agency",
                                          .subject = ret_id,
                                          .detail_json = (const char *)detail.data});
    buf_finish(&detail);
}

void agency_add_officer(struct db_tx *tx, const struct officer_new *o, struct id *ret_id)
{
    *ret_id = id_new();
    db_tx_add(tx, DB_OFFICER_ALLOWED, DB_ID(o->agency), DB_TEXT(o->email_key));
    db_tx_add(tx, DB_OFFICER_INSERT, DB_ID(ret_id), DB_ID(o->agency), DB_TEXT(o->email),
              DB_TEXT(o->email_key), DB_TEXT(o->name), DB_TEXT(o->badge), DB_TEXT(o->role),
              DB_TEXT(o->password_hash), DB_BYTES(o->totp_secret, TOTP_SECRET_SIZE),
              DB_I64(clock_now_us()));
    ledger_add(tx, &(struct ledger_entry){.action = "officer.create",
                                          .agency = o->agency,
                                          .actor_kind = "operator",
                                          .subject_kind = "officer",
                                          .subject = ret_id});
}
