/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration: options.def read from the environment (DOORWARD_*), once, at start.
 * Afterwards it is constant and may be read by any thread. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"

#include <stdbool.h>

typedef char *config_TEXT, *config_PATH, *config_ADDRESS, *config_URL, *config_LIST;
typedef bool config_BOOL;
typedef uint64_t config_NUMBER;
typedef unsigned config_CHOICE;

struct config { /* texts are never NULL; an empty one means what options.def says */
#define OPT(key, field, type, fallback, min, max, unit, flags, sentence) config_##type field;
#include "config/options.def"
#undef OPT
};

enum { CONFIG_E_INVALID = 1, CONFIG_TEXT_MAX = 128 * 1024 };
/* env: "NAME=value" strings, NULL-ended (environ). Takes DOORWARD_* and DATABASE_URL[_FILE],
 * ignores the rest. CONFIG_E_INVALID: errors holds one line per thing wrong, all of them. Empty
 * options are given their derived values (paths below DATA_DIR and so on). */
int config_load(const char *const *env, struct config **ret_config, struct buf *errors) MUST_CHECK;
struct config *config_destroy(struct config *c);

/* Append the effective values, secrets replaced by "(set)": KEY=value lines, or one JSON object. */
void config_print(const struct config *c, struct buf *out);
void config_print_json(const struct config *c, struct buf *out);
/* Append docs/configuration.md. */
void config_manual(struct buf *out);

/* Take an ADDRESS apart: "host:port", "[v6]:port", ":port" or "*:port" (any address: host is
 * empty). host holds CONFIG_HOST_SIZE bytes. -EINVAL. */
enum { CONFIG_HOST_SIZE = 64 };
int config_address_parse(const char *s, char *ret_host, uint16_t *ret_port) MUST_CHECK;
/* 127.0.0.0/8, ::1, localhost. */
bool config_address_is_loopback(const char *host);
/* A LIST as NULL-ended array, blanks around items dropped; one block, free() it. */
char **config_list(const char *list);

#endif
