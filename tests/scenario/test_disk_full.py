# SPDX-License-Identifier: Apache-2.0
"""A 64 MB file system that is full: 507, reading goes on, nothing acknowledged is lost, and new footage is taken again within ten
seconds of there being room."""
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import disk  # noqa: E402
import pg  # noqa: E402
from agency import rfc3339  # noqa: E402
from doorward import Server, sample, wait_for  # noqa: E402
from stored import Acknowledged, settled  # noqa: E402

LOW_WATER = 8 << 20
BACK_S = 10


@unittest.skipIf(disk.missing(), disk.missing())
class DiskFull(unittest.TestCase):
    def setUp(self):
        self.disk = disk.SmallDisk()
        self.addCleanup(self.disk.close)
        cluster = pg.Cluster().create()
        self.addCleanup(cluster.finish)
        self.server = Server({"DOORWARD_DATABASE_URL": cluster.url(), "DOORWARD_LOW_WATER_BYTES": LOW_WATER})
        self.addCleanup(self.server.close)
        self.server.data = self.server.env["DOORWARD_DATA_DIR"] = self.disk.path
        self.server.start()
        self.home = self.server.household()
        self.acknowledged = Acknowledged(self.home)
        self.film = sample(20, size="640x480")

    def until_full(self):
        for _ in range(500):
            status = self.acknowledged.upload(self.film)
            if status != 201:
                return status
        raise AssertionError("64 MB took 500 clips")

    def goes_on_within(self, seconds=BACK_S):
        t0 = time.monotonic()
        wait_for("new footage to be taken", lambda: self.acknowledged.upload() == 201, seconds, 0.2)
        return time.monotonic() - t0

    def test_uploads_fill_it_to_the_low_water_mark_and_no_further(self):
        self.assertEqual(self.until_full(), 507)
        self.assertGreater(self.disk.room(), LOW_WATER // 2, "it stops before the disk is full")
        answer = self.server.upload(self.home, sample(), name="no-room.mp4")
        self.assertEqual((answer.status, answer.problem), (507, "storage_full"))
        self.assertTrue(int(answer.headers["Retry-After"]) > 0)
        self.assertIn("nothing was stored", answer.json["detail"])
        self.acknowledged.verify(list(self.acknowledged.clips)[:2])
        # Its owner makes room.
        self.home.erase_at_once()
        for clip in list(self.acknowledged.clips)[:8]:
            self.assertEqual(self.home.delete(f"/api/v1/clips/{clip}").status, 200)
            del self.acknowledged.clips[clip]
        self.goes_on_within()
        self.acknowledged.verify(list(self.acknowledged.clips)[-2:])
        settled(self.server)

    def test_somebody_else_fills_it_to_the_last_byte(self):
        self.assertEqual(self.acknowledged.upload(), 201)
        self.disk.fill()
        self.assertEqual(self.acknowledged.upload(), 507)
        self.acknowledged.verify()
        ready = self.server.get("/readyz")
        self.assertEqual(self.home.get("/api/v1/clips").status, 200, ready)
        self.disk.empty()
        self.goes_on_within()
        settled(self.server)

    def test_what_is_over_a_soft_limit_makes_room_and_what_is_held_stays(self):
        """Order: past its time, over a limit (the oldest that nothing holds), then no more is taken."""
        clips, now = [], time.time() - 86400
        while True:  # each of a time of its own
            answer = self.server.upload(self.home, self.film, f"{len(clips)}.mp4", query=f"started_at={rfc3339(now + 60 * len(clips))}")
            if answer.status != 201:
                break
            clips.append(answer.json["clip"]["id"])
            self.acknowledged.clips[clips[-1]] = self.film
        self.assertEqual(answer.status, 507)
        wait_for("the alarm", lambda: self.server.metrics()["doorward_storage_full"] == 1, 10)
        self.assertEqual(self.server.get("/readyz").json["storage"], "full")
        self.assertEqual(self.home.put(f"/api/v1/clips/{clips[0]}/keep").status, 204)
        used = self.home.get("/api/v1/storage").json["used_bytes"]
        limit = {"quota_soft_bytes": used * 2 // 3}
        self.assertEqual(self.home.put(f"/api/v1/cameras/{self.home.camera_id}/retention", limit).status, 200)
        wait_for("room", lambda: self.server.metrics()["doorward_storage_full"] == 0, BACK_S)
        self.goes_on_within()
        left = {c["id"] for c in self.home.clips("limit=200")}
        gone = [c for c in clips if c not in left]
        self.assertGreater(len(gone), 0)
        self.assertEqual(gone, clips[1:1 + len(gone)], "the oldest but the one that is kept")
        for clip in gone:
            del self.acknowledged.clips[clip]
        self.acknowledged.verify(clips[:1])
        settled(self.server)

    def test_it_fills_while_cameras_send(self):
        """What is under way is told 507 or kept; what was told it is kept, is."""
        stop = threading.Event()

        def uploads():
            while not stop.is_set():
                self.acknowledged.upload(self.film)
        threads = [threading.Thread(target=uploads) for _ in range(3)]
        for t in threads:
            t.start()
        wait_for("some clips", lambda: len(self.acknowledged.clips) >= 5, 30)
        for _ in range(4):
            self.disk.fill()
            wait_for("a refusal", lambda: 507 in self.acknowledged.answers[-3:], 30)
            self.disk.empty()
            n = len(self.acknowledged.clips)
            full = self.disk.room() < LOW_WATER + (4 << 20)
            if full:
                break
            wait_for("another clip", lambda: len(self.acknowledged.clips) > n, BACK_S)
        stop.set()
        for t in threads:
            t.join(60)
        self.assertLessEqual(set(self.acknowledged.answers), {201, 507, 503})
        self.acknowledged.verify()
        settled(self.server)


if __name__ == "__main__":
    unittest.main()
