/* SPDX-License-Identifier: Apache-2.0 */
#include "app/certificate_files.h"

#include "config/config.h"
#include "crypto/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PEM_MAX = 256 * 1024, RENEW_AFTER_DAYS = 700 /* of 825 */ };

struct pem_pair {
    char *cert_path, *key_path, *cert, *key;
};

static void pem_pair_finish(struct pem_pair *p)
{
    free(p->cert_path);
    free(p->key_path);
    free(p->cert);
    if (p->key != NULL) {
        explicit_bzero(p->key, strlen(p->key));
    }
    free(p->key);
}

static int read_pem(const char *path, char **ret_text)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return -errno;
    }
    char *text = mem_alloc(1, PEM_MAX + 1);
    size_t n = fread(text, 1, PEM_MAX, f);
    bool failed = ferror(f) != 0 || n == PEM_MAX;
    fclose(f);
    if (failed) {
        free(text);
        return -EIO;
    }
    *ret_text = text;
    return 0;
}

/* A temporary name and a rename, so that a crash leaves the old pair or the new. */
static int write_pem(const char *path, const char *text, mode_t mode)
{
    CLEANUP(mem_free_at) char *part = mem_printf("%s.part", path);
    unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        return -errno;
    }
    ssize_t n = write(fd, text, strlen(text));
    int r = n == (ssize_t)strlen(text) && fsync(fd) == 0 ? 0 : -EIO;
    close(fd);
    return r != 0 ? r : rename(part, path) == 0 ? 0 : -errno;
}

static bool fresh_enough(const struct pem_pair *p)
{
    struct stat st;
    return access(p->key_path, R_OK) == 0 && stat(p->cert_path, &st) == 0 &&
           time(NULL) - st.st_mtime < RENEW_AFTER_DAYS * 86400L;
}

/* The names clients use: the configured ones and the host of the public URL. */
static char *names_for(const struct config *c)
{
    const char *host = strstr(c->public_url, "://");
    host = host != NULL ? host + 3 : c->public_url;
    bool bracket = host[0] == '[';
    host += bracket;
    size_t n = strcspn(host, bracket ? "]/" : ":/");
    if (n == 0 || (n == strlen("localhost") && memcmp(host, "localhost", n) == 0)) {
        return mem_str(c->tls_names);
    }
    return mem_printf("%s,%.*s", c->tls_names, (int)n, host);
}

static int make_self_signed(const struct config *c, const struct pem_pair *p)
{
    CLEANUP(mem_free_at) char *names = names_for(c);
    CLEANUP(mem_free_at) char *cert = NULL;
    CLEANUP(mem_free_at) char *key = NULL;
    int r = certificate_self_sign(names, &cert, &key);
    r = r != 0 ? r : write_pem(p->key_path, key, 0600);
    return r != 0 ? r : write_pem(p->cert_path, cert, 0644);
}

static int read_pair(const struct config *c, struct pem_pair *p)
{
    bool own = c->tls_cert_file[0] == '\0';
    p->cert_path = own ? mem_printf("%s/tls/cert.pem", c->data_dir) : mem_str(c->tls_cert_file);
    p->key_path = own ? mem_printf("%s/tls/key.pem", c->data_dir) : mem_str(c->tls_key_file);
    int r = own && !fresh_enough(p) ? make_self_signed(c, p) : 0;
    r = r != 0 ? r : read_pem(p->cert_path, &p->cert);
    return r != 0 ? r : read_pem(p->key_path, &p->key);
}

static int explain(int r, const struct pem_pair *p, char *reason, size_t size)
{
    if (r != 0) {
        snprintf(reason, size, "Cannot use the certificate %s with the key %s: %s.", p->cert_path,
                 p->key_path,
                 r == -EINVAL ? "they are not a matching PEM pair" : strerrordesc_np(-r));
    }
    return r;
}

int certificate_files_load(const struct config *c, struct http_certificate **ret_certificate,
                           char *reason, size_t size)
{
    CLEANUP(pem_pair_finish) struct pem_pair p = {0};
    int r = read_pair(c, &p);
    r = r != 0 ? r : http_certificate_create(p.cert, p.key, ret_certificate);
    return explain(r, &p, reason, size);
}

int certificate_files_reload(const struct config *c, struct http_certificate *certificate,
                             char *reason, size_t size)
{
    CLEANUP(pem_pair_finish) struct pem_pair p = {0};
    int r = read_pair(c, &p);
    r = r != 0 ? r : http_certificate_replace(certificate, p.cert, p.key);
    return explain(r, &p, reason, size);
}
