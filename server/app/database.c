/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds the data folder's lock runs the private cluster, and leaves its URL in a file beside it
 * for subcommands. */
#include "app/database.h"

#include "app/data_dir.h"
#include "config/config.h"
#include "db/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { URL_MAX = 2048 };

static char *url_path(const struct config *c)
{
    return mem_printf("%s/database_url", c->data_dir);
}

static void leave_url(const struct config *c, const char *url)
{
    CLEANUP(mem_free_at) char *path = url_path(c);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        dprintf(fd, "%s", url);
        close(fd);
    }
}

static int find_url(const struct config *c, char **ret_url, char *reason, size_t size)
{
    CLEANUP(mem_free_at) char *path = url_path(c);
    char url[URL_MAX];
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(url, 1, sizeof(url) - 1, f) : 0;
    if (f != NULL) {
        fclose(f);
    }
    if (n == 0) {
        snprintf(reason, size, "The server on %s has not started its database yet.", c->data_dir);
        return -EAGAIN;
    }
    url[n] = '\0';
    *ret_url = mem_str(url);
    return 0;
}

int database_serve(const struct config *c, const struct log *log, struct database *ret_database,
                   char *reason, size_t size)
{
    struct database *d = ret_database;
    if (c->database_url[0] != '\0') {
        d->url = mem_str(c->database_url);
        return 0;
    }
    CLEANUP(mem_free_at) char *dir = mem_printf("%s/postgres", c->data_dir);
    int r = cluster_start(dir, log, &d->cluster, reason, size);
    if (r != 0) {
        return r;
    }
    d->url = mem_str(cluster_url(d->cluster));
    leave_url(c, d->url);
    return 0;
}

int database_open(const struct config *c, const struct log *log, struct database *ret_database,
                  char *reason, size_t size)
{
    struct database d = {.lock_fd = -1};
    int r = data_dir_make(c, reason, size);
    if (r == 0 && c->database_url[0] == '\0') {
        r = data_dir_lock(c, &d.lock_fd, reason, size);
    }
    if (r == DATA_DIR_E_LOCKED) {
        r = find_url(c, &d.url, reason, size);
    } else if (r == 0) {
        r = database_serve(c, log, &d, reason, size);
    }
    if (r != 0) {
        database_close(&d);
        return r;
    }
    *ret_database = d;
    return 0;
}

void database_close(struct database *d)
{
    d->cluster = cluster_stop(d->cluster);
    free(d->url);
    d->url = NULL;
    if (d->lock_fd >= 0) {
        close(d->lock_fd);
        d->lock_fd = -1;
    }
}
