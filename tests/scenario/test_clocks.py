# SPDX-License-Identifier: Apache-2.0
"""A camera's clock and the server's: footage is filed where it belongs, and how wrong the camera's clock is is told."""
import datetime
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import Scenario, sample  # noqa: E402
from sender import Sender  # noqa: E402

YEAR_S = 365 * 86400


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def ago(seconds):
    return now() - datetime.timedelta(seconds=seconds)


def rfc3339(at):
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def http_date(at):
    return at.strftime("%a, %d %b %Y %H:%M:%S GMT")


class Clocks(Scenario):
    env = {"DOORWARD_SEGMENT_MAX_MS": 2000}

    def setUp(self):
        self.home = self.server.household()

    def upload(self, started=None, clock=None, name="door.mp4"):
        answer = self.server.upload(self.home, sample(), name, query=f"started_at={rfc3339(started)}" if started else "",
                                    headers={"Date": http_date(clock)} if clock else None)
        self.assertEqual(answer.status, 201, answer)
        return answer.json["clip"]

    def stream(self, started=None):
        with open(sample(8, "ts"), "rb") as f:
            data = f.read()
        s = Sender(self.server, self.home.camera_id, self.home.camera_secret, "stream.ts",
                   query=f"started_at={rfc3339(started)}" if started else "")
        s.pace(data, len(data) / 8)
        answer = s.finish()
        self.assertEqual(answer.status, 201, answer)
        return answer.json["clip"]

    def assert_began(self, clip, at, delta=2):
        began = datetime.datetime.fromisoformat(clip["started_at"].replace("Z", "+00:00"))
        self.assertAlmostEqual((began - at).total_seconds(), 0, delta=delta)

    def test_footage_of_an_offline_camera_is_filed_where_it_belongs(self):
        clip = self.upload(ago(3 * 3600))
        self.assert_began(clip, ago(3 * 3600))
        self.assertEqual((clip["late"], clip["start_source"], clip["clock_offset_ms"]), (True, "camera", None))
        self.assertTrue(self.home.clips()[0]["late"])
        day = f"from={rfc3339(ago(4 * 3600))}&to={rfc3339(ago(0))}"
        runs = self.home.get(f"/api/v1/cameras/{self.home.camera_id}/timeline?{day}").json["runs"]
        self.assertEqual([r["late"] for r in runs], [True])
        self.assertFalse(self.upload(ago(60), name="next.mp4")["late"])

    def test_a_clock_wrong_by_years_is_corrected_when_the_camera_shows_it(self):
        for years in (-23, -40, 3):
            with self.subTest(years=years):
                wrong = years * YEAR_S
                clip = self.upload(ago(600 - wrong), ago(-wrong), f"{years}.mp4")
                self.assert_began(clip, ago(600))
                self.assertAlmostEqual(clip["clock_offset_ms"] / 1000, wrong, delta=5)
                self.assertTrue(clip["late"])

    def test_a_time_that_cannot_be_is_replaced_by_the_arrival(self):
        for started, offset in ((datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc), None), (ago(25 * YEAR_S), -25 * YEAR_S),
                                (ago(-7 * 86400), 7 * 86400)):
            with self.subTest(started=started):
                clip = self.upload(started, name=f"{offset}.mp4")
                self.assert_began(clip, ago(3))
                self.assertEqual((clip["late"], clip["start_source"]), (False, "arrival"))
                if offset is not None:
                    self.assertAlmostEqual(clip["clock_offset_ms"] / 1000, offset, delta=10)

    def test_a_clock_that_jumps_does_not_change_the_order(self):
        jumps = [-24 * YEAR_S, 0, 24 * 3600, -3 * YEAR_S]
        made = [self.upload(ago(60 - 10 * i - j), ago(-j), f"{i}.mp4")["id"] for i, j in enumerate(jumps)]
        self.assertEqual([c["id"] for c in reversed(self.home.clips())], made)

    def test_the_offset_of_a_live_camera_is_measured(self):
        clip = self.stream(ago(-20))
        self.assert_began(clip, ago(8 - 20))
        self.assertFalse(clip["late"])
        self.assertAlmostEqual(clip["clock_offset_ms"] / 1000, 20, delta=1.5)
        camera = self.home.get(f"/api/v1/cameras/{self.home.camera_id}").json
        self.assertAlmostEqual(camera.get("camera", camera)["clock_offset_ms"] / 1000, 20, delta=1.5)

    def test_a_stream_of_old_footage_is_late(self):
        clip = self.stream(ago(7200))
        self.assert_began(clip, ago(7208), 3)
        self.assertEqual((clip["late"], clip["clock_offset_ms"]), (True, None))

    def test_a_stream_without_a_time_is_filed_by_its_arrival(self):
        clip = self.stream()
        self.assert_began(clip, ago(8))
        self.assertEqual((clip["late"], clip["start_source"], clip["clock_offset_ms"]), (False, "arrival", None))


if __name__ == "__main__":
    unittest.main()
