/* SPDX-License-Identifier: Apache-2.0 */
/* Invariant 1: the object of a committed row exists, with that size and digest. */
#include "recording/check_op.h"

#include <errno.h>

enum { READ_BYTES = 4 << 20 };

/* A row may have gone while we looked: then nothing is wrong. */
static int found_unless_gone(struct check *c, enum check_kind k, const struct id *object)
{
    int r = check_ask_owners(c, object, 1);
    if (r == 0 && c->n_owned == 1 && c->owned[0].rows > 0) {
        check_found_object(c, k, object);
    }
    return r;
}

/* Every byte through the cipher. *ret_ok false: what is stored is not what was sealed. The store's
 * status is in store_status. */
static void read_whole(struct check *c, const struct check_row *row,
                       const struct seal_params *params, bool *ret_ok)
{
    struct seal_check *s = seal_check_create(params, row->plain_bytes);
    uint8_t digest[SHA256_SIZE];
    int r = 0;
    for (uint64_t at = 0; r == 0 && at < row->sealed_bytes;) {
        uint64_t left = row->sealed_bytes - at;
        check_get(c, &row->id, at, left < READ_BYTES ? (size_t)left : READ_BYTES);
        if (c->store_status != 0) {
            break;
        }
        r = seal_check_update(s, c->bytes, c->n_bytes);
        at += c->n_bytes;
        free(c->bytes);
    }
    *ret_ok = c->store_status == 0 && r == 0 && seal_check_finish(s, digest) == 0 &&
              bytes_equal(digest, row->digest, sizeof digest);
    seal_check_destroy(s);
}

static int check_bytes(struct check *c, const struct check_row *row)
{
    struct seal_params params = {.household = row->owner, .object = row->id};
    bool ok = keyring_open_object(c->p->keyring, &row->owner, row->owner_key, &row->id,
                                  row->wrapped_key, params.key) == 0;
    c->store_status = 0;
    if (ok) {
        read_whole(c, row, &params, &ok);
        secret_wipe(&params, sizeof params);
    }
    if (c->store_status == STORE_E_NOT_FOUND) {
        return found_unless_gone(c, CHECK_MISSING, &row->id);
    }
    if (c->store_status == STORE_E_UNAVAILABLE) {
        return check_cannot(c, "The store does not answer.");
    }
    return ok ? 0 : found_unless_gone(c, CHECK_DAMAGED, &row->id);
}

static int check_row(struct check *c, const struct check_row *row)
{
    c->result->rows++;
    check_stat(c, &row->id);
    if (c->store_status == STORE_E_NOT_FOUND) {
        return found_unless_gone(c, CHECK_MISSING, &row->id);
    }
    if (c->store_status != 0) {
        return check_cannot(c, "The store does not answer.");
    }
    if (c->p->level == CHECK_PRESENCE) {
        return 0;
    }
    if (c->size != row->sealed_bytes || c->size != seal_sealed_size(row->plain_bytes)) {
        return found_unless_gone(c, CHECK_WRONG_SIZE, &row->id);
    }
    return c->p->level == CHECK_DIGEST ? check_bytes(c, row) : 0;
}

int check_rows(struct check *c)
{
    struct id after = {{0}};
    int r;
    while ((r = check_ask_rows(c, &after)) == 0 && c->n_rows > 0) {
        after = c->rows[c->n_rows - 1].id;
        for (int i = 0; i < c->n_rows && r == 0; i++) {
            r = check_row(c, &c->rows[i]);
        }
        if (r != 0) {
            break;
        }
    }
    return r;
}
