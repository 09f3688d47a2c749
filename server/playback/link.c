/* SPDX-License-Identifier: Apache-2.0 */
#include "playback/link.h"

#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KID = 1, SIG_TEXT_SIZE = 4 * SHA256_SIZE / 3 + 4 };

static void sign(const uint8_t key[LINK_KEY_SIZE], const struct link_subject *subject,
                 const struct id *account, int64_t expires_s, uint8_t out[SHA256_SIZE])
{
    static const char *const folders[] = {[LINK_CLIP] = "clips", [LINK_CAMERA] = "cameras"};
    char c[ID_TEXT_SIZE], a[ID_TEXT_SIZE], text[256];
    id_format(&subject->id, c);
    id_format(account, a);
    int n = snprintf(text, sizeof text, "doorward link %d\nGET\n/api/v1/%s/%s/\n%" PRId64 "\n%s\n",
                     KID, folders[subject->kind], c, expires_s, a);
    hmac_sha256(key, LINK_KEY_SIZE, text, (size_t)n, out);
}

void link_format(const uint8_t key[LINK_KEY_SIZE], const struct link_subject *subject,
                 const struct id *account, int64_t expires_s, char *out)
{
    char a[ID_TEXT_SIZE], s[SIG_TEXT_SIZE];
    uint8_t sig[SHA256_SIZE];
    id_format(account, a);
    sign(key, subject, account, expires_s, sig);
    base64url(sig, sizeof sig, s);
    int n = snprintf(out, LINK_QUERY_SIZE, "exp=%" PRId64 "&acc=%s&kid=%d&sig=%s", expires_s, a,
                     KID, s);
    ALWAYS(n < LINK_QUERY_SIZE);
}

int link_check(const uint8_t key[LINK_KEY_SIZE], const struct link_subject *subject,
               const struct link_query *q, int64_t now_s, struct id *ret_account)
{
    uint64_t exp, kid;
    struct id account;
    uint8_t given[SHA256_SIZE], right[SHA256_SIZE];
    if (q->exp == NULL || q->acc == NULL || q->kid == NULL || q->sig == NULL ||
        str_parse_u64(q->exp, INT64_MAX, &exp) < 0 || str_parse_u64(q->kid, UINT32_MAX, &kid) < 0 ||
        kid != KID || id_parse(q->acc, &account) < 0 ||
        base64_decode(q->sig, strlen(q->sig), given, sizeof given) != SHA256_SIZE) {
        return -EINVAL;
    }
    sign(key, subject, &account, (int64_t)exp, right);
    if (!bytes_equal(given, right, sizeof right) || (int64_t)exp > now_s + LINK_TTL_MAX_S) {
        return -EINVAL;
    }
    if ((int64_t)exp <= now_s) {
        return LINK_E_EXPIRED;
    }
    *ret_account = account;
    return 0;
}
