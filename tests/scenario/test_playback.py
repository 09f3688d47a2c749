# SPDX-License-Identifier: Apache-2.0
"""What a camera sent comes back to its owner, whole and in any piece, in the usual players - and to nobody else."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import Scenario, as_user, sample  # noqa: E402
import nal  # noqa: E402
import player  # noqa: E402

NOBODY_ID = "01935712-9f30-7c4e-8a11-00000000dead"


class PlaybackScenario(Scenario):
    def setUp(self):
        self.home = self.server.household()
        self.folder = tempfile.mkdtemp(prefix="dw-playback-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def uploaded(self, path=None, home=None, **more):
        answer = self.server.upload(home or self.home, path or sample(6), **more)
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json["clip"]

    def url(self, clip, file="clip.mp4"):
        return f"/api/v1/clips/{clip['id']}/{file}"

    def segment(self, clip):
        """The file that the playlist names first."""
        text = self.home.get(self.url(clip, "index.m3u8")).body.decode()
        return re.search(r'^segments/[0-9a-f-]{36}\.mp4$', text, re.M)[0]

    def save(self, data, name):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o644)
        return path

    def read_mp4(self, clip):
        answer = self.home.get(self.url(clip))
        self.assertEqual(answer.status, 200, answer)
        return answer.body

    def read_hls(self, clip):
        """The playlist's pieces joined to one file per segment, each with its map in front."""
        text = self.home.get(self.url(clip, "index.m3u8")).body.decode()
        files, uri = {}, None
        for line in text.splitlines():
            piece = re.match(r'#EXT-X-MAP:URI="([^"]+)",BYTERANGE="(\d+)@(\d+)"', line) or \
                re.match(r"#EXT-X-BYTERANGE:(\d+)@(\d+)()", line)
            if line.startswith("#EXT-X-MAP"):
                map_bytes = self.read_range(clip, piece[1], int(piece[3]), int(piece[2]))
            elif piece:
                length, offset = int(piece[1]), int(piece[2])
            elif not line.startswith("#"):
                uri = line
                files.setdefault(uri, bytearray(map_bytes)).extend(self.read_range(clip, uri, offset, length))
        return text, [bytes(f) for f in files.values()]

    def read_range(self, clip, uri, offset, length):
        answer = self.home.get(self.url(clip, uri), headers={"Range": f"bytes={offset}-{offset + length - 1}"})
        self.assertEqual(answer.status, 206, answer)
        self.assertEqual(len(answer.body), length)
        return answer.body

    def links(self, clip, **body):
        answer = self.home.post(self.url(clip, "links"), body)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def actions(self, clip):
        return [e["action"] for e in self.home.get("/api/v1/ledger").json["items"] if e["subject"]["id"] == clip["id"]]


