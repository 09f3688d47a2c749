# SPDX-License-Identifier: Apache-2.0
"""Bodies without a stated end: they are footage while they arrive, segment by segment, and nothing of them is lost between."""
import datetime
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import nal  # noqa: E402
from doorward import Scenario, sample, wait_for  # noqa: E402
from sender import Sender  # noqa: E402
from stored import check, settled  # noqa: E402

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
                s = self.sender(f"{len(extra)}.{container}")
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
