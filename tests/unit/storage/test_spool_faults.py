# SPDX-License-Identifier: Apache-2.0
"""The spool under failing system calls: the size told is what is there afterwards, and a refusal never tells more.

libfiu makes calls fail through the C library, strace at the kernel's door. A tool that is not installed is said and its cases are
skipped.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROBE = sys.argv.pop(1)
FULL, UNAVAILABLE = 1, 4
EIO, ENOSPC = 5, 28
PART = 70000


def run(prefix, *args, may_die=False):
    env = dict(os.environ, UV_THREADPOOL_SIZE="1")  # strace counts calls per thread
    out = subprocess.run([*prefix, PROBE, *args], capture_output=True, text=True, timeout=60, env=env)
    if out.returncode != 0 and not may_die:
        raise AssertionError(f"{prefix} {args}: exit {out.returncode}: {out.stdout}{out.stderr}")
    return [tuple(int(v) for v in line.split()) for line in out.stdout.splitlines()]


class SpoolFaults(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="doorward-faults-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.place = self.dir + "/spool"

    def appends(self, prefix, n=6, exact=True):
        """Append under faults, then compare with what is really there, then append again without faults."""
        told = run(prefix, self.place, "append", str(n), may_die=not exact)
        size = told[-1][1] if told else 0
        for i, (status, after) in enumerate(told):
            before = told[i - 1][1] if i else 0
            self.assertIn(after - before, (0, PART))
            if status == 0:
                self.assertEqual(after, before + PART)
        [(status, there)] = run([], self.place, "read")
        self.assertEqual(status, 0, "and every byte is the right one")
        if exact:
            self.assertEqual(there, size, "told = there")
        self.assertGreaterEqual(there, size)
        [again] = run([], self.place, "append", "1")
        self.assertEqual(again, (0, there + PART))
        return [status for status, _ in told]

    def fiu(self, point, errno, probability=1.0):
        if shutil.which("fiu-run") is None:
            self.skipTest("fiu-run is not installed")
        how = "enable " if probability == 1.0 else f"enable_random probability={probability},"
        return ["fiu-run", "-x", "-c", f"{how}name={point},failinfo={errno}"]

    def strace(self, calls, what, when):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        return ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:{what}:when={when}"]

    def test_failing_sync_is_never_tried_again_as_if_fine(self):
        # The second append's sync fails, then that of the cut: the body refuses everything in this process.
        self.assertEqual(self.appends(self.strace("fdatasync", "error=EIO", "2..3"), exact=False), [0] + [UNAVAILABLE] * 5)

    def test_failing_sync_refuses_just_that_append_when_the_cut_is_synced(self):
        self.assertEqual(self.appends(self.strace("fdatasync", "error=EIO", "2")), [0, UNAVAILABLE, 0, 0, 0, 0])

    def test_full_disk_at_sync_says_full(self):
        self.assertEqual(self.appends(self.strace("fdatasync", "error=ENOSPC", "3")), [0, 0, FULL, 0, 0, 0])

    def test_full_disk_at_write_says_full(self):
        self.assertEqual(self.appends(self.strace("pwrite64", "error=ENOSPC", "4")), [0, 0, FULL, 0, 0, 0])

    def test_syncs_failing_now_and_then(self):
        status = self.appends(self.fiu("posix/io/sync/fdatasync", EIO, 0.2), 40, exact=False)
        self.assertIn(0, status)
        self.assertIn(UNAVAILABLE, status)

    def test_writes_failing_now_and_then(self):
        status = self.appends(self.fiu("posix/io/rw/pwrite", ENOSPC, 0.3), 40)
        self.assertIn(0, status)
        self.assertIn(FULL, status)

    def test_failing_folder_sync_refuses_the_first_append(self):
        run([], self.place, "read")  # makes the spool's own folders
        self.assertEqual(self.appends(self.strace("fsync", "error=EIO", "1")), [UNAVAILABLE, 0, 0, 0, 0, 0])

    def test_kill_between_any_two_system_calls_keeps_what_was_told(self):
        for call in ("pwrite64", "fdatasync"):
            for when in range(1, 6):
                with self.subTest(call=call, when=when):
                    told = self.appends(self.strace(call, "signal=SIGKILL", str(when)), exact=False)
                    self.assertLess(len(told), 6, "it died")
                    shutil.rmtree(self.place)


if __name__ == "__main__":
    unittest.main()
