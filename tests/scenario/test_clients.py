# SPDX-License-Identifier: Apache-2.0
"""Real clients, unmodified: every command line that cameras and tools are known to use ends in the same pictures (and sound) that were
sent. ROWS at the end names the test of each; those of resumable uploads and of the S3 door are in files of their own."""
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import media  # noqa: E402
import nal  # noqa: E402
import player  # noqa: E402
import pushed  # noqa: E402
from doorward import ROOT, free_port, wait_for  # noqa: E402
from pushed import Pushed, source  # noqa: E402

FRAGMENTED = ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof"]
HLS = ["-c", "copy", "-f", "hls", "-hls_time", "2", "-method", "PUT"]
DASH = ["-c", "copy", "-f", "dash", "-seg_duration", "2", "-method", "PUT"]


def recipe(name):
    with open(os.path.join(ROOT, "deploy", "recipes", name), encoding="utf-8") as f:
        return f.read()


class Curl(Pushed):
    def curl(self, *args, **more):
        out = self.server.curl("-u", f"cam:{self.home.camera_secret}", "-w", "%{http_code}", "-o", "/dev/null", *args, **more)
        self.assertEqual(out.stdout, "201", out)
        clip = self.check_whole(source())
        self.assertRegex(clip["sha256"], "^[0-9a-f]{64}$")
        return clip

    def plain(self, name=""):
        return f"{self.server.url}{self.path}{name}"

    def test_put_of_a_file(self):
        self.curl("-T", source(), self.plain("/clip.mp4"))

    def test_put_with_a_slash_lets_curl_name_it(self):
        self.assertEqual(self.curl("-T", source(), self.plain("/"))["name"], os.path.basename(source()))

    def test_put_of_a_pipe(self):
        with open(source(), "rb") as f:
            self.curl("-T", "-", self.plain("/x.mp4"), stdin=f)

    def test_post_to_the_collection(self):
        self.curl("--data-binary", f"@{source()}", "-H", "Content-Type: video/mp4", self.plain())


class Streams(Pushed):
    def push(self, *args):
        self.ffmpeg("-re", "-i", source(), "-c", "copy", *args)
        return self.check_whole(source())

    def test_ffmpeg_fragmented_mp4(self):
        self.push(*FRAGMENTED, "-method", "PUT", f"{self.url}/live.mp4")

    def test_ffmpeg_fragmented_mp4_posted(self):
        self.push(*FRAGMENTED, f"{self.url}/live.mp4")

    def test_ffmpeg_transport_stream(self):
        self.push("-f", "mpegts", "-method", "PUT", f"{self.url}/live.ts")

    def test_ffmpeg_matroska(self):
        self.push("-f", "matroska", "-live", "1", "-method", "PUT", f"{self.url}/live.mkv")

    def test_ffmpeg_with_a_bearer_header(self):
        self.push("-headers", f"Authorization: Bearer {self.home.camera_secret}\r\n", *FRAGMENTED, "-method", "PUT",
                  f"{self.server.url}{self.path}/live.mp4")


