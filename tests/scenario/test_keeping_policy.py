# SPDX-License-Identifier: Apache-2.0
"""What is kept until when: the database's answer against a plain model, over random rules, clips, holds and deletions. The model is
the prose of docs/design/keeping.md and nothing else. DOORWARD_POLICY_WORLDS sets how many worlds are tried (default 10)."""
import os
import random
import subprocess
import sys
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402
from doorward import BUILD  # noqa: E402

WORLDS = int(os.environ.get("DOORWARD_POLICY_WORLDS", "10"))
US, HOUR, DAY = 10**6, 3600 * 10**6, 86400 * 10**6
NOW = 1_790_000_000 * US
KINDS = ["motion", "ring", "manual", "continuous"]
ALWAYS = 2**63 - 1


class World:
    """One camera with a history."""

    def __init__(self, dice):
        self.dice, self.camera, self.household = dice, str(uuid.UUID(int=dice.getrandbits(128))), str(uuid.UUID(int=dice.getrandbits(128)))
        self.rules = self.some_rules()
        self.recordings, self.segments, self.clips, self.holds, self.deletions = [], [], [], [], []
        for _ in range(dice.randint(3, 8)):
            self.add_recording()
        for _ in range(dice.randint(0, 4)):
            self.add_span_clip()
        for _ in range(dice.randint(0, 3)):
            self.add_hold()
        self.delete_some()

    def id(self):
        return str(uuid.UUID(int=self.dice.getrandbits(128)))

    def some_rules(self):
        rules = []
        for kind in ["*"] + KINDS:
            for since in sorted({self.dice.choice([0, NOW - self.dice.randint(1, 60) * DAY]) for _ in range(self.dice.choice([0, 1, 1, 2]))}):
                keep = self.dice.choice([0, 1, 6, 24, 24 * 7, 24 * 30, 24 * 90, None])
                rules.append({"kind": kind, "since": since, "keep": None if keep is None else keep * 3600})
        return rules

    def add_recording(self):
        dice, start = self.dice, NOW - self.dice.randint(1, 80) * DAY - self.dice.randint(0, DAY)
        late = dice.choice([0, 0, 3 * DAY])
        recording = {"id": self.id(), "start": start}
        self.recordings.append(recording)
        n = dice.randint(1, 5)
        for i in range(n):
            at = start + i * 60 * US
            self.segments.append({"id": self.id(), "recording": recording["id"], "start": at, "end": at + 60 * US,
                                  "created": at + 60 * US + late + dice.randint(0, HOUR // 60)})
        kind = dice.choice(KINDS + [None])
        if kind:
            created = dice.choice([start + 61 * US, start + n * 60 * US + late + HOUR])  # when it began to grow, or at its end
            self.clips.append({"id": self.id(), "recording": recording["id"], "kind": kind, "start": start, "end": start + n * 60 * US,
                               "created": created, "deletion": None})

    def add_span_clip(self):
        recording = self.dice.choice(self.recordings)
        start = recording["start"] + self.dice.randint(-30, 200) * US
        self.clips.append({"id": self.id(), "recording": None, "kind": self.dice.choice(["manual", "motion"]), "start": start,
                           "end": start + self.dice.randint(1, 300) * US, "created": NOW - self.dice.randint(0, 40) * DAY, "deletion": None})

    def add_hold(self):
        recording = self.dice.choice(self.recordings)
        start = recording["start"] + self.dice.randint(-100, 300) * US
        self.holds.append({"id": self.id(), "from": start, "to": start + self.dice.randint(1, 400) * US,
                           "expires": self.dice.choice([None, NOW + self.dice.randint(-20, 60) * DAY]), "lifted": self.dice.random() < 0.2})

    def delete_some(self):
        """Clips whose deletion may still be undone count as before; a clip over footage that is gone does not."""
        for clip in self.clips:
            if self.dice.random() < 0.2:
                clip["deletion"] = "waiting" if clip["recording"] else "over"

    # ---- the model ----
    def keep_for(self, kind, at):
        for k in (kind, "*"):
            then = [r for r in self.rules if r["kind"] == k and r["since"] <= at]
            if then and max(then, key=lambda r: r["since"])["keep"] is not None:
                return max(then, key=lambda r: r["since"])["keep"] * US
        return 30 * DAY

    def kept_until(self, s):
        own = [c for c in self.clips if c["recording"] == s["recording"]]
        until = [0]
        if not own:
            until.append(s["created"] + self.keep_for("continuous", s["created"]))
        for c in own:
            came = s["created"] if c["kind"] == "continuous" else max(c["created"], s["created"])
            until.append(came + self.keep_for(c["kind"], came))
        for c in self.clips:
            if c["recording"] is None and c["deletion"] is None and c["start"] < s["end"] and c["end"] > s["start"]:
                until.append(c["created"] + self.keep_for(c["kind"], c["created"]))
        return max(until)

    def held_until(self, s, now):
        return max([ALWAYS if h["expires"] is None else h["expires"] for h in self.holds
                    if not h["lifted"] and h["from"] < s["end"] and h["to"] > s["start"] and (h["expires"] is None or h["expires"] > now)],
                   default=None)

    # ---- as rows ----
    def sql(self):
        q = [f"insert into household (id, name, wrapped_key, created_us) values ('{self.household}', 'h', '\\x{'00' * 60}', 1)",
             f"insert into camera (id, household_id, name, created_us) values ('{self.camera}', '{self.household}', 'c', 1)"]
        null = lambda v: "null" if v is None else str(v)  # noqa: E731
        for r in self.rules:
            q.append(f"insert into retention_rule values ('{self.camera}', '{r['kind']}', {r['since']}, {null(r['keep'])})")
        for r in self.recordings:
            q.append(f"insert into recording (id, household_id, camera_id, start_us, created_us) values ('{r['id']}', '{self.household}', "
                     f"'{self.camera}', {r['start']}, 1)")
        for s in self.segments:
            q.append("insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, zero_90k, duration_90k, plain_bytes, "
                     f"sealed_bytes, sealed_digest, wrapped_key, sample_index, created_us) values ('{s['id']}', {s['start']}, "
                     f"'{self.household}', '{self.camera}', '{s['recording']}', 0, 0, {60 * 90000}, 100, 200, '\\x{'00' * 32}', "
                     f"'\\x{'00' * 60}', '', {s['created']})")
        for c in self.clips:
            deletion = self.id() if c["deletion"] == "waiting" else None
            if deletion:
                q.append("insert into deletion (id, household_id, camera_id, recording_id, from_us, to_us, clip_id, actor_kind, asked_us, "
                         f"purge_us, look_us) values ('{deletion}', '{self.household}', '{self.camera}', '{c['recording']}', {c['start']}, "
                         f"{c['end']}, '{c['id']}', 'account', 1, {ALWAYS}, {ALWAYS})")
            q.append("insert into clip (id, household_id, camera_id, recording_id, kind, start_us, start_source, arrived_us, duration_ms, "
                     "upload_bytes, stored_bytes, container, video, partial, created_us, deleted_us, deletion_id) values "
                     f"('{c['id']}', '{self.household}', '{self.camera}', {null(c['recording'] and repr(c['recording']))}, '{c['kind']}', "
                     f"{c['start']}, 'camera', 1, {(c['end'] - c['start']) // 1000}, 0, 0, 'mp4', '{{}}', false, {c['created']}, "
                     f"{1 if c['deletion'] else 'null'}, {null(deletion and repr(deletion))})")
        for h in self.holds:
            q.append(f"insert into hold values ('{h['id']}', '{self.household}', '{self.camera}', {h['from']}, {h['to']}, 'keep', 'me', null, "
                     f"{null(h['expires'])}, 1, {1 if h['lifted'] else 'null'})")
        return ";\n".join(q)


class Policy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = pg.Cluster(fsync=False).create()
        cls.addClassCleanup(cls.cluster.finish)
        for path in sorted(os.listdir(os.path.join(os.path.dirname(BUILD), "migrations"))):
            if path.endswith(".sql"):
                with open(os.path.join(os.path.dirname(BUILD), "migrations", path), encoding="utf-8") as f:
                    cls.cluster.psql(f.read())

    def rows(self, sql):
        return [line.split("|") for line in self.cluster.psql(sql).splitlines()]

    def test_the_database_keeps_what_the_model_keeps(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", file=sys.stderr)
        for n in range(WORLDS):
            with self.subTest(seed=seed, world=n):
                self.one_world(World(random.Random(seed + n)))

    def one_world(self, w):
        try:
            self.cluster.psql(w.sql())
        except subprocess.CalledProcessError:
            self.fail(w.sql())
        got = {r[0]: int(r[1]) for r in self.rows(
            "select s.id, segment_keep_us(s.camera_id, s.recording_id, s.start_us, segment_end_us(s.start_us, s.duration_90k), s.created_us, "
            f"keeping_rules(s.camera_id)) from segment s where s.camera_id = '{w.camera}'")}
        self.assertEqual(got, {s["id"]: w.kept_until(s) for s in w.segments})
        at_once = {r[0]: int(r[1]) for r in self.rows(
            f"select id, keep_us from camera_keeps('{w.camera}', keeping_rules('{w.camera}'), '[]', {ALWAYS})")}
        self.assertEqual(at_once, got)
        self.assertEqual(at_once, {r[0]: int(r[1]) for r in self.rows(
            f"select id, other_keep_us from camera_keeps('{w.camera}', '[]', keeping_rules('{w.camera}'), {ALWAYS})")})
        # Time goes on: after each sweep exactly that is there which the model still keeps.
        left, now = list(w.segments), NOW - 85 * DAY
        while now < NOW + 100 * DAY:
            now += w.dice.choice([HOUR, 7 * HOUR, DAY + HOUR, 9 * DAY])
            self.sweep(w, now)
            left = [s for s in left if w.kept_until(s) > now or w.held_until(s, now) is not None]
            there = {r[0] for r in self.rows(f"select id from segment where camera_id = '{w.camera}'")}
            self.assertEqual(there, {s["id"] for s in left}, f"at {(now - NOW) / DAY} days")
        self.consistent(w)

    def sweep(self, w, now):
        while True:
            looked = int(self.rows(f"select looked from keeping_expire('{w.camera}', {now}, 3)")[0][0])
            if looked < 3:
                return

    def consistent(self, w):
        """No undeleted clip of its own recording without footage; one garbage row for each segment that went."""
        self.assertEqual(self.rows(f"select k.id from clip k where k.camera_id = '{w.camera}' and k.deleted_us is null and k.recording_id is not null "
                                   "and not exists (select from segment s where s.recording_id = k.recording_id)"), [])
        gone = {s["id"] for s in w.segments} - {r[0] for r in self.rows(f"select id from segment where camera_id = '{w.camera}'")}
        garbage = {r[0] for r in self.rows("select object_id from garbage where reason = 'expired'")}
        self.assertLessEqual(gone, garbage)


if __name__ == "__main__":
    unittest.main()
