# SPDX-License-Identifier: Apache-2.0
"""What the lints look at, and how they speak."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP = {".git", "node_modules", "__pycache__", "demo-data"}


def files(*folders, ext):
    """Relative paths below the folders that end in one of ext, sorted."""
    found = []
    for folder in folders:
        for at, names, entries in os.walk(os.path.join(ROOT, folder)):
            names[:] = [n for n in names if n not in SKIP and not n.startswith("build")]
            found += [os.path.relpath(os.path.join(at, e), ROOT) for e in entries if e.endswith(tuple(ext))]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def without_comments(text, strings=False):
    """C text with comments (and string contents, unless kept) blanked; line numbers stay."""
    def blank(m):
        s = m.group(0)
        if s.startswith(("/*", "//")):
            return re.sub(r"[^\n]", " ", s)
        return s if strings else s[0] + s[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def finish(name, complaints, looked_at):
    for c in complaints:
        print(c)
    print(f"{name}: {len(complaints)} complaints, {looked_at} looked at")
    sys.exit(1 if complaints or not looked_at else 0)


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
