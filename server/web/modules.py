#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fill OUT_DIR/node_modules from the lock file: modules.py WEB_DIR OUT_DIR STAMP [--dev]

Kept apart from the sources, so that the source tree stays clean and a build folder can be thrown away. Does nothing when the
folder already holds exactly this lock file's packages (what the stamp inside it says).
"""
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path


def main():
    web, out, stamp = (Path(p) for p in sys.argv[1:4])
    dev = "--dev" in sys.argv[4:]
    lock = (web / "package-lock.json").read_bytes()
    want = hashlib.sha256(lock).hexdigest() + (" dev" if dev else "")
    mark = out / "node_modules" / ".doorward"
    if not (mark.exists() and mark.read_text() == want):
        out.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(web / name, out / name)
        # Nobody's install script runs; esbuild works without its own.
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command + ([] if dev else ["--omit=dev"]), cwd=out, check=True, stdin=subprocess.DEVNULL)
        mark.write_text(want)
    stamp.write_text(want)


if __name__ == "__main__":
    main()
