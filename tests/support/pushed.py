# SPDX-License-Identifier: Apache-2.0
"""What segment-pushing tools send, and whether all of it came back: the same coded pictures, in MP4 and in joined HLS, none twice,
and the sound that was sent."""
import os
import subprocess
import tempfile
import unittest

import media
import nal
from doorward import Scenario, wait_for
from readback import ReadBack

H264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"]


def source(seconds=8, sound=True, gop=15, bframes=2):
    """A file to push: fragmented reading is not needed, so it is plain MP4; key pictures every second."""
    name = f"push-{seconds}-{int(sound)}-{gop}-{bframes}"
    inputs = ["-f", "lavfi", "-i", f"testsrc2=size=320x240:rate=15:duration={seconds}"]
    if sound:
        inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}"]
    args = [*inputs, *H264, "-g", str(gop), "-bf", str(bframes), "-sc_threshold", "0", *(["-c:a", "aac"] if sound else [])]
    return media.made(name, "mp4", args)


def packets(path, kind):
    """(count, digest) of what a track holds, in presentation order of the container's decode order."""
    out = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ignore_editlist", "1", "-i", path, "-map", f"0:{kind}:0", "-c", "copy", "-f",
                          "framehash", "-hash", "sha256", "-"], capture_output=True, text=True)
    lines = [line.split(",") for line in out.stdout.splitlines() if line and not line.startswith("#")]
    return [(int(f[4]), f[5].strip()) for f in lines]  # what follows is side data


def pictures(path):
    """The coded pictures in order, as one text of digests: a run of them is a part of it."""
    out = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ignore_editlist", "1", "-i", path, "-map", "0:v:0", "-c", "copy", "-bsf:v",
                          "h264_mp4toannexb,filter_units=pass_types=1-5", "-f", "framehash", "-hash", "md5", "-"], capture_output=True, text=True)
    return b"|" + b"|".join(line.split(",")[5].strip().encode() for line in out.stdout.splitlines() if line and not line.startswith("#")) + b"|"


class Pushed(ReadBack, Scenario):
    def setUp(self):
        self.home = self.server.household()
        self.work = tempfile.TemporaryDirectory(prefix="dw-push-")
        self.addCleanup(self.work.cleanup)
        self.path = f"/ingest/{self.home.camera_id}"
        scheme = self.server.url.split("://")[0]
        self.url = self.server.url.replace(f"{scheme}://", f"{scheme}://cam:{self.home.camera_secret}@") + self.path

    def ffmpeg(self, *args, timeout=120, check=True):
        r = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *args], capture_output=True, text=True, timeout=timeout)
        if check:
            self.assertEqual(r.returncode, 0, r.stderr)
        return r

    def put(self, name, data, method="PUT", query="", **more):
        return self.server.request(method, f"{self.path}/{name}" + (f"?{query}" if query else ""), body=data,
                                   basic=("cam", self.home.camera_secret), **more)

    def one_clip(self, seconds, within=30):
        """The one clip of the camera, once it is as long as what was sent."""
        def there():
            clips = self.home.clips()
            return clips if len(clips) == 1 and clips[0]["duration_ms"] >= seconds * 1000 - 150 else None
        try:
            return wait_for("the whole clip", there, seconds=within)[0]
        except Exception:
            raise AssertionError([(c["name"], c["duration_ms"], c["partial"]) for c in self.home.clips()])

    def check_whole(self, sent, sound=True, seconds=None):
        seconds = media.video_seconds(sent) if seconds is None else seconds
        clip = self.one_clip(seconds)
        if sound:  # sound that ends after the last picture may come as a piece of its own
            wait_for("all sound", lambda: len(packets(self.read_mp4(clip), "a")) >= len(packets(sent, "a")), seconds=15, pause=1)
        want = nal.digest(sent)
        back = self.read_mp4(clip)
        self.assertEqual(nal.digest(back), want, "MP4")
        self.assertEqual(nal.digest(self.read_hls(clip)), want, "HLS")
        self.assertAlmostEqual(media.video_seconds(back), seconds, delta=0.15)
        self.assertFalse(clip["partial"], clip)
        if sound:
            self.assertIsNotNone(clip["audio"], clip)
            got, gave = [h for _, h in packets(back, "a")], [h for _, h in packets(sent, "a")]
            self.assertEqual((len(got), len(set(gave) - set(got))), (len(gave), 0), "sound is missing, or there twice")
            self.assertEqual(got, gave, "sound is out of order")
        decoded = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", back, "-f", "null", "-"], capture_output=True, text=True)
        self.assertEqual((decoded.returncode, decoded.stderr), (0, ""))
        return clip


main = unittest.main
