/* SPDX-License-Identifier: Apache-2.0 */
/* One job, inside the jail: from its order to its verdict. */
#ifndef REMUX_WORKER_JOB_H
#define REMUX_WORKER_JOB_H

#include "remux/protocol.h"

void job_run(const struct job_order *order, int input_fd, int channel_fd);

#endif
