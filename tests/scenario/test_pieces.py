# SPDX-License-Identifier: Apache-2.0
"""Pieces of a push become one growing clip, whatever their order, retries and restarts: nothing lost, nothing twice. What real tools
send is in test_clients.py."""
import datetime
import glob
import os
import random
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import nal  # noqa: E402
import pushed  # noqa: E402
from doorward import in_threads, wait_for  # noqa: E402
from pushed import Pushed, source  # noqa: E402
from stored import check  # noqa: E402


class Cut(Pushed):
    """Pieces made by ffmpeg beforehand, sent by us in any order."""

    def pieces(self, sent, *options, name="live%d.ts"):
        """[(name, bytes)] of the pieces in order."""
        folder = os.path.join(self.work.name, f"cut{len(glob.glob(self.work.name + '/cut*'))}")
        os.mkdir(folder)
        self.ffmpeg("-i", sent, "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", *options,
                    "-hls_segment_filename", f"{folder}/{name}", f"{folder}/list.m3u8")
        found = []
        for path in glob.glob(f"{folder}/*"):
            with open(path, "rb") as f:
                found.append((os.path.basename(path), f.read()))
        media = [p for p in found if p[0].startswith("live")]
        media.sort(key=lambda p: int("".join(c for c in p[0].split(".")[0] if c.isdigit())))
        return media, dict(found)

    def put_all(self, pieces, expect=(201,)):
        answers = [self.put(name, data) for name, data in pieces]
        for a in answers:
            self.assertIn(a.status, expect, a)
        return answers

    def cut_off(self, name, data, share):
        """A connection that dies in the middle of the body."""
        import base64
        head = (f"PUT {self.path}/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\nAuthorization: Basic "
                + base64.b64encode(f"cam:{self.home.camera_secret}".encode()).decode() + "\r\n\r\n").encode()
        s = self.server.ssl_context().wrap_socket(socket.create_connection(("localhost", self.server.port), 20), server_hostname="localhost")
        s.sendall(head + data[:int(len(data) * share)])
        time.sleep(0.2)
        s.close()


