# SPDX-License-Identifier: Apache-2.0
"""Every coded picture and SEI message of an accepted upload comes back, as MP4 and as HLS, and lasts as long: real clips, and many
made here - containers x codecs x B-frames x edit lists x late start x variable rate x rotation."""
import os
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from doorward import shared  # noqa: E402
from test_playback import PlaybackScenario  # noqa: E402
import media  # noqa: E402

ACCEPTED = ["mp4-faststart.mp4", "fragmented.mp4", "half-fragmented.mp4", "ts-starts-late.ts", "ts-before-pts-wrap.ts", "ts-empty-audio.ts",
            "ts-opus.ts", "video-only.mkv", "late-first-key-frame.mp4", "two-sample-descriptions.mp4", "portrait-rotated.mp4",
            "h265-g711.mkv", "camera-signed-sei.mp4"]
SOUND = {"none": [], "aac": ["-c:a", "aac"], "opus": ["-c:a", "libopus"], "mp3": ["-c:a", "libmp3lame"], "ac3": ["-c:a", "ac3"],
         "alaw": ["-c:a", "pcm_alaw", "-ar", "8000"], "mulaw": ["-c:a", "pcm_mulaw", "-ar", "8000"], "pcm": ["-c:a", "pcm_s16le"]}
MP4 = {"fast": ["-movflags", "+faststart"], "tail": [], "frag": ["-movflags", "frag_keyframe+empty_moov+default_base_moof"]}