class Playback(PlaybackScenario):
    def test_the_mp4_is_what_was_uploaded(self):
        clip = self.uploaded()
        path = self.save(self.read_mp4(clip), "clip.mp4")
        self.assertEqual(nal.digest(path), nal.digest(sample(6)))
        self.assertEqual(player.play_errors(path), "")
        info, _ = player.probe(path)
        self.assertAlmostEqual(float(info["format"]["duration"]), 6, delta=0.1)
        self.assertEqual(info["format"]["format_name"], "mov,mp4,m4a,3gp,3g2,mj2")
        with open(path, "rb") as f:
            head = f.read(200000)
        self.assertLess(head.find(b"moov"), head.find(b"mdat"), "the header comes first")

    def test_hls_joins_to_what_was_uploaded(self):
        clip = self.uploaded(query="started_at=2026-11-20T10:00:00.5Z")
        text, files = self.read_hls(clip)
        self.assertEqual(len(files), 1)
        self.assertEqual(nal.digest(self.save(files[0], "joined.mp4")), nal.digest(sample(6)))
        self.assertIn("#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:00.5", text)
        self.assertIn("#EXT-X-INDEPENDENT-SEGMENTS", text)
        self.assertTrue(text.endswith("#EXT-X-ENDLIST\n"))
        lengths = [float(x) for x in re.findall(r"#EXTINF:([\d.]+),", text)]
        self.assertAlmostEqual(sum(lengths), 6, delta=0.1)
        self.assertLessEqual(max(lengths), int(re.search(r"TARGETDURATION:(\d+)", text)[1]))
        self.assertEqual(len(lengths), text.count("#EXT-X-PROGRAM-DATE-TIME"))

    def test_any_range_is_what_the_whole_has_there(self):
        clip = self.uploaded(sample(12, size="640x480", rate=30))
        whole = self.read_mp4(clip)
        dice = random.Random(5)
        c = self.server.connection()
        for _ in range(200):
            first = dice.randrange(len(whole))
            last = min(first + dice.choice([0, 1, 100, 5000, 200000, 1500000]), len(whole) - 1)
            c.request("GET", self.url(clip), headers={"Range": f"bytes={first}-{last}", "Authorization": f"Bearer {self.home.token}"})
            r = c.getresponse()
            body = r.read()
            self.assertEqual((r.status, r.headers["Content-Range"]), (206, f"bytes {first}-{last}/{len(whole)}"))
            self.assertEqual(body, whole[first:last + 1], f"bytes {first}-{last}")
        c.close()
        for spec, expected in (("bytes=-500", whole[-500:]), ("bytes=100-", whole[100:]), (f"bytes=0-{len(whole) + 5}", whole)):
            answer = self.home.get(self.url(clip), headers={"Range": spec})
            self.assertEqual((answer.status, answer.body), (206, expected), spec)

    def test_validators_and_conditions(self):
        clip = self.uploaded()
        for file in ("clip.mp4", self.segment(clip), "index.m3u8", "still.jpg"):
            got = self.home.get(self.url(clip, file))
            etag = got.headers["ETag"]
            self.assertRegex(etag, r'^"[^"]+"$', file)
            self.assertTrue(got.headers["Cache-Control"].startswith("private"), file)
            self.assertEqual(got.headers["X-Content-Type-Options"], "nosniff")
            again = self.home.get(self.url(clip, file), headers={"If-None-Match": f'"other", {etag}'})
            self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", etag), file)
            head = self.server.request("HEAD", self.url(clip, file), token=self.home.token)
            self.assertEqual((head.status, head.body), (200, b""), file)
            self.assertEqual(head.headers["ETag"], etag, file)
            self.assertEqual(int(head.headers["Content-Length"]), len(got.body), file)

    def test_if_range_and_ranges_outside(self):
        clip = self.uploaded()
        url, whole = self.url(clip), self.read_mp4(clip)
        etag = self.server.request("HEAD", url, token=self.home.token).headers["ETag"]
        same = self.home.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
        self.assertEqual((same.status, same.body), (206, whole[:10]))
        other = self.home.get(url, headers={"Range": "bytes=0-9", "If-Range": '"x"'})
        self.assertEqual((other.status, len(other.body)), (200, len(whole)))
        beyond = self.home.get(url, headers={"Range": f"bytes={len(whole)}-"})
        self.assertEqual((beyond.status, beyond.headers["Content-Range"]), (416, f"bytes */{len(whole)}"))
        self.assertNotIn("max-age=3600", beyond.headers["Cache-Control"])
        for odd in ("bytes=5-2", "lines=0-1", "bytes=0-1,5-6", "bytes=x"):
            self.assertEqual(self.home.get(url, headers={"Range": odd}).status, 200, odd)

    def test_a_download_has_a_telling_name(self):
        clip = self.uploaded(query="kind=ring&started_at=2026-11-23T18:52:03Z")
        got = self.server.request("GET", self.url(clip) + "?download=1", token=self.home.token)
        self.assertEqual(got.headers["Content-Disposition"], 'attachment; filename="camera-1_2026-11-23T18-52-03Z_ring.mp4"; '
                         "filename*=UTF-8''camera-1_2026-11-23T18-52-03Z_ring.mp4")
        self.assertTrue(self.home.get(self.url(clip)).headers["Content-Disposition"].startswith("inline;"))

    def test_the_still_is_a_picture_of_the_clip(self):
        clip = self.uploaded()
        got = self.home.get(self.url(clip, "still.jpg"))
        self.assertEqual((got.status, got.headers["Content-Type"]), (200, "image/jpeg"), got)
        info, _ = player.probe(self.save(got.body, "still.jpg"))
        self.assertEqual((player.stream(info, "video")["width"], player.stream(info, "video")["height"]), (320, 240))

    # ---- the list and one clip ----
    def test_lists_are_filtered_and_paged(self):
        times = ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"]
        made = [self.uploaded(sample(3), name=f"{i}.mp4", query=f"kind={'ring' if i else 'motion'}&started_at={t}")["id"]
                for i, t in enumerate(times)]
        ids = [c["id"] for c in self.home.clips()]
        self.assertEqual(ids, made[::-1])
        self.assertEqual([c["id"] for c in self.home.clips("kind=ring")], [made[2], made[1]])
        self.assertEqual([c["id"] for c in self.home.clips("from=2026-11-20T11:00:00Z&to=2026-11-20T12:00:00Z")], [made[1]])
        self.assertEqual([c["id"] for c in self.home.clips(f"camera_id={self.home.camera_id}&kind=motion")], [made[0]])
        self.assertEqual(self.home.clips(f"camera_id={NOBODY_ID}"), [])
        pages, cursor = [], ""
        while cursor is not None:
            page = self.home.get(f"/api/v1/clips?limit=1{cursor and '&cursor=' + urllib.parse.quote(cursor)}").json
            pages += [c["id"] for c in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(pages, ids)
        for odd in ("limit=0", "limit=201", "kind=x", "from=yesterday", "camera_id=7", "cursor=AAAA", "colour=red"):
            self.assertEqual(self.home.get(f"/api/v1/clips?{odd}").status, 422, odd)

    def test_a_deleted_clip_is_gone_at_once(self):
        clip = self.uploaded()
        link, segment = self.links(clip)["urls"]["mp4"], self.segment(clip)
        self.assertEqual(self.server.get(link).status, 200)
        self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}").status, 200)
        for file in ("", "/clip.mp4", "/index.m3u8", "/" + segment, "/still.jpg"):
            self.assertEqual(self.home.get(f"/api/v1/clips/{clip['id']}{file}").problem, "not_found", file)
        self.assertEqual(self.server.get(link).problem, "not_found")
        self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}").status, 404)
        self.assertEqual(self.home.clips(), [])
        self.assertIn("clip.delete", self.actions(clip))

    # ---- who ----
    def test_not_yours_is_no_such(self):
        clip, stranger = self.uploaded(), self.server.household()

        def told(method, id, file, token):
            a = self.server.request(method, f"/api/v1/clips/{id}{file}", token=token, json_body={} if method == "POST" else None)
            problem = a.json
            problem.pop("request_id")
            return a.status, problem, a.headers["Cache-Control"], sorted(k for k in a.headers.keys())
        for method, file in (("GET", ""), ("DELETE", ""), ("GET", "/clip.mp4"), ("GET", "/index.m3u8"), ("GET", f"/segments/{NOBODY_ID}.mp4"),
                             ("GET", "/still.jpg"), ("POST", "/links")):
            theirs = told(method, clip["id"], file, stranger.token)
            self.assertEqual(theirs, told(method, NOBODY_ID, file, stranger.token), file)
            self.assertEqual(theirs[0], 404, file)
            self.assertEqual(self.server.request(method, f"/api/v1/clips/{clip['id']}{file}",
                                                 json_body={} if method == "POST" else None).status, 401, file)
        self.assertEqual(self.actions(clip), ["clip.upload"])

    def test_links_open_one_clip_for_a_while(self):
        clip, other = self.uploaded(), self.uploaded(sample(3))
        made = self.links(clip)
        for url in made["urls"].values():
            self.assertEqual(self.server.get(url).status, 200, url)
        query = urllib.parse.urlsplit(made["urls"]["mp4"]).query
        playlist = self.server.get(made["urls"]["hls"]).body.decode()
        segment = self.segment(clip)
        self.assertIn(f"{segment}?{query}", playlist)
        self.assertEqual(self.server.get(self.url(clip, f"{segment}?{query}"), headers={"Range": "bytes=0-99"}).status, 206)
        self.assertEqual(self.server.get(self.url(other) + f"?{query}").status, 401)
        self.assertEqual(self.server.get(f"/api/v1/clips/{clip['id']}?{query}").status, 401)
        self.assertEqual(self.server.request("DELETE", f"/api/v1/clips/{clip['id']}?{query}").status, 401)
        for change in (("exp=", "exp=1"), ("kid=1", "kid=2"), ("sig=", "sig=A"), ("&acc=", "&acc=0")):
            self.assertEqual(self.server.get(self.url(clip) + "?" + query.replace(*change)).status, 401, change)
        for ttl in (0, 3601, "x", 1.5, True):
            self.assertEqual(self.home.post(self.url(clip, "links"), {"ttl_s": ttl}).status, 422, ttl)
        short = self.links(clip, ttl_s=1)["urls"]["mp4"]
        time.sleep(2.1)
        self.assertEqual((self.server.get(short).status, self.server.get(short).problem), (403, "link_expired"))

    def member(self, change):
        """As the operator would in the private database: there is no route for it yet."""
        out = subprocess.run(["psql", "-h", os.path.join(self.server.data, "postgres", "run"), "-U", "doorward", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c",
                              f"update membership set {change} where account_id = '{self.home.account_id}'"],
                             capture_output=True, text=True, **as_user())
        self.assertEqual(out.returncode, 0, out.stderr)

    def test_what_an_account_may_is_asked_each_time(self):
        clip = self.uploaded()
        link, segment = self.links(clip)["urls"]["mp4"], self.segment(clip)
        self.assertEqual(self.server.get(link).status, 200)
        self.member("rights = 2")  # history alone
        self.assertEqual(self.home.get(self.url(clip)).status, 200)
        self.assertEqual(self.home.get(self.url(clip) + "?download=1").problem, "forbidden")
        self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}").status, 403)
        for change in ("rights = 127 - 2", "rights = 127, ends_us = 1"):
            self.member(change)
            self.assertEqual(self.server.get(link).problem, "not_found", change)
            for file in ("clip.mp4", "index.m3u8", segment, "still.jpg"):
                self.assertEqual(self.home.get(self.url(clip, file)).problem, "not_found", file)
            self.assertEqual(self.home.clips(), [])
        self.member("ends_us = null")
        self.assertEqual(self.server.get(link).status, 200)

    def test_looking_is_on_the_record_once_per_play(self):
        clip = self.uploaded()
        for first in range(0, 50000, 5000):
            self.home.get(self.url(clip), headers={"Range": f"bytes={first}-{first + 4999}"})
        self.home.get(self.url(clip, "index.m3u8"))
        self.server.request("HEAD", self.url(clip) + "?download=1", token=self.home.token)
        # Two loops keep the count each for itself: at most one entry per loop.
        self.assertIn(self.actions(clip).count("clip.view"), (1, 2))
        self.assertNotIn("clip.download", self.actions(clip))
        self.home.get(self.url(clip) + "?download=1", headers={"Range": "bytes=0-0"})
        self.home.get(self.url(clip, "still.jpg"))
        self.server.get(self.links(clip)["urls"]["mp4"])
        entries = [e for e in self.home.get("/api/v1/ledger").json["items"] if e["subject"]["id"] == clip["id"]]
        self.assertEqual({e["action"] for e in entries}, {"clip.upload", "clip.view", "clip.download", "clip.still"})
        self.assertIn("link", {e["actor"]["kind"] for e in entries if e["action"] == "clip.view"})

    def test_odd_addresses_are_refused(self):
        clip = self.uploaded()
        segment = self.segment(clip)
        for file in ("segments/0.mp4", "segments/x.mp4", segment[:-1] + "5", segment[:-4], f"segments/{NOBODY_ID}.mp4", "clip.mkv"):
            self.assertEqual(self.home.get(self.url(clip, file)).status, 404, file)
        self.assertEqual(self.home.get("/api/v1/clips/x/clip.mp4").status, 404)
        self.assertEqual(self.home.get(self.url(clip) + "?colour=red").status, 400)

    # ---- players, over HTTPS ----
    def plays(self, *command, **more):
        out = subprocess.run(command, capture_output=True, text=True, timeout=120, **more)
        self.assertEqual(out.returncode, 0, f"{command}\n{out.stdout[-2000:]}\n{out.stderr[-2000:]}")
        return out.stdout + out.stderr

    def test_ffprobe_and_ffmpeg_play_both(self):
        urls = self.links(self.uploaded())["urls"]
        for kind in ("mp4", "hls"):
            info, errors = player.probe(urls[kind], "-ca_file", self.server.ca_file, "-tls_verify", "1")
            self.assertEqual(errors, "", kind)
            self.assertAlmostEqual(float(info["format"]["duration"]), 6, delta=0.1, msg=kind)
            self.assertEqual({s["codec_name"] for s in info["streams"]}, {"h264", "aac"}, kind)
            self.assertEqual(player.play_errors(urls[kind], "-ca_file", self.server.ca_file), "", kind)
        # Only here: this ffmpeg cannot seek in any HLS of fragmented MP4 by byte range, its own included.
        self.assertEqual(player.play_errors(urls["mp4"], "-ss", "4", "-ca_file", self.server.ca_file), "")

    @unittest.skipUnless(shutil.which("gst-launch-1.0"), "no GStreamer")
    def test_gstreamer_plays_both(self):
        urls = self.links(self.uploaded())["urls"]
        for kind in ("mp4", "hls"):
            # GLib does not take a self-signed certificate that is no authority, whatever ssl-ca-file says
            self.plays("gst-launch-1.0", "-q", "souphttpsrc", f"location={urls[kind]}", "ssl-strict=false", "!", *(["hlsdemux", "!"] if kind == "hls" else []), "decodebin", "!",
                       "videoconvert", "!", "fakesink")

    @unittest.skipUnless(shutil.which("mpv"), "no mpv")
    def test_mpv_plays_both(self):
        urls = self.links(self.uploaded())["urls"]
        for kind in ("mp4", "hls"):
            out = self.plays("mpv", "--no-config", "--vo=null", "--ao=null", "--untimed", "--no-terminal", "--msg-level=all=warn",
                             f"--tls-ca-file={self.server.ca_file}", "--tls-verify=yes", urls[kind],
                             env={**os.environ, "HOME": self.folder}, **as_user())
            self.assertNotIn("rror", out)


