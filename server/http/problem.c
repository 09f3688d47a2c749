/* SPDX-License-Identifier: Apache-2.0 */
#include "http/problem.h"

const struct problem_info problem_table[PROBLEMS] = {
#define PROBLEM(code, status, title, hint) [PROBLEM_##code] = {#code, status, title, hint},
#include "http/problem.def"
#undef PROBLEM
};
