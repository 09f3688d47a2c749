# SPDX-License-Identifier: Apache-2.0
"""`doorward check` as an operator meets it: beside a running server and without one, what it says, and its exit codes."""
import glob
import json
import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import Server, sample  # noqa: E402


class Check(unittest.TestCase):
    def setUp(self):
        self.server = Server({"DOORWARD_LOOPS": "1"})
        self.addCleanup(self.server.close)
        self.server.start()
        self.home = self.server.household()
        self.objects = os.path.join(self.server.data, "objects")
        for name in ("a.mp4", "b.mp4"):
            self.assertEqual(self.server.upload(self.home, sample(), name=name).status, 201)

    def check(self, *args):
        r = self.server.run("check", *args, check=False)
        return r.returncode, r.stdout, r.stderr

    def stored(self):
        return sorted(p for p in glob.glob(os.path.join(self.objects, "seg", "*", "*", "*")))

    def test_clean_then_damaged_then_lost_then_a_stranger(self):
        for level in ("presence", "size", "digest"):
            self.assertEqual(self.check("--level", level)[:2], (0, "rows 2, objects 2 (%d bytes), garbage waiting 0, uploads under way 0\n"
                                                                "clean\n" % sum(os.path.getsize(p) for p in self.stored())))
        first, second = self.stored()
        with open(first, "r+b") as f:
            f.seek(1000)
            was = f.read(1)
            f.seek(1000)
            f.write(bytes([was[0] ^ 1]))
        self.assertEqual(self.check()[0], 0, "one flipped bit is beyond sizes")
        code, out, _ = self.check("--level", "digest")
        self.assertEqual((code, out.splitlines()[0]), (1, "damaged " + os.path.relpath(first, self.objects)))
        os.unlink(second)
        shutil.copy(first, os.path.join(os.path.dirname(first), "copy"))
        code, out, _ = self.check("--level", "digest", "--json")
        result = json.loads(out)
        self.assertEqual((code, result["clean"]), (1, False))
        self.assertEqual({f["kind"]: f["name"] for f in result["findings"]},
                         {"damaged": os.path.relpath(first, self.objects), "missing_object": os.path.relpath(second, self.objects),
                          "foreign_file": os.path.relpath(os.path.dirname(first), self.objects) + "/copy"})
        # Nothing was repaired by looking.
        self.assertTrue(os.path.exists(os.path.join(os.path.dirname(first), "copy")))

    def test_without_a_running_server(self):
        self.server.stop()
        self.assertEqual(self.check("--level", "digest")[0], 0)
        self.server.start()
        self.assertEqual(len(self.home.clips()), 2)

    def test_what_cannot_be_checked_is_not_called_clean(self):
        self.assertEqual(self.check("--level", "thorough")[0], 2)
        self.assertEqual(self.check("--repair-everything")[0], 2)
        self.assertEqual(self.check("--orphans-max", "many")[0], 2)
        away = self.objects + ".away"
        os.rename(self.objects, away)
        code, out, err = self.check()
        self.assertEqual((code, out), (2, ""))
        self.assertIn("There is no store in", err)
        self.assertFalse(os.path.exists(self.objects), "and none is made")
        os.rename(away, self.objects)
        self.server.stop()
        self.server.env["DOORWARD_DATABASE_URL"] = "postgresql:///x?host=/nowhere"
        code, out, err = self.check()
        del self.server.env["DOORWARD_DATABASE_URL"]
        self.assertEqual((code, out), (2, ""))
        self.assertIn("could not check", err)


if __name__ == "__main__":
    unittest.main()
