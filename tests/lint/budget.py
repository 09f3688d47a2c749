#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rooms stay small: sizes of files and functions."""
import statistics
from sources import files, finish, read

FILE_MEDIAN, FILE_MAX = 300, 900
FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_LONG, FUNCTION_LONG_SHARE, FUNCTION_MAX = 15, 45, 80, 0.01, 120


def functions(path):
    """(line, lines of the body) of each function: clang-format puts both braces of a body into column 0."""
    start = None
    for n, line in enumerate(read(path).splitlines(), 1):
        if line == "{":
            start = n
        elif line == "}" and start is not None:
            yield start, n - start - 1
            start = None


def main():
    sources = files("server", "storage", ext=[".c"])
    everything = files("server", "storage", "tests", "deploy", ext=[".c", ".h", ".py", ".ts", ".tsx", ".css"])
    complaints = []
    for path in everything:
        n = read(path).count("\n")
        if n > FILE_MAX:
            complaints.append(f"{path}: {n} lines, at most {FILE_MAX}")
    sizes = [read(p).count("\n") for p in sources]
    bodies = [(n, path, line) for path in sources for line, n in functions(path)]
    complaints += [f"{path}:{line}: function of {n} lines, at most {FUNCTION_MAX}" for n, path, line in bodies if n > FUNCTION_MAX]
    lengths = sorted(n for n, _, _ in bodies)
    long = sorted((b for b in bodies if b[0] > FUNCTION_LONG), reverse=True)
    p90 = lengths[int(len(lengths) * 0.9)]
    if statistics.median(sizes) > FILE_MEDIAN:
        complaints.append(f"median file {statistics.median(sizes)} lines, at most {FILE_MEDIAN}")
    if statistics.median(lengths) > FUNCTION_MEDIAN:
        complaints.append(f"median function {statistics.median(lengths)} lines, at most {FUNCTION_MEDIAN}")
    if p90 > FUNCTION_P90:
        complaints.append(f"90 % of functions within {p90} lines, at most {FUNCTION_P90}")
    if len(long) > FUNCTION_LONG_SHARE * len(lengths):
        complaints += [f"{path}:{line}: {n} lines; more than 1 % of functions are over {FUNCTION_LONG}" for n, path, line in long]
    print(f"files: median {statistics.median(sizes)}, max {max(sizes)}; functions: {len(lengths)}, median "
          f"{statistics.median(lengths)}, p90 {p90}, max {lengths[-1]}, over {FUNCTION_LONG}: {len(long)}")
    finish("budget", complaints, len(everything))


main()
