# SPDX-License-Identifier: Apache-2.0
"""What a benchmark measures: CPU seconds (user + system) of every process of a server, children that ended included."""
import os
import statistics

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    parent, own, ended = int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return parent, own + ended


def tree(root):
    """The process and all below it."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)] = _stat(name)[0]
            except OSError:
                pass
    found, grew = {root}, True
    while grew:
        more = {p for p, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return found


def cpu_seconds(*roots):
    """CPU seconds so far of these processes, everything below them, and every child they have reaped."""
    total = 0
    for root in roots:
        for pid in tree(root):
            try:
                total += _stat(pid)[1]
            except OSError:
                pass
    return total / TICK


def private_kib(pid):
    """Private dirty memory of one process, KiB; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("Private_Dirty:"))
    except OSError:
        return 0


def memory_kib(*roots):
    """(proportional set size, private dirty) of the trees, KiB."""
    pss = private = 0
    for root in roots:
        for pid in tree(root):
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                    for line in f:
                        if line.startswith("Pss:"):
                            pss += int(line.split()[1])
                        if line.startswith("Private_Dirty:"):
                            private += int(line.split()[1])
            except OSError:
                pass
    return pss, private


def summary(values):
    return f"{statistics.median(values):.3f} [{min(values):.3f}..{max(values):.3f}]"
