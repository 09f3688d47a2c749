# SPDX-License-Identifier: Apache-2.0
"""The fs store under failing system calls: what was acknowledged is there, what was refused says why and leaves nothing half-made.

libfiu makes calls fail through the C library, strace at the kernel's door (renameat2, mkdirat). A tool that is not installed is
said and its cases are skipped.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROBE = sys.argv.pop(1)
FULL, UNAVAILABLE = 2, 4
EIO, ENOSPC = 5, 28


def run(prefix, *args, may_die=False):
    env = dict(os.environ, UV_THREADPOOL_SIZE="1")  # strace counts calls per thread
    out = subprocess.run([*prefix, PROBE, *args], capture_output=True, text=True, timeout=60, env=env)
    if out.returncode != 0 and not may_die:
        raise AssertionError(f"{prefix} {args}: exit {out.returncode}: {out.stdout}{out.stderr}")
    return [(k, int(v)) for k, v in (line.split() for line in out.stdout.splitlines())]


class SyscallFaults(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="doorward-faults-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.place = self.dir + "/store"

    def puts(self, prefix, n=6):
        """Put under faults, then compare with what is really there, and put again without faults."""
        told = run(prefix, self.place, "put", str(n))
        self.assertEqual(len(told), n)
        there = dict(run([], self.place, "list"))
        acknowledged = {k for k, status in told if status == 0}
        self.assertEqual(acknowledged, set(there), "acknowledged = stored")
        self.assertEqual(set(there.values()) - {11}, set(), "only whole objects")
        left = [f for _, _, files in os.walk(self.place + "/staging") for f in files]
        self.assertEqual(left, [])
        again = run([], self.place, "put", "2")
        self.assertEqual([status for _, status in again], [0, 0])
        return [status for _, status in told]

    def fiu(self, point, errno, probability=1.0):
        if shutil.which("fiu-run") is None:
            self.skipTest("fiu-run is not installed")
        how = "enable " if probability == 1.0 else f"enable_random probability={probability},"
        return ["fiu-run", "-x", "-c", f"{how}name={point},failinfo={errno}"]

    def strace(self, calls, errno, when):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        return ["strace", "-f", "-q", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error={errno}:when={when}"]

    def test_failing_data_sync_refuses_every_put(self):
        self.assertEqual(set(self.puts(self.fiu("posix/io/sync/fdatasync", EIO))), {UNAVAILABLE})

    def test_full_disk_at_data_sync_says_full(self):
        self.assertEqual(set(self.puts(self.fiu("posix/io/sync/fdatasync", ENOSPC))), {FULL})

    def test_failing_write_refuses_just_that_put(self):
        self.assertEqual(self.puts(self.strace("pwrite64", "ENOSPC", "2")), [0, UNAVAILABLE, 0, 0, 0, 0])

    def test_syncs_failing_now_and_then_refuse_just_those_puts(self):
        status = self.puts(self.fiu("posix/io/sync/fdatasync", EIO, 0.4), 40)
        self.assertIn(0, status)
        self.assertIn(UNAVAILABLE, status)

    def test_failing_move_of_the_name_refuses_just_that_put(self):
        self.assertEqual(self.puts(self.strace("renameat2", "EIO", "3")), [0, 0, UNAVAILABLE, 0, 0, 0])

    def test_no_room_for_the_name_says_full(self):
        self.assertEqual(self.puts(self.strace("renameat2", "ENOSPC", "2")), [0, FULL, 0, 0, 0, 0])

    def test_failing_folder_sync_refuses_and_takes_the_object_back(self):
        # A put in a new folder syncs its two parents, then the folder.
        self.assertEqual(self.puts(self.strace("fsync", "EIO", "3")), [UNAVAILABLE, 0, 0, 0, 0, 0])

    def test_failing_sync_of_a_new_folders_name_refuses(self):
        self.assertEqual(self.puts(self.strace("fsync", "EIO", "2")), [UNAVAILABLE, 0, 0, 0, 0, 0])

    def test_kill_between_any_two_system_calls_keeps_what_was_acknowledged(self):
        for call in ("fdatasync", "renameat2", "fsync", "mkdirat"):
            with self.subTest(call=call):
                prefix = self.strace(call, "EIO", "5")
                prefix[-1] = f"inject={call}:signal=SIGKILL:when=5"  # at its return
                told = run(prefix, self.place, "put", "6", may_die=True)
                self.assertLess(len(told), 6, "it died")
                there = dict(run([], self.place, "list"))
                self.assertLessEqual({k for k, status in told if status == 0}, set(there))
                self.assertEqual(set(there.values()) - {11}, set())
                shutil.rmtree(self.place)


if __name__ == "__main__":
    unittest.main()
