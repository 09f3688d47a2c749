/* SPDX-License-Identifier: Apache-2.0 */
/* A socket's name has room for 107 bytes, and a data folder may lie deep: then a folder of ours in
 * a short place stands in, its name derived from the data folder's so that it is found again. */
#include "db/cluster_place.h"

#include "base/buf.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_programs(const char *folder)
{
    CLEANUP(mem_free_at) char *postgres = mem_printf("%s/postgres", folder);
    CLEANUP(mem_free_at) char *initdb = mem_printf("%s/initdb", folder);
    return access(postgres, X_OK) == 0 && access(initdb, X_OK) == 0;
}

/* First line of what a program prints; "" when it does not run. */
static void first_output(const char *program, const char *arg, char *out, size_t size)
{
    int ends[2];
    out[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, arg, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    ssize_t n = pid > 0 ? read(ends[0], out, size - 1) : 0;
    out[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
}

unsigned cluster_program_major(const char *programs)
{
    CLEANUP(mem_free_at) char *postgres = mem_printf("%s/postgres", programs);
    char line[128];
    first_output(postgres, "-V", line, sizeof(line));
    const char *number = strstr(line, ") ");
    return number != NULL ? (unsigned)strtoul(number + 2, NULL, 10) : 0;
}

static char *if_fits(char *folder, unsigned major)
{
    if (has_programs(folder) && (major == 0 || cluster_program_major(folder) == major)) {
        return folder;
    }
    free(folder);
    return NULL;
}

static char *find_in_path(unsigned major)
{
    const char *path = getenv("PATH");
    CLEANUP(mem_free_at) char *copy = mem_str(path != NULL ? path : "");
    char *rest = NULL;
    for (char *f = strtok_r(copy, ":", &rest); f != NULL; f = strtok_r(NULL, ":", &rest)) {
        char *found = if_fits(mem_str(f), major);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

/* PARENT holds one folder a major version; PREFIX stands before the number. */
static char *find_in_versions(const char *parent, const char *prefix, unsigned major)
{
    char *best = NULL;
    unsigned best_major = 0;
    DIR *d = opendir(parent);
    struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        unsigned here = (unsigned)strtoul(e->d_name + strlen(prefix), NULL, 10);
        if (here <= best_major || (major != 0 && here != major)) {
            continue;
        }
        char *found = if_fits(mem_printf("%s/%s/bin", parent, e->d_name), major);
        if (found != NULL) {
            free(best);
            best = found;
            best_major = here;
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    return best;
}

char *cluster_find_programs(unsigned major)
{
    static const struct {
        const char *parent, *prefix;
    } places[] = {
        {"/usr/lib/postgresql", ""},    /* Debian, Ubuntu */
        {"/usr", "pgsql-"},             /* the PostgreSQL project's RPMs */
        {"/usr/libexec", "postgresql"}, /* Alpine */
        {"/opt/homebrew/opt", "postgresql@"},
    };
    char *found = find_in_path(major);
    for (size_t i = 0; found == NULL && i < ARRAY_LEN(places); i++) {
        found = find_in_versions(places[i].parent, places[i].prefix, major);
    }
    return found != NULL ? found : if_fits(mem_str("/usr/local/pgsql/bin"), major);
}

unsigned cluster_data_major(const char *data)
{
    CLEANUP(mem_free_at) char *path = mem_printf("%s/PG_VERSION", data);
    char text[16] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static bool socket_fits(const char *folder)
{
    return strlen(folder) + strlen("/.s.PGSQL.5432.lock") <
           sizeof(((struct sockaddr_un *)0)->sun_path);
}

/* Made by us, ours, and closed to others: in /tmp somebody may have been there first. */
static int make_private(const char *folder, char *reason, size_t size)
{
    struct stat st;
    if ((mkdir(folder, 0700) != 0 && errno != EEXIST) || lstat(folder, &st) != 0) {
        snprintf(reason, size, "cannot make %s: %s", folder, log_errno_text(-errno));
        return -EIO;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid()) {
        snprintf(reason, size, "%s is not a folder of ours", folder);
        return -EPERM;
    }
    if ((st.st_mode & 077) != 0 && chmod(folder, 0700) != 0) {
        snprintf(reason, size, "%s is open to others", folder);
        return -EPERM;
    }
    return 0;
}

static uint64_t fold(const char *s)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a: names must differ, nothing more */
    for (; *s != '\0'; s++) {
        h = (h ^ (uint8_t)*s) * 1099511628211u;
    }
    return h;
}

int cluster_socket_folder(const char *dir, char **ret_folder, char *reason, size_t size)
{
    char *folder = mem_printf("%s/run", dir);
    const char *shorter[] = {getenv("XDG_RUNTIME_DIR"), "/tmp"};
    for (size_t i = 0; !socket_fits(folder) && i < ARRAY_LEN(shorter); i++) {
        if (shorter[i] != NULL && access(shorter[i], W_OK | X_OK) == 0) {
            free(folder);
            folder = mem_printf("%s/doorward-%u-%016llx", shorter[i], (unsigned)geteuid(),
                                (unsigned long long)fold(dir));
        }
    }
    int rc = make_private(folder, reason, size);
    if (rc != 0) {
        free(folder);
        return rc;
    }
    *ret_folder = folder;
    return 0;
}

char *cluster_make_url(const char *socket_folder)
{
    struct buf url = BUF_INIT(2 * PATH_MAX + 128);
    buf_str(&url, "host='");
    for (const char *p = socket_folder; *p != '\0'; p++) {
        if (*p == '\'' || *p == '\\') {
            buf_append(&url, "\\", 1);
        }
        buf_append(&url, p, 1);
    }
    buf_str(&url, "' user=doorward dbname=postgres");
    return buf_take(&url);
}