class Order(Cut):
    def test_any_order_some_twice_several_at_once(self):
        sent = source(12)
        media, _ = self.pieces(sent)
        for seed in range(3):
            with self.subTest(seed=seed):
                self.home = self.server.household(f"Home {seed}")
                self.path = f"/ingest/{self.home.camera_id}"
                rng = random.Random(seed)
                jobs = media + rng.sample(media, 4)
                rng.shuffle(jobs)

                def some(k, queue=jobs):
                    for name, data in queue[k::3]:
                        answer = self.put(name, data)
                        while answer.status == 429:
                            answer = self.put(name, data)
                        self.assertIn(answer.status, (200, 201), answer)
                in_threads(*[lambda k=k: some(k) for k in range(3)])
                self.check_whole(sent)

    def test_fragments_before_their_header(self):
        sent = source()
        media, every = self.pieces(sent, "-hls_segment_type", "fmp4", name="live%d.m4s")
        random.Random(1).shuffle(media)
        answers = self.put_all(media[:5], expect=(202,))
        self.assertEqual(answers[0].json["piece"]["state"], "received")
        self.assertEqual(self.home.clips(), [])
        self.assertEqual(self.put("init.mp4", every["init.mp4"]).json["piece"]["state"], "header")
        self.put_all(media[5:], expect=(201,))
        self.check_whole(sent)

    def test_waiting_pieces_outlive_a_restart(self):
        sent = source()
        media, every = self.pieces(sent, "-hls_segment_type", "fmp4", name="live%d.m4s")
        self.put_all(media, expect=(202,))
        self.server.restart()
        self.put("init.mp4", every["init.mp4"])
        self.check_whole(sent)

    def test_a_missing_piece_is_a_hole_until_it_comes(self):
        sent = source()
        media, _ = self.pieces(sent)
        self.put_all(media[:3] + media[4:])
        clip = self.one_clip(8)
        answer = self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4")
        late = self.put(*media[3])
        self.assertEqual((late.status, late.json["clip"]["id"]), (201, clip["id"]))
        self.assertGreater(len(self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4").body), len(answer.body))
        self.check_whole(sent)

    def test_times_that_wrap(self):
        sent = source()
        media, _ = self.pieces(sent, "-output_ts_offset", "95441", "-muxdelay", "0")
        random.Random(3).shuffle(media)
        self.put_all(media)
        self.check_whole(sent)


class Again(Cut):
    def test_the_same_piece_again_is_the_same_clip(self):
        media, _ = self.pieces(source())
        first, again = self.put(*media[0]), self.put(*media[0])
        self.assertEqual((first.status, again.status), (201, 200))
        self.assertEqual(first.json["clip"]["id"], again.json["clip"]["id"])
        self.assertEqual(first.json["clip"]["bytes"], len(media[0][1]))
        self.assertEqual(self.put(*media[1]).json["clip"]["id"], first.json["clip"]["id"])
        self.assertEqual(len(self.home.clips()), 1)

    def test_a_pusher_that_starts_over_makes_another_clip(self):
        first, second = source(), source(6, gop=10)
        self.put_all(self.pieces(first)[0])
        self.put_all(self.pieces(second)[0])
        clips = self.home.clips()
        self.assertEqual(len(clips), 2)
        for clip, sent in ((clips[1], first), (clips[0], second)) if clips[0]["duration_ms"] < 7000 else ((clips[0], first), (clips[1], second)):
            self.assertEqual(nal.digest(self.read_mp4(clip)), nal.digest(sent))

    def test_a_clip_that_was_deleted_is_not_extended(self):
        media, _ = self.pieces(source())
        self.put_all(media[:4])
        gone = self.home.clips()[0]
        self.assertEqual(self.home.delete(f"/api/v1/clips/{gone['id']}").status, 200)
        self.put_all(media[4:])
        clips = self.home.clips()
        self.assertEqual(len(clips), 1)
        self.assertNotEqual(clips[0]["id"], gone["id"])

    def test_a_piece_that_broke_off_gives_way_to_the_whole(self):
        sent = source()
        media, _ = self.pieces(sent)
        self.put_all(media[:2])
        for share in (0.4, 0.9, 0.6):
            self.cut_off(*media[2], share)
        wait_for("what came of it", lambda: self.home.clips()[0]["partial"])
        self.put_all(media[2:])
        clip = self.check_whole(sent)
        self.assertEqual(clip["bytes"], sum(len(d) for _, d in media))
        self.assertEqual(check(self.server)[0], 0)

    def test_what_is_empty_or_foreign_is_told(self):
        media, every = self.pieces(source(), "-hls_segment_type", "fmp4", name="live%d.m4s")
        self.assertEqual(self.put("live0.m4s", b"").json["piece"]["state"], "empty")
        self.assertEqual(self.put("init.mp4", b"").json["piece"]["state"], "empty")
        self.assertEqual(self.put("init.mp4", b"hello, world").problem, "unsupported_media")
        self.assertEqual(self.put("live0.m4s", every["init.mp4"]).json["piece"]["state"], "empty")
        self.assertEqual(self.put("live0.ts", b"hello, world").problem, "unsupported_media")
        self.assertEqual(self.put("live.m3u8", b"hello, world").status, 200)
        self.assertEqual(self.put("live.mpd", b"").status, 200)
        self.assertEqual(self.put("live0.ts", media[0][1], query="colour=red").problem, "bad_request")
        self.assertEqual(self.home.clips(), [])

    def test_delete_is_taken_and_removes_nothing(self):
        media, _ = self.pieces(source())
        self.put_all(media)
        for name, _ in media:
            answer = self.put(name, None, method="DELETE")
            self.assertEqual((answer.status, answer.json), (200, {"removed": False}))
        self.check_whole(source())

    def test_the_playlist_says_when_it_was(self):
        for late in (False, True):
            with self.subTest(late=late):
                self.home = self.server.household(f"Home {late}")
                self.path = f"/ingest/{self.home.camera_id}"
                media, every = self.pieces(source(), "-hls_flags", "program_date_time")
                at = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.500")
                told = f"#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:{at}+0000\n#EXTINF:1,\nlive0.ts\n".encode()
                if not late:
                    self.assertEqual(self.put("live.m3u8", told).status, 200)
                self.put_all(media[:2])
                if late:
                    self.assertEqual(self.put("live.m3u8", told).status, 200)
                self.put_all(media[2:])
                clip = self.home.clips()[0]
                self.assertEqual((clip["start_source"], clip["started_at"]), ("camera", f"{at}Z"))
                self.assertEqual(nal.digest(self.read_mp4(clip)), nal.digest(source()))

    def test_numbered_files_with_a_length_are_clips_of_their_own(self):
        with open(source(4), "rb") as f:
            one = f.read()
        with open(source(6), "rb") as f:
            two = f.read()
        self.assertEqual([self.put("motion_0001.mp4", one).status, self.put("motion_0002.mp4", two).status], [201, 201])
        self.assertEqual(sorted(c["name"] for c in self.home.clips()), ["motion_0001.mp4", "motion_0002.mp4"])


class Compacted(Cut):
    env = {"DOORWARD_COMPACT_AFTER_S": "2", "DOORWARD_LOOPS": "1"}

    def rows(self):
        return check(self.server)[1]

    def test_small_segments_become_large_ones_and_play_the_same(self):
        sent = source(40)
        media, _ = self.pieces(sent)
        self.put_all(media)
        clip = self.one_clip(40)
        before = self.home.get(clip["urls"]["mp4"])
        count = self.rows()["rows"]
        self.assertEqual(count, len(media))
        wait_for("one segment", lambda: self.rows()["rows"] == 1, seconds=60, pause=1)
        self.check_whole(sent)
        self.assertEqual(self.home.get(clip["urls"]["mp4"]).body, before.body, "joined segments read as the same file")
        wait_for("the old objects to go", lambda: self.rows()["objects"] == 1, seconds=120, pause=1)
        self.assertTrue(self.rows()["clean"])
        self.put(*media[0])
        self.assertEqual(len(self.home.clips()), 1)


if __name__ == "__main__":
    pushed.main()
