/* SPDX-License-Identifier: Apache-2.0 */
/* Reading order: defaults, CONFIG_FILE, environment; then derived values; then checks across
 * options. Everything wrong is reported at once. */
#include "config/config.h"

#include "base/str.h"
#include "config/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECRET = CONFIG_F_SECRET, RELOAD = CONFIG_F_RELOAD, VALUE_MAX = 8192, FILE_MAX = 65536 };

const struct config_option config_table[] = {
#define OPT(k, f, t, d, lo, hi, u, fl, s)                                                          \
    {#k, CONFIG_##t, d, lo, hi, u, fl, s, offsetof(struct config, f)},
#include "config/options.def"
#undef OPT
};
const size_t config_table_n = ARRAY_LEN(config_table);

static const struct config_option *option_by_key(const char *key, size_t n)
{
    for (size_t i = 0; i < config_table_n; i++) {
        if (strlen(config_table[i].key) == n && memcmp(config_table[i].key, key, n) == 0) {
            return &config_table[i];
        }
    }
    return NULL;
}

/* Levenshtein, for keys of at most 47 characters. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[48];
    size_t n = strlen(b);
    if (n >= ARRAY_LEN(row)) {
        return UINT32_MAX;
    }
    for (unsigned j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; *a != '\0'; i++, a++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            unsigned change = diagonal + (*a != b[j - 1]);
            unsigned shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < shorter ? change : shorter;
        }
    }
    return row[n];
}

static const char *nearest_key(const char *key)
{
    const char *best = "";
    unsigned best_distance = UINT32_MAX;
    for (size_t i = 0; i < config_table_n; i++) {
        unsigned d = distance(key, config_table[i].key);
        if (d < best_distance) {
            best_distance = d;
            best = config_table[i].key;
        }
    }
    return best;
}

static void set_value(struct config *c, const struct config_option *o, const char *text,
                      struct buf *errors)
{
    const char *why = "";
    if (config_value_set(c, o, text, &why)) {
        return;
    }
    if (o->type == CONFIG_NUMBER) {
        buf_printf(errors, "DOORWARD_%s must be a whole number from %llu to %llu%s%s\n", o->key,
                   (unsigned long long)o->min, (unsigned long long)o->max, o->unit[0] ? " " : "",
                   o->unit);
    } else {
        buf_printf(errors, "DOORWARD_%s %s%s\n", o->key,
                   o->type == CONFIG_CHOICE ? "must be one of " : "", why);
    }
}

/* A whole small file as text without its last line end. */
static int read_text(const char *path, size_t max, char **ret_text)
{
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return -errno;
    }
    char *text = mem_alloc(1, max + 1);
    size_t n = fread(text, 1, max, f);
    int err = ferror(f) ? -EIO : fgetc(f) != EOF ? -E2BIG : 0;
    fclose(f);
    if (err != 0) {
        free(text);
        return err;
    }
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
        text[--n] = '\0';
    }
    *ret_text = text;
    return 0;
}

static void set_from_file(struct config *c, const struct config_option *o, const char *path,
                          struct buf *errors)
{
    char *text = NULL;
    int err = read_text(path, VALUE_MAX, &text);
    if (err != 0) {
        buf_printf(errors, "DOORWARD_%s_FILE: cannot read %s: %s\n", o->key, path,
                   strerrordesc_np(-err));
        return;
    }
    set_value(c, o, text, errors);
    free(text);
}

/* key: without DOORWARD_; n: up to the '='. */
static void set_key(struct config *c, const char *key, size_t n, const char *value,
                    struct buf *errors)
{
    const struct config_option *o = option_by_key(key, n);
    if (o != NULL) {
        set_value(c, o, value, errors);
        return;
    }
    bool file = n > 5 && memcmp(key + n - 5, "_FILE", 5) == 0;
    o = file ? option_by_key(key, n - 5) : NULL;
    if (o != NULL && o->flags & CONFIG_F_SECRET) {
        set_from_file(c, o, value, errors);
        return;
    }
    char *name = mem_printf("%.*s", (int)n, key);
    buf_printf(errors, "DOORWARD_%s is not an option; the nearest is DOORWARD_%s\n", name,
               nearest_key(name));
    free(name);
}

static void set_line(struct config *c, const char *line, struct buf *errors)
{
    const char *equals = strchr(line, '=');
    if (equals == NULL || !str_prefix(line, "DOORWARD_")) {
        buf_printf(errors, "CONFIG_FILE: not a DOORWARD_KEY=value line: %.40s\n", line);
        return;
    }
    const char *key = line + strlen("DOORWARD_");
    set_key(c, key, (size_t)(equals - key), equals + 1, errors);
}

