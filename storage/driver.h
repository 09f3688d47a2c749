/* SPDX-License-Identifier: Apache-2.0 */
/* For authors of store drivers. store.c checks arguments and counts; a driver does the work. All
 * functions are blocking and are called on pool threads (stage and drop: on the loop), several at
 * once. Drivers are listed in server/app/store_driver.c. */
#ifndef STORAGE_DRIVER_H
#define STORAGE_DRIVER_H

#include "storage/store.h"

struct store_driver;
struct store_driver_ops {
    const char *name;
    /* required */
    int (*stage)(struct store_driver *d, int *ret_fd, void **ret_token);
    void (*stage_drop)(struct store_driver *d, int fd, void *token);
    /* Durable (file, name, directory) when it returns 0. Closes fd and ends the token in every
     * case. */
    int (*put)(struct store_driver *d, int fd, void *token, const char *key, uint64_t size);
    int (*get)(struct store_driver *d, const char *key, uint64_t offset, uint8_t *p, size_t n);
    int (*stat)(struct store_driver *d, const char *key, uint64_t *ret_size);
    int (*delete)(struct store_driver *d, const char *key);
    int (*list)(struct store_driver *d, int (*each)(void *arg, const char *key, uint64_t size),
                void *arg);
    int (*health)(struct store_driver *d);
    void (*destroy)(struct store_driver *d);
    /* optional: leftovers of processes that are gone; those of living ones stay */
    int (*recover)(struct store_driver *d, unsigned *ret_removed);
    /* optional: bytes that may be put before it refuses */
    int (*room)(struct store_driver *d, uint64_t *ret_bytes);
};
struct store_driver {
    const struct store_driver_ops *ops;
};

/* Takes over the driver. */
struct store *store_create(struct loop *l, struct store_driver *d);

/* fs: a folder on a local filesystem. low_water_bytes: refuse new data when less is free; 0: see
 * low_water.h. */
int store_fs_create(const char *dir, uint64_t low_water_bytes,
                    struct store_driver **ret_driver) MUST_CHECK;
/* fault: wraps any driver. script is data: "put:3:full,get:*:short,stat:2-5:late=500" = op (stage,
 * put, get, stat, delete, list, health), its n-th call (n, n-m or *), what happens: fail | full |
 * short | lost (done, but reported as failed) | late=MS | crash. For tests; takes over the inner
 * driver when 0. -EINVAL on a bad script. */
int store_fault_create(struct store_driver *inner, const char *script,
                       struct store_driver **ret_driver) MUST_CHECK;

#endif
