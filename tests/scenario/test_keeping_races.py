# SPDX-License-Identifier: Apache-2.0
"""Holds against deletion and retention, readers against both: whoever was told that footage is kept has it, and nothing that nobody
holds stays past its time plus one sweep. DOORWARD_KEEP_RACES sets how many (default 1000)."""
import http.client
import os
import random
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import in_threads, sample, wait_for  # noqa: E402
from keeping import DAY, Keeping  # noqa: E402
from stored import settled  # noqa: E402

RACES, ROUND, THREADS = int(os.environ.get("DOORWARD_KEEP_RACES", "1000")), 100, 4


class Races(Keeping):
    def many(self, n):
        """n clips, each of a time of its own: a hold is one of a span, whichever clips lie in it."""
        with open(sample(1), "rb") as f:
            data = f.read()
        clips, lock = [], threading.Lock()
        self.began = getattr(self, "began", time.time()) - 10 * n

        def uploads(first):
            for i in range(first, n, THREADS):
                answer = self.server.upload(self.home, None, f"{time.monotonic_ns()}.mp4", data=data,
                                            query=f"kind=motion&started_at={self.at(self.began + 10 * i - 100)}")
                self.assertEqual(answer.status, 201, answer)
                with lock:
                    clips.append(answer.json["clip"]["id"])
        in_threads(*(lambda k=k: uploads(k) for k in range(THREADS)))
        return clips

    def at(self, seconds):
        from agency import rfc3339
        return rfc3339(seconds)

    def there(self):
        return set(self.sql(f"select k.id from clip k where k.camera_id = '{self.home.camera_id}' and exists "
                            "(select from segment s where s.recording_id = k.recording_id)").split())

    def keep(self, clips, told, dice):
        """Keep them one by one, on one connection; told: id -> status."""
        c = self.server.connection(60)
        for clip in clips:
            time.sleep(dice.uniform(0, 0.02))
            c.request("PUT", f"/api/v1/clips/{clip}/keep", headers={"Authorization": f"Bearer {self.home.token}"})
            r = c.getresponse()
            r.read()
            told[clip] = r.status
        c.close()

    def delete_all(self, clips, told, dice):
        c = self.server.connection(60)
        for clip in clips:
            time.sleep(dice.uniform(0, 0.02))
            c.request("DELETE", f"/api/v1/clips/{clip}", headers={"Authorization": f"Bearer {self.home.token}"})
            r = c.getresponse()
            r.read()
            told[clip] = r.status
        c.close()

    def race(self, seed):
        dice = random.Random(seed)
        clips = self.many(ROUND)
        deleted, expired = clips[:ROUND // 2], clips[ROUND // 2:]
        kept, gone = {}, {}
        # Those of the second half are past their time from this moment on; the sweep comes every second.
        names = ", ".join(f"'{c}'" for c in expired)
        self.sql(f"update segment set created_us = created_us - {31 * DAY * 10**6} where recording_id in (select recording_id from clip where id "
                 f"in ({names})); update clip set created_us = created_us - {31 * DAY * 10**6} where id in ({names})")
        order = dice.sample(deleted, len(deleted))
        in_threads(lambda: self.keep(order, kept, random.Random(seed + 1)),
                   lambda: self.delete_all(order, gone, random.Random(seed + 2)),
                   lambda: self.keep(dice.sample(expired, len(expired)), kept, random.Random(seed + 3)))
        self.assertEqual(set(gone.values()), {200})
        self.assertLessEqual(set(kept.values()), {204, 404})
        held = {c for c, status in kept.items() if status == 204}
        self.swept()
        there = self.there() & set(clips)
        self.assertEqual(held - there, set(), "told that it is kept, and lost")
        self.assertEqual(there - held, set(), "nobody holds it, and it is still there")
        return len(held & set(deleted)), len(held & set(expired))

    def test_a_hold_that_was_told_is_kept_and_nothing_else_stays(self):
        seed, won, lost = random.randrange(1 << 32), [0, 0], 0
        print(f"seed {seed}", file=sys.stderr)
        self.home.erase_at_once()
        for n in range(max(1, RACES // ROUND)):
            with self.subTest(seed=seed, round=n):
                by_kind = self.race(seed + 10 * n)
                won = [w + b for w, b in zip(won, by_kind)]
                lost += ROUND - sum(by_kind)
        print(f"{RACES} races: {won[0]} held against deletion, {won[1]} against retention, {lost} erased", file=sys.stderr)
        self.assertGreater(min(won[0], won[1], lost), 0, "it was no race")
        # The hold ends, and then they go too.
        self.sql("select hold_lift(subject_id, 'keep', (extract(epoch from now()) * 1000000)::bigint) from hold where lifted_us is null "
                 f"and camera_id = '{self.home.camera_id}'")
        wait_for("what was held to go", lambda: not self.there(), 30, 0.5)
        settled(self.server)

    def test_readers_get_it_whole_or_not_at_all(self):
        """Deleted and erased while it is read: all of it, or a refusal, or an answer that breaks off; never other bytes."""
        self.home.erase_at_once()
        path = sample(6)
        clip = self.clip(100, path=path)
        whole = self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4").body
        outcomes = {"whole": 0, "refused": 0, "cut": 0}
        for n in range(max(20, RACES // 20)):
            clip = self.clip(200 + 20 * n, path=path)
            begun = threading.Event()

            def read():
                c = self.server.connection(30)
                try:
                    begun.set()
                    c.request("GET", f"/api/v1/clips/{clip['id']}/clip.mp4", headers={"Authorization": f"Bearer {self.home.token}"})
                    r = c.getresponse()
                    body = r.read()
                    if r.status == 200:
                        self.assertEqual(len(body), len(whole))
                        outcomes["whole"] += 1
                    else:
                        self.assertIn(r.status, (404, 410, 503))
                        outcomes["refused"] += 1
                except http.client.IncompleteRead:
                    outcomes["cut"] += 1
                finally:
                    c.close()

            def delete():
                begun.wait()
                time.sleep(random.uniform(0, 0.01))
                self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}").status, 200)
            in_threads(read, delete)
        print(outcomes, file=sys.stderr)
        self.assertGreater(outcomes["whole"], 0)
        settled(self.server)


if __name__ == "__main__":
    unittest.main()
