# SPDX-License-Identifier: Apache-2.0
"""Every coded picture and SEI message that a camera sent is found again in what is read back, as MP4 and as joined HLS."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import media  # noqa: E402
import nal  # noqa: E402
from doorward import Scenario, shared  # noqa: E402
from readback import ReadBack  # noqa: E402


def expectations():
    """The table of real-world files beside the checkout: name -> (accept | accept-video | reject, seconds)."""
    with open(shared("media", "README.md"), encoding="utf-8") as f:
        rows = [[c.strip() for c in line.strip().strip("|").split("|")] for line in f if line.startswith("| ")]
    return {r[0]: (r[1], float(r[5])) for r in rows if os.path.splitext(r[0])[1] and r[1] != "expect"}


class Whole(ReadBack, Scenario):
    def setUp(self):
        self.home = self.server.household()
        self.work = tempfile.TemporaryDirectory(prefix="dw-whole-")
        self.addCleanup(self.work.cleanup)

    def check(self, path, seconds=None):
        answer = self.server.upload(self.home, path)
        self.assertEqual(answer.status, 201, answer)
        clip = answer.json["clip"]
        sent = nal.digest(path)
        self.assertGreater(sent.units, 0)
        back = self.read_mp4(clip)
        self.assertEqual(nal.digest(back), sent, "MP4")
        self.assertEqual(nal.digest(self.read_hls(clip)), sent, "HLS")
        frame = 1 / 10
        seconds = media.video_seconds(path) if seconds is None else seconds
        self.assertAlmostEqual(media.video_seconds(back), seconds, delta=max(0.1, frame))
        decoded = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", back, "-f", "null", "-"], capture_output=True, text=True)
        self.assertEqual(decoded.returncode, 0, decoded.stderr)
        return clip

    def test_generated_media(self):
        done = 0
        for name in media.names():
            with self.subTest(name):
                try:
                    path = media.generate(name)
                except RuntimeError as e:
                    print(f"not made here: {e}")
                    continue
                self.check(path)
                done += 1
        self.assertGreaterEqual(done, 40)

    def test_real_world_media(self):
        for name, (expect, seconds) in expectations().items():
            with self.subTest(name):
                path = shared("media", name)
                if expect == "reject":
                    answer = self.server.upload(self.home, path)
                    self.assertIn(answer.status, (415, 422), answer)
                    continue
                clip = self.check(path, seconds)
                if expect == "accept-video":
                    self.assertTrue(clip["notes"], "says what became of the sound")

    def test_rotation_and_sound_facts_are_kept(self):
        self.assertEqual(self.check(media.generate("mp4-rotated-90"))["video"]["rotation"] % 180, 90)
        alaw = self.check(media.generate("mov-h264-alaw"))
        self.assertEqual(alaw["audio"]["codec"], "mp4a.40.2")
        self.assertIn("AAC", " ".join(alaw["notes"]))


if __name__ == "__main__":
    unittest.main()