class Segments(Pushed):
    def push(self, *args):
        self.ffmpeg("-re", "-i", source(), *args)
        return self.check_whole(source())

    def test_ffmpeg_hls_of_transport_streams(self):
        clip = self.push(*HLS, f"{self.url}/live.m3u8")
        self.assertEqual((clip["kind"], clip["sha256"]), ("continuous", None))

    def test_ffmpeg_hls_of_fragmented_mp4(self):
        self.push(*HLS, "-hls_segment_type", "fmp4", f"{self.url}/live.m3u8")

    def test_ffmpeg_hls_on_kept_connections(self):
        self.push(*HLS, "-hls_segment_type", "fmp4", "-http_persistent", "1", f"{self.url}/live.m3u8")

    def test_ffmpeg_hls_that_deletes_behind_itself(self):
        self.push(*HLS, "-hls_list_size", "2", "-hls_flags", "delete_segments", f"{self.url}/live.m3u8")

    def test_ffmpeg_dash(self):
        self.push(*DASH, f"{self.url}/live.mpd")

    def test_ffmpeg_dash_low_latency(self):
        self.push(*DASH, "-ldash", "1", "-streaming", "1", f"{self.url}/live.mpd")

    def test_ffmpeg_dash_with_hls_playlists_that_removes_all_at_the_end(self):
        self.push(*DASH, "-hls_playlist", "1", "-remove_at_exit", "1", f"{self.url}/live.mpd")

    def test_ffmpeg_segments_of_transport_streams(self):
        self.push("-c", "copy", "-f", "segment", "-segment_time", "2", "-segment_format", "mpegts", f"{self.url}/%03d.ts")

    def test_ffmpeg_segments_of_mp4_whose_clock_starts_anew(self):
        self.push("-c", "copy", "-f", "segment", "-segment_time", "2", "-segment_format", "mp4", "-segment_format_options",
                  "movflags=frag_keyframe+empty_moov+default_base_moof", f"{self.url}/%03d.mp4")


