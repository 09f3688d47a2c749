#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls that are never right here, habits of names and marks that the house does not have."""
import os
import re
from sources import files, finish, read, without_comments

BANNED = {
    "strcpy strcat strncat stpcpy sprintf vsprintf gets": "unbounded: use buf.h or snprintf",
    "strncpy": "may leave text without its end: use snprintf",
    "strtok atoi atol atoll atof": "use strtok_r or str_parse_*",
    "system popen": "no shells",
    "alloca": "unbounded stack",
    "rand srand random srandom drand48": "use id_new() or crypto",
    "tmpnam tempnam mktemp": "races: use mkstemp or O_TMPFILE",
    "gmtime localtime ctime asctime strerror": "not thread-safe: use clock.h, log_errno_text",
    "longjmp setjmp": "errors are returned",
    "signal": "use uv_signal or sigaction",
    "assert": "use ALWAYS, which stays in release builds",
}
ALLOCATORS = r"malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf|vasprintf"
BAD_NAME = re.compile(r"(util|utils|common|helper|helpers|misc|manager)\.(c|h|py|ts|tsx)$")
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def check_calls(path, complaints):
    inside_base = path.startswith("server/base/")
    for n, line in enumerate(without_comments(read(path)).splitlines(), 1):
        for names, why in BANNED.items():
            for m in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(names.split()), line):
                complaints.append(f"{path}:{n}: {m.group(1)}: {why}")
        if not inside_base and re.search(r"(?<![\w.>])(%s)\s*\(" % ALLOCATORS, line):
            complaints.append(f"{path}:{n}: allocate with mem_*()")
        if re.search(r"\btypedef\s+(struct|union|enum)\b", line):
            complaints.append(f"{path}:{n}: structs have no typedef")


def main():
    complaints, looked = [], 0
    for path in files("server", "storage", ext=[".c", ".h"]):
        check_calls(path, complaints)
    for path in files("server", "storage", "tests", "deploy", ext=[".c", ".h", ".def", ".py", ".ts", ".tsx", ".css", ".sql", ".sh"]):
        looked += 1
        text = read(path)
        if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:3]) and path.endswith((".c", ".h", ".py", ".ts", ".tsx")):
            complaints.append(f"{path}: no SPDX line at its top")
        if BAD_NAME.search(os.path.basename(path)):
            complaints.append(f"{path}: a name that says nothing")
        if path != "tests/lint/banned.py":
            complaints += [f"{path}: {m.group(0)} is not finished work" for m in MARKS.finditer(text)]
    finish("banned", complaints, looked)


main()
