/* SPDX-License-Identifier: Apache-2.0 */
#include "retention/clock_guard.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

const char *clock_verdict_text(enum clock_verdict v)
{
    static const char *const texts[CLOCK_VERDICTS] = {
        [CLOCK_BELIEVED] = "the clock is right",
        [CLOCK_DATABASE_DIFFERS] = "this machine's clock and the database's differ",
        [CLOCK_WENT_BACK] = "the clock is behind what was written before",
        [CLOCK_WENT_AHEAD] = "the clock jumped ahead",
        [CLOCK_UNPROVED] = "the machine was off and its clock is not set by the network",
    };
    return texts[v];
}

enum clock_verdict clock_judge(const struct clock_memory *m, const struct clock_facts *f)
{
    int64_t apart = f->wall_us - f->database_us;
    if (apart > CLOCK_JUMP_US || apart < -CLOCK_JUMP_US) {
        return CLOCK_DATABASE_DIFFERS;
    }
    if (m->trusted) {
        return CLOCK_BELIEVED;
    }
    if (!m->known) {
        return f->wall_us < f->newest_us - CLOCK_JUMP_US ? CLOCK_WENT_BACK : CLOCK_BELIEVED;
    }
    bool same_start = f->boot_id[0] != '\0' && strcmp(m->boot_id, f->boot_id) == 0 &&
                      f->uptime_us >= m->uptime_us;
    int64_t passed = same_start ? f->uptime_us - m->uptime_us : 0;
    int64_t jump = f->wall_us - (m->wall_us + passed);
    if (jump < -CLOCK_JUMP_US) {
        return CLOCK_WENT_BACK;
    }
    if (jump > CLOCK_JUMP_US && same_start) {
        return CLOCK_WENT_AHEAD;
    }
    return jump > CLOCK_JUMP_US && !f->synchronised ? CLOCK_UNPROVED : CLOCK_BELIEVED;
}

/* Files of /proc, not clocks of libc: what bends the one does not bend the other. */
static void read_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    out[0] = '\0';
    if (file != NULL) {
        if (fgets(out, (int)size, file) == NULL) {
            out[0] = '\0';
        }
        fclose(file);
    }
    out[strcspn(out, "\n")] = '\0';
}

void clock_look(struct clock_facts *ret_facts)
{
    char uptime[64];
    unsigned long long seconds = 0;
    unsigned hundredths = 0;
    struct timex t = {0};
    *ret_facts = (struct clock_facts){.wall_us = clock_now_us()};
    read_line("/proc/sys/kernel/random/boot_id", ret_facts->boot_id, BOOT_ID_SIZE);
    read_line("/proc/uptime", uptime, sizeof uptime);
    if (sscanf(uptime, "%llu.%2u", &seconds, &hundredths) == 2) {
        ret_facts->uptime_us = (int64_t)seconds * CLOCK_US + (int64_t)hundredths * 10000;
    } else {
        ret_facts->boot_id[0] = '\0';
    }
    int r = adjtimex(&t);
    ret_facts->synchronised = r >= 0 && r != TIME_ERROR && (t.status & STA_UNSYNC) == 0;
}
