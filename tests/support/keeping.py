# SPDX-License-Identifier: Apache-2.0
"""A server that sweeps every second, and words to tell stories of keeping with."""
import sys
import time
import unittest

import pg
from agency import rfc3339
from doorward import Server, sample, wait_for

HOUR, DAY = 3600, 86400


class Keeping(unittest.TestCase):
    """A server that sweeps every second, on a database that the test can look into."""
    env, build = {}, None

    @classmethod
    def setUpClass(cls):
        cls.cluster = pg.Cluster(fsync=False).create()
        cls.addClassCleanup(cls.cluster.finish)
        env = {"DOORWARD_DATABASE_URL": cls.cluster.url(), "DOORWARD_RETENTION_SWEEP_S": "1", **cls.env}
        cls.server = Server(env, cls.build()) if cls.build else Server(env)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def setUp(self):
        self.home = self.server.household()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"{self.id()}\n{self.server.log_tail(30)}", file=sys.stderr)

    # ---- words ----
    def sql(self, text):
        return self.cluster.psql(text)

    def numbers(self, text):
        return [int(n) for n in self.sql(text).replace("|", " ").split()]

    def clip(self, seconds_ago=60, kind="motion", name=None, path=None):
        started = rfc3339(time.time() - seconds_ago)
        name = name or f"{time.monotonic_ns()}.mp4"
        answer = self.server.upload(self.home, path or sample(), name, query=f"kind={kind}&started_at={started}")
        self.assertEqual(answer.status, 201, answer)
        return answer.json["clip"]

    def age(self, clip, seconds):
        """As if the server had got it so long ago."""
        us = int(seconds * 1e6)
        self.sql(f"update segment set created_us = created_us - {us}, look_us = null where recording_id = "
                 f"(select recording_id from clip where id = '{clip['id']}'); "
                 f"update clip set created_us = created_us - {us} where id = '{clip['id']}'")

    def rules(self, rules, apply="all", status=200, **more):
        answer = self.home.put(f"/api/v1/cameras/{self.home.camera_id}/retention",
                               {"rules": [{"kind": k, "keep_s": s} for k, s in rules.items()], "apply": apply, **more})
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def listed(self):
        return {c["id"] for c in self.home.clips()}

    def segments(self, clip):
        return self.numbers(f"select count(*) from segment where recording_id = (select recording_id from clip where id = '{clip['id']}')")[0]

    def gone(self, clip, seconds=10):
        wait_for("the footage to be erased", lambda: self.segments(clip) == 0, seconds)

    def swept(self):
        """A whole round has begun and ended since now."""
        self.sql(f"update camera_keeping set sweep_us = 0, swept_us = 0 where camera_id = '{self.home.camera_id}'")
        wait_for("a sweep", lambda: self.numbers(f"select swept_us from camera_keeping where camera_id = '{self.home.camera_id}'")[0] > 0, 20)

    def delete(self, clip):
        answer = self.home.delete(f"/api/v1/clips/{clip['id']}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["deletion"]

    def delete_span(self, start, end):
        answer = self.home.post(f"/api/v1/cameras/{self.home.camera_id}/deletions", {"from": rfc3339(start), "to": rfc3339(end)})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["deletion"]

    def gaps(self):
        return [g.split("|") for g in self.sql(f"select reason, from_us, to_us from gap where camera_id = '{self.home.camera_id}' "
                                               "order by from_us").splitlines()]

    def ledger(self):
        return [e["action"] for e in self.home.get("/api/v1/ledger").json["items"]]
