# SPDX-License-Identifier: Apache-2.0
"""Clients from npm, as locked in tests/npm/package-lock.json: installed once per lock file and kept."""
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile

from doorward import ROOT

LOCKED = os.path.join(ROOT, "tests", "npm")


@functools.lru_cache(None)
def modules():
    """A folder with package.json and node_modules; programs put there find what they import."""
    with open(os.path.join(LOCKED, "package-lock.json"), "rb") as f:
        name = hashlib.sha256(f.read()).hexdigest()[:16]
    folder = os.path.join(tempfile.gettempdir(), f"doorward-npm-{os.geteuid()}-{name}")
    if not os.path.exists(folder):
        part = tempfile.mkdtemp(prefix="doorward-npm-")
        for file in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(LOCKED, file), part)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=part, check=True,
                       stdin=subprocess.DEVNULL, timeout=600)
        try:
            os.rename(part, folder)
        except OSError:  # another test was faster
            shutil.rmtree(part)
    return folder


def node(text, *args, env=None, timeout=120):
    """Run an ES module (its text) with the locked packages; CompletedProcess with text output."""
    handle, path = tempfile.mkstemp(suffix=".mjs", dir=modules())
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            f.write(text)
        return subprocess.run(["node", path, *args], env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)
    finally:
        os.unlink(path)
