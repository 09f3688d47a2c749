# SPDX-License-Identifier: Apache-2.0
"""A camera's time: what there is and what is missing, playlists and files of any span, exact at their ends - and nothing of what was
deleted."""
import datetime
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from agency import film  # noqa: E402
from doorward import ROOT, Scenario, Server, as_user, fault_build, in_threads, sample, wait_for  # noqa: E402
from stored import settled  # noqa: E402
import nal  # noqa: E402
import pg  # noqa: E402
import player  # noqa: E402
import test_web  # noqa: E402

RATE = 15  # pictures a second of sample()


def stamp(seconds):
    """RFC 3339 with milliseconds."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class TimelineScenario(Scenario):
    def setUp(self):
        self.home = self.server.household()
        self.folder = tempfile.mkdtemp(prefix="dw-timeline-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.begin = int(time.time()) - 4 * 3600

    def url(self, file, begin=None, end=None, **more):
        """Of the camera's media between two times, in seconds after self.begin."""
        query = dict(more)
        if begin is not None:
            query |= {"from": stamp(self.begin + begin), "to": stamp(self.begin + end)}
        return f"/api/v1/cameras/{self.home.camera_id}/{file}" + ("?" + urllib.parse.urlencode(query) if query else "")

    def get(self, file, begin, end, **more):
        answer = self.home.get(self.url(file, begin, end, **more))
        self.assertEqual(answer.status, 200, answer)
        return answer

    def timeline(self, begin, end):
        return self.get("timeline", begin, end).json

    def gaps(self, begin, end):
        """[(reason, from, to)], in seconds after self.begin."""
        return [(g["reason"], round(seconds(g["from"]) - self.begin, 2), round(seconds(g["to"]) - self.begin, 2))
                for g in self.timeline(begin, end)["gaps"]]

    def runs(self, begin, end):
        return [(round(seconds(r["from"]) - self.begin, 2), round(seconds(r["to"]) - self.begin, 2))
                for r in self.timeline(begin, end)["runs"]]

    def save(self, data, name):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o644)
        return path

    def export(self, begin, end, name="export.mp4"):
        return self.save(self.get("export.mp4", begin, end).body, name)

    def read_hls(self, begin, end):
        """The playlist's text, and its pieces joined to one file for each run between discontinuities."""
        text = self.get("index.m3u8", begin, end).body.decode()
        files, fresh = [], True
        for line in text.splitlines():
            at_map = re.match(r'#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@0"', line)
            piece = re.match(r"#EXT-X-BYTERANGE:(\d+)@(\d+)", line)
            if line == "#EXT-X-DISCONTINUITY":
                fresh = True
            elif at_map:
                header, fresh = self.read_range(at_map[1], 0, int(at_map[2])), True
            elif piece:
                length, offset = int(piece[1]), int(piece[2])
            elif not line.startswith("#"):
                if fresh:
                    files.append(bytearray(header))
                    fresh = False
                files[-1].extend(self.read_range(line, offset, length))
        return text, [bytes(f) for f in files]

    def read_range(self, uri, offset, length):
        answer = self.home.get(self.url(uri), headers={"Range": f"bytes={offset}-{offset + length - 1}"})
        self.assertEqual(answer.status, 206, answer)
        self.assertEqual(len(answer.body), length)
        return answer.body


