# SPDX-License-Identifier: Apache-2.0
"""The clock jumps: nothing is erased because of it, until it agrees again or the operator says that it is right. libfaketime bends the
server's clock and its database's; the monotonic one goes on."""
import glob
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import Server, as_user, sample, wait_for  # noqa: E402

LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + [None])[0]
HOUR = 3600


@unittest.skipIf(LIBRARY is None, "faketime is not installed")
class ClockJump(unittest.TestCase):
    def setUp(self):
        self.server = Server({"LD_PRELOAD": LIBRARY, "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                              "FAKETIME_SKIP_CMDS": "doorward-remux", "DOORWARD_RETENTION_SWEEP_S": "1"})
        self.file = self.server.env["FAKETIME_TIMESTAMP_FILE"] = os.path.join(self.server.folder, "time")
        self.jump("+0")
        self.addCleanup(self.server.close)
        self.server.start()
        self.home = self.server.household()

    def jump(self, offset):
        with open(self.file + ".new", "w", encoding="ascii") as f:
            f.write(offset + "\n")
        os.chmod(self.file + ".new", 0o644)
        os.rename(self.file + ".new", self.file)

    def sql(self, text):
        with open(os.path.join(self.server.data, "database_url"), encoding="utf-8") as f:
            return subprocess.run(["psql", "-qAtX", "-c", text, f.read()], check=True, capture_output=True, text=True, **as_user()).stdout.strip()

    def footage(self):
        return int(self.sql("select count(*) from segment"))

    def stopped(self):
        return self.server.metrics()["doorward_erasing_stopped"] == 1

    def rounds(self, n=3):
        """The sweep has looked at the clock some more times."""
        goal = self.server.metrics()["doorward_db_batches_total"] + 4 * n
        wait_for("some rounds", lambda: self.server.metrics()["doorward_db_batches_total"] >= goal, 30)
        time.sleep(n)

    def test_a_jump_erases_nothing(self):
        self.assertEqual(self.server.upload(self.home, sample(), "a.mp4").status, 201)
        rule = {"rules": [{"kind": "*", "keep_s": 6 * HOUR}], "apply": "all"}
        self.assertEqual(self.home.put(f"/api/v1/cameras/{self.home.camera_id}/retention", rule).status, 200)
        self.rounds()
        self.assertFalse(self.stopped())
        for offset in ("+1d", "-2h", "+4380d", "+29200d", "-20000d", "+1d"):
            with self.subTest(offset=offset):
                self.jump(offset)
                wait_for("erasing to stop", self.stopped, 20)
                self.rounds(2)
                self.assertEqual(self.footage(), 1, "footage went because of the clock")
                self.jump("+0")
                wait_for("erasing to go on", lambda: not self.stopped(), 20)
                self.assertEqual(self.footage(), 1)
        self.assertGreaterEqual(len(self.server.log_lines("erasing_stopped")), 6)

    def test_half_an_hour_is_no_jump(self):
        self.jump("+30m")
        self.rounds()
        self.assertFalse(self.stopped())

    def test_a_server_that_starts_with_a_wrong_clock_erases_nothing(self):
        self.assertEqual(self.server.upload(self.home, sample(), "a.mp4").status, 201)
        self.rounds()
        self.server.stop()
        self.jump("+60d")
        self.server.start()
        wait_for("erasing to stop", self.stopped, 20)
        self.rounds()
        self.assertEqual(self.footage(), 1)
        # The operator knows better.
        self.assertIn("will erase again: 1", self.server.run("gc", "--trust-clock").stdout)
        wait_for("erasing to go on", lambda: not self.stopped(), 20)
        wait_for("what is past its time to go", lambda: self.footage() == 0, 20)


if __name__ == "__main__":
    unittest.main()
