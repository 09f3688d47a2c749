/* SPDX-License-Identifier: Apache-2.0 */
/* The store drivers, listed here and nowhere else: the configured one, in test builds wrapped in
 * faults. */
#ifndef APP_STORE_DRIVER_H
#define APP_STORE_DRIVER_H

#include "storage/driver.h"

struct config;

/* On failure (negative errno) reason holds one sentence. */
int store_driver_create(const struct config *c, struct store_driver **ret_driver, char *reason,
                        size_t size) MUST_CHECK;

#endif
