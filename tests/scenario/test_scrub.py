# SPDX-License-Identifier: Apache-2.0
"""Every stored byte is looked at again: what was damaged is found, told and never served; what remains of erased footage cannot be
forged. DOORWARD_SCRUB_FLIPS sets how many bits are flipped (default 1000)."""
import glob
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import sample, wait_for  # noqa: E402
from keeping import Keeping  # noqa: E402
from stored import check, packets  # noqa: E402

FLIPS = int(os.environ.get("DOORWARD_SCRUB_FLIPS", "1000"))


def flip(path, bit):
    with open(path, "r+b") as f:
        f.seek(bit // 8)
        was = f.read(1)[0]
        f.seek(bit // 8)
        f.write(bytes([was ^ 1 << bit % 8]))


class Scrub(Keeping):
    env = {"DOORWARD_SCRUB_S": "1", "DOORWARD_SEGMENT_MAX_MS": "2000"}

    def objects(self):
        """id -> path of every object of the home's camera."""
        ids = self.sql(f"select id from segment where camera_id = '{self.home.camera_id}'").split()
        paths = {os.path.basename(p): p for p in glob.glob(os.path.join(self.server.data, "objects", "seg", "*", "*", "*"))}
        return {i: paths[i] for i in ids}

    def corrupt(self):
        return set(self.sql(f"select id from segment where camera_id = '{self.home.camera_id}' and corrupt_us is not null").split())

    def rounds(self, more=2):
        """Whole rounds from now on."""
        goal = self.numbers("select rounds from scrub")[0] + more
        wait_for("the scrub to come round", lambda: self.numbers("select rounds from scrub")[0] >= goal, 120, 0.2)

    def test_every_flipped_bit_is_found_and_none_is_served(self):
        path, dice = sample(40, extra=("-bf", "0")), random.Random(7)
        clips = []
        while len(self.objects()) < FLIPS:
            clips += [self.clip(100 * (len(clips) + i + 1), path=path) for i in range(10)]
        objects = sorted(self.objects().items())[:FLIPS]
        self.rounds()
        self.assertEqual(self.corrupt(), set())
        before = self.server.metrics()["doorward_scrub_errors_total"]
        for i, (_, path_) in enumerate(objects):  # anywhere: header, ciphertext, tags, the first and the last bit
            bits = 8 * os.path.getsize(path_)
            flip(path_, 0 if i == 0 else bits - 1 if i == 1 else dice.randrange(bits))
        wait_for("all of them to be found", lambda: len(self.corrupt()) >= len(objects), 300, 0.5)
        self.assertEqual(self.corrupt(), {i for i, _ in objects})
        self.assertGreaterEqual(self.server.metrics()["doorward_scrub_errors_total"] - before, len(objects))
        self.assertEqual(self.numbers("select count(*) from ledger_entry where action = 'footage.corrupt' and household_id = "
                                      f"'{self.home.household_id}'"), [len(objects)])
        self.assertIn("corrupt", {g[0] for g in self.gaps()})
        served = 0
        want = packets(path)
        damaged = set(self.sql("select distinct k.id from clip k join segment s using (recording_id) where s.corrupt_us is not null").split())
        hurt = [c for c in clips if c["id"] in damaged]
        for clip in dice.sample(hurt, min(len(hurt), 10)):
            # What is whole may come; a damaged byte comes never: the answer breaks off, or the segment is left out.
            answer = self.read(clip)
            served += answer is not None and answer == want
        self.assertEqual(served, 0)
        # The disk is restored: what opens again is footage again.
        for i, (_, path_) in enumerate(objects[:5]):
            if i < 2:
                flip(path_, 0 if i == 0 else 8 * os.path.getsize(path_) - 1)
        wait_for("two to be mended", lambda: len(self.corrupt()) == len(objects) - 2, 60, 0.5)
        self.assertEqual(self.ledger().count("footage.mended"), 2)

    def read(self, clip):
        with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
            try:
                answer = self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4")
            except Exception as e:  # broken off: http.client says it in several ways
                self.assertEqual(type(e).__module__, "http.client", e)
                return None
            if answer.status != 200:
                return None
            f.write(answer.body)
            f.flush()
            out = subprocess.run(["ffmpeg", "-v", "error", "-i", f.name, "-map", "0:v", "-map", "0:a?", "-c", "copy", "-f", "streamhash",
                                  "-hash", "sha256", "-"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            return out.stdout

    def test_what_is_missing_or_cut_off_is_found_too(self):
        self.clip(path=sample(12))
        (one, first), (two, second) = sorted(self.objects().items())[:2]
        os.unlink(first)
        os.truncate(second, os.path.getsize(second) - 1)
        wait_for("both to be found", lambda: self.corrupt() == {one, two}, 60)
        self.assertIn("it is not there", [e["what"] for e in self.server.log_lines("object_corrupt")])

    def test_the_position_survives_a_restart(self):
        self.clip(path=sample(12))
        self.rounds(1)
        self.server.restart()
        self.rounds(1)


class Tombstones(Keeping):
    def test_a_changed_tombstone_is_found(self):
        clips = [self.clip(100 * i + 50) for i in range(3)]
        self.home.erase_at_once()
        for clip in clips:
            self.delete(clip)
        wait_for("signatures", lambda: self.numbers("select count(*) from tombstone where signature is null") == [0], 10)
        code, result = check(self.server)
        self.assertEqual((code, result["found"]["forged_tombstone"]), (0, 0), result)
        self.assertGreaterEqual(result["tombstones"], 3)
        one = self.sql(f"select id from tombstone where camera_id = '{self.home.camera_id}' limit 1").strip()
        for column, change, back in (("duration_ms", "duration_ms + 1", "duration_ms - 1"), ("bytes", "bytes - 1", "bytes + 1"),
                                     ("actor_kind", "'system'", "'account'"), ("at_us", "at_us + 1", "at_us - 1")):
            self.sql(f"update tombstone set {column} = {change} where id = '{one}'")
            code, result = check(self.server)
            self.assertEqual((code, result["found"]["forged_tombstone"]), (1, 1), column)
            self.sql(f"update tombstone set {column} = {back} where id = '{one}'")
        self.assertEqual(check(self.server)[0], 0)

    def test_rows_that_cannot_be_are_found(self):
        self.clip()
        self.sql(f"update camera set used_bytes = used_bytes + 1 where id = '{self.home.camera_id}'")
        code, result = check(self.server, "presence")
        self.assertEqual((code, result["found"]["wrong_row"]), (1, 1), result)
        self.assertIn(self.home.camera_id, result["findings"][0]["name"])
        self.sql(f"update camera set used_bytes = used_bytes - 1 where id = '{self.home.camera_id}'")
        self.assertEqual(check(self.server, "presence")[0], 0)


class Gc(Keeping):
    env = {"DOORWARD_RETENTION_SWEEP_S": "86400"}  # the command does it

    def gc(self, *args, code=0):
        r = self.server.run("gc", "--json", *args, check=False)
        self.assertEqual(r.returncode, code, r.stdout + r.stderr)
        return json.loads(r.stdout)

    def test_it_says_what_would_go_and_then_does_it(self):
        self.sql(f"update camera_keeping set sweep_us = {10**18} where camera_id = '{self.home.camera_id}'")
        past, kept, deleted, stays = (self.clip(100 * i + 50) for i in range(4))
        self.assertEqual(self.home.put(f"/api/v1/clips/{kept['id']}/keep").status, 204)
        for clip in (past, kept):
            self.age(clip, 31 * 86400)
        deletion = self.delete(deleted)
        self.sql(f"update deletion set purge_us = 1, look_us = {10**18} where id = '{deletion['id']}'")
        rows = {(r["camera_id"], r["reason"]): r for r in self.gc("--dry-run")["would_erase"] if r["household_id"] == self.home.household_id}
        expired, gone = rows[(self.home.camera_id, "expired")], rows[(self.home.camera_id, "deleted")]
        self.assertEqual((expired["segments"], expired["held_segments"], gone["segments"]), (1, 1, 1), rows)
        self.assertEqual([self.segments(c) for c in (past, kept, deleted, stays)], [1, 1, 1, 1], "nothing was done")
        self.server.stop()  # or it might be faster
        self.sql(f"update deletion set look_us = 1 where id = '{deletion['id']}'")
        result = self.gc()
        self.assertEqual((result["expired_segments"], result["deleted_segments"], result["objects"]), (1, 1, 2), result)
        self.assertEqual([self.segments(c) for c in (past, kept, deleted, stays)], [0, 1, 0, 1])
        self.assertEqual(self.gc("--dry-run")["garbage"], 0)
        text = self.server.run("gc", "--dry-run").stdout
        self.assertIn("garbage waiting: 0 objects", text)
        self.assertEqual(self.server.run("gc", "--all", check=False).returncode, 2)
        self.server.start()


if __name__ == "__main__":
    unittest.main()
