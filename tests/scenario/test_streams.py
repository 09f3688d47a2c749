# SPDX-License-Identifier: Apache-2.0
"""Bodies without a stated end: they are footage while they arrive, segment by segment, and nothing of them is lost between."""
import datetime
import os
import random
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import longfilm  # noqa: E402
import nal  # noqa: E402
from doorward import Scenario, Server, sample, wait_for  # noqa: E402
from sender import Sender, gone  # noqa: E402
from stored import check, settled  # noqa: E402

# Names without a number: with one they would be pieces of a push (docs/design/pieces.md).
KILLS = int(os.environ.get("DOORWARD_STREAM_KILLS", "3"))
FRAGMENTED_LIVE = ("-movflags", "empty_moov+default_base_moof", "-frag_duration", "200000")
FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def seconds_between(a, b):
    return (datetime.datetime.fromisoformat(b.replace("Z", "+00:00")) -
            datetime.datetime.fromisoformat(a.replace("Z", "+00:00"))).total_seconds()


def seconds_since(started_at, duration_ms):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    return seconds_between(started_at, now) - duration_ms / 1000


def footage(home):
    """Seconds of the last hours that are committed."""
    now = datetime.datetime.now(datetime.timezone.utc)
    span = [(now + datetime.timedelta(hours=h)).isoformat(timespec="seconds").replace("+00:00", "Z") for h in (-20, 1)]
    answer = home.get(f"/api/v1/cameras/{home.camera_id}/timeline?from={span[0]}&to={span[1]}")
    return sum(seconds_between(r["from"], r["to"]) for r in answer.json["runs"])


