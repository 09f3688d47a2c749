/* SPDX-License-Identifier: Apache-2.0 */
/* One option's value: from text and back. */
#include "base/str.h"
#include "config/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool host_ok(const char *host)
{
    struct in6_addr any;
    return host[0] == '\0' || strcmp(host, "localhost") == 0 ||
           inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

int config_address_parse(const char *s, char *ret_host, uint16_t *ret_port)
{
    char host[CONFIG_HOST_SIZE] = "";
    const char *colon = strrchr(s, ':');
    uint64_t port = 0;
    if (colon == NULL || str_parse_u64(colon + 1, UINT16_MAX, &port) != 0) {
        return -EINVAL;
    }
    size_t n = (size_t)(colon - s);
    bool bracket = n >= 2 && s[0] == '[' && s[n - 1] == ']';
    if (bracket) {
        s++;
        n -= 2;
    }
    if (n >= sizeof(host) || (!bracket && memchr(s, ':', n) != NULL)) {
        return -EINVAL;
    }
    memcpy(host, s, n);
    if (strcmp(host, "*") == 0) {
        host[0] = '\0';
    }
    if (!host_ok(host)) {
        return -EINVAL;
    }
    snprintf(ret_host, CONFIG_HOST_SIZE, "%s", strcmp(host, "localhost") == 0 ? "127.0.0.1" : host);
    *ret_port = (uint16_t)port;
    return 0;
}

bool config_address_is_loopback(const char *host)
{
    struct in_addr v4;
    return strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

char **config_list(const char *list)
{
    size_t len = strlen(list), items = 2;
    for (const char *p = list; *p != '\0'; p++) {
        items += *p == ',';
    }
    char **out = mem_alloc(1, items * sizeof(char *) + len + 1);
    char *text = (char *)(out + items), *save = NULL;
    memcpy(text, list, len + 1);
    size_t n = 0;
    for (char *word = strtok_r(text, ", \t", &save); word != NULL;
         word = strtok_r(NULL, ", \t", &save)) {
        out[n++] = word;
    }
    return out;
}

static bool set_bool(bool *field, const char *text)
{
    bool yes = str_same(text, "true") || str_same(text, "yes") || str_same(text, "on") ||
               strcmp(text, "1") == 0;
    bool no = str_same(text, "false") || str_same(text, "no") || str_same(text, "off") ||
              strcmp(text, "0") == 0;
    if (yes || no) {
        *field = yes;
    }
    return yes || no;
}

static bool set_choice(unsigned *field, const char *words, const char *text)
{
    size_t n = strlen(text);
    for (unsigned i = 0; n > 0; i++) {
        size_t w = strcspn(words, "|");
        if (w == n && memcmp(words, text, n) == 0) {
            *field = i;
            return true;
        }
        if (words[w] == '\0') {
            break;
        }
        words += w + 1;
    }
    return false;
}

static bool set_number(uint64_t *field, const struct config_option *o, const char *text)
{
    uint64_t v = 0;
    if (str_parse_u64(text, o->max, &v) != 0 || v < o->min) {
        return false;
    }
    *field = v;
    return true;
}

static bool text_ok(const struct config_option *o, const char *text, const char **ret_why)
{
    char host[CONFIG_HOST_SIZE];
    uint16_t port;
    if (!str_is_text(text, strlen(text)) || strchr(text, '\n') != NULL) {
        *ret_why = "must be one line of UTF-8 text";
    } else if (o->type == CONFIG_ADDRESS && strcmp(text, "off") != 0 &&
               config_address_parse(text, host, &port) != 0) {
        *ret_why =
            "must be ADDRESS:PORT with a numeric address, such as 127.0.0.1:8443 or [::]:8443";
    } else if (o->type == CONFIG_URL && text[0] != '\0' && str_suffix(text, "/")) {
        *ret_why = "must not end with a slash";
    } else {
        return true;
    }
    return false;
}

bool config_value_set(struct config *c, const struct config_option *o, const char *text,
                      const char **ret_why)
{
    void *field = config_field(c, o);
    switch (o->type) {
    case CONFIG_BOOL:
        *ret_why = "must be true or false";
        return set_bool(field, text);
    case CONFIG_CHOICE:
        *ret_why = o->unit;
        return set_choice(field, o->unit, text);
    case CONFIG_NUMBER:
        *ret_why = "must be a whole number in its range";
        return set_number(field, o, text);
    default:
        if (!text_ok(o, text, ret_why)) {
            return false;
        }
        free(*(char **)field);
        *(char **)field = mem_str(text);
        return true;
    }
}

static char *format_choice(const char *words, unsigned index)
{
    while (index-- > 0) {
        words += strcspn(words, "|") + 1;
    }
    return mem_printf("%.*s", (int)strcspn(words, "|"), words);
}

char *config_value_format(const struct config *c, const struct config_option *o)
{
    const void *field = config_field(c, o);
    switch (o->type) {
    case CONFIG_BOOL:
        return mem_str(*(const bool *)field ? "true" : "false");
    case CONFIG_CHOICE:
        return format_choice(o->unit, *(const unsigned *)field);
    case CONFIG_NUMBER:
        return mem_printf("%llu", (unsigned long long)*(const uint64_t *)field);
    default:
        return mem_str(*(char *const *)field);
    }
}
