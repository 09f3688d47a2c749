#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The C is as clang-format leaves it."""
from sources import files, finish, run


def main():
    sources = files("server", "storage", "tests", ext=[".c", ".h"])
    r = run("clang-format", "--dry-run", "-Werror", *sources)
    finish("format", [line for line in r.stderr.splitlines() if "error:" in line], len(sources))


main()
