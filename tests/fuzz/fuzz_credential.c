/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header: whatever is taken is bounded text, and the password rules end on any of
 * it. */
#include "auth/credential.h"
#include "auth/password_rule.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct credential_header h;
    if (size > 4096) {
        return 0;
    }
    char *text = mem_alloc(size + 1, 1);
    memcpy(text, data, size);
    if (credential_parse(text, &h) == 0) {
        ALWAYS(strnlen(h.user, sizeof(h.user)) < sizeof(h.user));
        ALWAYS(strnlen(h.secret, sizeof(h.secret)) < sizeof(h.secret));
        ALWAYS(h.basic || h.secret[0]);
    }
    int judgement = password_judge(text, PASSWORD_MIN_ACCOUNT);
    ALWAYS(judgement >= 0 && judgement <= PASSWORD_E_COMMON);
    free(text);
    return 0;
}
