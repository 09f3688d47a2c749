/* SPDX-License-Identifier: Apache-2.0 */
#include "retention/tombstone.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Columns of tombstone_unsigned.sql and tombstone_list.sql. */
enum {
    ID,
    HOUSEHOLD,
    CAMERA,
    CLIP,
    DELETION,
    START_US,
    DURATION_MS,
    REASON,
    ACTOR_KIND,
    ACTOR,
    AT_US,
    SEGMENTS,
    BYTES,
    CONTENT_SHA256,
    SIGNATURE,
    PUBLIC_KEY
};

static void id_or_dash(const struct db_reply *r, unsigned stmt, int row, int col,
                       char out[ID_TEXT_SIZE])
{
    struct id id;
    snprintf(out, ID_TEXT_SIZE, "-");
    if (!db_is_null(r, stmt, row, col)) {
        id = db_id(r, stmt, row, col);
        id_format(&id, out);
    }
}

size_t tombstone_text(const struct db_reply *r, unsigned stmt, int row,
                      char ret_text[TOMBSTONE_TEXT_MAX])
{
    char ids[6][ID_TEXT_SIZE], sha256[2 * SHA256_SIZE + 1] = "-";
    static const int columns[] = {ID, HOUSEHOLD, CAMERA, CLIP, DELETION, ACTOR};
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        id_or_dash(r, stmt, row, columns[i], ids[i]);
    }
    size_t n = 0;
    const uint8_t *digest = db_bytes(r, stmt, row, CONTENT_SHA256, &n);
    if (digest != NULL && n == SHA256_SIZE) {
        str_hex(digest, SHA256_SIZE, sha256);
    }
    int len = snprintf(
        ret_text, TOMBSTONE_TEXT_MAX,
        "doorward tombstone 1\nid %s\nhousehold %s\ncamera %s\nclip %s\ndeletion %s\nstart_us "
        "%" PRId64 "\nduration_ms %" PRId64 "\nreason %s\nactor %s %s\nat_us %" PRId64
        "\nsegments %" PRId64 "\nbytes %" PRId64 "\ncontent_sha256 %s\n",
        ids[0], ids[1], ids[2], ids[3], ids[4], db_i64(r, stmt, row, START_US),
        db_i64(r, stmt, row, DURATION_MS), db_text(r, stmt, row, REASON),
        db_text(r, stmt, row, ACTOR_KIND), ids[5], db_i64(r, stmt, row, AT_US),
        db_i64(r, stmt, row, SEGMENTS), db_i64(r, stmt, row, BYTES), sha256);
    ALWAYS(len > 0 && len < TOMBSTONE_TEXT_MAX);
    return (size_t)len;
}

bool tombstone_verify(const struct db_reply *r, unsigned stmt, int row)
{
    char text[TOMBSTONE_TEXT_MAX];
    size_t n_signature, n_key, n = tombstone_text(r, stmt, row, text);
    const uint8_t *signature = db_bytes(r, stmt, row, SIGNATURE, &n_signature);
    const uint8_t *key = db_bytes(r, stmt, row, PUBLIC_KEY, &n_key);
    return signature != NULL && key != NULL && n_signature == SIGN_SIZE &&
           n_key == SIGN_PUBLIC_SIZE && sign_verify(key, text, n, signature);
}