class Timeline(TimelineScenario):
    def test_runs_gaps_and_events(self):
        clips = [film(self.home, self.begin + at, f"{at}.mp4") for at in (0, 12, 60)]
        self.assertEqual([r[0] for r in self.runs(-10, 100)], [0, 12, 60])
        self.assertAlmostEqual(self.runs(-10, 100)[0][1], 12, delta=0.1)
        self.assertEqual([(reason, round(a), round(b)) for reason, a, b in self.gaps(-10, 100)],
                         [("never_sent", -10, 0), ("offline", 24, 60), ("offline", 72, 100)])
        events = self.timeline(0, 100)["events"]
        self.assertEqual([e["clip_id"] for e in events], [c["id"] for c in clips])
        self.assertEqual({(e["kind"], e["kept"], e["partial"]) for e in events}, {("motion", False, False)})
        self.assertEqual(self.runs(5, 8), [(5, 8)])
        self.assertEqual(self.gaps(5, 8), [])

    def test_what_cannot_be_asked(self):
        film(self.home, self.begin)
        for query, status in (({}, 422), ({"from": "x", "to": "y"}, 422), ({"from": stamp(self.begin)}, 422),
                              ({"from": stamp(self.begin), "to": stamp(self.begin)}, 422),
                              ({"from": stamp(self.begin), "to": stamp(self.begin + 25 * 3600 + 1)}, 422),
                              ({"from": stamp(self.begin), "to": stamp(self.begin + 5), "x": "1"}, 400)):
            for file in ("timeline", "index.m3u8", "iframes.m3u8", "master.m3u8", "export.mp4"):
                if file == "export.mp4" and query.get("to") == stamp(self.begin + 25 * 3600 + 1):
                    continue  # a file may be longer
                self.assertEqual(self.home.get(self.url(file, **query)).status, status, (file, query))
        for file in ("index.m3u8", "master.m3u8", "iframes.m3u8", "export.mp4"):
            self.assertEqual(self.home.get(self.url(file, 100, 200)).status, 404, file)

    def test_hls_over_recordings_and_holes(self):
        film(self.home, self.begin, "a.mp4")
        film(self.home, self.begin + 12, "b.mp4")
        film(self.home, self.begin + 60, "c.mp4", path=sample(6, size="640x480"))
        text, files = self.read_hls(-5, 90)
        self.assertEqual(text.count("#EXT-X-DISCONTINUITY\n"), 2)
        self.assertEqual(text.count("#EXT-X-MAP"), 2)
        self.assertEqual(text.count("#EXTINF"), text.count("#EXT-X-PROGRAM-DATE-TIME"))
        self.assertEqual(re.findall(r'X-REASON="(\w+)"', text), ["never_sent", "offline", "offline"])
        self.assertEqual([nal.digest(self.save(f, "part.mp4")) for f in files],
                         [nal.digest(sample(12))] * 2 + [nal.digest(sample(6, size="640x480"))])
        keys = self.get("iframes.m3u8", -5, 90).body.decode()
        self.assertIn("#EXT-X-I-FRAMES-ONLY\n", keys)
        self.assertEqual(keys.count("#EXT-X-DISCONTINUITY\n"), 2)
        master = self.get("master.m3u8", -5, 90).body.decode()
        self.assertIn("#EXT-X-I-FRAME-STREAM-INF:", master)
        self.assertRegex(master, r'CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2",RESOLUTION=320x240')

    def test_key_pictures_by_byte_range_decode(self):
        film(self.home, self.begin)
        text = self.get("iframes.m3u8", 0, 12).body.decode()
        header = re.search(r'MAP:URI="([^"]+)",BYTERANGE="(\d+)@0"', text)
        first = re.search(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text)
        data = self.read_range(header[1], 0, int(header[2])) + self.read_range(first[3], int(first[2]), int(first[1]))
        out = subprocess.run(["ffmpeg", "-v", "fatal", "-i", self.save(data, "key.mp4"), "-frames:v", "1", "-f", "null", "-", "-stats"],
                             capture_output=True, text=True)
        self.assertIn("frame=    1", out.stderr)

    def test_validators(self):
        film(self.home, self.begin)
        for file in ("index.m3u8", "master.m3u8", "iframes.m3u8", "export.mp4"):
            got = self.get(file, 0, 10)
            again = self.home.get(self.url(file, 0, 10), headers={"If-None-Match": got.headers["ETag"]})
            self.assertEqual((again.status, again.body), (304, b""), file)
            head = self.server.request("HEAD", self.url(file, 0, 10), token=self.home.token)
            self.assertEqual((head.status, int(head.headers["Content-Length"])), (200, len(got.body)), file)
        before = self.get("export.mp4", 0, 30).headers["ETag"]
        film(self.home, self.begin + 15, "more.mp4")
        self.assertNotEqual(before, self.get("export.mp4", 0, 30).headers["ETag"], "footage that came is shown at once")

    def test_looking_is_on_the_record(self):
        film(self.home, self.begin)
        text = self.get("index.m3u8", 0, 10).body.decode()
        segment = re.search(r"^segments/\S+", text, re.M)[0]
        self.home.get(self.url(segment), headers={"Range": "bytes=0-99"})
        self.get("export.mp4", 0, 10)
        entries = [e for e in self.home.get("/api/v1/ledger").json["items"] if e["action"].startswith("camera.")]
        self.assertIn("camera.export", {e["action"] for e in entries})
        views = [e for e in entries if e["action"] == "camera.view"]
        self.assertIn(len(views), (1, 2))  # each loop counts for itself
        self.assertEqual(views[-1]["detail"], {"from": stamp(self.begin), "to": stamp(self.begin + 10)})

    def test_links_open_the_camera(self):
        film(self.home, self.begin)
        body = {"from": stamp(self.begin), "to": stamp(self.begin + 10)}
        urls = self.home.post(self.url("links"), body).json["urls"]
        for name, url in urls.items():
            self.assertEqual(self.server.get(url).status, 200, name)
        info, errors = player.probe(urls["master"], "-ca_file", self.server.ca_file)
        self.assertEqual(errors, "")
        self.assertEqual({s["codec_name"] for s in info["streams"]}, {"h264", "aac"})
        self.assertEqual(self.server.get(urls["mp4"].replace("sig=", "sig=A")).status, 401)
        stranger = self.server.household()
        self.assertEqual(stranger.post(self.url("links"), body).status, 404)
        self.assertEqual(stranger.get(self.url("export.mp4", 0, 10)).status, 404)
        self.assertEqual(stranger.get(self.url("timeline", 0, 10)).status, 404)


