/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the fs driver. Under its folder: seg/XX/YY/ID = the objects; staging/DRIVER-ID/ = one
 * driver's files in the making, its folder locked (flock) while that driver lives, so that whoever
 * tidies up can tell leftovers from work. Everything is opened relative to descriptors. */
#ifndef STORAGE_FS_FS_H
#define STORAGE_FS_FS_H

#include "storage/driver.h"

#include <stdatomic.h>

enum { FS_FAN_OUT = 256 };

struct fs {
    struct store_driver driver;
    int root, staging_root, staging;
    char staging_name[ID_TEXT_SIZE];
    uint64_t low_water_bytes;
    /* A leaf folder whose own name and whose parent's name this driver has synced. */
    atomic_bool durable[FS_FAN_OUT][FS_FAN_OUT];
};

struct fs *fs_of(struct store_driver *d);
/* Positive errno to STORE_E_. */
int fs_error(int error);
/* The object's folder, open; made and synced when it is missing and make is set. -errno. */
int fs_leaf_open(struct fs *f, const char *key, bool make);
/* Of a key: the part after the last slash. */
const char *fs_leaf_name(const char *key);

int fs_put(struct store_driver *d, int fd, void *token, const char *key, uint64_t size);
int fs_get(struct store_driver *d, const char *key, uint64_t offset, uint8_t *p, size_t n);
int fs_stat(struct store_driver *d, const char *key, uint64_t *ret_size);
int fs_delete(struct store_driver *d, const char *key);
int fs_list(struct store_driver *d, int (*each)(void *arg, const char *key, uint64_t size),
            void *arg);
int fs_recover(struct store_driver *d, unsigned *ret_removed);

#endif
