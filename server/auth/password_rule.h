/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: which passwords are taken. Length and a list of common ones; no make-up rules. */
#ifndef AUTH_PASSWORD_RULE_H
#define AUTH_PASSWORD_RULE_H

#include "base/status.h"

enum { PASSWORD_MIN_ACCOUNT = 12, PASSWORD_MIN_OFFICER = 15, PASSWORD_MAX_BYTES = 1024 };
enum {
    PASSWORD_E_SHORT = 1, /* fewer characters than min */
    PASSWORD_E_LONG,
    PASSWORD_E_TEXT,  /* not UTF-8, or control characters */
    PASSWORD_E_COMMON /* a common password, or one only dressed up: repeated, with digits or
                         punctuation around it, with letters written as digits, a keyboard row */
};
int password_judge(const char *password, unsigned min_characters) MUST_CHECK;
/* One sentence for people. */
const char *password_complaint(int judgement);

#endif