class Exact(TimelineScenario):
    """The file of a span starts and ends where it was asked to."""

    def frames(self, path, *options):
        """[(pts in seconds, digest)] of the pictures that a decoder shows."""
        out = subprocess.run(["ffmpeg", "-v", "error", *options, "-copyts", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f",
                              "framemd5", "-"], capture_output=True, text=True, check=True)
        self.assertEqual(out.stderr, "")
        base = re.search(r"#tb 0: (\d+)/(\d+)", out.stdout)
        rows = [line.split(",") for line in out.stdout.splitlines() if not line.startswith("#")]
        return [(int(r[2]) * int(base[1]) / int(base[2]), r[5].strip()) for r in rows]

    def test_exact_ends_within_a_recording(self):
        film(self.home, self.begin)
        whole = self.frames(sample(12))
        for begin, end in ((3.4, 9.2), (0, 12), (0.5, 1), (4, 6.4), (11.2, 11.8)):
            path = self.export(begin, end)
            shown = self.frames(path)
            wanted = [(t - begin, d) for t, d in whole if begin - 1e-3 <= t < end - 1e-3]
            self.assertEqual([d for _, d in shown], [d for _, d in wanted], (begin, end))
            self.assertLess(max(abs(a - b) for (a, _), (b, _) in zip(shown, wanted)), 0.04, (begin, end))
            info, errors = player.probe(path)
            self.assertEqual(errors, "")
            self.assertAlmostEqual(float(info["format"]["duration"]), end - begin, delta=0.09, msg=(begin, end))

    def test_over_recordings_and_a_hole_time_is_kept(self):
        film(self.home, self.begin, "a.mp4")
        film(self.home, self.begin + 12.02, "b.mp4")
        film(self.home, self.begin + 60, "c.mp4")
        path = self.export(6.2, 66.6)
        shown, whole = self.frames(path), self.frames(sample(12))
        wanted = [(at + t - 6.2, d) for at in (0, 12.02, 60) for t, d in whole if 6.2 - 1e-3 <= at + t < 66.6 - 1e-3]
        self.assertEqual([d for _, d in shown], [d for _, d in wanted])
        self.assertLess(max(abs(a - b) for (a, _), (b, _) in zip(shown, wanted)), 0.04)
        self.assertEqual(player.play_errors(path), "")

    def test_a_span_that_begins_before_the_footage_waits(self):
        film(self.home, self.begin)
        shown = self.frames(self.export(-5, 3))
        self.assertAlmostEqual(shown[0][0], 5, delta=0.05)
        self.assertEqual(len(shown), 3 * RATE)

    def test_b_frames(self):
        path = sample(12, extra=("-bf", "3", "-g", "30"))
        film(self.home, self.begin, path=path)
        whole = self.frames(path)
        for begin, end in ((1.5, 7.25), (5.05, 5.95)):
            shown = self.frames(self.export(begin, end))
            wanted = [d for t, d in whole if begin - 0.034 < t < end - 1e-3]
            self.assertEqual([d for _, d in shown][-len(wanted) + 1:], wanted[1:], (begin, end))
            self.assertAlmostEqual(len(shown), len(wanted), delta=1)


class Deleted(TimelineScenario):
    def delete(self, begin, end):
        answer = self.home.post(self.url("deletions"), {"from": stamp(self.begin + begin), "to": stamp(self.begin + end)})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["deletion"]

    def test_a_deleted_span_is_a_gap_everywhere_until_undone(self):
        film(self.home, self.begin)
        text_before, before = self.read_hls(0, 12)
        segment = re.search(r"^segments/\S+", text_before, re.M)[0]
        size = len(self.home.get(self.url(segment)).body)
        deletion = self.delete(4.5, 7.5)
        self.assertEqual(self.gaps(0, 12), [("deleted", 4.5, 7.5)])
        self.assertEqual([d["id"] for d in self.timeline(0, 12)["deletions"]], [deletion["id"]])
        text, files = self.read_hls(0, 12)
        self.assertIn('X-REASON="deleted"', text)
        self.assertEqual(text.count("#EXT-X-DISCONTINUITY\n"), 1)
        times = [seconds(t) - self.begin for t in re.findall(r"DATE-TIME:(\S+)", text)]
        lengths = [float(x) for x in re.findall(r"#EXTINF:([\d.]+),", text)]
        for t, n in zip(times, lengths):
            self.assertTrue(t + n <= 4.6 or t >= 7.4, (t, n))
        self.assertEqual(self.home.get(self.url(segment)).status, 404, "the whole segment holds what is deleted")
        shown = Exact.frames(self, self.export(0, 12))
        self.assertTrue(all(t < 4.5 or t >= 7.4 for t, _ in shown), [t for t, _ in shown])
        # Pictures that need one of the deleted go too: at most those of one group of B pictures.
        self.assertIn(len([1 for t, _ in shown if t < 4.5]), range(int(4.5 * RATE) - 4, int(4.5 * RATE) + 1))
        self.assertGreater(len([1 for t, _ in shown if t > 9]), 2 * RATE)
        self.assertEqual(self.home.post(f"/api/v1/deletions/{deletion['id']}/undo", {}).status, 200)
        self.assertEqual(self.read_hls(0, 12), (text_before, before))
        self.assertEqual(len(self.home.get(self.url(segment)).body), size)

    def test_a_deleted_clip_hides_its_own_recording_only(self):
        a, b = film(self.home, self.begin, "a.mp4"), film(self.home, self.begin + 6, "b.mp4", path=sample(6, size="640x480"))
        self.assertEqual(self.home.delete(f"/api/v1/clips/{b['id']}").status, 200)
        self.assertEqual(len(self.read_hls(0, 12)[1]), 1)
        self.assertEqual([r[0] for r in self.runs(0, 12)], [0])
        self.assertEqual(self.home.delete(f"/api/v1/clips/{a['id']}").status, 200)
        self.assertEqual(self.home.get(self.url("index.m3u8", 0, 12)).status, 404)
        self.assertEqual([g[0] for g in self.gaps(0, 12)], ["deleted"])