class Streams(Scenario):
    env = {"DOORWARD_SEGMENT_MAX_MS": 2000}

    def setUp(self):
        self.home = self.server.household()

    def sender(self, name, **more):
        return Sender(self.server, self.home.camera_id, self.home.camera_secret, name, **more)

    def back(self, clip):
        answer = self.home.get(clip["urls"]["mp4"])
        self.assertEqual(answer.status, 200, answer)
        f = tempfile.NamedTemporaryFile(suffix=".mp4")
        self.addCleanup(f.close)
        f.write(answer.body)
        f.flush()
        return f.name

    def journals(self):
        folder = os.path.join(self.server.data, "journal")
        return os.listdir(folder) if os.path.isdir(folder) else []

    def test_every_kind_of_body_comes_back_whole(self):
        for container, extra in (("mp4", FRAGMENTED), ("ts", ()), ("mkv", ()), ("mp4", ())):
            with self.subTest(container=container, extra=extra):
                path = sample(9, container, extra=extra)
                s = self.sender(f"{'in-parts' if extra else 'plain'}.{container}")
                s.send(contents(path))
                answer = s.finish()
                self.assertEqual(answer.status, 201, answer)
                clip = answer.json["clip"]
                self.assertFalse(clip["partial"])
                self.assertEqual(nal.digest(self.back(clip)), nal.digest(path))
        wait_for("the journals to go", lambda: not self.journals())
        settled(self.server)

    def test_it_is_footage_while_it_arrives(self):
        path = sample(12, "ts", size="640x480")
        data = contents(path)
        s = self.sender("door.ts")
        s.pace(data[:len(data) * 3 // 4], len(data) / 6)
        held = wait_for("segments to be committed", lambda: footage(self.home))
        self.assertEqual(self.home.clips(), [])
        self.assertLess(held, 10)
        s.pace(data[len(data) * 3 // 4:], len(data) / 3)
        clip = s.finish().json["clip"]
        self.assertEqual(clip["id"], self.home.clips()[0]["id"])
        self.assertFalse(clip["partial"])
        self.assertEqual(nal.digest(self.back(clip)), nal.digest(path))
        # Filmed as it came, not later than now.
        end = clip["started_at"], clip["duration_ms"]
        self.assertAlmostEqual(seconds_since(*end), 0, delta=8)
        settled(self.server)

    def test_a_stream_that_breaks_off_is_kept_at_once(self):
        path = sample(12, "mp4", extra=FRAGMENTED)
        s = self.sender("door.mp4")
        s.pace(contents(path)[:-20000], 200000)
        s.cut()
        clip = wait_for("the clip", self.home.clips)[0]
        self.assertTrue(clip["partial"])
        self.assertGreater(clip["duration_ms"], 8000)
        settled(self.server)

    def test_garbage_after_good_pictures_keeps_the_pictures(self):
        path = sample(12, "mp4", extra=FRAGMENTED)
        s = self.sender("door.mp4")
        s.pace(contents(path), 400000)
        wait_for("segments to be committed", lambda: footage(self.home))
        s.pace(b"\0\0\0\x08moof" + os.urandom(3000000), 3000000)
        answer = s.finish()
        self.assertIn(answer.status, (201, 422), answer)
        clip = wait_for("the clip", self.home.clips)[0]
        self.assertGreater(clip["duration_ms"], 11000)
        settled(self.server)

    def test_the_same_bytes_make_one_clip(self):
        data = contents(sample(9, "ts"))
        ids = set()
        for _ in range(3):
            s = self.sender("door.ts")
            s.pace(data, len(data))
            answer = s.finish()
            self.assertEqual(answer.status, 200 if ids else 201)
            ids.add(answer.json["clip"]["id"])
        self.assertEqual(len(ids), 1)
        self.assertAlmostEqual(footage(self.home), 9, delta=1)
        self.assertTrue(check(self.server)[1]["clean"])

    def test_the_whole_takes_the_place_of_its_beginning(self):
        data = contents(sample(12, "ts"))
        s = self.sender("door.ts")
        s.pace(data[:len(data) * 2 // 3], len(data))
        s.cut()
        part = wait_for("the partial clip", self.home.clips)[0]
        self.assertTrue(part["partial"])
        s = self.sender("door.ts")
        s.pace(data, len(data))
        whole = s.finish().json["clip"]
        self.assertEqual([c["id"] for c in self.home.clips()], [whole["id"]])
        self.assertTrue(check(self.server)[1]["clean"])

    def test_a_camera_that_is_switched_off_is_cut_off(self):
        data = contents(sample(12, "ts"))
        s = self.sender("door.ts")
        s.pace(data[:len(data) // 2], len(data) / 4)
        answer = self.server.request("PATCH", f"/api/v1/cameras/{self.home.camera_id}", token=self.home.token,
                                     json_body={"enabled": False})
        self.assertEqual(answer.status, 200, answer)
        clip = wait_for("the clip", self.home.clips, 2)[0]
        self.assertTrue(clip["partial"])
        s.cut()
        settled(self.server)


class Killed(unittest.TestCase):
    """What was received before kill -9 is there after the next start, once. DOORWARD_STREAM_KILLS: how many (default 3)."""

    def place(self):
        server = Server({"DOORWARD_SEGMENT_MAX_MS": 3000})
        self.addCleanup(server.close)
        return server.start()

    def film(self, server, home, i, path, log):
        """Send the file in real time until the server is gone; log gets (when, bytes sent) before and after each piece."""
        data, seconds = contents(path), 20
        camera, secret = home.cameras[i]
        try:
            s = Sender(server, camera, secret, "film" + os.path.splitext(path)[1])
            begin = time.monotonic()
            while s.sent < len(data):
                s.send(data[s.sent:s.sent + 2048])
                log.append((time.monotonic(), s.sent))
                time.sleep(max(0.0, begin + s.sent / len(data) * seconds - time.monotonic()))
        except Exception as e:  # pylint: disable=broad-except
            if not gone(e):
                raise

    def pictures(self, home, camera):
        """Of all that the camera's clips hold, in order of time."""
        clips = sorted((c for c in home.clips() if c["camera_id"] == camera), key=lambda c: c["started_at"])
        found = []
        for clip in clips:
            with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
                f.write(home.get(clip["urls"]["mp4"]).body)
                f.flush()
                found += nal.units(f.name)
        return found

    def sent_by(self, path, log, when):
        """Pictures that are whole in what was sent by then."""
        n = max([sent for at, sent in log if at <= when], default=0)
        with tempfile.NamedTemporaryFile(suffix=os.path.splitext(path)[1]) as f:
            f.write(contents(path)[:n])
            f.flush()
            return len(nal.units(f.name)) if n > 20000 else 0

    def story(self, server, home, after):
        paths = [sample(20, "mp4", extra=FRAGMENTED_LIVE), sample(20, "ts"), sample(20, "mkv")]
        logs = [[] for _ in paths]
        cameras = [threading.Thread(target=self.film, args=(server, home, i, path, logs[i])) for i, path in enumerate(paths)]
        for c in cameras:
            c.start()
        time.sleep(after)
        killed = time.monotonic()
        server.kill()
        for c in cameras:
            c.join()
        server.start()
        self.assertEqual(settled(server)["uploads"], 0)
        for i, path in enumerate(paths):
            whole, back = nal.units(path), self.pictures(home, home.cameras[i][0])
            with self.subTest(path=path, after=after):
                self.assertEqual(back, whole[:len(back)], "a beginning of what was sent")
                self.assertGreaterEqual(len(back), self.sent_by(path, logs[i], killed - 1) - 1)
                self.assertLess(len(back), len(whole))

    def test_nothing_received_is_lost(self):
        server = self.place()
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", file=sys.stderr)
        dice = random.Random(seed)
        for after in [8.3, dice.uniform(0.1, 1.5)] + [dice.uniform(0.5, 15) for _ in range(KILLS - 2)]:
            home = server.household(cameras=3)
            with self.subTest(after=after, seed=seed):
                self.story(server, home, after)
                for clip in home.clips():
                    self.assertTrue(clip["partial"])
                    self.assertIn(clip["container"], ("fmp4", "mpegts", "matroska"))
                self.assertEqual(os.listdir(os.path.join(server.data, "journal")), [])


class Hours(Scenario):
    """The short form of tests/bench/endless.py: memory does not grow with the body."""

    def test_hours_cost_no_more_memory_than_minutes(self):
        for container in ("mp4", "ts", "mkv"):
            with self.subTest(container=container):
                home, seen = self.server.household(), []
                answer = longfilm.film(self.server, home, 180, container, lambda sent: seen.append(longfilm.resident(self.server)))
                self.assertEqual(answer.status, 201, answer)
                tenth = len(seen) // 10
                self.assertLess(max(seen[-2 * tenth:]), max(seen[tenth:3 * tenth]) + 3 * 1024, "KiB")
                with longfilm.filming(180, container) as camera:
                    sent = nal.each(["-i", "pipe:0"], "h264", stdin=camera.stdout)
                    self.assertTrue(all(a == b for a, b in zip(sent, longfilm.pictures(self.server, home), strict=True)))


class Rolling(Scenario):
    """A stream larger than one clip may be goes on in another recording."""
    env = {"DOORWARD_SEGMENT_MAX_MS": 2000, "DOORWARD_UPLOAD_MAX_BYTES": 1 << 20}

    def test_no_picture_is_lost_between_recordings(self):
        home = self.server.household()
        path = sample(60, "ts", size="640x480")
        data = contents(path)
        self.assertGreater(len(data), 3 << 20)
        s = Sender(self.server, home.camera_id, home.camera_secret, "door.ts", query="started_at=2026-03-01T10:00:00Z")
        s.pace(data, len(data) / 8)
        last = s.finish().json["clip"]
        clips = sorted(home.clips(), key=lambda c: c["started_at"])
        self.assertGreater(len(clips), 2)
        self.assertEqual(clips[-1]["id"], last["id"])
        pictures = []
        for before, after in zip(clips, clips[1:]):
            self.assertAlmostEqual(seconds_between(before["started_at"], after["started_at"]), before["duration_ms"] / 1000, delta=0.1)
        for clip in clips:
            with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
                f.write(home.get(clip["urls"]["mp4"]).body)
                f.flush()
                pictures += nal.units(f.name)
        self.assertEqual(pictures, nal.units(path))
        settled(self.server)


if __name__ == "__main__":
    unittest.main()