def made():
    """name -> (container, input options, video options, sound, output options)"""
    h264, h265 = ["-c:v", "libx264", "-g", "30"], ["-c:v", "libx265", "-x265-params", "log-level=none:keyint=30"]
    plain, b = ["-bf", "0"], ["-bf", "3"]
    table = {}

    def add(name, ext, video=None, sound="aac", inputs=(), out=()):
        table[name] = (ext, list(inputs), list(video or h264 + b), sound, list(out))
    for kind, flags in MP4.items():
        for bname, bf in (("plain", plain), ("b", b)):
            add(f"mp4-{kind}-h264-{bname}", "mp4", h264 + bf, "aac", out=flags)
            add(f"mp4-{kind}-h265-{bname}", "mp4", h265 + bf, "none", out=flags + ["-tag:v", "hvc1"])
    for sound in ("none", "aac", "opus", "mp3", "ac3", "alaw", "mulaw", "pcm"):
        add(f"mkv-h264-{sound}", "mkv", sound=sound)
    for sound in ("none", "aac", "mp3", "ac3", "opus"):
        add(f"ts-h264-{sound}", "ts", sound=sound)
    add("ts-h265", "ts", h265 + b)
    add("mkv-h265", "mkv", h265 + b)
    add("mkv-h264-plain", "mkv", h264 + plain)
    for ext in ("mp4", "mkv", "ts"):
        add(f"{ext}-late-sound", ext, inputs=["-itsoffset", "0.7"])
        add(f"{ext}-variable-rate", ext, h264 + b + ["-vf", "select='not(mod(n,3))+lt(n,20)'", "-vsync", "vfr"])
        add(f"{ext}-long-gop", ext, ["-c:v", "libx264", "-g", "600", "-bf", "2"])
    add("mp4-late-start", "mp4", out=["-output_ts_offset", "5"])
    add("ts-late-start", "ts", out=["-output_ts_offset", "59857"])
    add("mp4-rotated", "mp4", out=["-metadata:s:v:0", "rotate=90"])
    add("mp4-open-gop", "mp4", ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=15:bframes=3"])
    add("ts-open-gop", "ts", ["-c:v", "libx264", "-x264-params", "open-gop=1:keyint=15:bframes=3"])
    add("mp4-odd-rate", "mp4", h264 + b + ["-r", "30000/1001"])
    add("mp4-slices", "mp4", ["-c:v", "libx264", "-x264-params", "slices=4:keyint=20"])
    add("mp4-intra-only", "mp4", ["-c:v", "libx264", "-g", "1"])
    add("mkv-live", "mkv", out=["-live", "1"])
    add("mp4-sound-44100", "mp4", sound="aac", out=["-ar", "44100", "-ac", "2"])
    return table


def make(folder, name, row):
    ext, inputs, video, sound, out = row
    path = os.path.join(folder, f"{name}.{ext}")
    if not os.path.exists(path):
        cmd = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25"]
        if sound != "none":
            cmd += [*inputs, "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"]
        cmd += ["-t", "4", *video, "-preset", "ultrafast" if "-bf" not in video or "0" in video else "veryfast", "-pix_fmt", "yuv420p",
                *SOUND[sound], *out, "-f", {"mkv": "matroska", "ts": "mpegts"}.get(ext, ext), path + ".part"]
        subprocess.run(cmd, check=True, stdin=subprocess.DEVNULL, timeout=120)
        os.rename(path + ".part", path)
    return path


def cut_by_edit_list(folder, source):
    """A copy that begins between key pictures: the muxer keeps the pictures before and hides them by an edit list."""
    path = os.path.join(folder, "mp4-edit-list.mp4")
    if not os.path.exists(path):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-ss", "1.7", "-i", source, "-c", "copy", path], check=True, timeout=60)
    return path


def gstreamer(folder):
    """Files of another family of muxers."""
    source = "videotestsrc num-buffers=75 ! video/x-raw,width=320,height=240,framerate=25/1 ! x264enc key-int-max=25 speed-preset=veryfast"
    sound = "audiotestsrc num-buffers=130 ! audio/x-raw,rate=44100 ! avenc_aac"
    files = {"gst-mp4.mp4": "mp4mux faststart=true name=m", "gst-frag.mp4": "mp4mux fragment-duration=1000 streamable=true name=m",
             "gst.ts": "mpegtsmux name=m", "gst.mkv": "matroskamux name=m", "gst-live.mkv": "matroskamux streamable=true name=m"}
    for name, mux in files.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            line = f"{mux} ! filesink location={path}.part {source} ! h264parse ! queue ! m. {sound} ! aacparse ! queue ! m."
            done = subprocess.run(["gst-launch-1.0", "-q", *line.split()], capture_output=True, text=True, timeout=120)
            if done.returncode != 0:
                raise AssertionError(f"{name}: {done.stderr}")
            os.rename(path + ".part", path)
        yield path


class Whole(PlaybackScenario):
    def check(self, path):
        clip = self.uploaded(path)
        expected = media.picture_hash(path)
        self.assertGreater(expected[1], 0, path)
        mp4 = self.save(self.read_mp4(clip), "clip.mp4")
        text, files = self.read_hls(clip)
        joined = [self.save(data, f"segment-{n}.mp4") for n, data in enumerate(files)]
        self.assertEqual(media.picture_hash(mp4), expected, f"{path} as MP4")
        if len(joined) == 1:
            self.assertEqual(media.picture_hash(joined[0]), expected, f"{path} as HLS")
        info, errors = media.probe(mp4)
        self.assertEqual(errors, "", path)
        # As long as the pictures that were sent, within a tenth of a second or one picture.
        first, end = media.presentation(mp4, "v")
        stream = media.stream(info, "video")
        picture = 1 / max(1.0, eval(stream["avg_frame_rate"].replace("/0", "/1")) if stream["avg_frame_rate"] else 1)
        self.assertAlmostEqual(end - first, self.picture_span(path), delta=max(0.1, picture), msg=path)
        self.assertLessEqual(first, max(0.1, picture) + (1.0 if "late" in path else 0), path)
        return clip, info

    def picture_span(self, path):
        out = subprocess.run(["ffprobe", "-v", "error", "-ignore_editlist", "1", "-select_streams", "v:0", "-show_entries",
                              "packet=pts_time,dts_time,duration_time", "-of", "csv=p=0", path], capture_output=True, text=True, timeout=60)
        if not out.stdout:
            out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                                  "packet=pts_time,dts_time,duration_time", "-of", "csv=p=0", path], capture_output=True, text=True, timeout=60)
        rows = [[float(x) if x not in ("N/A", "") else None for x in line.split(",")[:3]] for line in out.stdout.split()]
        at = [r[0] if r[0] is not None else r[1] for r in rows]
        last = max(range(len(at)), key=lambda i: at[i])
        return at[last] + (rows[last][2] or 0) - min(at)

    def test_real_clips(self):
        for name in ACCEPTED:
            with self.subTest(name):
                clip, info = self.check(shared("media", name))
                if name == "portrait-rotated.mp4":
                    self.assertIn("rotation", str(media.stream(info, "video").get("side_data_list")))
                    self.assertIn(clip["video"]["rotation"], (90, 270))

    def test_made_clips(self):
        folder = os.path.join(tempfile.gettempdir(), f"doorward-whole-{os.geteuid()}")
        os.makedirs(folder, exist_ok=True)
        table = made()
        with ThreadPoolExecutor(2) as pool:
            paths = list(pool.map(lambda item: make(folder, *item), table.items()))
        paths.append(cut_by_edit_list(folder, os.path.join(folder, "mp4-fast-h264-b.mp4")))
        paths += gstreamer(folder)
        self.assertGreaterEqual(len(paths), 40)
        for path in paths:
            with self.subTest(os.path.basename(path)):
                self.check(path)


if __name__ == "__main__":
    unittest.main()