class Players(TimelineScenario):
    """A span of three recordings, a hole, and another format in it."""

    def setUp(self):
        super().setUp()
        film(self.home, self.begin, "a.mp4", path=sample(6))
        film(self.home, self.begin + 6, "b.mp4", path=sample(6))
        film(self.home, self.begin + 60, "c.mp4", path=sample(6, size="640x480"))
        body = {"from": stamp(self.begin), "to": stamp(self.begin + 66), "ttl_s": 3600}
        self.urls = self.home.post(self.url("links"), body).json["urls"]

    def runs_well(self, *command, **more):
        out = subprocess.run(command, capture_output=True, text=True, timeout=180, **more)
        self.assertEqual(out.returncode, 0, f"{command}\n{out.stdout[-2000:]}\n{out.stderr[-2000:]}")
        return out.stdout + out.stderr

    def test_ffmpeg(self):
        for name in ("master", "hls"):
            out = self.runs_well("ffprobe", "-v", "error", "-ca_file", self.server.ca_file, "-select_streams", "v:0", "-show_entries",
                                 "packet=size", "-of", "csv=p=0", self.urls[name])
            self.assertEqual(len(out.splitlines()), 18 * RATE, name)
        # Only one format: this ffmpeg decodes no other one that begins within a list, its own included.
        body = {"from": stamp(self.begin), "to": stamp(self.begin + 30)}
        urls = self.home.post(self.url("links"), body).json["urls"]
        out = self.runs_well("ffmpeg", "-nostdin", "-v", "error", "-ca_file", self.server.ca_file, "-i", urls["hls"], "-map", "0:v:0",
                             "-fps_mode", "passthrough", "-f", "framemd5", "-")
        digests = [line.split(",")[5].strip() for line in out.splitlines() if line and line[0].isdigit()]
        self.assertEqual(len(digests), 12 * RATE)
        self.assertEqual(digests[:6 * RATE], digests[6 * RATE:])
        self.assertEqual(player.play_errors(self.urls["mp4"], "-ca_file", self.server.ca_file), "")

    @unittest.skipUnless(shutil.which("mpv"), "no mpv")
    def test_mpv(self):
        for name in ("master", "mp4"):
            out = self.runs_well("mpv", "--no-config", "--vo=null", "--ao=null", "--untimed", "--no-terminal", "--msg-level=all=warn",
                                 f"--tls-ca-file={self.server.ca_file}", "--tls-verify=yes", self.urls[name],
                                 env={**os.environ, "HOME": self.folder}, **as_user())
            self.assertNotIn("rror", out, name)

    @unittest.skipUnless(shutil.which("gst-launch-1.0"), "no GStreamer")
    def test_gstreamer(self):
        for name, more in (("hls", ["hlsdemux", "!"]), ("mp4", [])):
            self.runs_well("gst-launch-1.0", "-q", "souphttpsrc", f"location={self.urls[name]}", "ssl-strict=false", "!", *more, "decodebin",
                           "!", "videoconvert", "!", "fakesink")

    def test_hls_js_in_chromium(self):
        test_web.need_browser()
        env = {**os.environ, "DOORWARD_WEB_MODULES": test_web.modules(),
               "DOORWARD_SPAN": json.dumps({"url": self.server.url, "master": self.urls["master"], "seconds": 18})}
        self.runs_well("node", "--test", os.path.join(ROOT, "tests", "web", "timeline.test.mjs"), env=env)


