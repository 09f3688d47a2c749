# SPDX-License-Identifier: Apache-2.0
"""Hostile and damaged media: no crash, no 5xx, no hang, nothing touched outside, nothing left behind."""
import http.server
import os
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import media  # noqa: E402
from doorward import Scenario, free_port, in_threads, wait_for  # noqa: E402

SEED, FILES = 20261123, int(os.environ.get("DOORWARD_BAD_FILES", "500"))
SOURCES = ["mp4-h264b-aac-faststart", "mp4-h264-aac-tail", "mp4-h264b-aac-fragmented", "ts-h264b-aac", "mkv-h264b-aac", "mkv-h265b-aac",
           "mp4-h265b-aac-fragmented", "ts-h265b-aac", "mov-h264-alaw", "ts-h264-opus"]
SLOWEST_S = 20


class Canary:
    """A file and a web page that nobody may look at."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "canary.mp4")
        with open(media.generate("mp4-h264-aac-faststart"), "rb") as f, open(self.path, "wb") as g:
            g.write(f.read())
        os.chmod(self.path, 0o644)
        os.utime(self.path, (1, time.time()))  # an access time long ago: relatime updates it on the first read
        self.before = os.stat(self.path).st_atime
        self.hits = []
        hits = self.hits

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                hits.append(self.path)
                self.send_error(404)

            def log_message(self, *args):
                pass
        self.port = free_port()
        self.server = http.server.HTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def touched(self):
        return self.hits or os.stat(self.path).st_atime != self.before

    def files(self):
        """Texts that name the canary, in every form that a media library might follow."""
        url = f"http://127.0.0.1:{self.port}/canary"
        for where in (self.path, f"file://{self.path}", f"file:{self.path}", url, f"concat:{self.path}|{self.path}", f"subfile,,start,0,end,0,,:{self.path}"):
            yield f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{where}\n#EXT-X-ENDLIST\n".encode()
            yield f"#EXTM3U\n#EXT-X-MAP:URI=\"{where}\"\n#EXTINF:4,\n{where}\n#EXT-X-ENDLIST\n".encode()
            yield f"ffconcat version 1.0\nfile '{where}'\n".encode()
            yield f"<?xml version=\"1.0\"?><MPD><Period><BaseURL>{where}</BaseURL></Period></MPD>".encode()
            yield f"<smil><body><video src=\"{where}\"/></body></smil>".encode()
            yield f"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video {self.port} RTP/AVP 96\na=control:{where}\n".encode()
            yield self.data_reference(where)

    @staticmethod
    def data_reference(where):
        """A QuickTime file whose samples are said to lie elsewhere."""
        with open(media.generate("mp4-h264-aac-faststart"), "rb") as f:
            data = f.read()
        at = data.find(b"dref")
        text = where.encode() + b"\0"
        url = (12 + len(text)).to_bytes(4, "big") + b"url " + b"\0\0\0\0" + text
        return data[:at + 12] + url + data[at + 12 + 12:]


class BadMedia(Scenario):
    def setUp(self):
        self.home = self.server.household()

    def settled(self):
        """Garbage carried out, no staged file, no upload row; rows and objects agree."""
        staging = os.path.join(self.server.data, "objects", "staging")
        wait_for("the staging place to be empty", lambda: not any(files for _, _, files in os.walk(staging)), 60)
        wait_for("check to be clean", lambda: self.server.run("check", "--level", "digest", check=False).returncode == 0, 120, 2)

    def send_all(self, labelled):
        """Upload them eight at a time; returns label -> (status, seconds)."""
        results, queue, lock = {}, list(labelled), threading.Lock()

        def work():
            while True:
                with lock:
                    if not queue:
                        return
                    label, data = queue.pop()
                t0 = time.monotonic()
                answer = self.server.upload(self.home, None, label.replace("/", "_")[:200], data=data)
                results[label] = (answer.status, time.monotonic() - t0, answer)
        in_threads(*[work] * 8)
        return results

    def test_damaged_files_are_stored_or_refused_and_leave_nothing(self):
        sources = [media.generate(n) for n in SOURCES]
        results = self.send_all(media.mutations(SEED, FILES, sources))
        self.assertEqual(len(results), FILES)
        wrong = {k: v for k, v in results.items() if v[0] not in (200, 201, 400, 413, 415, 422)}
        self.assertEqual(wrong, {})
        slow = {k: v[1] for k, v in results.items() if v[1] > SLOWEST_S}
        self.assertEqual(slow, {})
        self.assertIsNone(self.server.process.poll(), "the server is the same process")
        stored = {v[2].json["clip"]["id"] for v in results.values() if v[0] in (200, 201)}
        listed, cursor = set(), ""
        while cursor is not None:
            page = self.home.get(f"/api/v1/clips?limit=200{cursor and '&cursor=' + cursor}").json
            listed |= {c["id"] for c in page["items"]}
            cursor = page["next_cursor"]
        self.assertEqual(listed, stored)
        self.settled()
        self.assertEqual(self.server.upload(self.home, sources[0], "good.mp4").status, 201)
        crashed = sum(v for k, v in self.server.metrics().items() if "crash" in k)
        print(f"{FILES} damaged files: {len(stored)} stored, {FILES - len(stored)} refused, {crashed:.0f} workers crashed, "
              f"slowest {max(v[1] for v in results.values()):.1f} s")

    def test_nothing_that_names_another_place_is_followed(self):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            canary = Canary(folder)
            for i, data in enumerate(canary.files()):
                for name in (f"{i}.mp4", f"{i}.m3u8"):
                    answer = self.server.upload(self.home, None, name, data=data)
                    if b"dref" in data:
                        self.assertLess(answer.status, 500)
                    elif name.endswith(".m3u8") and answer.status == 200:
                        self.assertNotIn("clip", answer.json, "a pushed playlist is a hint about names, nothing more")
                    else:
                        self.assertIn(answer.status, (415, 422), data)
            self.assertFalse(canary.touched(), canary.hits)
            canary.server.shutdown()
        self.settled()


if __name__ == "__main__":
    unittest.main()
