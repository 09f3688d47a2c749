/* SPDX-License-Identifier: Apache-2.0 */
/* options.def as a table, for this folder's own files. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "config/config.h"

enum config_type {
    CONFIG_TEXT,
    CONFIG_PATH,
    CONFIG_ADDRESS,
    CONFIG_URL,
    CONFIG_LIST,
    CONFIG_BOOL,
    CONFIG_NUMBER,
    CONFIG_CHOICE
};
enum config_flag { CONFIG_F_SECRET = 1, CONFIG_F_RELOAD = 2 };

struct config_option {
    const char *key;
    enum config_type type;
    const char *fallback;
    uint64_t min, max;
    const char *unit;
    unsigned flags;
    const char *sentence;
    size_t offset; /* of the field in struct config */
};
extern const struct config_option config_table[];
extern const size_t config_table_n;

static inline void *config_field(const struct config *c, const struct config_option *o)
{
    return (char *)(uintptr_t)c + o->offset;
}

/* Set one field from text; texts replace (and free) what was there. False: *why is one sentence. */
bool config_value_set(struct config *c, const struct config_option *o, const char *text,
                      const char **ret_why);
/* The value as text; caller frees. */
char *config_value_format(const struct config *c, const struct config_option *o);

#endif