class Export(TimelineScenario):
    """A file that is read while the world goes on."""

    def setUp(self):
        super().setUp()
        for n in range(6):
            film(self.home, self.begin + n * 12, f"{n}.mp4", path=sample(12, size="640x480", rate=30))

    def test_curl_goes_on_where_it_stopped(self):
        url = self.home.post(self.url("links"), {"from": stamp(self.begin + 1), "to": stamp(self.begin + 70)}).json["urls"]["mp4"]
        whole, part = os.path.join(self.folder, "whole.mp4"), os.path.join(self.folder, "part.mp4")
        curl = ["curl", "-sSf", "--cacert", self.server.ca_file]
        subprocess.run([*curl, "-o", whole, url], check=True)
        with open(whole, "rb") as f:
            data = f.read()
        for size in (1, 1000, 100_000, len(data) - 1):
            with open(part, "wb") as f:
                f.write(data[:size])
            subprocess.run([*curl, "-C", "-", "-o", part, url], check=True)
            with open(part, "rb") as f:
                self.assertEqual(f.read(), data, size)
        head = self.server.request("HEAD", self.url("export.mp4", 1, 70, download=1), token=self.home.token)
        self.assertRegex(head.headers["Content-Disposition"], r'^attachment; filename="[a-z0-9-]+_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.mp4"')
        other = self.home.get(self.url("export.mp4", 1, 70), headers={"Range": "bytes=5-", "If-Range": '"x"'})
        self.assertEqual((other.status, other.body), (200, data))

    def slowly(self, during):
        """Reads the whole file, and in the middle of it lets something happen. (bytes promised, bytes that came)"""
        c = self.server.connection()
        c.request("GET", self.url("export.mp4", 0, 72), headers={"Authorization": f"Bearer {self.home.token}"})
        r = c.getresponse()
        self.assertEqual(r.status, 200)
        data = r.read(300_000)
        during()
        try:
            data += r.read()
        except http.client.IncompleteRead as e:
            data += e.partial
        c.close()
        return int(r.headers["Content-Length"]), data

    def test_new_footage_changes_no_file_under_way(self):
        size, data = self.slowly(lambda: film(self.home, self.begin + 74, "new.mp4"))
        self.assertEqual(len(data), size)
        self.assertEqual(player.play_errors(self.save(data, "export.mp4")), "")

    def test_a_deletion_ends_it_or_leaves_it_whole(self):
        self.home.erase_at_once()
        before = self.get("export.mp4", 0, 72)

        def erase():
            body = {"from": stamp(self.begin + 36), "to": stamp(self.begin + 60)}
            self.assertEqual(self.home.post(self.url("deletions"), body).status, 201)
        size, data = self.slowly(erase)
        self.assertEqual(data, before.body[:len(data)], "never other bytes")
        self.assertIn(len(data), range(300_000, size + 1))
        after = self.get("export.mp4", 0, 72)
        self.assertLess(len(after.body), size * 0.8)
        self.assertNotEqual(after.headers["ETag"], before.headers["ETag"])
        again = self.home.get(self.url("export.mp4", 0, 72), headers={"Range": "bytes=1000-", "If-Range": before.headers["ETag"]})
        self.assertEqual((again.status, again.body), (200, after.body))

    def test_reads_race_with_deletions(self):
        """F18: whoever reads gets what is named, whole, or is told that it is gone."""
        problems = []
        rounds = int(os.environ.get("DOORWARD_RACES", "12"))
        for n in range(rounds):
            text = self.get("index.m3u8", 0, 72).body.decode()
            pieces = re.findall(r"#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\S+)", text)
            ready = threading.Barrier(3)
            at = (n % 6) * 12 + 3.0

            def read():
                ready.wait()
                for length, offset, uri in pieces:
                    a = self.home.get(self.url(uri), headers={"Range": f"bytes={offset}-{int(offset) + int(length) - 1}"})
                    if (a.status, len(a.body)) != (206, int(length)) and a.status not in (404, 410):
                        problems.append((a.status, len(a.body), length))

            def export():
                ready.wait()
                a = self.home.get(self.url("export.mp4", 0, 72))
                if a.status != 200 or len(a.body) != int(a.headers["Content-Length"]):
                    problems.append((a.status, len(a.body)))

            def delete():
                ready.wait()
                d = self.home.post(self.url("deletions"), {"from": stamp(self.begin + at), "to": stamp(self.begin + at + 4)})
                undone = self.home.post(f"/api/v1/deletions/{d.json['deletion']['id']}/undo", {})
                if (d.status, undone.status) != (201, 200):
                    problems.append((d, undone))
            in_threads(read, export, delete)
        self.assertEqual(problems, [])
        self.assertEqual(self.gaps(0, 70), [])


