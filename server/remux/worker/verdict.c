/* SPDX-License-Identifier: Apache-2.0 */
#include "remux/worker/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int verdict_fail(struct channel_done *v, int status, const char *fmt, ...)
{
    if (v->status == 0) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
        va_end(ap);
        v->status = (uint8_t)status;
    }
    return v->status;
}

void verdict_note(struct channel_done *v, const char *fmt, ...)
{
    char note[CHANNEL_NOTES_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(note, sizeof(note), fmt, ap);
    va_end(ap);
    size_t have = strlen(v->notes);
    if (n <= 0 || strstr(v->notes, note) != NULL || have + (size_t)n + 2 > sizeof(v->notes)) {
        return;
    }
    if (have > 0) {
        v->notes[have++] = ' ';
    }
    memcpy(v->notes + have, note, (size_t)n + 1);
}
