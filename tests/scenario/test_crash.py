# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every named point and at random times: nothing acknowledged is lost or changed, nothing half-made is left, and the
next upload works.

The named points are read from the sources, so a new one without a story here fails. DOORWARD_CRASH_ROUNDS sets how many random
kills (default 50)."""
import glob
import http.client
import os
import random
import re
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402
from agency import Agency, film, placed_home, rfc3339, seconds  # noqa: E402
from doorward import ROOT, Server, fault_build, sample, wait_for  # noqa: E402
from sender import Sender, gone  # noqa: E402
from stored import Acknowledged, settled  # noqa: E402

ROUNDS = int(os.environ.get("DOORWARD_CRASH_ROUNDS", "50"))


def points():
    found = set()
    for folder in ("server", "storage"):
        for path in glob.glob(os.path.join(ROOT, folder, "**", "*.c"), recursive=True):
            with open(path, encoding="utf-8") as f:
                found |= set(re.findall(r'\bcrash_point\("(\w+)"\)', f.read()))
    return sorted(found)


class Crash(unittest.TestCase):
    def place(self, build=None):
        """A server on a database of its own that outlives the server's death."""
        cluster = pg.Cluster(fsync=False).create()
        self.addCleanup(cluster.finish)
        env = {"DOORWARD_DATABASE_URL": cluster.url(), "DOORWARD_LOOPS": "2", "DOORWARD_RETENTION_SWEEP_S": "1",
               "DOORWARD_SCRUB_S": "1"}
        server = Server(env, build) if build else Server(env)
        self.addCleanup(server.close)
        server.start()
        home = server.household()
        return server, Acknowledged(home)

    # ---- stories: each brings a stopped server with the point set to it ----
    def upload_until_dead(self, server, acknowledged):
        server.start()
        deadline = time.monotonic() + 30
        while server.process.poll() is None and time.monotonic() < deadline:
            acknowledged.upload()
            if server.process.poll() is None:
                time.sleep(0.1)

    def delete_then_start(self, server, acknowledged):
        """Garbage that waits is carried out at the start."""
        point = server.env.pop("DOORWARD_FAULT_AT")
        server.start()
        self.assertEqual([acknowledged.upload() for _ in range(2)], [201, 201])
        acknowledged.home.erase_at_once()
        for clip in list(acknowledged.clips)[-2:]:
            self.assertEqual(acknowledged.home.delete(f"/api/v1/clips/{clip}").status, 200)
            del acknowledged.clips[clip]
        server.stop()
        server.env["DOORWARD_FAULT_AT"] = point
        server.spawn()

    def delete_a_span_then_start(self, server, acknowledged):
        """The middle of a clip is to be erased when the server starts."""
        point, home = server.env.pop("DOORWARD_FAULT_AT"), acknowledged.home
        server.start()
        self.days = getattr(self, "days", 0) + 1  # a time that no other clip lies in
        clip = server.upload(home, sample(12), f"{point}.mp4", query=f"started_at={rfc3339(time.time() - self.days * 86400)}")
        self.assertEqual(clip.status, 201, clip)
        clip = clip.json["clip"]
        self.assertEqual(home.put(f"/api/v1/cameras/{home.camera_id}/retention", {"undo_s": 1}).status, 200)
        middle = seconds(clip["started_at"]) + 6
        deleted = home.post(f"/api/v1/cameras/{home.camera_id}/deletions", {"from": rfc3339(middle), "to": rfc3339(middle + 1)})
        self.assertEqual(deleted.status, 201, deleted)
        server.stop()
        wait_for("the undo time to be over", lambda: time.time() > seconds(deleted.json["deletion"]["undo_until"]))
        server.env["DOORWARD_FAULT_AT"] = point
        server.spawn()

    def just_start(self, server, acknowledged):
        server.spawn()

    def stream_some(self, server, home, seconds):
        """A body without an end, in real time, until the server dies or that long."""
        with open(sample(20, "ts"), "rb") as f:
            data = f.read()
        try:
            s = Sender(server, home.camera_id, home.camera_secret, "stream.ts")
            s.pace(data[:int(len(data) * seconds / 10)], len(data) / 10)
            if server.process.poll() is None:
                s.finish()
        except Exception as e:  # pylint: disable=broad-except
            if not gone(e):
                raise

    def stream_until_dead(self, server, acknowledged):
        """Each committed segment, each part: the points lie on the way of an endless body."""
        server.env["DOORWARD_SEGMENT_MAX_MS"] = "2000"
        server.start()
        for _ in range(4):
            if server.process.poll() is None:
                self.stream_some(server, acknowledged.home, 5)
        del server.env["DOORWARD_SEGMENT_MAX_MS"]

    def salvage_until_dead(self, server, acknowledged):
        """A stream that kill -9 interrupted is finished at the start."""
        point = server.env.pop("DOORWARD_FAULT_AT")
        server.start()
        killer = threading.Timer(3, server.kill)
        killer.start()
        self.stream_some(server, acknowledged.home, 8)
        killer.join()
        server.env["DOORWARD_FAULT_AT"] = point
        server.spawn()

    def story(self, point):
        if point.startswith(("endless_", "journal_")):
            return self.stream_until_dead
        if point.startswith("salvage_"):
            return self.salvage_until_dead
        if point.startswith(("store_delete_", "garbage_")):
            return self.delete_then_start
        if point.startswith(("cut_out_", "sweep_after_deletion")):
            return self.delete_a_span_then_start
        return self.just_start if point.startswith(("recover_", "sweep_", "scrub_")) else self.upload_until_dead

    def crash_at(self, point, server, acknowledged):
        server.env["DOORWARD_FAULT_AT"] = point
        before = set(acknowledged.clips)
        try:
            self.story(point.split(":")[0])(server, acknowledged)
            wait_for(f"the server to die at {point}", lambda: server.process.poll() is not None, 30)
            self.assertEqual(server.process.returncode, -9, f"at {point}\n{server.log_tail()}")
        finally:
            server.env.pop("DOORWARD_FAULT_AT", None)
            server.kill()
        server.start()
        try:
            acknowledged.verify(set(acknowledged.clips) - before)
            settled(server)
            self.assertEqual(acknowledged.upload(), 201)
        finally:
            server.stop()

    def test_kill_at_every_named_point(self):
        names = [p for p in points() if not p.startswith(("give_", "join_", "piece_", "resumable_", "s3_", "spool_", "sprite_"))]  # have tests of their own
        self.assertGreaterEqual(len(names), 12)
        server, acknowledged = self.place(fault_build())
        for _ in range(3):
            self.assertEqual(acknowledged.upload(), 201)
        server.stop()
        for point in names:
            with self.subTest(point=point):
                self.crash_at(point, server, acknowledged)
        # The third time, when others have been acknowledged just before.
        for point in [p for p in names if p.startswith(("upload_", "store_put_"))]:
            with self.subTest(point=point + ":3"):
                self.crash_at(point + ":3", server, acknowledged)
        server.start()
        acknowledged.verify()
        settled(server)

    def test_kill_while_an_answer_is_given(self):
        """The owner pressed Share: afterwards it is given whole or not at all, and pressing again gives it."""
        cluster = pg.Cluster(fsync=False).create()
        self.addCleanup(cluster.finish)
        server = Server({"DOORWARD_DATABASE_URL": cluster.url(), "DOORWARD_LOOPS": "2"}, fault_build())
        self.addCleanup(server.close)
        server.start()
        agency, home = Agency(server), placed_home(server)
        begin = int(time.time()) - 3600
        clips = [film(home, begin + i, f"{i}.mp4")["id"] for i in (0, 100)]
        for point in [p for p in points() if p.startswith("give_")] + ["give_copy:2", "store_put_after_rename:2"]:
            with self.subTest(point=point):
                self.assertEqual(agency.ask(begin - 60, begin + 900).status, 201)
                item = home.get("/api/v1/inbox").json["items"][0]["id"]
                server.stop()
                server.env["DOORWARD_FAULT_AT"] = point
                server.start()
                try:
                    home.post(f"/api/v1/inbox/{item}/accept", {"clip_ids": clips})
                except (OSError, http.client.HTTPException):
                    pass
                wait_for(f"the server to die at {point}", lambda: server.process.poll() is not None, 30)
                del server.env["DOORWARD_FAULT_AT"]
                server.start()
                settled(server)
                grants = [g for g in home.get("/api/v1/grants").json["items"]]
                answer = home.get(f"/api/v1/inbox/{item}").json["answer"]
                again = home.post(f"/api/v1/inbox/{item}/accept", {"clip_ids": clips})
                self.assertEqual(again.status, 200, again)
                self.assertEqual(again.json["id"] in [g["id"] for g in grants], answer == "accepted")
                self.assertEqual(len(again.json["items"]), 2)
                settled(server, "digest")

    def test_kill_at_random_times(self):
        server, acknowledged = self.place()
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", file=sys.stderr)
        dice = random.Random(seed)
        sources = [sample(), sample(3, "mkv"), sample(6, "mp4", size="640x480")]
        for round_ in range(ROUNDS):
            before, dead = set(acknowledged.clips), threading.Event()

            def camera(path):
                while not dead.is_set():
                    acknowledged.upload(path, timeout=20)

            def stream():
                while not dead.is_set():
                    self.stream_some(server, acknowledged.home, 3)
            cameras = [threading.Thread(target=camera, args=(path,)) for path in sources] + [threading.Thread(target=stream)]
            for c in cameras:
                c.start()
            time.sleep(dice.uniform(0.02, 1.2))
            dead.set()
            server.kill()
            for c in cameras:
                c.join()
            server.start()
            with self.subTest(round=round_, seed=seed):
                # All must be listed. The last ones are read back, with a few of the others; a check of every digest covers the rest.
                fresh = [c for c in acknowledged.clips if c not in before]
                acknowledged.verify(fresh[-3:] + dice.sample(fresh, min(2, len(fresh))))
                settled(server, "digest" if round_ % 10 == 9 else "size")
                self.assertEqual(acknowledged.upload(), 201)
        print(f"{len(acknowledged.clips)} acknowledged clips over {ROUNDS} kills", file=sys.stderr)
        self.assertGreater(len(acknowledged.clips), ROUNDS)
        acknowledged.verify(dice.sample(sorted(acknowledged.clips), min(50, len(acknowledged.clips))))
        settled(server)


if __name__ == "__main__":
    unittest.main()