class Day(TimelineScenario):
    """A day of a camera: 1,440 segments of a minute."""
    env = {"DOORWARD_THUMBS_AHEAD": "false"}
    SEGMENTS = 1440

    def fill(self, segments):
        """One recorded minute, and rows that show it again in every other minute of the day; all open the one object."""
        clip = film(self.home, self.begin, path=sample(60, size="160x120", rate=5))
        ids = f"select id from segment where camera_id = '{self.home.camera_id}'"
        sql = f"""
            alter table segment disable trigger user;
            create temp table one as select * from segment where id in ({ids});
            insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, zero_90k, duration_90k, plain_bytes, sealed_bytes,
                                 sealed_digest, wrapped_key, sample_index, created_us)
            select id, start_us + n * 60000000::bigint, household_id, camera_id, recording_id, sequence + n,
                   zero_90k + n * 5400000::bigint, duration_90k, plain_bytes, sealed_bytes, sealed_digest, wrapped_key, sample_index, created_us
            from one, generate_series(1, {segments - 1}) n;
            alter table segment enable trigger user;
            update recording set version = version + 1 where id in (select recording_id from one)"""
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", os.path.join(self.server.data, "postgres", "run"), "-U", "doorward",
                        "-d", "postgres", "-c", sql], check=True, **as_user())
        return clip

    def test_a_day_is_one_playlist_and_one_file(self):
        self.begin = int(time.time()) // 86400 * 86400 - 2 * 86400
        self.fill(self.SEGMENTS)
        end = self.SEGMENTS * 60
        begun = time.monotonic()
        text = self.get("index.m3u8", 0, end).body.decode()
        listed = time.monotonic() - begun
        lengths = [float(x) for x in re.findall(r"#EXTINF:([\d.]+),", text)]
        self.assertAlmostEqual(sum(lengths), end, delta=30)
        self.assertNotIn("DISCONTINUITY", text)
        self.assertLess(len(lengths), 10000)
        self.assertEqual(len(re.findall(r"X-REASON", text)), 0)
        self.assertEqual(len(self.timeline(0, end)["runs"]), 1)
        begun = time.monotonic()
        head = self.server.request("HEAD", self.url("export.mp4", 0, end), token=self.home.token, timeout=60)
        made = time.monotonic() - begun
        self.assertEqual(head.status, 200)
        size = int(head.headers["Content-Length"])
        header = self.home.get(self.url("export.mp4", 0, end), headers={"Range": f"bytes=0-{12 << 20}"}).body
        path = self.save(header, "header.mp4")
        os.truncate(path, size)  # the pictures are not needed to see what the header says
        out = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
                              "stream=nb_frames,duration:format=duration", "-of", "json", path], capture_output=True, text=True, check=True)
        info = json.loads(out.stdout)
        self.assertAlmostEqual(float(info["format"]["duration"]), end, delta=0.3)
        self.assertEqual(int(info["streams"][0]["nb_frames"]), self.SEGMENTS * 300)
        print(f"a day of {self.SEGMENTS} segments: playlist of {len(lengths)} entries, {len(text) >> 10} KiB in {listed:.2f} s; "
              f"header of the MP4 in {made:.2f} s", file=sys.stderr)


    def test_more_than_a_day_comes_in_fragments(self):
        self.begin = int(time.time()) // 86400 * 86400 - 5 * 86400
        self.fill(2000)
        end = 2000 * 60
        url = self.url("export.mp4", 90, end)
        head = self.server.request("HEAD", url, token=self.home.token, timeout=60)
        size = int(head.headers["Content-Length"])

        def part(first, last):
            answer = self.home.get(url, headers={"Range": f"bytes={first}-{last}", "If-Range": head.headers["ETag"]})
            self.assertEqual(answer.status, 206)
            return answer.body
        front = part(0, 4_000_000)
        self.assertEqual(part(1_000_001, 2_345_678), front[1_000_001:2_345_679])
        tail = part(size - 3_000_000, size - 1)
        path = self.save(front, "front.mp4")
        out = subprocess.run(["ffprobe", "-v", "fatal", "-select_streams", "v:0", "-show_entries", "packet=dts_time", "-of", "csv=p=0", path],
                             capture_output=True, text=True, check=True)
        times = [float(x.strip(",")) for x in out.stdout.split()]
        self.assertGreater(len(times), 1000)
        self.assertEqual(times, sorted(times))
        self.assertLess(max(b - a for a, b in zip(times, times[1:])), 0.3, "no break between segments")
        # The last decode time of the file is that of its last minute.
        at = tail.rindex(b"tfdt")
        hours = int.from_bytes(tail[at + 8:at + 16], "big") / 48000 / 3600
        self.assertAlmostEqual(hours, (end - 90) / 3600, delta=0.05)
        self.assertEqual(self.home.get(self.url("export.mp4", 0, 46 * 86400)).status, 422)


