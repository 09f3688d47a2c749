/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries do once per process (tables, processor features, configuration files) is done
 * in the zygote: children share the pages, and could not open files for it. */
#ifndef REMUX_WORKER_WARM_H
#define REMUX_WORKER_WARM_H

void warm_libraries(void);

#endif
