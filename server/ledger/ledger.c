/* SPDX-License-Identifier: Apache-2.0 */
/* One entry = one row, added to the caller's batch. The salt blinds the public commitment of the
 * entry. */
#include "ledger/ledger.h"

#include "base/clock.h"
#include "crypto/hash.h"

static const char *actor_kind(const struct ledger_entry *e)
{
    static const char *const kinds[] = {
        [PRINCIPAL_NOBODY] = "system",   [PRINCIPAL_ACCOUNT] = "account",
        [PRINCIPAL_OFFICER] = "officer", [PRINCIPAL_CAMERA] = "camera",
        [PRINCIPAL_LINK] = "link",
    };
    if (!e->who) {
        return e->actor_kind ? e->actor_kind : "system";
    }
    return kinds[e->who->kind];
}

void ledger_add(struct db_tx *tx, const struct ledger_entry *e)
{
    struct id id = id_new();
    uint8_t salt[16];
    const struct id *actor = e->who && !id_is_zero(&e->who->id) ? &e->who->id : NULL;
    random_bytes(salt, sizeof(salt));
    db_tx_add(tx, DB_LEDGER_INSERT, DB_ID(&id), DB_I64(clock_now_us()), DB_ID(e->household),
              DB_ID(e->agency), DB_TEXT(actor_kind(e)), DB_ID(actor), DB_TEXT(e->action),
              DB_TEXT(e->subject_kind), DB_ID(e->subject),
              DB_TEXT(e->detail_json ? e->detail_json : "{}"),
              DB_TEXT(e->request_id ? e->request_id : ""), DB_BYTES(salt, sizeof(salt)));
}
