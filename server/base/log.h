/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log: one JSON object a line, one write() a line, so lines of several threads never
 * mix. An event is a stable lower_case name; what happened to whom is in the fields. Never put a
 * secret, a token or an exact place into a field. Log once, where the failure is decided. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/id.h"
#include "base/status.h"

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;  /* NULL ends the list */
    const char *text; /* NULL: use number */
    int64_t number;
    struct id id; /* used when is_id */
    bool is_id;
};

static inline const char *log_text(const char *s)
{
    return s != NULL ? s : "";
}

#define F_STR(k, v) ((struct log_field){.key = (k), .text = log_text(v)})
#define F_INT(k, v) ((struct log_field){.key = (k), .number = (int64_t)(v)})
#define F_ID(k, v)  ((struct log_field){.key = (k), .id = *(v), .is_id = true})
/* Negative errno as its text. */
#define F_ERR(v) F_STR("error", log_errno_text(v))

struct log {
    int fd;
    enum log_level level;
    bool pretty; /* one readable line instead of JSON, for a terminal */
};

void log_write(const struct log *log, enum log_level level, const char *event,
               const struct log_field *fields);
const char *log_errno_text(int negative_errno);

#define log_at(log, level, event, ...)                                                             \
    log_write(log, level, event,                                                                   \
              (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})
#define log_debug(log, event, ...) log_at(log, LOG_DEBUG, event, __VA_ARGS__)
#define log_info(log, event, ...)  log_at(log, LOG_INFO, event, __VA_ARGS__)
#define log_warn(log, event, ...)  log_at(log, LOG_WARN, event, __VA_ARGS__)
#define log_error(log, event, ...) log_at(log, LOG_ERROR, event, __VA_ARGS__)

#endif
