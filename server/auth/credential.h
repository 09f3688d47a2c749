/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets that machines show: session cookies, API tokens, camera secrets. 256 random bits,
 * base64url behind a readable prefix; only their SHA-256 is ever stored. */
#ifndef AUTH_CREDENTIAL_H
#define AUTH_CREDENTIAL_H

#include "base/status.h"
#include "crypto/hash.h"

enum { CREDENTIAL_SIZE = 64 }; /* text with its NUL */
#define CREDENTIAL_CAMERA  "dwc_"
#define CREDENTIAL_TOKEN   "dwt_"
#define CREDENTIAL_SESSION "dws_"

void credential_new(const char *prefix, char ret_text[CREDENTIAL_SIZE],
                    uint8_t ret_hash[SHA256_SIZE]);
/* The hash to look up for presented text of n bytes. -EINVAL when it cannot be one of ours (empty,
 * too long). */
int credential_hash(const char *text, size_t n, uint8_t ret_hash[SHA256_SIZE]) MUST_CHECK;

/* ---- the Authorization header ---- */
struct credential_header {
    bool basic;
    char user[64]; /* Basic */
    char secret[256];
};
/* "Basic ..." or "Bearer ...". -EINVAL on anything else. */
int credential_parse(const char *header, struct credential_header *ret_header) MUST_CHECK;

#endif
