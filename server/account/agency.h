/* SPDX-License-Identifier: Apache-2.0 */
/* Agencies and their officers: admitted by the operator, two members of staff at a time. Adds to
 * the caller's transaction, with the ledger entry. */
#ifndef ACCOUNT_AGENCY_H
#define ACCOUNT_AGENCY_H

#include "db/db.h"

struct agency_new {
    const char *name, *kind, *email_domain, *contact;
    const char *act_title, *act_url, *act_date; /* the public act that authorised it */
    const char *jurisdiction;                   /* polygon text, see request/area.h */
    const char *staff[2];                       /* the two who approved: different names */
};
/* DB_E_UNIQUE: the name is taken. */
void agency_admit(struct db_tx *tx, const struct agency_new *a, struct id *ret_id);

struct officer_new {
    const struct id *agency;
    const char *email, *email_key, *name, *badge, *role;
    const char *password_hash;
    const uint8_t *totp_secret; /* TOTP_SECRET_SIZE bytes */
};
/* Refused (not_found) without such an agency, (forbidden) when the address is not of its domain;
 * DB_E_UNIQUE or refused (conflict): the address is taken. */
void agency_add_officer(struct db_tx *tx, const struct officer_new *o, struct id *ret_id);

#endif
