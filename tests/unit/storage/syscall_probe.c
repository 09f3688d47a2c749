/* SPDX-License-Identifier: Apache-2.0 */
/* For test_syscall_faults.py: `DIR put N` stores N objects and prints "KEY STATUS" for each; `DIR
 * list` prints the keys that are there, after tidying up. Run under tools that make system calls
 * fail. */
#include "storage/driver.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_done(void *arg, int status)
{
    *(int *)arg = status;
}

static int put_one(struct loop *l, struct store *s, const char *key)
{
    enum { UNSET = 12345 };
    static const char text[] = "some bytes";
    struct store_stage *st;
    int status = store_stage(s, &st);
    if (status != 0) {
        return status;
    }
    if (pwrite(store_stage_fd(st), text, sizeof text, 0) != (ssize_t)sizeof text) {
        store_stage_drop(st);
        return STORE_E_UNAVAILABLE;
    }
    status = UNSET;
    store_put(s, st, key, sizeof text, put_done, &status);
    while (status == UNSET) {
        uv_run(loop_uv(l), UV_RUN_ONCE);
    }
    return status;
}

static int print_key(void *arg, const char *key, uint64_t size)
{
    printf("%s %llu\n", key, (unsigned long long)size);
    return 0;
}

int main(int argc, char **argv)
{
    struct store_driver *d;
    unsigned removed;
    if (argc < 3 || store_fs_create(argv[1], 0, &d) != 0) {
        return 2;
    }
    struct loop *l = loop_create(NULL);
    struct store *s = store_create(l, d);
    int r = 0;
    if (strcmp(argv[2], "list") == 0) {
        r = store_recover(s, &removed);
        r = r != 0 ? r : store_list(s, print_key, NULL);
    } else {
        for (int i = 0; i < atoi(argv[3]); i++) {
            struct id id = id_new();
            char key[STORE_KEY_SIZE];
            store_key(&id, key);
            int status = put_one(l, s, key);
            printf("%s %d\n", key, status);
            fflush(stdout); /* may be killed at any moment */
        }
    }
    store_destroy(s);
    loop_destroy(l);
    return r != 0;
}