class SeveralSegments(PlaybackScenario):
    """Footage longer than a segment: one clip all the same."""
    env = {"DOORWARD_SEGMENT_MAX_MS": 2000, "DOORWARD_LOOPS": 1}

    def test_segments_join_to_one_clip(self):
        source = sample(11, rate=25)
        clip = self.uploaded(source)
        text, files = self.read_hls(clip)
        self.assertGreaterEqual(len(files), 4)
        path = self.save(self.read_mp4(clip), "clip.mp4")
        self.assertEqual(nal.digest(path), nal.digest(source))
        self.assertEqual(player.play_errors(path), "")
        self.assertAlmostEqual(float(player.probe(path)[0]["format"]["duration"]), 11, delta=0.1)
        lengths = [float(x) for x in re.findall(r"#EXTINF:([\d.]+),", text)]
        self.assertAlmostEqual(sum(lengths), 11, delta=0.1)
        self.assertNotIn("DISCONTINUITY", text)

    def test_the_playlist_plays_through(self):
        source = sample(11, rate=25)
        url = self.links(self.uploaded(source))["urls"]["hls"]
        joined = os.path.join(self.folder, "joined.mp4")
        out = subprocess.run(["ffmpeg", "-nostdin", "-v", "warning", "-ca_file", self.server.ca_file, "-i", url, "-c", "copy", joined],
                             capture_output=True, text=True, timeout=60)
        self.assertEqual(out.stderr, "")
        self.assertEqual(nal.digest(joined), nal.digest(source))
        first, end = player.presentation(joined)
        self.assertAlmostEqual(end - first, 11, delta=0.1)

    def test_ranges_cross_segments(self):
        clip = self.uploaded(sample(11, rate=25))
        whole = self.read_mp4(clip)
        for first in range(0, len(whole), 37777):
            last = min(first + 99999, len(whole) - 1)
            got = self.home.get(self.url(clip), headers={"Range": f"bytes={first}-{last}"})
            self.assertEqual(got.body, whole[first:last + 1])


if __name__ == "__main__":
    unittest.main()
