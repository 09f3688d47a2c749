/* SPDX-License-Identifier: Apache-2.0 */
/* A self-signed ECDSA P-256 certificate for the first start, so that HTTPS works before an operator
 * brings a real one. */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "base/status.h"

/* names: comma-separated DNS names and addresses for subjectAltName. Valid 825 days. Both PEM
 * strings are the caller's. */
int certificate_self_sign(const char *names, char **ret_cert_pem, char **ret_key_pem) MUST_CHECK;

#endif