class Cut(TimelineScenario):
    """Clips that somebody made of a span."""

    def cut(self, begin, end, **more):
        return self.home.post("/api/v1/clips", {"camera_id": self.home.camera_id, "from": stamp(self.begin + begin),
                                                "to": stamp(self.begin + end)} | more)

    def test_a_clip_of_a_span_over_two_recordings(self):
        film(self.home, self.begin, "a.mp4")
        film(self.home, self.begin + 12, "b.mp4")
        answer = self.cut(8.2, 15.4, name="The visit")
        self.assertEqual(answer.status, 201, answer)
        clip = answer.json
        self.assertEqual((clip["kind"], clip["name"], clip["duration_ms"], clip["sha256"]), ("manual", "The visit", 7200, None))
        self.assertEqual(clip["started_at"], stamp(self.begin + 8.2))
        self.assertEqual(self.home.get(answer.headers["Location"]).json, clip)
        self.assertIn(clip["id"], [c["id"] for c in self.home.clips()])
        self.assertIn(clip["id"], [e["clip_id"] for e in self.timeline(0, 30)["events"]])
        exported = self.get("export.mp4", 8.2, 15.4).body
        path = self.save(self.home.get(clip["urls"]["mp4"]).body, "cut.mp4")
        self.assertEqual(Exact.frames(self, path), Exact.frames(self, self.save(exported, "export.mp4")))
        text = self.home.get(clip["urls"]["hls"]).body.decode()
        self.assertEqual(text.count("#EXT-X-DISCONTINUITY\n"), 1)
        uri = re.search(r"^segments/\S+", text, re.M)[0]
        self.assertEqual(self.home.get(f"/api/v1/clips/{clip['id']}/{uri}").status, 404, "not what lies outside the clip")
        self.assertEqual(self.home.get(clip["urls"]["still"]).headers["Content-Type"], "image/jpeg")
        link = self.home.post(f"/api/v1/clips/{clip['id']}/links", {}).json["urls"]["hls"]
        self.assertEqual(player.play_errors(link, "-ca_file", self.server.ca_file), "")
        self.assertIn("clip.create", [e["action"] for e in self.home.get("/api/v1/ledger").json["items"]])
        self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}").status, 200)
        self.assertEqual(self.home.get(clip["urls"]["mp4"]).status, 404)

    def test_what_cannot_be_cut(self):
        film(self.home, self.begin)
        future = time.time() - self.begin
        for begin, end in ((100, 110), (5, 5), (5, 4), (0, 86401), (future - 10, future + 10)):
            self.assertEqual(self.cut(begin, end).status, 422, (begin, end))
        for more in ({"name": "x" * 256}, {"name": 5}, {"camera_id": "x"}, {"colour": "red"}, {"from": "now"}):
            self.assertEqual(self.cut(0, 5, **more).status, 422, more)
        self.assertEqual(self.server.household().post("/api/v1/clips", {"camera_id": self.home.camera_id, "from": stamp(self.begin),
                                                                         "to": stamp(self.begin + 5)}).status, 404)

    def test_footage_that_comes_later_is_in_the_clip(self):
        film(self.home, self.begin, "a.mp4")
        clip = self.cut(0, 40).json
        before = self.home.get(clip["urls"]["mp4"])
        film(self.home, self.begin + 20, "b.mp4")
        after = self.home.get(clip["urls"]["mp4"])
        self.assertGreater(len(after.body), 1.9 * len(before.body))
        self.assertNotEqual(after.headers["ETag"], before.headers["ETag"])


class Crash(unittest.TestCase):
    def test_a_kill_while_a_sprite_is_stored_leaves_nothing(self):
        for point in ("sprite_before_put", "sprite_before_done"):
            cluster = pg.Cluster(fsync=False).create()
            self.addCleanup(cluster.finish)
            server = Server({"DOORWARD_DATABASE_URL": cluster.url(), "DOORWARD_FAULT_AT": point}, fault_build())
            self.addCleanup(server.close)
            server.start()
            home = server.household()
            begin = int(time.time()) - 3600
            film(home, begin)
            url = (f"/api/v1/cameras/{home.camera_id}/thumbs.vtt?" +
                   urllib.parse.urlencode({"from": stamp(begin), "to": stamp(begin + 60)}))
            self.assertNotIn("xywh", home.get(url).body.decode())
            wait_for(f"the server to die at {point}", lambda: server.process.poll() is not None, 30)
            del server.env["DOORWARD_FAULT_AT"]
            server.kill()
            server.start()
            settled(server)
            cluster_url = cluster.url()
            subprocess.run(["psql", "-q", "-c", "update sprite_job set not_before_us = 0", cluster_url], check=True, **as_user())
            wait_for("the sprite", lambda: "xywh" in home.get(url).body.decode(), 30)
            settled(server)
            server.stop()