static void read_config_file(struct config *c, struct buf *errors)
{
    char *text = NULL;
    int err = read_text(c->config_file, FILE_MAX, &text);
    if (err != 0) {
        buf_printf(errors, "DOORWARD_CONFIG_FILE: cannot read %s: %s\n", c->config_file,
                   strerrordesc_np(-err));
        return;
    }
    char *save = NULL;
    for (char *line = strtok_r(text, "\r\n", &save); line != NULL;
         line = strtok_r(NULL, "\r\n", &save)) {
        if (line[0] != '#') {
            set_line(c, line, errors);
        }
    }
    free(text);
}

static const char *env_get(const char *const *env, const char *name)
{
    size_t n = strlen(name);
    for (; *env != NULL; env++) {
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=') {
            return *env + n + 1;
        }
    }
    return NULL;
}

static void read_environment(struct config *c, const char *const *env, struct buf *errors)
{
    /* The plain names that platforms set; our own names win. */
    const char *url = env_get(env, "DATABASE_URL"), *url_file = env_get(env, "DATABASE_URL_FILE");
    if (url_file != NULL) {
        set_key(c, "DATABASE_URL_FILE", strlen("DATABASE_URL_FILE"), url_file, errors);
    }
    if (url != NULL) {
        set_key(c, "DATABASE_URL", strlen("DATABASE_URL"), url, errors);
    }
    for (; *env != NULL; env++) {
        if (str_prefix(*env, "DOORWARD_") && strchr(*env, '=') != NULL) {
            set_line(c, *env, errors);
        }
    }
}

/* An empty text becomes before + middle + after. */
static void derive(char **field, const char *before, const char *middle, const char *after)
{
    if ((*field)[0] == '\0') {
        free(*field);
        *field = mem_printf("%s%s%s", before, middle, after);
    }
}

static void derive_worker_path(struct config *c)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    derive(&c->worker_path, self, "/doorward-remux", "");
}

static void derive_values(struct config *c)
{
    char host[CONFIG_HOST_SIZE], name[256] = "", port_text[8] = "";
    uint16_t port = 0;
    if (config_address_parse(c->listen, host, &port) == 0) {
        snprintf(port_text, sizeof(port_text), "%u", port);
    }
    derive(&c->public_url, c->tls ? "https" : "http", "://localhost:", port_text);
    derive(&c->store_dir, c->data_dir, "/objects", "");
    derive(&c->master_key_file, c->data_dir, "/keys/master.key", "");
    if (gethostname(name, sizeof(name) - 1) != 0) {
        name[0] = '\0';
    }
    derive(&c->node, name[0] ? name : "node", "", "");
    derive_worker_path(c);
}

static void check_together(const struct config *c, struct buf *errors)
{
    char host[CONFIG_HOST_SIZE] = "";
    uint16_t port = 0;
    if (config_address_parse(c->listen, host, &port) != 0) {
        buf_str(errors, "DOORWARD_LISTEN must be ADDRESS:PORT\n");
    } else if (!c->tls && !c->allow_plain_http && !config_address_is_loopback(host)) {
        buf_str(errors, "DOORWARD_TLS=false is for loopback addresses only; behind a proxy on a "
                        "trusted network set DOORWARD_ALLOW_PLAIN_HTTP=true as well\n");
    }
    if ((c->tls_cert_file[0] == '\0') != (c->tls_key_file[0] == '\0')) {
        buf_str(errors, "DOORWARD_TLS_CERT_FILE and DOORWARD_TLS_KEY_FILE must be set together\n");
    }
    if (c->data_dir[0] != '/') {
        buf_str(errors, "DOORWARD_DATA_DIR must be an absolute path\n");
    }
}

int config_load(const char *const *env, struct config **ret_config, struct buf *errors)
{
    struct config *c = mem_new(struct config);
    for (size_t i = 0; i < config_table_n; i++) {
        const char *why = "";
        ALWAYS(config_value_set(c, &config_table[i], config_table[i].fallback, &why));
    }
    size_t before = errors->len;
    const char *file = env_get(env, "DOORWARD_CONFIG_FILE");
    if (file != NULL && file[0] != '\0') {
        free(c->config_file);
        c->config_file = mem_str(file);
        read_config_file(c, errors);
    }
    read_environment(c, env, errors);
    derive_values(c);
    check_together(c, errors);
    if (errors->len != before || errors->overflow) {
        config_destroy(c);
        return CONFIG_E_INVALID;
    }
    *ret_config = c;
    return 0;
}

struct config *config_destroy(struct config *c)
{
    for (size_t i = 0; c != NULL && i < config_table_n; i++) {
        if (config_table[i].type < CONFIG_BOOL) {
            free(*(char **)config_field(c, &config_table[i]));
        }
    }
    free(c);
    return NULL;
}
