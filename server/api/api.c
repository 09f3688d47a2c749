/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers share: ids, times, lists, and the one mapping from database results to problems. */
#include "api/api.h"

#include "base/clock.h"
#include "base/str.h"
#include "crypto/keyring.h"

#include <errno.h>
#include <string.h>

bool api_param_id(struct http_exchange *x, const char *name, struct id *ret_id)
{
    if (!id_parse(http_param(x, name), ret_id)) {
        return true;
    }
    http_answer_problem(x, PROBLEM_not_found, NULL);
    return false;
}

/* refuse_unless() in SQL names the problem by its code, and may say more: "code: detail". */
void api_refused(struct http_exchange *x, const char *message)
{
    size_t n = strcspn(message, ":");
    const char *detail = message[n] ? message + n + 1 + strspn(message + n + 1, " ") : NULL;
    for (enum problem p = 0; p < PROBLEMS; p++) {
        if (strlen(problem_table[p].code) == n && !memcmp(problem_table[p].code, message, n)) {
            http_answer_problem(x, p, detail ? "%s" : NULL, detail);
            return;
        }
    }
    http_answer_problem(x, PROBLEM_conflict, NULL);
}

bool api_db_failed(struct http_exchange *x, const struct db_reply *r)
{
    switch (db_status(r)) {
    case 0:
        return false;
    case DB_E_UNAVAILABLE:
    case DB_E_BUSY:
        http_add_header(x, "Retry-After", "2");
        http_answer_problem(x, PROBLEM_unavailable, NULL);
        return true;
    case DB_E_UNIQUE:
    case DB_E_CONSTRAINT:
        http_answer_problem(x, PROBLEM_conflict, NULL);
        return true;
    case DB_E_REFUSED:
        api_refused(x, db_message(r));
        return true;
    default:
        http_answer_problem(x, PROBLEM_internal, NULL);
        return true;
    }
}

/* ---- values ---- */
json_t *api_time(int64_t us)
{
    char text[CLOCK_RFC3339_SIZE];
    clock_format(us, text);
    return json_string(text);
}

json_t *api_id(const struct id *id)
{
    char text[ID_TEXT_SIZE];
    id_format(id, text);
    return json_string(text);
}

json_t *api_id_or_null(const struct db_reply *r, unsigned stmt, int row, int col)
{
    if (db_is_null(r, stmt, row, col)) {
        return json_null();
    }
    struct id id = db_id(r, stmt, row, col);
    return api_id(&id);
}

json_t *api_time_or_null(const struct db_reply *r, unsigned stmt, int row, int col)
{
    return db_is_null(r, stmt, row, col) ? json_null() : api_time(db_i64(r, stmt, row, col));
}

/* ---- lists ---- */
enum { CURSOR_MAC = 16, CURSOR_BODY = 8 + 16, LIMIT_DEFAULT = 50, LIMIT_MAX = 200 };

static void cursor_mac(const struct api *api, const uint8_t *body, uint8_t ret_mac[SHA256_SIZE])
{
    uint8_t key[32];
    keyring_derive(api->keyring, "cursor", key);
    hmac_sha256(key, sizeof(key), body, CURSOR_BODY, ret_mac);
    secret_wipe(key, sizeof(key));
}

void api_cursor_format(const struct api *api, int64_t us, const struct id *id, char *out)
{
    uint8_t bytes[CURSOR_BODY + SHA256_SIZE];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)us >> (56 - 8 * i));
    }
    memcpy(bytes + 8, id->b, sizeof(id->b));
    cursor_mac(api, bytes, bytes + CURSOR_BODY);
    base64url(bytes, CURSOR_BODY + CURSOR_MAC, out);
}

int api_cursor_parse(const struct api *api, const char *s, int64_t *ret_us, struct id *ret_id)
{
    uint8_t bytes[CURSOR_BODY + CURSOR_MAC], mac[SHA256_SIZE];
    if (base64_decode(s, strlen(s), bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes)) {
        return -EINVAL;
    }
    cursor_mac(api, bytes, mac);
    if (!bytes_equal(mac, bytes + CURSOR_BODY, CURSOR_MAC)) {
        return -EINVAL;
    }
    uint64_t us = 0;
    for (int i = 0; i < 8; i++) {
        us = us << 8 | bytes[i];
    }
    *ret_us = (int64_t)us;
    memcpy(ret_id->b, bytes + 8, sizeof(ret_id->b));
    return 0;
}

bool api_limit(struct http_exchange *x, unsigned *ret_limit)
{
    const char *text = http_query(x, "limit");
    uint64_t limit = LIMIT_DEFAULT;
    if (text && (str_parse_u64(text, LIMIT_MAX, &limit) || limit < 1)) {
        http_answer_problem(x, PROBLEM_invalid_field, "limit: a number from 1 to %d.", LIMIT_MAX);
        return false;
    }
    *ret_limit = (unsigned)limit;
    return true;
}
