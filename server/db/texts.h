/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL that embed.py put into the binary: the statements in the order of enum db_stmt, the
 * migrations in theirs. */
#ifndef DB_TEXTS_H
#define DB_TEXTS_H

struct statement_text {
    const char *name, *sql;
};
extern const struct statement_text statement_texts[];

struct migration_text {
    unsigned number;
    const char *name;
    const char *sha256; /* hex, of the file */
    const char *sql;
};
extern const struct migration_text migration_texts[];
extern const unsigned migration_texts_n;

#endif
