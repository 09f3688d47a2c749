/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka and what it needs first, in the one order that compiles. Unit tests include this before
 * anything else. */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#endif
