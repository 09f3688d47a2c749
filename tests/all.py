#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs every test, for tests/run. Two builds: `build-plain` (gcc, as released) is what most scenarios run; `build-asan`
(clang, address and undefined behaviour sanitizers, fault points compiled in) runs the unit tests, the fuzz corpora and the scenarios
that break things on purpose."""
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLAIN, ASAN = os.path.join(ROOT, "build-plain"), os.path.join(ROOT, "build-asan")
SCENARIO_TIMEOUT_S, PARALLEL = 1500, 2
LONGEST_FIRST = ["test_crash.py", "test_http_edge.py", "test_whole.py", "test_store_faults.py"]
STARTED = time.monotonic()


class Score:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped, title, text=""):
        self.passed, self.failed, self.skipped = self.passed + passed, self.failed + failed, self.skipped + skipped
        mark = "FAIL" if failed else "ok"
        print(f"[{time.monotonic() - STARTED:6.0f} s] {mark:4} {title}: {passed} passed, {failed} failed"
              + (f", {skipped} skipped" if skipped else ""), flush=True)
        if failed:
            print(text, flush=True)


def shell(*command, **more):
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


def build(folder, compiler, *options):
    env = {**os.environ, "CC": compiler}
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        r = shell("meson", "setup", folder, *options, env=env)
        if r.returncode:
            return r
    return shell("nice", "ninja", "-C", folder)


def meson_tests(score, folder, *suites):
    args = [a for s in suites for a in ("--suite", s)]
    log = os.path.join(folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    r = shell("meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--num-processes", str(PARALLEL), *args,
              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"})
    counts = {"OK": 0, "SKIP": 0}
    total = 0
    if os.path.exists(log):
        for line in open(log, encoding="utf-8"):
            result = json.loads(line)["result"]
            total += 1
            counts[result] = counts.get(result, 0) + 1
    failed = total - counts["OK"] - counts["SKIP"] if total else 1
    score.add(counts["OK"], failed, counts["SKIP"], f"{os.path.basename(folder)} {' '.join(suites)}", r.stdout)


def scenario(path):
    env = {**os.environ, "DOORWARD_BUILD": PLAIN, "DOORWARD_FAULT_BUILD": ASAN, "PYTHONPATH": os.path.join(ROOT, "tests", "support")}
    try:
        r = shell(sys.executable, "-m", "unittest", "-v", os.path.relpath(path, ROOT), env=env, timeout=SCENARIO_TIMEOUT_S)
        text, code = r.stdout, r.returncode
    except subprocess.TimeoutExpired as e:
        text, code = (e.stdout or b"").decode(errors="replace") + f"\nnot done after {SCENARIO_TIMEOUT_S} s", 1
    ran = re.search(r"^Ran (\d+) tests?", text, re.M)
    ran = int(ran.group(1)) if ran else 0
    count = {k: int(n) for k, n in re.findall(r"(failures|errors|skipped)=(\d+)", text[text.rfind("\nRan "):])}
    failed = count.get("failures", 0) + count.get("errors", 0)
    if code != 0 and failed == 0:
        failed = 1
    skipped = count.get("skipped", 0)
    return max(ran - failed - skipped, 0), failed, skipped, os.path.basename(path), text


def main():
    score, wanted = Score(), sys.argv[1:]
    for folder, compiler, options in ((PLAIN, "gcc", ["--buildtype=debugoptimized"]),
                                      (ASAN, "clang", ["--buildtype=debug", "-Doptimization=1", "-Db_sanitize=address,undefined",
                                                       "-Dfault_points=true", "-Dweb=false"])):
        r = build(folder, compiler, *options)
        score.add(r.returncode == 0, r.returncode != 0, 0, f"build with {compiler}", r.stdout[-6000:])
    if score.failed == 0:
        if not wanted:
            meson_tests(score, PLAIN, "lint", "unit", "migrations")
            meson_tests(score, ASAN, "unit", "fuzz")
        files = [p for p in sorted(glob.glob(os.path.join(ROOT, "tests", "scenario", "test_*.py")))
                 if not wanted or any(w in os.path.basename(p) for w in wanted)]
        files.sort(key=lambda p: LONGEST_FIRST.index(n) if (n := os.path.basename(p)) in LONGEST_FIRST else len(LONGEST_FIRST))
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            for done in concurrent.futures.as_completed([pool.submit(scenario, p) for p in files]):
                score.add(*done.result())
    print(f"{score.passed} passed, {score.failed} failed" + (f", {score.skipped} skipped" if score.skipped else ""))
    sys.exit(1 if score.failed else 0)


main()
