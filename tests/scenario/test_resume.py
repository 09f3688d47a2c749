# SPDX-License-Identifier: Apache-2.0
"""Resuming under all that goes wrong: connections cut at any byte, wrong offsets, two writers at once, replays, kill -9 of the server.
At the end every clip is the file byte for byte, and there is one of each.

DOORWARD_RESUME_CUTS sets how many connections are cut (default 1,000), DOORWARD_SEED repeats a run."""
import glob
import os
import random
import re
import sys
import threading
import time
import unittest

import pg
import resume
from doorward import ROOT, Scenario, Server, fault_build, sample, wait_for
from stored import settled

CUTS = int(os.environ.get("DOORWARD_RESUME_CUTS", "1000"))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def spooled(server):
    return os.listdir(os.path.join(server.data, "spool", "resumable"))


class Resume(unittest.TestCase):
    WRITERS, FILES_EACH, KILLS = 6, 4, 5

    def place(self, env=None, build=None):
        """A server on a database of its own that outlives the server's death."""
        cluster = pg.Cluster(fsync=False).create()
        self.addCleanup(cluster.finish)
        env = {"DOORWARD_DATABASE_URL": cluster.url(), "DOORWARD_LOOPS": "2", "DOORWARD_TLS": "false", **(env or {})}
        server = Server(env, build) if build else Server(env)
        self.addCleanup(server.close)
        server.start()
        return server, server.household()

    def all_clips(self, home):
        return home.get("/api/v1/clips?limit=200").json["items"]

    def misbehave(self, senders, quota, failures):
        """One camera's thread: mischief until its share of cuts is reached, then every file to its end."""
        try:
            while sum(s.cuts for s in senders) < quota:
                open_ones = [s for s in senders if s.clip is None and s.safe < len(s.body) * 9 // 10]
                if not open_ones:
                    senders.append(senders[0].another())
                    continue
                open_ones[0].dice.choice(open_ones).step()
            for s in senders:
                s.finish(time.monotonic() + 60)
        except Exception as e:  # told by the test's own thread
            failures.append(e)
            raise

    def test_a_thousand_cuts(self):
        seed, dice = resume.dice_of()
        print(f"seed {seed}", file=sys.stderr)
        server, home = self.place()
        bodies = [read(sample(3)), read(sample(3, "mkv")), read(sample(4, size="640x480"))]
        count, groups, failures = iter(range(1 << 30)), [], []

        def fresh(kind):
            n = next(count)
            s = kind(home, f"clip-{n}.mp4", bodies[n % len(bodies)], random.Random(dice.randrange(1 << 32)))
            s.another = lambda: fresh(kind)
            return s

        for w in range(self.WRITERS):
            groups.append([fresh(resume.KINDS[w % len(resume.KINDS)]) for _ in range(self.FILES_EACH)])
        began = time.monotonic()
        threads = [threading.Thread(target=self.misbehave, args=(g, -(-CUTS // self.WRITERS), failures)) for g in groups]
        for t in threads:
            t.start()
        for _ in range(self.KILLS):
            time.sleep(dice.uniform(1, 4))
            if any(t.is_alive() for t in threads):
                self.assertIsNone(server.process.poll(), server.log_tail())
                server.kill()
                server.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [], server.log_tail())
        senders = [s for g in groups for s in g]
        self.check(home, senders)
        for s in dice.sample(senders, 6):
            self.assertEqual(set(s.replay()), {s.clip}, s.name)
        self.check(home, senders)
        wait_for("the files to go", lambda: spooled(server) == [])
        settled(server)
        print(f"{sum(s.cuts for s in senders)} connections cut, {sum(s.refusals for s in senders)} requests refused, {self.KILLS} times killed: "
              f"{len(senders)} files of {len(senders)} whole, {time.monotonic() - began:.0f} s", file=sys.stderr)

    def check(self, home, senders):
        """Each file is one clip with the file's bytes, and there is nothing else."""
        clips = {f"/api/v1/clips/{c['id']}": c for c in self.all_clips(home)}
        self.assertEqual(set(clips), {s.clip for s in senders})
        self.assertEqual(len(clips), len(senders))
        for s in senders:
            clip = clips[s.clip]
            self.assertEqual((clip["name"], clip["sha256"], clip["bytes"], clip["partial"]), (s.name, resume.sha256(s.body), len(s.body), False))

    # ---- a kill at each named point ----
    def points(self):
        found = set()
        for folder in ("server", "storage"):
            for path in glob.glob(os.path.join(ROOT, folder, "**", "*.c"), recursive=True):
                found |= set(re.findall(r'\bcrash_point\("((?:spool|resumable)_\w+)"\)', read(path).decode()))
        return sorted(found)

    def until_dead(self, server, fresh, senders):
        """Send, by all of them in turn and by new ones, until the server has died at its point."""
        until = time.monotonic() + 30
        while server.process.poll() is None and time.monotonic() < until:
            if all(s.clip for s in senders):
                fresh()
            for s in [s for s in senders if s.clip is None]:
                try:
                    s.look()
                    if s.clip is None:
                        s.go_on()
                except (resume.Cut, OSError):
                    time.sleep(0.02)

    def test_kill_at_every_named_point(self):
        """One after another, each on what the one before has left."""
        server, home = self.place({"DOORWARD_RESUMABLE_KEEP_S": "60"}, fault_build())
        body, senders = read(sample()), []
        server.kill()
        points = sorted(self.points(), key=lambda p: "joined" in p)  # last: a part whose answer is lost would stay over
        self.assertGreaterEqual(len(points), 9)

        def fresh():
            for kind in (resume.Joined,) if "joined" in point else (resume.Ranges, resume.CheckedTus):
                senders.append(kind(home, f"{len(senders)}.mp4", body, random.Random(len(senders))))

        for point in points:
            with self.subTest(point=point):
                server.env["DOORWARD_FAULT_AT"] = point
                fresh()
                server.spawn()
                self.until_dead(server, fresh, senders)
                wait_for(f"the server to die at {point}", lambda: server.process.poll() is not None, 30)
                self.assertEqual(server.process.returncode, -9, f"at {point}\n{server.log_tail()}")
        del server.env["DOORWARD_FAULT_AT"]
        server.start()
        for s in senders:
            s.finish(time.monotonic() + 60)
        self.check(home, senders)
        wait_for("the files to go", lambda: spooled(server) == [])
        settled(server)


class Identical(Scenario):
    env = {"DOORWARD_LOOPS": "2", "DOORWARD_TLS": "false"}

    def test_a_hundred_identical_uploads_at_once_are_one_clip(self):
        home, body = self.server.household(), read(sample())
        failures, created = [], []

        def plain():
            while True:
                r = self.server.request("PUT", f"/ingest/{home.camera_id}/same.mp4", body=body, basic=("cam", home.camera_secret), timeout=60)
                if r.status in (200, 201):
                    created.append((r.status, r.json["clip"]["id"]))
                    return
                if r.status not in (429, 503):
                    raise AssertionError(r)
                time.sleep(random.uniform(0.05, 0.5))

        def by(kind):
            s = kind(home, "same.mp4", body, random.Random())
            s.finish(time.monotonic() + 120)
            created.append((None, s.clip.rsplit("/", 1)[1]))

        def run(f, *args):
            try:
                f(*args)
            except Exception as e:
                failures.append(e)

        threads = [threading.Thread(target=run, args=(plain,)) for _ in range(60)]
        threads += [threading.Thread(target=run, args=(by, resume.Tus)) for _ in range(40)]
        random.shuffle(threads)
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        self.assertEqual(len(created), 100)
        [clip] = home.clips()
        self.assertEqual({c for _, c in created}, {clip["id"]})
        self.assertLessEqual(sum(status == 201 for status, _ in created), 1)
        self.assertEqual(clip["sha256"], resume.sha256(body))
        wait_for("the files to go", lambda: spooled(self.server) == [])
        settled(self.server)


if __name__ == "__main__":
    unittest.main()