class Snapshots(Pushed):
    def test_ffmpeg_image2_update(self):
        self.ffmpeg("-re", "-i", source(), "-vf", "fps=2", "-f", "image2", "-update", "1", f"{self.url}/snap.jpg")
        still = self.home.get(f"/api/v1/cameras/{self.home.camera_id}/still.jpg")
        self.assertEqual((still.status, still.headers["Content-Type"]), (200, "image/jpeg"))
        path = os.path.join(self.work.name, "still.jpg")
        with open(path, "wb") as f:
            f.write(still.body)
        self.assertEqual([s["width"] for s in player.probe(path)[0]["streams"]], [320])
        self.assertEqual(self.home.clips(), [], "a snapshot is not a clip")
        self.assertIn("camera.still", [e["action"] for e in self.home.get("/api/v1/ledger").json["items"]])
        # The one that is there is the last that was sent.
        self.ffmpeg("-i", source(), "-vf", "fps=2", f"{self.work.name}/sent%d.jpg")

        def likeness(n):
            r = self.ffmpeg("-i", path, "-i", f"{self.work.name}/sent{n}.jpg", "-lavfi", "psnr", "-f", "null", "-", "-v", "info")
            return float(re.search(r"average:(inf|[\d.]+)", r.stderr).group(1))
        count = sum(f.startswith("sent") for f in os.listdir(self.work.name))
        self.assertEqual(max(range(1, count + 1), key=likeness), count)

    def test_what_is_no_picture_is_refused(self):
        self.assertEqual(self.put("snap.jpg", b"hello, world").problem, "unsupported_media")
        self.assertEqual(self.put("snap.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 1000).problem, "broken_media")
        self.assertEqual(self.put("snap.jpg", b"\xff\xd8\xff" * (2 << 20)).status, 413)
        self.assertEqual(self.home.get(f"/api/v1/cameras/{self.home.camera_id}/still.jpg").status, 404)


class PlainHttp(Pushed):
    """As GStreamer's sink is built with Debian's GnuTLS it speaks no TLS."""
    env = {"DOORWARD_TLS": "false"}

    def test_gstreamer_curlhttpsink(self):
        sent = source()
        r = subprocess.run(["gst-launch-1.0", "-q", "filesrc", f"location={sent}", "!", "qtdemux", "name=d", "mpegtsmux", "name=m", "!", "curlhttpsink",
                            f"location={self.server.url}{self.path}/a.ts", "user=cam", f"passwd={self.home.camera_secret}",
                            "use-content-length=false", "d.video_0", "!", "queue", "!", "h264parse", "!", "m.", "d.audio_0", "!", "queue", "!",
                            "aacparse", "!", "m."], capture_output=True, text=True, timeout=60)
        if "no element" in r.stderr:
            self.skipTest(r.stderr)
        self.assertEqual(r.returncode, 0, r.stderr)
        clip = self.check_whole(sent, sound=False)
        # Its demuxer leaves out the sound that only primes the decoder.
        self.assertGreaterEqual(len(pushed.packets(self.read_mp4(clip), "a")), len(pushed.packets(sent, "a")) - 3)


class Recipes(Pushed):
    def test_mediamtx_sends_each_finished_file(self):
        line = re.search(r"runOnRecordSegmentComplete: (curl .*)", recipe("mediamtx.yml")).group(1)
        folder = os.path.join(self.work.name, "front")
        os.mkdir(folder)
        self.ffmpeg("-i", source(), "-c", "copy", "-f", "segment", "-segment_time", "4", "-segment_format", "mp4", "-segment_format_options",
                    "movflags=frag_keyframe+empty_moov+default_base_moof", "-strftime", "0", f"{folder}/2026-11-23_18-52-0%d-000000.mp4")
        files = sorted(os.path.join(folder, f) for f in os.listdir(folder))
        self.assertEqual(len(files), 2)
        for path in files + files[:1]:  # MediaMTX puts these into the hook's environment
            r = subprocess.run(line.replace("curl ", f"curl --cacert {self.server.ca_file} ", 1), shell=True, capture_output=True, text=True,
                               env={**os.environ, "MTX_SEGMENT_PATH": path, "MTX_PATH": "front", "DOORWARD_URL": self.url})
            self.assertEqual(r.returncode, 0, r.stderr)
        clips = {c["name"]: c for c in self.home.clips()}
        self.assertEqual(sorted(clips), [os.path.basename(p) for p in files])
        for path in files:
            self.assertEqual(nal.digest(self.read_mp4(clips[os.path.basename(path)])), nal.digest(path))

    def serve_rtsp(self, sent, port):
        """A camera: the file by RTSP, once, from its beginning to its end."""
        program = f"""
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_service("{port}")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( filesrc location={sent} ! qtdemux name=d d.video_0 ! queue ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1 "
                   "d.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )")
server.get_mount_points().add_factory("/stream1", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
"""
        process = subprocess.Popen(["/usr/bin/python3", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        if process.stdout.readline().strip() != "ready":
            self.fail(f"no RTSP server: {process.communicate()[1]}")

    def bridge(self, args, sent):
        env = {"RTSP_URL": f"rtsp://127.0.0.1:{self.rtsp}/stream1", "PUSH_URL": self.url}
        args = [re.sub(r"\$\{?(\w+)\}?", lambda m: env.get(m.group(1), m.group(0)), a) for a in args]
        self.serve_rtsp(sent, self.rtsp)
        r = subprocess.run(args, capture_output=True, text=True, timeout=60)
        clip = self.one_clip(media.video_seconds(sent) - 2)
        time.sleep(0.5)
        back = self.read_mp4(clip)
        # RTSP may begin behind the first pictures and says nothing of SEI before them: what came is a run of what was sent.
        self.assertIn(pushed.pictures(back).strip(b"|"), pushed.pictures(sent), r.stderr)
        self.assertIsNotNone(clip["audio"], r.stderr)

    def setUp(self):
        super().setUp()
        self.rtsp = free_port()

    def test_the_bridge_s_unit(self):
        line = re.search(r"^ExecStart=(.*)$", recipe("rtsp-bridge@.service"), re.M).group(1)
        self.bridge(shlex.split(line), source())

    def test_the_bridge_s_container_runs_the_same(self):
        line = re.search(r'"exec (.*)"\]$', recipe("rtsp-bridge.Dockerfile"), re.M).group(1).replace('\\"', '"')
        unit = re.search(r"^ExecStart=/usr/bin/(.*)$", recipe("rtsp-bridge@.service"), re.M).group(1)
        self.assertEqual(shlex.split(line), shlex.split(re.sub(r"\$\{(\w+)\}", r"$\1", unit)))


# What clients send -> the test that runs it.
ROWS = {
    "curl -T clip.mp4 URL/clip.mp4": "test_clients.Curl.test_put_of_a_file",
    "curl -T clip.mp4 URL/": "test_clients.Curl.test_put_with_a_slash_lets_curl_name_it",
    "cat x.mp4 | curl -T - URL/x.mp4": "test_clients.Curl.test_put_of_a_pipe",
    "curl --data-binary @clip.mp4 URL": "test_clients.Curl.test_post_to_the_collection",
    "curl -C 1000 -T clip.mp4 URL/clip.mp4": "test_resumable.Ranges.test_curl_goes_on_where_it_was",
    "ffmpeg -f mp4 -movflags frag_keyframe+empty_moov+default_base_moof -method PUT": "test_clients.Streams.test_ffmpeg_fragmented_mp4",
    "the same without -method": "test_clients.Streams.test_ffmpeg_fragmented_mp4_posted",
    "ffmpeg -f mpegts": "test_clients.Streams.test_ffmpeg_transport_stream",
    "ffmpeg -f matroska -live 1": "test_clients.Streams.test_ffmpeg_matroska",
    "ffmpeg -headers 'Authorization: Bearer T'": "test_clients.Streams.test_ffmpeg_with_a_bearer_header",
    "ffmpeg -f hls": "test_clients.Segments.test_ffmpeg_hls_of_transport_streams",
    "ffmpeg -f hls -hls_segment_type fmp4": "test_clients.Segments.test_ffmpeg_hls_of_fragmented_mp4",
    "ffmpeg -f hls -http_persistent 1": "test_clients.Segments.test_ffmpeg_hls_on_kept_connections",
    "ffmpeg -f hls -hls_flags delete_segments": "test_clients.Segments.test_ffmpeg_hls_that_deletes_behind_itself",
    "ffmpeg -f dash": "test_clients.Segments.test_ffmpeg_dash",
    "ffmpeg -f dash -ldash 1 -streaming 1": "test_clients.Segments.test_ffmpeg_dash_low_latency",
    "ffmpeg -f dash -hls_playlist 1 -remove_at_exit 1": "test_clients.Segments.test_ffmpeg_dash_with_hls_playlists_that_removes_all_at_the_end",
    "ffmpeg -f segment -segment_format mpegts": "test_clients.Segments.test_ffmpeg_segments_of_transport_streams",
    "ffmpeg -f segment -segment_format mp4": "test_clients.Segments.test_ffmpeg_segments_of_mp4_whose_clock_starts_anew",
    "ffmpeg -f image2 -update 1 URL/snap.jpg": "test_clients.Snapshots.test_ffmpeg_image2_update",
    "gst-launch-1.0 … mpegtsmux ! curlhttpsink": "test_clients.PlainHttp.test_gstreamer_curlhttpsink",
    "MediaMTX runOnRecordSegmentComplete": "test_clients.Recipes.test_mediamtx_sends_each_finished_file",
    "ffmpeg -rtsp_transport tcp -i rtsp://CAM -c copy -f hls": "test_clients.Recipes.test_the_bridge_s_unit",
    "tus-js-client": "test_tus",
    "aws s3 cp": "test_s3",
    "gst-launch-1.0 … souphttpclientsink": "test_resumable",
}


class Rows(unittest.TestCase):
    def test_every_row_has_its_test(self):
        self.assertGreaterEqual(len(ROWS), 20)
        for row, where in ROWS.items():
            file, *rest = where.split(".")
            path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{file}.py")
            self.assertTrue(os.path.exists(path), row)
            if rest:
                spec = importlib.util.spec_from_file_location(file, path)
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                self.assertTrue(callable(getattr(getattr(module, rest[0]), rest[1], None)), f"{row}: {where}")


if __name__ == "__main__":
    pushed.main()
