/* SPDX-License-Identifier: Apache-2.0 */
#include "app/store_driver.h"

#include "config/config.h"

#include <stdio.h>

static int wrap_in_faults(const struct config *c, struct store_driver **driver)
{
#ifdef DOORWARD_FAULT_POINTS
    if (c->store_fault[0] != '\0') {
        return store_fault_create(*driver, c->store_fault, driver);
    }
#endif
    return 0;
}

int store_driver_create(const struct config *c, struct store_driver **ret_driver, char *reason,
                        size_t size)
{
    struct store_driver *driver = NULL;
    int r = store_fs_create(c->store_dir, c->low_water_bytes, &driver);
    r = r != 0 ? r : wrap_in_faults(c, &driver);
    if (r != 0) {
        snprintf(reason, size, "Cannot use the store in %s: %s.", c->store_dir, log_errno_text(r));
        return r;
    }
    *ret_driver = driver;
    return 0;
}
