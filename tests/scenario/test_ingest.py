# SPDX-License-Identifier: Apache-2.0
"""A camera's upload becomes its owner's clip, whatever the client, and nothing else does."""
import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import Scenario, in_threads, sample, shared, wait_for  # noqa: E402


def read(path):
    with open(path, "rb") as f:
        return f.read()


def basic(secret, user="cam"):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


class Ingest(Scenario):
    def setUp(self):
        self.home = self.server.household()
        self.url = f"{self.server.url}/ingest/{self.home.camera_id}"

    def raw(self, head, body=b""):
        """A TLS connection with the request's beginning sent: for clients that misbehave."""
        s = self.server.ssl_context().wrap_socket(socket.create_connection(("localhost", self.server.port), 20),
                                                  server_hostname="localhost")
        s.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return s

    def put_head(self, name, length, *more):
        return [f"PUT /ingest/{self.home.camera_id}/{name} HTTP/1.1", f"Host: localhost:{self.server.port}",
                f"Content-Length: {length}", basic(self.home.camera_secret), *more]

    # ---- it works, for every client ----
    def test_curl_put_answers_with_the_clip(self):
        path = sample()
        out = self.server.curl("-u", f"cam:{self.home.camera_secret}", "-T", path, f"{self.url}/front.mp4?kind=ring&"
                               "started_at=2026-11-20T10:00:00.5Z", "-w", "\n%{http_code}")
        body, code = out.stdout.rsplit("\n", 1)
        self.assertEqual(code, "201", out)
        clip = json.loads(body)["clip"]
        self.assertEqual(clip["camera_id"], self.home.camera_id)
        self.assertEqual((clip["kind"], clip["started_at"], clip["start_source"]), ("ring", "2026-11-20T10:00:00.500Z", "camera"))
        self.assertEqual(clip["sha256"], hashlib.sha256(read(path)).hexdigest())
        self.assertEqual(clip["bytes"], os.path.getsize(path))
        self.assertAlmostEqual(clip["duration_ms"], 3000, delta=100)
        self.assertFalse(clip["partial"])
        self.assertEqual((clip["video"]["width"], clip["video"]["height"]), (320, 240))
        self.assertTrue(clip["video"]["codec"].startswith("avc1."), clip)
        self.assertEqual(clip["audio"]["codec"], "mp4a.40.2")
        self.assertEqual([c["id"] for c in self.home.clips()], [clip["id"]])
        actions = [e["action"] for e in self.home.get("/api/v1/ledger").json["items"]]
        self.assertIn("clip.upload", actions)

    def test_chunked_put_and_post_without_a_name(self):
        path = sample()
        with open(path, "rb") as f:
            out = self.server.curl("-H", basic(self.home.camera_secret), "-T", "-", f"{self.url}/chunked.mp4", "-w", "%{http_code}",
                                   "-o", "/dev/null", stdin=f)
        self.assertEqual(out.stdout, "201", out)
        out = self.server.curl("-H", f"Authorization: Bearer {self.home.camera_secret}", "--data-binary", f"@{path}", "-H",
                               "Content-Type: video/mp4", self.url, "-w", "%{http_code}", "-o", "/dev/null")
        self.assertEqual(out.stdout, "201", out)
        self.assertEqual(len(self.home.clips()), 2)

    def test_a_trailing_slash_lets_curl_name_the_file(self):
        out = self.server.curl("-u", f"{self.home.camera_id}:{self.home.camera_secret}", "-T", sample(), f"{self.url}/", "-w",
                               "%{http_code}", "-o", "/dev/null")
        self.assertEqual(out.stdout, "201", out)
        self.assertEqual(self.home.clips()[0]["name"], os.path.basename(sample()))

    def push_with_ffmpeg(self, *output, credentials=True):
        url = self.url.replace("https://", f"https://cam:{self.home.camera_secret}@") if credentials else self.url
        r = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", sample(), "-c", "copy", *output[:-1], url + output[-1]],
                           capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        clips = wait_for("the pushed clip", self.home.clips)
        self.assertFalse(clips[0]["partial"])
        self.assertAlmostEqual(clips[0]["duration_ms"], 3000, delta=150)

    def test_ffmpeg_pushes_fragmented_mp4_after_a_challenge(self):
        self.push_with_ffmpeg("-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-method", "PUT", "/live.mp4")

    def test_ffmpeg_posts_mpegts(self):
        self.push_with_ffmpeg("-f", "mpegts", "/live.ts")

    def test_ffmpeg_puts_matroska_with_a_bearer_header(self):
        self.push_with_ffmpeg("-f", "matroska", "-live", "1", "-method", "PUT", "-headers",
                              f"Authorization: Bearer {self.home.camera_secret}\r\n", "/live.mkv", credentials=False)

    # ---- the same, other and no bytes ----
    def test_the_same_again_is_the_same_clip_and_other_bytes_are_another(self):
        first = self.server.upload(self.home, sample(), "clip.mp4")
        again = self.server.upload(self.home, sample(), "clip.mp4")
        other = self.server.upload(self.home, sample(2), "clip.mp4")
        refused = self.server.upload(self.home, sample(2), "clip.mp4", headers={"If-None-Match": "*"})
        self.assertEqual([a.status for a in (first, again, other, refused)], [201, 200, 201, 412])
        self.assertEqual(first.json["clip"], again.json["clip"])
        self.assertNotEqual(first.json["clip"]["id"], other.json["clip"]["id"])
        self.assertEqual(len(self.home.clips()), 2)

    def test_a_hundred_identical_uploads_at_once_make_one_clip(self):
        data, answers = read(sample()), []

        def one():
            for _ in range(10):
                answer = self.server.upload(self.home, None, "same.mp4", data=data)
                while answer.status == 429:
                    answer = self.server.upload(self.home, None, "same.mp4", data=data)
                answers.append(answer)
        in_threads(*[one] * 10)
        self.assertEqual(len(answers), 100)
        self.assertEqual({a.status for a in answers}, {200, 201})
        self.assertEqual(sum(a.status == 201 for a in answers), 1)
        self.assertEqual(len({a.json["clip"]["id"] for a in answers}), 1)
        self.assertEqual(len(self.home.clips()), 1)

    def test_a_body_that_breaks_off_is_kept_and_the_whole_takes_its_place(self):
        data = read(sample(6, "mp4", extra=("-movflags", "frag_keyframe+empty_moov+default_base_moof")))
        s = self.raw(self.put_head("porch.mp4", len(data)), data[:len(data) * 2 // 3])
        s.close()
        partial = wait_for("the partial clip", self.home.clips)[0]
        self.assertTrue(partial["partial"])
        self.assertGreater(partial["duration_ms"], 1500)
        self.assertLess(partial["duration_ms"], 6000)
        whole = self.server.upload(self.home, None, "porch.mp4", data=data)
        self.assertEqual(whole.status, 201)
        self.assertEqual([c["id"] for c in self.home.clips()], [whole.json["clip"]["id"]])
        self.assertEqual(self.home.get(f"/api/v1/clips/{partial['id']}").status, 404)

    def test_a_partial_clip_stays_when_another_clip_takes_its_name(self):
        data = read(sample(6, "mp4", extra=("-movflags", "frag_keyframe+empty_moov+default_base_moof")))
        self.raw(self.put_head("porch.mp4", len(data)), data[:len(data) * 2 // 3]).close()
        wait_for("the partial clip", self.home.clips)
        self.assertEqual(self.server.upload(self.home, sample(4), "porch.mp4").status, 201)
        self.assertEqual(len(self.home.clips()), 2)

    # ---- refusals ----
    def test_nobody_is_told_to_continue_without_credentials(self):
        s = self.raw([f"PUT /ingest/{self.home.camera_id}/x.mp4 HTTP/1.1", "Host: localhost", "Content-Length: 1000000",
                      "Expect: 100-continue"])
        head = s.recv(65536).decode()
        self.assertTrue(head.startswith("HTTP/1.1 401 "), head)
        self.assertIn('www-authenticate: basic realm="doorward"', head.lower())
        s.close()

    def test_what_is_refused_says_why_and_leaves_nothing(self):
        text = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
        cases = [
            (dict(data=text), 415, "unsupported_media"),
            (dict(data=b""), 422, "broken_media"),
            (dict(data=read(sample())[:1000]), 422, "broken_media"),
            (dict(data=read(sample()), query="kind=burglar"), 422, "invalid_field"),
            (dict(data=read(sample()), query="started_at=yesterday"), 422, "invalid_field"),
            (dict(data=read(sample()), query="colour=red"), 400, "bad_request"),
            (dict(data=read(sample()), headers={"Content-Encoding": "gzip"}), 415, "unsupported_media"),
        ]
        for more, status, code in cases:
            answer = self.server.upload(self.home, None, "x.mp4", **more)
            self.assertEqual((answer.status, answer.problem), (status, code), answer)
            self.assertEqual(answer.json["request_id"], answer.headers["X-Request-Id"])
        self.assertEqual(self.home.clips(), [])

    def test_encrypted_and_soundless_of_picture_media_are_refused(self):
        self.assertEqual(self.server.upload(self.home, shared("media", "encrypted.mp4")).problem, "encrypted_media")
        self.assertEqual(self.server.upload(self.home, shared("media", "audio-only.wav")).status, 415)

    def test_a_camera_may_not_write_to_another(self):
        other = self.server.household("Other")
        answer = self.server.request("PUT", f"/ingest/{other.camera_id}/x.mp4", body=read(sample()),
                                     basic=("cam", self.home.camera_secret))
        self.assertIn(answer.status, (401, 403, 404))
        self.assertEqual(other.clips(), [])


class PlainHttp(Scenario):
    """Behind a proxy, or on loopback as here: libcurl as GStreamer's sink builds it speaks no TLS with Debian's GnuTLS."""
    env = {"DOORWARD_TLS": "false"}

    def test_gstreamer_posts_mpegts(self):
        home = self.server.household()
        r = subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=45", "!", "video/x-raw,framerate=15/1,width=320,height=240",
                            "!", "x264enc", "key-int-max=15", "!", "h264parse", "!", "mpegtsmux", "!", "curlhttpsink",
                            f"location=http://127.0.0.1:{self.server.port}/ingest/{home.camera_id}/a.ts", "user=cam",
                            f"passwd={home.camera_secret}", "use-content-length=false"], capture_output=True, text=True, timeout=60)
        if "no element" in r.stderr:
            self.skipTest(r.stderr)
        self.assertEqual(r.returncode, 0, r.stderr)
        clip = wait_for("the clip", home.clips)[0]
        self.assertAlmostEqual(clip["duration_ms"], 3000, delta=150)


if __name__ == "__main__":
    unittest.main()
