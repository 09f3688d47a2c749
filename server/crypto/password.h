/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords (Argon2id, 64 MiB, t=3) and one-time codes (TOTP, RFC 6238, SHA-1, 6 digits, 30 s).
 * Hashing blocks for ~0.2 s: call it on the thread pool, never on a loop, at most 4 at once (auth/
 * keeps the count). */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/status.h"

#include <stdbool.h>

enum { PASSWORD_HASH_SIZE = 128, TOTP_SECRET_SIZE = 20 };
int password_hash(const char *password,
                  char out[PASSWORD_HASH_SIZE]) MUST_CHECK; /* PHC string; -ENOMEM */
bool password_verify(const char *password, const char *hash);
/* For an unknown account: takes as long as a real verify and says no. */
void password_verify_nobody(const char *password);

/* Accepts the step before, at and after now. *ret_step is the accepted step: a caller refuses steps
 * <= the last one used. */
bool totp_verify(const uint8_t *secret, size_t n, const char *code, int64_t now_us,
                 int64_t *ret_step);
/* otpauth://totp/... for an authenticator app; caller frees. */
char *totp_uri(const uint8_t *secret, size_t n, const char *issuer, const char *account);

#endif
