# SPDX-License-Identifier: Apache-2.0
"""Live view: real cameras send, real players watch. Delays are asserted loosely here, where other work shares the machine; the figures
are those of tests/bench/live_delay.py and live_many.py."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import nal
from clock_camera import ClockCamera
from doorward import ROOT, Home, Scenario, as_user, in_threads, sample, wait_for
from live import Camera, Player, Stream, decodes, fragments, half_second_parts
from test_web import Node, need_browser  # noqa: E402

WEB = os.path.join(ROOT, "tests", "web")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class Live(Scenario):
    def home(self):
        return self.server.household()

    def camera(self, home, **more):
        """Sends until the test is over."""
        camera = Camera(self.server, home.camera_id, home.camera_secret, **more)
        self.addCleanup(camera.__exit__)
        camera.start()
        self.wait_live(home)
        return camera

    def wait_live(self, home):
        wait_for("the camera to be live", lambda: home.get(f"/api/v1/cameras/{home.camera_id}/live").json["live"], 30)

    def stream(self, home, query="", token=None, **more):
        stream = Stream(self.server, token or home.token, home.camera_id, query, **more)
        self.addCleanup(stream.close)
        self.assertEqual(stream.status, 200)
        return stream

    def player(self, home, token=None):
        player = Player(self.server, token or home.token)
        self.addCleanup(player.close)
        return player

    def token_of(self, home):
        return self.server.admin("token", "create", "--email", home.email, "--name", "viewer")["token"]

    def viewers(self, home):
        return home.get(f"/api/v1/cameras/{home.camera_id}/viewers").json["items"]

    def sql(self, text):
        with open(os.path.join(self.server.data, "database_url"), encoding="utf-8") as f:
            url = f.read()
        return subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text, url], check=True, capture_output=True, text=True,
                              **as_user()).stdout.strip()

    def file_of(self, data):
        f = tempfile.NamedTemporaryFile(suffix=".mp4", delete=False)
        self.addCleanup(os.unlink, f.name)
        f.write(data)
        f.close()
        return f.name


class StreamTest(Live):
    def test_a_stream_begins_at_once_and_holds_every_picture_once_and_in_order(self):
        home = self.home()
        init, parts = half_second_parts(12)
        with Camera(self.server, home.camera_id, home.camera_secret, rounds=1, parts=(init, parts)) as camera:
            self.wait_live(home)
            begin = time.monotonic()
            stream = self.stream(home)
            self.assertIn("avc1.", stream.answer.headers["Content-Type"])
            stream.read_for(0.3)
            self.assertIn("mdat", stream.kinds(), "the first picture is not there at once")
            self.assertLess(time.monotonic() - begin, 2)
            while camera.is_alive():
                stream.read_for(0.5)
            stream.read_for(1)
        self.assertEqual(camera.answer.status, 201)
        n = len(stream.payloads())
        self.assertGreater(n, 12)
        self.assertEqual(stream.payloads(), [p[p.index(b"mdat") - 4:] for p in parts][-n:])
        times = stream.times()
        self.assertEqual({b - a for a, b in zip(times, times[1:])}, {times[1] - times[0]})
        self.assertLess(abs(stream.clocks()[-1] - camera.sent[-1]), 2)
        self.assertEqual(decodes(stream.data), "")
        kinds = stream.kinds()
        self.assertEqual(kinds[:2] + sorted(set(kinds[2:])), ["ftyp", "moov", "mdat", "moof", "prft"])

    def test_a_camera_that_comes_back_is_the_same_stream(self):
        home = self.home()
        camera = self.camera(home, parts=half_second_parts(4))  # a new body every four seconds
        stream = self.stream(home)
        self.assertTrue(stream.read_for(11))
        camera.stopped.set()
        self.assertEqual(stream.kinds().count("moov"), 1)
        times = stream.times()
        steps = [b - a for a, b in zip(times, times[1:])]
        self.assertEqual(max(steps), min(steps), "a hole or a step back on the time line")
        self.assertGreater(len(times), 16)
        self.assertEqual(decodes(stream.data), "")

    def test_a_slow_viewer_goes_on_at_a_key_picture_and_is_told(self):
        home = self.home()
        noise = fragments(sample(8, audio=None, rate=20, size="640x360", extra=(
            "-vf", "noise=alls=60:allf=t", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "12M", "-g", "10", "-movflags",
            "frag_keyframe+empty_moov+default_base_moof")))
        self.camera(home, parts=noise)
        slow = self.stream(home, receive_buffer=65536)
        fast = self.stream(home, token=self.token_of(home))
        slow.read_for(1)
        fast.read_for(16)
        slow.read_for(4)
        told = [json.loads(message) for value, message in slow.events() if value == "skipped"]
        self.assertEqual(len(told), 1, slow.events())
        self.assertGreaterEqual(told[0]["parts"], 15)
        times = slow.times()
        self.assertLessEqual(max(b - a for a, b in zip(times, times[1:])), 0.5 * 10240, "a hole on the time line")
        self.assertEqual(decodes(slow.data[:slow.data.rfind(b"prft") - 4]), "")
        self.assertEqual([v for v, _ in fast.events()], [])
        self.assertEqual(sorted(v["skipped"] for v in self.viewers(home)), [0, 1])
        self.assertGreaterEqual(self.server.metrics()["doorward_live_skips_total"], 1)

    def test_from_the_past_into_the_present_without_a_hole_or_a_repetition(self):
        home = self.home()
        parts = half_second_parts(60)
        camera = self.camera(home, parts=parts, rounds=1)
        time.sleep(14)
        back = time.time() - 10
        when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(back)) + f".{int(back % 1 * 1000):03d}Z"
        stream = self.stream(home, f"?from={when}")
        stream.read_for(2)
        self.assertGreater(len(stream.times()), 16, "what is past is not there at once")
        stream.read_for(8)
        camera.stopped.set()
        sent = [p[p.index(b"mdat") - 4:] for p in parts[1]]
        got = stream.payloads()
        first = sent.index(got[0])
        self.assertEqual(got, sent[first:first + len(got)])
        self.assertLess(abs(stream.clocks()[0] - back), 1.5)
        self.assertGreater(stream.clocks()[-1], back + 15)
        times = stream.times()
        self.assertLess(max(b - a for a, b in zip(times, times[1:])), 1.01 * (times[1] - times[0]))

    def test_what_is_asked_wrongly_is_told(self):
        home = self.home()
        address = f"/api/v1/cameras/{home.camera_id}/live.mp4"
        self.assertEqual(home.get(f"{address}?from=yesterday").problem, "invalid_field")
        self.assertEqual(home.get(f"{address}?from=2001-01-01T00:00:00Z").problem, "invalid_field")
        self.assertEqual(home.get(f"{address}?speed=2").problem, "bad_request")
        begin = time.monotonic()
        silent = home.get(address)
        self.assertEqual((silent.status, silent.problem), (404, "not_live"))
        self.assertLess(time.monotonic() - begin, 15)
        status = home.get(f"/api/v1/cameras/{home.camera_id}/live").json
        self.assertEqual(status, {"live": False, "codecs": None, "width": None, "height": None, "since": None, "viewers": 0})

    def test_sixty_viewers_cost_one_reading(self):
        home = self.home()
        self.camera(home)
        streams = [self.stream(home) for _ in range(60)]
        before = self.server.metrics()["doorward_live_reads_total"]
        begin = time.monotonic()
        in_threads(*[lambda s=s: self.assertTrue(s.read_for(6)) for s in streams])
        parts = 2 * (time.monotonic() - begin)
        self.assertLessEqual(self.server.metrics()["doorward_live_reads_total"] - before, parts + 4)
        self.assertEqual(home.get(f"/api/v1/cameras/{home.camera_id}/live").json["viewers"], 60)
        counts = [len(s.payloads()) for s in streams]
        self.assertGreaterEqual(min(counts), 10, counts)
        for s in streams:
            s.close()
        wait_for("the viewers to be gone", lambda: not self.viewers(home), 15)
        self.assertEqual(self.server.metrics()["doorward_live_viewers"], 0)

    def test_twenty_cameras_at_once_lose_nothing(self):
        home = Home(self.server, "Many", None, 0)
        cameras = [home.add_camera(f"Camera {i}") for i in range(20)]
        media = half_second_parts(8)
        sent = [p[p.index(b"mdat") - 4:] for p in media[1]]

        def one(camera_id, secret):
            with Camera(self.server, camera_id, secret, rounds=1, parts=media) as camera:
                wait_for("live", lambda: home.get(f"/api/v1/cameras/{camera_id}/live").json["live"], 30)
                stream = Stream(self.server, home.token, camera_id)
                while camera.is_alive():
                    stream.read_for(0.5)
                stream.read_for(1)
            self.assertEqual(camera.answer.status, 201)
            got = stream.payloads()
            stream.close()
            self.assertGreater(len(got), 6)
            self.assertEqual(got, sent[-len(got):])
        in_threads(*[lambda c=c: one(*c) for c in cameras])


class PlaylistTest(Live):
    def test_a_blocked_playlist_comes_with_its_part(self):
        home = self.home()
        camera = self.camera(home)
        player = self.player(home)
        playlist = player.playlist(home.camera_id)
        took = []
        while len(took) < 20:
            sent = len(camera.sent)
            playlist = player.playlist(home.camera_id, playlist.next_query())
            self.assertLessEqual(sent, len(camera.sent))
            took.append(time.time() - camera.sent[-1])
        self.assertLess(percentile(took, 0.5), 0.25, took)
        status, _ = player.get("/api/v1/cameras/" + home.camera_id + "/" + playlist.hint[1])  # waited for, too
        self.assertEqual(status, 200)

    def test_the_list_is_what_the_rfc_says(self):
        home = self.home()
        self.camera(home)
        player = self.player(home)
        playlist = player.playlist(home.camera_id)
        self.assertTrue(all(float(d) <= 0.5 for d, _, _ in playlist.parts), playlist.text)
        self.assertIn("CAN-BLOCK-RELOAD=YES", playlist.text)
        self.assertRegex(playlist.text, r"PART-HOLD-BACK=1\.500")
        base = f"/api/v1/cameras/{home.camera_id}/"
        init = player.get(base + playlist.maps[0])[1]
        whole = player.get(base + playlist.segments[-1][1])[1]
        names = [name for _, name, _ in playlist.parts]
        pieces = [player.get(base + name)[1] for name in names]
        joined = b"".join(pieces)
        self.assertIn(whole, joined, "a segment is its parts one after another")
        self.assertEqual(decodes(init + joined), "")
        self.assertEqual(nal.digest(self.file_of(init + whole)).units > 0, True)
        for query, why in ((f"_HLS_msn={playlist.open + 10}", "far ahead"), ("_HLS_part=1", "without a sequence number"),
                           ("_HLS_msn=x", "no number"), (f"_HLS_msn={playlist.open}&_HLS_part=99", "too many parts ahead"),
                           ("_HLS_skip=no", "an unknown way to skip"), ("_HLS_push=1", "an unknown argument")):
            with self.subTest(why):
                self.assertEqual(player.get(f"{base}live.m3u8?{query}")[0], 400)
        for name in ("live/p1.mp4", "live/s1.mp4", "live/i1.mp4", "live/x.mp4", f"live/s{playlist.open}.mp4"):
            self.assertEqual(player.get(base + name)[0], 404, name)
        old = player.playlist(home.camera_id, f"_HLS_msn={playlist.sequence}")
        self.assertGreaterEqual(old.open, playlist.open)

    def test_a_delta_update_leaves_out_what_the_player_has(self):
        home = self.home()
        self.camera(home)
        player = self.player(home)
        wait_for("half a minute of live", lambda: len(player.playlist(home.camera_id).segments) > 14, 60, pause=2)
        whole, delta = player.playlist(home.camera_id), player.playlist(home.camera_id, "_HLS_skip=YES")
        skipped = int(re.search(r"#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)", delta.text)[1])
        self.assertGreaterEqual(skipped, 1)
        self.assertEqual(whole.open, delta.open)
        self.assertEqual([s for _, s in whole.segments][skipped:][:len(delta.segments)], [s for _, s in delta.segments])

    def test_other_tracks_are_a_discontinuity(self):
        home = self.home()
        first, second = half_second_parts(6), half_second_parts(6, size="480x360")
        with Camera(self.server, home.camera_id, home.camera_secret, rounds=1, parts=first):
            self.wait_live(home)
            time.sleep(5)
        with Camera(self.server, home.camera_id, home.camera_secret, rounds=1, parts=second):
            time.sleep(4)
            playlist = self.player(home).playlist(home.camera_id)
        self.assertEqual(playlist.text.count("#EXT-X-DISCONTINUITY\n"), 1)
        self.assertEqual(len(playlist.maps), 2)

    def test_players_that_know_no_parts_play_it(self):
        home = self.home()
        with ClockCamera(self.server, home.camera_id, home.camera_secret):
            self.wait_live(home)
            links = home.post(f"/api/v1/cameras/{home.camera_id}/links", {}).json["urls"]
            hls, mp4 = (urllib.parse.urljoin(self.server.url, links[k]) for k in ("live_hls", "live"))
            ca = ["-tls_verify", "0"]
            for address in (hls, mp4):
                out = subprocess.run(["ffprobe", "-v", "error", *ca, "-show_entries", "stream=codec_name,width", "-of", "csv=p=0", address],
                                     capture_output=True, text=True, timeout=60)
                self.assertEqual((out.stdout.split()[0], out.stderr), ("h264,768", ""), address)
                out = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *ca, "-i", address, "-t", "4", "-f", "null", "-"], capture_output=True,
                                     text=True, timeout=60)
                self.assertEqual((out.returncode, out.stderr), (0, ""), address)
            for address in (hls, mp4):
                out = subprocess.run(["mpv", "--no-config", "--vo=null", "--ao=null", "--tls-verify=no", "--length=3", "--msg-level=all=error", address],
                                     capture_output=True, text=True, timeout=90)
                self.assertEqual(out.returncode, 0, out.stdout + out.stderr)


class PlainTest(Live):
    env = {"DOORWARD_TLS": "false"}  # GStreamer's downloader takes no other certificates than the system's

    def test_gstreamer_plays_it(self):
        home = self.home()
        with ClockCamera(self.server, home.camera_id, home.camera_secret):
            self.wait_live(home)
            links = home.post(f"/api/v1/cameras/{home.camera_id}/links", {}).json["urls"]
            self.player_of_gstreamer(links["live_hls"])
            self.player_of_gstreamer(links["live"])

    def player_of_gstreamer(self, link):
        path = urllib.parse.urlsplit(link)
        out = subprocess.run(["gst-launch-1.0", "-q", "uridecodebin3", f"uri={self.server.url}{path.path}?{path.query}", "!", "fakesink",
                              "num-buffers=50"], capture_output=True, text=True, timeout=60)
        self.assertEqual((out.returncode, out.stderr), (0, ""), path.path)


class ControlTest(Live):
    def test_who_is_watching_is_seen_and_can_be_cut_off(self):
        home = self.home()
        self.camera(home)
        guest = self.token_of(home)
        stream, player = self.stream(home, token=guest), self.player(home, token=self.token_of(home))
        player.playlist(home.camera_id)
        stream.read_for(1)
        shown = {v["how"]: v for v in self.viewers(home)}
        self.assertEqual(set(shown), {"stream", "hls"})
        self.assertEqual((shown["stream"]["account"]["email"], shown["stream"]["peer"]), (home.email, "127.0.0.1"))
        address = f"/api/v1/cameras/{home.camera_id}/viewers/"
        self.assertEqual(home.delete(address + shown["stream"]["id"]).status, 204)
        self.assertLess(stream.read_to_end(5), 1)
        self.assertTrue(stream.cut or stream.events()[-1] == ("ended", '{"reason":"cut_off"}'))
        self.assertEqual(home.delete(address + shown["hls"]["id"]).status, 204)
        self.assertEqual(player.get(f"/api/v1/cameras/{home.camera_id}/live.m3u8")[0], 403)
        again = Stream(self.server, guest, home.camera_id)
        self.assertEqual(again.status, 403)
        again.close()
        self.assertEqual(home.delete(address + shown["hls"]["id"]).status, 404)
        self.assertEqual(self.viewers(home), [])
        self.stream(home, token=self.token_of(home)).read_for(1)  # others are not meant
        actions = [e["action"] for e in home.get("/api/v1/ledger").json["items"]]
        self.assertEqual((actions.count("camera.viewer_cut"), actions.count("camera.live")), (2, 3))

    def test_a_camera_switched_off_is_off_within_a_second(self):
        home = self.home()
        self.camera(home)
        stream, player = self.stream(home), self.player(home)
        playlist = player.playlist(home.camera_id)
        stream.read_for(1)
        address = f"/api/v1/cameras/{home.camera_id}"
        begin = time.monotonic()
        answer = self.server.request("PATCH", address, json_body={"enabled": False}, token=home.token)
        self.assertEqual((answer.status, answer.json["state"], answer.json["enabled"]), (200, "off", False))
        stream.read_to_end(5)
        self.assertLess(time.monotonic() - begin, 1)
        wait_for("the upload to end", lambda: self.server.metrics()["doorward_uploads_open"] == 0, 5)
        self.assertLess(time.monotonic() - begin, 1.2)
        self.assertEqual(player.get(f"{address}/live.m3u8?{playlist.next_query()}")[0], 409)
        self.assertEqual(home.get(f"{address}/live.mp4").problem, "camera_off")
        refused = self.server.upload(home, sample(3), name="off.mp4")
        self.assertEqual(refused.status, 403)
        wait_for("what was received", lambda: home.clips(), 20)
        self.assertEqual(self.sql(f"select reason, to_us is null from gap where camera_id = '{home.camera_id}' and reason = 'paused'"), "paused|t")
        self.server.request("PATCH", address, json_body={"enabled": True, "name": "Back door"}, token=home.token)
        self.assertEqual(self.sql(f"select to_us is null from gap where camera_id = '{home.camera_id}' and reason = 'paused'"), "f")
        self.assertEqual(home.get(address).json["name"], "Back door")
        self.assertEqual([e["detail"] for e in home.get("/api/v1/ledger").json["items"] if e["action"] == "camera.change"],
                         [{"enabled": True, "name": "Back door"}, {"enabled": False}])
        self.camera(home)
        self.assertEqual(home.get(address).json["state"], "live")

    def test_a_camera_switched_off_through_another_server_is_noticed(self):
        home = self.home()
        self.camera(home)
        stream = self.stream(home)
        self.sql(f"update camera set enabled = false where id = '{home.camera_id}'")
        self.assertLess(stream.read_to_end(5), 2)
        wait_for("the upload to end", lambda: self.server.metrics()["doorward_uploads_open"] == 0, 1)

    def test_changes_that_make_no_sense_are_refused(self):
        home = self.home()
        for body in ({"name": ""}, {"name": "x" * 101}, {"enabled": "no"}, {"colour": "red"}, {"name": "a\nb"}):
            answer = self.server.request("PATCH", f"/api/v1/cameras/{home.camera_id}", json_body=body, token=home.token)
            self.assertIn(answer.status, (400, 422), body)
        self.assertEqual(home.get(f"/api/v1/cameras/{home.camera_id}").json["name"], "Camera 1")

    def test_rights_and_sessions_that_are_taken_away_end_a_running_view(self):
        home = self.home()
        self.camera(home)
        token = self.token_of(home)
        revoked, membership = self.stream(home, token=token), self.stream(home)
        revoked.read_for(1)
        self.assertEqual(self.server.delete("/api/v1/session", token=token).status, 204)
        self.assertLess(revoked.read_to_end(10), 5.5)
        self.assertTrue(membership.read_for(1))
        self.sql(f"update membership set rights = 2 where account_id = '{home.account_id}'")
        self.assertLess(membership.read_to_end(10), 5.5)
        self.assertEqual(home.get(f"/api/v1/cameras/{home.camera_id}/live").status, 403)
        self.assertEqual(home.get(f"/api/v1/cameras/{home.camera_id}/live.m3u8").status, 403)

    def test_the_past_needs_the_right_to_the_history(self):
        home = self.home()
        self.camera(home)
        self.sql(f"update membership set rights = 1 where account_id = '{home.account_id}'")
        self.stream(home).read_for(1)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 5))
        self.assertEqual(home.get(f"/api/v1/cameras/{home.camera_id}/live.mp4?from={when}").status, 403)

    def test_the_server_stops_with_viewers(self):
        home = self.home()
        self.camera(home)
        stream = self.stream(home)
        stream.read_for(1)
        begin = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 20)
        self.server.start()


class BrowserTest(Node, Live):
    """The clock in the picture, read back from Chromium's screen."""
    seconds = 8

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        need_browser()
        cls.prepare_node()

    def watch(self, home, how):
        told = {"url": self.server.url, "camera": home.camera_id, "token": home.token, "how": how, "seconds": self.seconds, "settle": 6}
        result = json.loads(self.node(os.path.join(WEB, "live.mjs"), DOORWARD_LIVE=json.dumps(told), timeout=120).splitlines()[-1])
        self.assertIsNone(result["failed"], result)
        self.assertGreater(len(result["delays"]), 20, result)
        print(f"{how}: delay from camera to screen p50 {percentile(result['delays'], 0.5)} ms, p95 {percentile(result['delays'], 0.95)} ms, "
              f"{result['stalls']} stalls")
        return result

    def test_how_old_is_what_is_on_the_screen(self):
        home = self.home()
        for form in ("mp4", "ts"):
            with ClockCamera(self.server, home.camera_id, home.camera_secret, form=form, name=f"clock.{form}"):
                self.wait_live(home)
                mse = self.watch(home, "mse")
                hls = self.watch(home, "hls")
            self.assertLess(percentile(mse["delays"], 0.5), 2500)
            self.assertLess(percentile(hls["delays"], 0.5), 4000)
            self.assertGreater(hls["parts"], 10, "hls.js did not play parts")


if __name__ == "__main__":
    unittest.main()
