# SPDX-License-Identifier: Apache-2.0
"""Uploads that come in several requests: appended ranges, tus, forms; and what becomes of them when nobody goes on."""
import base64
import hashlib
import json
import os
import subprocess
import tempfile
import time
import unittest
from datetime import datetime
from email.utils import formatdate

from doorward import Scenario, sample, wait_for


def read(path):
    with open(path, "rb") as f:
        return f.read()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Ranges(Scenario):
    env = {"DOORWARD_RESUMABLE_IDLE_S": "2", "DOORWARD_RESUMABLE_KEEP_S": "3600", "DOORWARD_LOOPS": "2"}

    def setUp(self):
        self.home = self.server.household()
        self.body = read(sample())

    def put(self, name, first, last, total, body=None, headers=None):
        headers = {"Content-Range": f"bytes {first}-{last}/{total}", **(headers or {})}
        return self.server.request("PUT", f"/ingest/{self.home.camera_id}/{name}", body=self.body[first:last + 1] if body is None else body,
                                   basic=("cam", self.home.camera_secret), headers=headers)

    def head(self, name):
        return self.server.request("HEAD", f"/ingest/{self.home.camera_id}/{name}", basic=("cam", self.home.camera_secret))

    def parts(self, name, cuts, total=None):
        """Every part in turn; the answers."""
        n, answers = len(self.body), []
        for first, end in zip([0, *cuts], [*cuts, n]):
            answers.append(self.put(name, first, end - 1, total or n))
        return answers

    def test_parts_become_the_clip_that_was_sent(self):
        n = len(self.body)
        answers = self.parts("a.mp4?kind=motion&started_at=2026-01-02T03:04:05Z", [1, 1000, n // 2])
        self.assertEqual([a.status for a in answers], [202, 202, 202, 201])
        self.assertEqual([a.headers.get("Upload-Offset") for a in answers[:3]], ["1", "1000", str(n // 2)])
        self.assertEqual(answers[0].json["upload"]["length"], n)
        clip = answers[3].json["clip"]
        self.assertEqual((clip["sha256"], clip["bytes"], clip["partial"], clip["kind"]), (sha256(self.body), n, False, "motion"))
        self.assertEqual(clip["started_at"], "2026-01-02T03:04:05.000Z")
        self.assertEqual(answers[3].headers["Location"], f"/api/v1/clips/{clip['id']}")
        self.assertEqual([c["id"] for c in self.home.clips()], [clip["id"]])

    def test_a_clock_that_is_shown_to_be_wrong_is_corrected(self):
        """The camera lives two hours ahead and says so with the first part; the rest may come without a clock."""
        filmed = int(time.time()) - 600
        ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(filmed + 7200))
        date = {"Date": formatdate(time.time() + 7200, usegmt=True)}
        n = len(self.body)
        self.assertEqual(self.put(f"a.mp4?started_at={ahead}", 0, 999, n, headers=date).status, 202)
        clip = self.put("a.mp4", 1000, n - 1, n).json["clip"]
        start = datetime.fromisoformat(clip["started_at"].replace("Z", "+00:00")).timestamp()
        self.assertAlmostEqual(start, filmed, delta=5)

    def test_a_wrong_offset_is_told_the_true_one(self):
        n = len(self.body)
        self.assertEqual(self.put("a.mp4", 0, 999, n).status, 202)
        for first in (0, 1, 999, 1001, n - 1):
            answer = self.put("a.mp4", first, n - 1, n)
            self.assertEqual((answer.status, answer.problem), (409, "wrong_offset"), first)
            self.assertEqual((answer.headers["Upload-Offset"], answer.json["offset"], answer.json["length"]), ("1000", 1000, n))
        look = self.head("a.mp4")
        self.assertEqual((look.status, look.headers["Upload-Offset"], look.headers["Upload-Length"]), (200, "1000", str(n)))
        self.assertEqual(self.put("a.mp4", 1000, n - 1, n).status, 201)
        done = self.head("a.mp4")
        self.assertEqual((done.headers["Upload-Offset"], done.headers["Location"]), (str(n), f"/api/v1/clips/{self.home.clips()[0]['id']}"))
        nothing = self.put("b.mp4", 5, 9, 10)
        self.assertEqual((nothing.status, nothing.json["offset"]), (409, 0))
        self.assertEqual(self.head("b.mp4").status, 404)

    def test_the_last_part_again_is_the_same_clip(self):
        n = len(self.body)
        first = self.parts("a.mp4", [1000])
        again = self.put("a.mp4", 1000, n - 1, n)
        whole = self.put("a.mp4", 0, n - 1, n)
        self.assertEqual([first[1].status, again.status, whole.status], [201, 200, 200])
        self.assertEqual({a.json["clip"]["id"] for a in (first[1], again, whole)}, {self.home.clips()[0]["id"]})

    def test_a_length_that_changes_is_refused_and_another_file_begins_anew(self):
        n = len(self.body)
        self.assertEqual(self.put("a.mp4", 0, n // 2, n).status, 202)
        answer = self.put("a.mp4", n // 2 + 1, n - 1, n + 5)
        self.assertEqual((answer.status, answer.problem), (409, "conflict"))
        # another file under the same name: the first one is kept as far as it came
        self.body = read(sample(2))
        self.assertEqual([a.status for a in self.parts("a.mp4", [1000])], [202, 201])
        clips = wait_for("the broken-off one", lambda: c if len(c := self.home.clips()) == 2 else None)
        self.assertEqual(sorted(c["partial"] for c in clips), [False, True])

    def test_malformed_requests_are_refused(self):
        n = len(self.body)
        for header in ("bytes 0-9", "bytes 5-4/9", "lines 0-9/10", "bytes 0-9/5"):
            answer = self.put("a.mp4", 0, 9, n, headers={"Content-Range": header})
            self.assertEqual(answer.status, 400, header)
        self.assertEqual(self.put("a.mp4", 0, 99, n, body=b"short").status, 400)
        self.assertEqual(self.put("a.mp4", 0, 9, 1 << 50).status, 413)
        self.assertEqual(self.put("a.mp4?colour=red", 0, 9, n).status, 400)
        answer = self.server.request("POST", f"/ingest/{self.home.camera_id}", body=b"x" * 10, basic=("cam", self.home.camera_secret),
                                     headers={"Content-Range": "bytes 0-9/20"})
        self.assertEqual(answer.status, 400)
        self.assertEqual(self.home.clips(), [])

    def test_media_that_cannot_be_read_is_told_with_the_last_part(self):
        self.body = b"no media at all" * 100
        self.assertEqual([a.status for a in self.parts("a.mp4", [700])], [202, 415])
        self.assertEqual(self.head("a.mp4").status, 404)

    def test_curl_goes_on_where_it_was(self):
        n = len(self.body)
        url = f"https://cam:{self.home.camera_secret}@127.0.0.1:{self.server.port}/ingest/{self.home.camera_id}/clip.mp4"
        self.assertEqual(self.put("clip.mp4", 0, 999, n).status, 202)
        head = self.server.curl("-sI", url)
        offset = next(line.split(":")[1].strip() for line in head.stdout.splitlines() if line.lower().startswith("upload-offset"))
        self.assertEqual(offset, "1000")
        r = self.server.curl("-sf", "-C", offset, "-T", sample(), url)
        self.assertEqual(r.returncode, 0, r)
        self.assertEqual([c["sha256"] for c in self.home.clips()], [sha256(self.body)])

    def test_without_a_length_it_is_complete_when_nothing_more_comes(self):
        self.assertEqual([a.status for a in self.parts("a.mp4", [1, 1000, 5000], "*")], [202] * 4)
        clip = wait_for("the clip", self.home.clips)[0]
        self.assertEqual((clip["sha256"], clip["partial"]), (sha256(self.body), False))
        wait_for("the file to go", lambda: os.listdir(os.path.join(self.server.data, "spool", "resumable")) == [])

    def test_a_length_told_at_the_end_completes_it(self):
        n = len(self.body)
        self.assertEqual([self.put("a.mp4", 0, 999, "*").status, self.put("a.mp4", 1000, n - 1, n).status], [202, 201])


class Expired(Scenario):
    env = {"DOORWARD_RESUMABLE_KEEP_S": "2"}
    setUp, put = Ranges.setUp, Ranges.put

    def test_what_nobody_goes_on_with_is_kept_as_a_partial_clip(self):
        n = len(self.body)
        self.assertEqual(self.put("a.mp4", 0, n * 3 // 4, n).status, 202)
        clip = wait_for("the partial clip", self.home.clips)[0]
        self.assertTrue(clip["partial"])
        wait_for("the file to go", lambda: os.listdir(os.path.join(self.server.data, "spool", "resumable")) == [])
        self.assertEqual(self.put("a.mp4", n * 3 // 4 + 1, n - 1, n).status, 409)
        # all of it, later, takes the partial clip's place
        self.assertEqual(self.put("a.mp4", 0, n - 1, n).status, 201)
        self.assertEqual([c["sha256"] for c in self.home.clips()], [sha256(self.body)])

    def test_what_holds_nothing_goes_without_a_trace(self):
        self.assertEqual(self.put("b.mp4", 0, 9, len(self.body)).status, 202)
        wait_for("the file to go", lambda: os.listdir(os.path.join(self.server.data, "spool", "resumable")) == [])
        self.assertEqual(self.home.clips(), [])


class Forms(Scenario):
    setUp = Ranges.setUp

    def curl(self, *form, path="", check=201, more=()):
        url = f"https://cam:{self.home.camera_secret}@127.0.0.1:{self.server.port}/ingest/{self.home.camera_id}{path}"
        r = self.server.curl("-s", "-w", "%{http_code}", *more, *(a for f in form for a in ("-F", f)), url)
        body, status = r.stdout[:-3], int(r.stdout[-3:])
        self.assertEqual(status, check, body)
        return json.loads(body)

    def test_curl_sends_a_file_and_what_it_is(self):
        file, meta = f"file=@{sample()}", 'meta={"kind":"motion","started_at":"2026-01-02T03:04:05Z"};type=application/json'
        for form in ((file, meta), (meta, file), (file, "kind=motion", "started_at=2026-01-02T03:04:05Z")):
            with self.subTest(form):
                self.setUp()
                clip = self.curl(*form)["clip"]
                self.assertEqual((clip["sha256"], clip["kind"], clip["name"]), (sha256(self.body), "motion", os.path.basename(sample())))
                self.assertEqual((clip["started_at"], clip["partial"]), ("2026-01-02T03:04:05.000Z", False))
                self.assertEqual([c["id"] for c in self.home.clips()], [clip["id"]])

    def test_the_paths_name_counts_more_and_the_same_again_is_the_same(self):
        first = self.curl(f"file=@{sample()}", path="/door.mp4?kind=ring")["clip"]
        again = self.curl(f"file=@{sample()}", path="/door.mp4", check=200)["clip"]
        self.assertEqual((first["name"], first["kind"], again["id"]), ("door.mp4", "ring", first["id"]))
        self.curl(f"file=@{sample()}", path="/door.mp4", check=412, more=("-H", "If-None-Match: *"))

    def test_a_form_without_a_length_is_taken(self):
        clip = self.curl("kind=person", f"file=@{sample(3, 'ts')}", more=("-H", "Transfer-Encoding: chunked"))["clip"]
        self.assertEqual((clip["kind"], clip["partial"]), ("person", False))
        self.assertAlmostEqual(clip["duration_ms"], 3000, delta=100)

    def test_odd_forms_are_refused_and_leave_nothing(self):
        file = f"file=@{sample()}"
        self.curl(file, file, check=400)
        self.curl(file, "kind=odd", check=422)
        self.curl("kind=odd", file, check=422)
        self.curl(file, "meta=[]", check=400)
        self.curl(file, 'meta={"colour":"red"}', check=422)
        self.curl(file, "started_at=yesterday", check=422)
        self.curl("kind=ring", check=400)
        self.curl("colour=red", file, check=400)
        self.curl(file, "kind=" + "x" * 20000, check=413)
        self.curl("file=no media;filename=a.mp4", check=415)
        self.curl("file=;filename=a.mp4", check=422)
        for body, kind in ((b"--x\r\n", "multipart/form-data"), (b"nothing", "multipart/form-data; boundary=x"),
                           (b"--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"), (b"", "multipart/form-data; boundary=x")):
            answer = self.server.request("POST", f"/ingest/{self.home.camera_id}", body=body, headers={"Content-Type": kind},
                                         basic=("cam", self.home.camera_secret))
            self.assertEqual(answer.status, 400, body)
        self.assertEqual(self.home.clips(), [])

    def test_a_form_that_breaks_off_leaves_a_partial_clip(self):
        head = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.ts"\r\n\r\n')
        media = read(sample(6, "ts"))
        c = self.server.connection()
        secret = base64.b64encode(f"cam:{self.home.camera_secret}".encode()).decode()
        c.putrequest("POST", f"/ingest/{self.home.camera_id}")
        for k, v in (("Authorization", f"Basic {secret}"), ("Content-Type", "multipart/form-data; boundary=x"),
                     ("Content-Length", str(len(head) + len(media) + 10))):
            c.putheader(k, v)
        c.endheaders(head + media[:len(media) * 3 // 4])
        c.close()
        clip = wait_for("the partial clip", self.home.clips)[0]
        self.assertEqual((clip["partial"], clip["name"]), (True, "a.ts"))


class Soup(Scenario):
    """GStreamer's sink: a PUT for each buffer, the first without a range, each on a connection of its own. It never sends buffers
    marked as headers, which h264parse does with key pictures: so none stands before the muxer."""
    env = {"DOORWARD_TLS": "false", "DOORWARD_RESUMABLE_IDLE_S": "2"}

    def stream(self, mux, home, name):
        url = f"http://cam:{home.camera_secret}@127.0.0.1:{self.server.port}/ingest/{home.camera_id}/{name}"
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "copy")
            r = subprocess.run(["gst-launch-1.0", "-q", "videotestsrc", "num-buffers=60", "!", "video/x-raw,framerate=15/1,width=320,height=240",
                                "!", "x264enc", "key-int-max=15", "!", *mux, "!", "tee", "name=t", "t.", "!", "queue", "!",
                                "souphttpclientsink", f"location={url}", "t.", "!", "queue", "!", "filesink", f"location={copy}"],
                               capture_output=True, text=True, timeout=60)
            if "no element" in r.stderr:
                self.skipTest(r.stderr)
            self.assertEqual(r.returncode, 0, r.stderr)
            return read(copy)

    def test_souphttpclientsink_sends_a_clip(self):
        for mux, name in ((["mpegtsmux"], "a.ts"), (["mp4mux", "fragment-duration=1000", "streamable=true"], "a.mp4"),
                          (["matroskamux", "streamable=true"], "a.mkv")):
            with self.subTest(name):
                home = self.server.household()
                copy = self.stream(mux, home, name)
                clip = wait_for("the clip", home.clips)[0]
                self.assertFalse(clip["partial"])
                self.assertAlmostEqual(clip["duration_ms"], 4000, delta=150)
                self.assertGreaterEqual(clip["bytes"], len(copy))
                if name == "a.mkv":  # the other muxers' bytes differ by what the file sink lets them rewrite
                    self.assertEqual(clip["sha256"], sha256(copy))


if __name__ == "__main__":
    unittest.main()
