/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192 };

static const char *const level_names[] = {"debug", "info", "warn", "error"};

const char *log_errno_text(int negative_errno)
{
    return strerrordesc_np(negative_errno < 0 ? -negative_errno : negative_errno);
}

static void put_value(struct buf *b, const struct log_field *f, const char *quote)
{
    if (f->is_id) {
        char text[ID_TEXT_SIZE];
        id_format(&f->id, text);
        buf_printf(b, "%s%s%s", quote, text, quote);
    } else if (f->text != NULL) {
        buf_str(b, quote);
        buf_json_text(b, f->text);
        buf_str(b, quote);
    } else {
        buf_printf(b, "%lld", (long long)f->number);
    }
}

void log_write(const struct log *log, enum log_level level, const char *event,
               const struct log_field *fields)
{
    if (log == NULL || level < log->level) {
        return;
    }
    struct buf b = BUF_INIT(LINE_MAX_BYTES);
    char at[CLOCK_RFC3339_SIZE];
    clock_format(clock_now_us(), at);
    buf_printf(&b, log->pretty ? "%s %s %s" : "{\"at\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"",
               at, level_names[level], event);
    for (const struct log_field *f = fields; f->key != NULL; f++) {
        buf_printf(&b, log->pretty ? " %s=" : ",\"%s\":", f->key);
        put_value(&b, f, log->pretty ? "" : "\"");
    }
    if (b.overflow) {
        buf_clear(&b);
        buf_printf(
            &b, "{\"at\":\"%s\",\"level\":\"warn\",\"event\":\"log_line_too_long\",\"of\":\"%s\"",
            at, event);
    }
    buf_str(&b, log->pretty ? "\n" : "}\n");
    ssize_t ignored = write(log->fd, b.data, b.len); /* nowhere left to complain */
    (void)ignored;
    buf_finish(&b);
}
