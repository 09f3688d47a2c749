/* SPDX-License-Identifier: Apache-2.0 */
/* The list of API errors (problem.def) as an enum and a table. RFC 9457. */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

enum problem {
#define PROBLEM(code, status, title, hint) PROBLEM_##code,
#include "http/problem.def"
#undef PROBLEM
    PROBLEMS
};

struct problem_info {
    const char *code;
    int status;
    const char *title, *hint;
};
extern const struct problem_info problem_table[PROBLEMS];

#endif
