/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/place.h"

#include "app/store_driver.h"
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { DEADLINE_MS = 60000 };

static int open_store(const struct cmd *c, struct place *p, char *reason, size_t size)
{
    struct store_driver *driver = NULL;
    /* Making a store that is not there would turn a wrong path into lost footage. */
    if (access(c->config->store_dir, F_OK) != 0) {
        snprintf(reason, size, "There is no store in %s.", c->config->store_dir);
        return -ENOENT;
    }
    int r = store_driver_create(c->config, &driver, reason, size);
    if (r == 0) {
        p->loop = loop_create(c->log);
        p->store = store_create(p->loop, driver);
    }
    return r;
}

int place_open(const struct cmd *c, struct place *ret_place, char *reason, size_t size)
{
    struct place p = {.database = {.lock_fd = -1}};
    int r = keyring_load(c->config->master_key_file, false, &p.keyring);
    if (r != 0) {
        snprintf(reason, size, "Cannot use the master key %s: %s.", c->config->master_key_file,
                 log_errno_text(r));
        return r;
    }
    r = database_open(c->config, c->log, &p.database, reason, size);
    if (r == 0 && (r = open_store(c, &p, reason, size)) != 0) {
        database_close(&p.database);
    }
    if (r != 0) {
        keyring_destroy(p.keyring);
        return r;
    }
    p.db = db_create(&(struct db_params){.loop = p.loop,
                                         .url = p.database.url,
                                         .connections = 1,
                                         .waiting_max = 16,
                                         .deadline_ms = DEADLINE_MS});
    *ret_place = p;
    return 0;
}

static void on_drained(void *arg)
{
    loop_stop(arg);
}

void place_close(struct place *p)
{
    db_drain(p->db, on_drained, p->loop);
    loop_run(p->loop);
    db_destroy(p->db);
    store_destroy(p->store);
    loop_destroy(p->loop);
    database_close(&p->database);
    keyring_destroy(p->keyring);
}
