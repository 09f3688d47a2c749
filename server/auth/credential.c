/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/credential.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

void credential_new(const char *prefix, char ret_text[CREDENTIAL_SIZE],
                    uint8_t ret_hash[SHA256_SIZE])
{
    uint8_t random[32];
    size_t n = strlen(prefix);
    ALWAYS(n + 4 * sizeof(random) / 3 + 4 <= CREDENTIAL_SIZE);
    random_bytes(random, sizeof(random));
    memcpy(ret_text, prefix, n);
    base64url(random, sizeof(random), ret_text + n);
    sha256_of(ret_text, strlen(ret_text), ret_hash);
    secret_wipe(random, sizeof(random));
}

int credential_hash(const char *text, size_t n, uint8_t ret_hash[SHA256_SIZE])
{
    if (!n || n >= 256) {
        return -EINVAL;
    }
    sha256_of(text, n, ret_hash);
    return 0;
}

static int parse_basic(const char *coded, struct credential_header *ret_header)
{
    struct credential_header h = {.basic = true};
    char plain[sizeof(h.user) + sizeof(h.secret)];
    ssize_t n = base64_decode(coded, strlen(coded), plain, sizeof(plain) - 1);
    if (n < 0 || memchr(plain, 0, (size_t)n)) {
        return -EINVAL;
    }
    plain[n] = 0;
    char *colon = strchr(plain, ':');
    if (!colon || (size_t)(colon - plain) >= sizeof(h.user) ||
        strlen(colon + 1) >= sizeof(h.secret)) {
        return -EINVAL;
    }
    memcpy(h.user, plain, (size_t)(colon - plain));
    memcpy(h.secret, colon + 1, strlen(colon + 1));
    *ret_header = h;
    return 0;
}

int credential_parse(const char *header, struct credential_header *ret_header)
{
    const char *space = strchr(header, ' ');
    size_t scheme = space ? (size_t)(space - header) : 0;
    const char *rest = space ? space + strspn(space, " ") : "";
    if (scheme == 5 && !strncasecmp(header, "Basic", 5)) {
        return parse_basic(rest, ret_header);
    }
    if (scheme == 6 && !strncasecmp(header, "Bearer", 6) && *rest &&
        strlen(rest) < sizeof(ret_header->secret)) {
        *ret_header = (struct credential_header){0};
        memcpy(ret_header->secret, rest, strlen(rest));
        return 0;
    }
    return -EINVAL;
}