class Thumbs(TimelineScenario):
    def cues(self, begin, end):
        """[(from, to, address, (x, y, w, h))] of the list."""
        text = self.get("thumbs.vtt", begin, end).body.decode()
        self.assertTrue(text.startswith("WEBVTT\n"))
        found = re.findall(r"(\d\d):(\d\d):([\d.]+) --> (\d\d):(\d\d):([\d.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)\n", text)
        return [(int(c[0]) * 3600 + int(c[1]) * 60 + float(c[2]), int(c[3]) * 3600 + int(c[4]) * 60 + float(c[5]), c[6],
                 tuple(map(int, c[7:]))) for c in found]

    def tile(self, cue, name="tile"):
        """Mean colours (r, g, b) of a tile."""
        sprite = self.home.get(self.url(cue[2]))
        self.assertEqual((sprite.status, sprite.headers["Content-Type"]), (200, "image/jpeg"))
        self.assertLessEqual(len(sprite.body), 250000)
        x, y, w, h = cue[3]
        path = self.save(sprite.body, name + ".jpg")
        size = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0", path],
                              capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(size, "1600,900")
        out = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-vf", f"crop={w}:{h}:{x}:{y},scale=1:1:flags=area", "-pix_fmt", "rgb24",
                              "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
        return tuple(out)

    def colour(self, name, seconds):
        path = os.path.join(self.folder, name + ".mp4")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"color={name}:size=320x240:rate=5:duration={seconds}", "-c:v",
                        "libx264", "-g", "10", "-pix_fmt", "yuv420p", path], check=True)
        os.chmod(path, 0o644)
        return path

    def three_colours(self):
        self.begin = self.begin // 1000 * 1000 + 500  # in the middle of a sprite
        for at, name in enumerate(("red", "lime", "blue")):
            film(self.home, self.begin + at * 20, f"{name}.mp4", path=self.colour(name, 20))
        wait_for("the sprite", lambda: len(self.cues(0, 60)) == 6, 30)
        return self.cues(0, 60)

    def test_a_picture_for_every_ten_seconds(self):
        cues = self.three_colours()
        self.assertEqual([(a, b) for a, b, _, _ in cues], [(t, t + 10) for t in range(0, 60, 10)])
        self.assertEqual([c[3] for c in cues], [(t * 160, 450, 160, 90) for t in range(6)])
        for n, cue in enumerate(cues):
            tile = self.tile(cue)
            self.assertEqual(max(range(3), key=lambda i: tile[i]), n // 2, (n, tile))
        self.assertEqual(self.home.get(self.url(cues[0][2])).headers["ETag"][1:-1], re.search(r"thumbs/(.*)\.jpg", cues[0][2])[1])
        self.assertEqual(self.server.household().get(self.url(cues[0][2])).status, 404)
        link = self.home.post(self.url("links"), {}).json["urls"]["live"].split("?")[1]
        listed = self.server.get(self.url("thumbs.vtt", 0, 60) + "&" + link).body.decode()
        self.assertEqual(self.server.get(self.url(re.search(r"^thumbs/[^#\s]+", listed, re.M)[0])).status, 200)

    def test_a_deleted_span_is_in_no_picture(self):
        cues = self.three_colours()
        body = {"from": stamp(self.begin + 20), "to": stamp(self.begin + 40)}
        deletion = self.home.post(self.url("deletions"), body).json["deletion"]
        self.assertEqual(self.home.get(self.url(cues[0][2])).status, 404, "the sprite went with the deletion")
        wait_for("another sprite", lambda: len(self.cues(0, 60)) > 0, 30)
        cues = self.cues(0, 60)
        self.assertEqual([c[0] for c in cues], [0, 10, 40, 50])
        self.assertEqual(self.home.post(f"/api/v1/deletions/{deletion['id']}/undo", {}).status, 200)
        wait_for("the first one again", lambda: len(self.cues(0, 60)) == 6, 30)
        check = self.server.run("check", check=False)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def test_footage_that_comes_later_is_drawn(self):
        self.begin = self.begin // 1000 * 1000 + 100
        film(self.home, self.begin, "a.mp4", path=self.colour("red", 20))
        wait_for("the sprite", lambda: len(self.cues(0, 60)) == 2, 30)
        film(self.home, self.begin + 30, "b.mp4", path=self.colour("blue", 20))
        wait_for("the other half", lambda: len(self.cues(0, 60)) == 4, 30)

    def test_stills_of_a_time(self):
        for at, name in enumerate(("red", "lime")):
            film(self.home, self.begin + at * 20, f"{name}.mp4", path=self.colour(name, 20))

        def still(**query):
            answer = self.home.get(self.url("still.jpg", **query))
            self.assertEqual((answer.status, answer.headers.get("Content-Type")), (200, "image/jpeg"), answer)
            out = subprocess.run(["ffmpeg", "-v", "error", "-i", self.save(answer.body, "s.jpg"), "-vf", "scale=1:1:flags=area", "-pix_fmt",
                                  "rgb24", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
            return max(range(3), key=lambda i: out[i])
        self.assertEqual([still(at=stamp(self.begin + t)) for t in (0, 7, 19.9, 20, 33)], [0, 0, 0, 1, 1])
        self.assertEqual(still(), 1)
        for at in (-5, 50):
            self.assertEqual(self.home.get(self.url("still.jpg", at=stamp(self.begin + at))).status, 404)
        self.assertEqual(self.home.get(self.url("still.jpg", at="noon")).status, 422)
        self.assertEqual(self.server.household().get(self.url("still.jpg")).status, 404)


if __name__ == "__main__":
    unittest.main()
