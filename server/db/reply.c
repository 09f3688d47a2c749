/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a reply. All results are binary (network byte order); every reader checks the column's
 * type, so that a statement and its reader cannot drift apart unseen. */
#include "db/tx.h"

#include <endian.h>
#include <string.h>

/* From the server's catalog/pg_type.dat: they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_CHAR = 18,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_UUID = 2950,
    OID_JSONB = 3802
};

int reply_classify(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        int status;
    } map[] = {
        {"DW001", DB_E_REFUSED},     {"23505", DB_E_UNIQUE},      {"23", DB_E_CONSTRAINT},
        {"08P01", DB_E_FAILED},      {"08", DB_E_UNAVAILABLE},    {"57", DB_E_UNAVAILABLE},
        {"53", DB_E_UNAVAILABLE}, /* disk full, out of memory, too many connections */
        {"55P03", DB_E_UNAVAILABLE}, {"25006", DB_E_UNAVAILABLE}, /* became a standby */
        {"40", DB_E_UNAVAILABLE},    {"58", DB_E_UNAVAILABLE},    /* I/O error of the server */
    };
    if (sqlstate == NULL) {
        return DB_E_UNAVAILABLE;
    }
    for (size_t i = 0; i < ARRAY_LEN(map); i++) {
        if (strncmp(sqlstate, map[i].prefix, strlen(map[i].prefix)) == 0) {
            return map[i].status;
        }
    }
    return DB_E_FAILED;
}

bool reply_is_conflict(const char *sqlstate)
{
    return sqlstate != NULL && (strcmp(sqlstate, "40P01") == 0 || strcmp(sqlstate, "40001") == 0);
}

int db_status(const struct db_reply *r)
{
    return r->status;
}

const char *db_constraint(const struct db_reply *r)
{
    return r->constraint != NULL ? r->constraint : "";
}

const char *db_message(const struct db_reply *r)
{
    return r->message != NULL ? r->message : "";
}

static PGresult *result_of(const struct db_reply *r, unsigned stmt)
{
    ALWAYS(stmt < r->n);
    return r->results[stmt];
}

int db_rows(const struct db_reply *r, unsigned stmt)
{
    PGresult *res = r->status == 0 ? result_of(r, stmt) : NULL;
    return res != NULL ? PQntuples(res) : 0;
}

/* The value's bytes, or NULL for SQL NULL. */
static const char *value(const struct db_reply *r, unsigned stmt, int row, int col, Oid *ret_type,
                         size_t *ret_n)
{
    const PGresult *res = result_of(r, stmt);
    ALWAYS(r->status == 0 && res != NULL);
    ALWAYS(row >= 0 && row < PQntuples(res) && col >= 0 && col < PQnfields(res));
    *ret_type = PQftype(res, col);
    *ret_n = (size_t)PQgetlength(res, row, col);
    return PQgetisnull(res, row, col) ? NULL : PQgetvalue(res, row, col);
}

bool db_is_null(const struct db_reply *r, unsigned stmt, int row, int col)
{
    Oid type;
    size_t n;
    return value(r, stmt, row, col, &type, &n) == NULL;
}

const char *db_text(const struct db_reply *r, unsigned stmt, int row, int col)
{
    Oid type;
    size_t n;
    const char *p = value(r, stmt, row, col, &type, &n);
    ALWAYS(type == OID_TEXT || type == OID_VARCHAR || type == OID_BPCHAR || type == OID_NAME ||
           type == OID_CHAR || type == OID_JSON || type == OID_JSONB);
    return p != NULL && type == OID_JSONB ? p + 1 : p; /* jsonb: one version byte first */
}

int64_t db_i64(const struct db_reply *r, unsigned stmt, int row, int col)
{
    Oid type;
    size_t n;
    const char *p = value(r, stmt, row, col, &type, &n);
    ALWAYS(type == OID_INT8 || type == OID_INT4 || type == OID_INT2);
    if (p == NULL) {
        return 0;
    }
    uint64_t v8;
    uint32_t v4;
    uint16_t v2;
    switch (n) {
    case 8:
        memcpy(&v8, p, 8);
        return (int64_t)be64toh(v8);
    case 4:
        memcpy(&v4, p, 4);
        return (int32_t)be32toh(v4);
    default:
        memcpy(&v2, p, 2);
        return (int16_t)be16toh(v2);
    }
}

bool db_bool(const struct db_reply *r, unsigned stmt, int row, int col)
{
    Oid type;
    size_t n;
    const char *p = value(r, stmt, row, col, &type, &n);
    ALWAYS(type == OID_BOOL);
    return p != NULL && *p != 0;
}

struct id db_id(const struct db_reply *r, unsigned stmt, int row, int col)
{
    Oid type;
    size_t n;
    struct id id = {{0}};
    const char *p = value(r, stmt, row, col, &type, &n);
    ALWAYS(type == OID_UUID);
    if (p != NULL) {
        memcpy(id.b, p, sizeof(id.b));
    }
    return id;
}

const uint8_t *db_bytes(const struct db_reply *r, unsigned stmt, int row, int col, size_t *ret_n)
{
    Oid type;
    size_t n;
    const char *p = value(r, stmt, row, col, &type, &n);
    ALWAYS(type == OID_BYTEA);
    *ret_n = p != NULL ? n : 0;
    return (const uint8_t *)p;
}
