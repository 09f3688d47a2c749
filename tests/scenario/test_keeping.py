# SPDX-License-Identifier: Apache-2.0
"""Footage is kept, held, hidden and erased exactly as its owner says; nothing held is lost, nothing past its time stays."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agency import Agency, film, placed_home, rfc3339  # noqa: E402
from doorward import sample, wait_for  # noqa: E402
from keeping import DAY, HOUR, Keeping  # noqa: E402
from sender import Sender  # noqa: E402
from stored import settled  # noqa: E402


class Deleting(Keeping):
    def test_deleted_is_hidden_at_once_and_can_be_brought_back(self):
        clip = self.clip()
        deletion = self.delete(clip)
        self.assertEqual((deletion["clip_id"], deletion["held"]), (clip["id"], False))
        self.assertEqual(self.listed(), set())
        self.assertEqual(self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4").status, 404)
        waiting = self.home.get("/api/v1/deletions").json["items"]
        self.assertEqual([d["id"] for d in waiting], [deletion["id"]])
        self.swept()
        self.assertEqual(self.segments(clip), 1, "the undo time is a day")
        self.assertEqual(self.home.post(f"/api/v1/deletions/{deletion['id']}/undo").json, {"id": deletion["id"], "undone": True})
        self.assertEqual(self.home.post(f"/api/v1/deletions/{deletion['id']}/undo").status, 200)
        self.assertEqual(self.listed(), {clip["id"]})
        self.assertEqual(self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4").status, 200)
        self.assertEqual(self.home.get("/api/v1/deletions").json["items"], [])
        self.assertTrue({"clip.delete", "footage.undo"} <= set(self.ledger()))

    def test_after_the_undo_time_nothing_of_it_is_left(self):
        clip = self.clip()
        objects = self.sql(f"select id from segment where camera_id = '{self.home.camera_id}'").split()
        deletion = self.delete(clip)
        self.sql(f"update deletion set purge_us = 1, look_us = 1 where id = '{deletion['id']}'")
        self.gone(clip)
        wait_for("the object to be deleted", lambda: not any(
            glob.glob(os.path.join(self.server.data, "objects", "seg", "*", "*", o)) for o in objects), 10)
        self.assertEqual(self.home.post(f"/api/v1/deletions/{deletion['id']}/undo").problem, "gone")
        self.assertEqual(self.home.get("/api/v1/deletions").json["items"], [])
        self.assertEqual([g[0] for g in self.gaps()], ["deleted"])
        self.assertIn("footage.erase", self.ledger())
        settled(self.server)

    def test_an_undo_time_of_nothing_erases_with_the_answer(self):
        clip = self.clip()
        self.home.erase_at_once()
        self.delete(clip)
        self.assertEqual(self.segments(clip), 0)
        self.assertEqual(self.numbers(f"select used_bytes from camera where id = '{self.home.camera_id}'"), [0])
        settled(self.server)

    def test_the_same_clip_sent_again_is_not_undone_twice(self):
        first = self.clip(name="same.mp4")
        deletion = self.delete(first)
        self.clip(name="same.mp4")
        self.assertEqual(self.home.post(f"/api/v1/deletions/{deletion['id']}/undo").problem, "conflict")
        self.assertEqual(len(self.listed()), 1)

    def test_a_span_takes_whole_clips_and_cuts_the_others(self):
        """One clip before, one in, one across the end of the span."""
        now = int(time.time()) - 600
        long = sample(12, extra=("-bf", "0"))
        before, inside, across = (self.clip(time.time() - now - at, path=long) for at in (0, 30, 60))
        deletion = self.delete_span(now + 20, now + 66)
        self.assertEqual(self.listed(), {before["id"], across["id"]})
        self.sql(f"update deletion set purge_us = 1, look_us = 1 where id = '{deletion['id']}'")
        self.gone(inside)
        wait_for("the deletion to be carried out", lambda: self.sql(f"select purged_us from deletion where id = '{deletion['id']}'"), 10)
        rows = self.sql("select s.start_us, s.plain_bytes, s.created_us <= k.created_us from segment s join clip k using (recording_id) "
                        f"where k.id = '{across['id']}'").split("|")
        # The first key picture behind the span is one second apart at most.
        self.assertTrue((now + 66) * 10**6 <= int(rows[0]) <= (now + 67.1) * 10**6, rows)
        self.assertEqual(self.segments(before), 1)
        self.assertIn("deleted", [g[0] for g in self.gaps()])
        used = self.numbers(f"select used_bytes from camera where id = '{self.home.camera_id}'")
        self.assertEqual(used, self.numbers(f"select sum(sealed_bytes) from segment where camera_id = '{self.home.camera_id}'"))
        settled(self.server)
        self.plays(across, 5)

    def test_a_span_in_the_middle_leaves_two_parts(self):
        now = int(time.time()) - 600
        clip = self.clip(time.time() - now, path=sample(12, extra=("-bf", "0")))
        self.home.erase_at_once()
        self.delete_span(now + 4.5, now + 7.2)
        wait_for("the cut", lambda: self.segments(clip) == 2, 10)
        spans = [[int(n) for n in row.split("|")] for row in self.sql(
            f"select start_us, segment_end_us(start_us, duration_90k) from segment where camera_id = '{self.home.camera_id}' "
            "order by start_us").splitlines()]
        self.assertEqual(spans[0][0], now * 10**6)
        self.assertLessEqual(spans[0][1], int((now + 4.5) * 1e6) + 1000)
        self.assertGreaterEqual(spans[1][0], int((now + 7.2) * 1e6))
        settled(self.server)
        self.plays(clip, 7)

    def plays(self, clip, at_least):
        with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
            answer = self.home.get(f"/api/v1/clips/{clip['id']}/clip.mp4")
            self.assertEqual(answer.status, 200, answer)
            f.write(answer.body)
            f.flush()
            out = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets",
                                  "-of", "json", f.name], capture_output=True, text=True, check=True)
            self.assertGreaterEqual(int(json.loads(out.stdout)["streams"][0]["nb_read_packets"]), at_least * 15 - 15, out.stdout)

    def test_what_it_refuses(self):
        camera = f"/api/v1/cameras/{self.home.camera_id}"
        for body in ({}, {"from": "2026-01-01T00:00:00Z"}, {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
                     {"from": "2001-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
                     {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z", "why": "x"}):
            self.assertEqual(self.home.post(camera + "/deletions", body).status, 422, body)
        for rules in ([{"kind": "*", "keep_s": 10}], [{"kind": "cat", "keep_s": 3600}], [{"kind": "*"}], {"kind": "*", "keep_s": 3600},
                      [{"kind": "*", "keep_s": 3600}] * 2, [{"kind": "*", "keep_s": 4 * 10**8}], [7]):
            self.assertEqual(self.home.put(camera + "/retention", {"rules": rules}).status, 422, rules)
            self.assertEqual(self.home.post(camera + "/retention/preview", {"rules": rules}).status, 422, rules)
        for more in ({"undo_s": 8 * DAY}, {"undo_s": -1}, {"quota_bytes": 0}, {"apply": "some"}, {"quota_soft_bytes": "1"}):
            self.assertEqual(self.home.put(camera + "/retention", more).status, 422, more)


class Rules(Keeping):
    def test_each_kind_has_its_time(self):
        kept, over, other = self.clip(60, "ring"), self.clip(120, "motion"), self.clip(180, "person")
        self.rules({"*": 30 * DAY, "motion": HOUR, "ring": 10 * DAY})
        for clip in (kept, over, other):
            self.age(clip, HOUR + 60)
        self.gone(over)
        self.swept()
        self.assertEqual(self.listed(), {kept["id"], other["id"]})
        self.assertEqual([g[0] for g in self.gaps()], ["expired"])
        self.assertIn("footage.expire", self.ledger())
        self.age(kept, 10 * DAY)
        self.gone(kept)
        self.assertEqual(self.listed(), {other["id"]})
        settled(self.server)

    def test_without_rules_it_is_thirty_days(self):
        clip, older = self.clip(), self.clip(120)
        self.age(clip, 29.9 * DAY)
        self.age(older, 30.1 * DAY)
        self.gone(older)
        self.assertEqual(self.listed(), {clip["id"]})

    def test_live_only_keeps_nothing(self):
        self.rules({"*": 0})
        self.gone(self.clip())
        self.assertEqual(self.listed(), set())

    def test_new_rules_for_new_footage_or_for_all(self):
        old = self.clip(120)
        self.age(old, 2 * HOUR)
        self.rules({"*": HOUR}, apply="new")
        new = self.clip(60)
        self.swept()
        self.assertEqual(self.listed(), {old["id"], new["id"]})
        preview = self.home.post(f"/api/v1/cameras/{self.home.camera_id}/retention/preview", {"rules": [{"kind": "*", "keep_s": HOUR}]}).json
        self.assertEqual((preview["would_delete"]["clips"], preview["would_delete"]["segments"]), (1, 1), preview)
        self.assertEqual(preview["would_delete"]["bytes"], self.numbers(
            f"select sealed_bytes from segment join clip using (recording_id) where clip.id = '{old['id']}'")[0])
        self.assertEqual(preview["held"], {"segments": 0, "bytes": 0})
        self.rules({"*": HOUR}, apply="all")
        self.gone(old)
        self.assertEqual(self.listed(), {new["id"]})
        self.assertEqual(self.home.get(f"/api/v1/cameras/{self.home.camera_id}/retention").json["rules"], [{"kind": "*", "keep_s": HOUR}])

    def test_a_rule_taken_away_falls_back(self):
        self.rules({"*": 2 * DAY, "motion": 40 * DAY})
        clip = self.clip()
        self.age(clip, 3 * DAY)
        self.swept()
        self.assertEqual(self.listed(), {clip["id"]})
        self.rules({"*": 2 * DAY}, apply="all")
        self.gone(clip)

    def test_a_clip_over_footage_keeps_it_as_long_as_its_own_kind_says(self):
        self.rules({"*": HOUR, "manual": 10 * DAY})
        clip = self.clip(600)
        self.sql("insert into clip (id, household_id, camera_id, kind, start_us, start_source, arrived_us, duration_ms, upload_bytes, "
                 "stored_bytes, container, video, partial, created_us) select gen_random_uuid(), household_id, camera_id, 'manual', "
                 "start_us + 500000, 'camera', arrived_us, 1000, 0, 0, container, video, false, created_us from clip "
                 f"where id = '{clip['id']}'")
        self.age(clip, 2 * HOUR)
        self.swept()
        self.assertEqual(self.segments(clip), 1)
        self.sql(f"update clip set created_us = created_us - {11 * DAY * 10**6} where camera_id = '{self.home.camera_id}'; "
                 f"update segment set look_us = null where camera_id = '{self.home.camera_id}'")
        self.gone(clip)
        self.assertEqual(self.numbers(f"select count(*) from clip where camera_id = '{self.home.camera_id}' and deleted_us is null"), [0])


class SafetyStop(Keeping):
    def test_an_unusual_share_is_not_erased_until_the_operator_says_so(self):
        """Footage that should have gone with earlier sweeps, though nobody changed a rule: something else is wrong."""
        clip = self.clip()
        self.swept()
        self.sql(f"""insert into segment select gen_random_uuid(), start_us + n * 1000000, household_id, camera_id, recording_id, n, zero_90k,
                     duration_90k, plain_bytes, sealed_bytes, sealed_digest, wrapped_key, sample_index, created_us
                     from segment, generate_series(1, 120) n where camera_id = '{self.home.camera_id}'""")
        self.age(clip, 31 * DAY)
        camera = f"where camera_id = '{self.home.camera_id}'"
        wait_for("the halt", lambda: self.sql(f"select halted_us from camera_keeping {camera}"), 10)
        self.assertEqual(self.segments(clip), 121)
        self.assertIn("footage.halt", self.ledger())
        self.assertTrue(self.server.log_lines("erasing_halted"))
        self.assertEqual(self.server.run("gc", check=False).returncode, 1)
        self.server.run("gc", "--confirm")
        self.gone(clip)
        # A rule that was changed is meant.
        clip = self.clip(120)
        self.sql(f"""insert into segment select gen_random_uuid(), start_us + n * 1000000, household_id, camera_id, recording_id, n, zero_90k,
                     duration_90k, plain_bytes, sealed_bytes, sealed_digest, wrapped_key, sample_index, created_us
                     from segment, generate_series(1, 120) n {camera}""")
        self.sql(f"update camera set used_bytes = (select sum(sealed_bytes) from segment {camera}) where id = '{self.home.camera_id}'")
        self.rules({"*": 0})
        self.gone(clip)


class Holds(Keeping):
    def test_kept_clips_outlive_their_rules_until_that_is_taken_back(self):
        clip = self.clip()
        self.assertEqual(self.home.put(f"/api/v1/clips/{clip['id']}/keep").status, 204)
        self.assertEqual(self.home.put(f"/api/v1/clips/{clip['id']}/keep").status, 204)
        self.assertTrue(self.home.get(f"/api/v1/clips/{clip['id']}").json["kept"])
        holds = self.home.get(f"/api/v1/cameras/{self.home.camera_id}/holds").json["items"]
        self.assertEqual([(h["reason"], h["subject_id"], h["expires_at"]) for h in holds], [("keep", clip["id"], None)])
        self.age(clip, 100 * DAY)
        self.swept()
        self.assertEqual(self.listed(), {clip["id"]})
        preview = self.home.post(f"/api/v1/cameras/{self.home.camera_id}/retention/preview", {"rules": [{"kind": "*", "keep_s": 0}]}).json
        self.assertEqual(preview["would_delete"]["segments"], 0)
        self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}/keep").status, 204)
        self.gone(clip)
        self.assertEqual(self.ledger().count("clip.keep"), 1)
        self.assertEqual(self.ledger().count("clip.unkeep"), 1)

    def test_what_is_held_and_deleted_is_hidden_and_goes_with_the_hold(self):
        clip = self.clip()
        self.assertEqual(self.home.put(f"/api/v1/clips/{clip['id']}/keep").status, 204)
        self.home.erase_at_once()
        self.assertTrue(self.delete(clip)["held"])
        self.swept()
        self.assertEqual((self.listed(), self.segments(clip)), (set(), 1))
        self.assertEqual([d["held"] for d in self.home.get("/api/v1/deletions").json["items"]], [True])
        self.assertEqual(self.home.put(f"/api/v1/clips/{clip['id']}/keep").status, 404)
        self.assertEqual(self.home.delete(f"/api/v1/clips/{clip['id']}/keep").status, 204)
        self.gone(clip)
        settled(self.server)

    def test_an_expired_hold_holds_nothing(self):
        clip = self.clip()
        self.sql(f"select hold_make(gen_random_uuid(), '{self.home.camera_id}', {int((time.time() - 300) * 1e6)}, {int(time.time() * 1e6)}, "
                 f"'order', 'Preservation letter 7', null, {int((time.time() + 4) * 1e6)}, {int(time.time() * 1e6)})")
        self.age(clip, 31 * DAY)
        self.swept()
        self.assertEqual(self.segments(clip), 1)
        self.gone(clip)

    def test_what_is_given_is_held_until_it_is_taken_back(self):
        agency, self.home = Agency(self.server), placed_home(self.server)
        begin = int(time.time()) - HOUR
        clip = film(self.home, begin)
        self.assertEqual(agency.ask(begin - 60, begin + 900).status, 201)
        item = self.home.get("/api/v1/inbox").json["items"][0]["id"]
        grant = self.home.post(f"/api/v1/inbox/{item}/accept", {"clip_ids": [clip["id"]]})
        self.assertEqual(grant.status, 200, grant)
        holds = self.home.get(f"/api/v1/cameras/{self.home.camera_id}/holds").json["items"]
        self.assertEqual([(h["reason"], h["subject_id"]) for h in holds], [("grant", grant.json["id"])])
        self.assertTrue(holds[0]["authority"].startswith(agency.name + ", case 26-"), holds)
        self.age(clip, 31 * DAY)
        self.home.erase_at_once()
        self.assertTrue(self.delete(clip)["held"])
        self.swept()
        self.assertEqual((self.listed(), self.segments(clip)), (set(), 1))
        self.assertEqual(self.home.post(f"/api/v1/grants/{grant.json['id']}/withdraw").status, 200)
        self.gone(clip)
        settled(self.server)

    def test_copies_of_a_grant_go_when_it_is_over(self):
        agency, self.home = Agency(self.server), placed_home(self.server)
        begin = int(time.time()) - HOUR
        clip = film(self.home, begin)
        self.assertEqual(agency.ask(begin - 60, begin + 900).status, 201)
        item = self.home.get("/api/v1/inbox").json["items"][0]["id"]
        grant = self.home.post(f"/api/v1/inbox/{item}/accept", {"clip_ids": [clip["id"]]}).json["id"]
        copies = f"select count(*) from grant_segment s join grant_item i on i.id = s.item_id where i.grant_id = '{grant}'"
        self.assertGreater(self.numbers(copies)[0], 0)
        self.sql(f"update footage_grant set expires_us = 1 where id = '{grant}'")
        wait_for("the copies to go", lambda: self.numbers(copies) == [0], 10)
        self.assertIn("grant.erase", self.ledger())
        self.assertEqual(self.segments(clip), 1)
        settled(self.server)


class Quotas(Keeping):
    def quota(self, bytes_, **more):
        self.rules({}, quota_bytes=bytes_, **more)

    def used(self):
        return self.numbers(f"select used_bytes from camera where id = '{self.home.camera_id}'")[0]

    def test_over_its_quota_a_camera_loses_its_oldest_footage_that_nothing_holds(self):
        clips = [self.clip(100 * (4 - i)) for i in range(4)]
        self.assertEqual(self.home.put(f"/api/v1/clips/{clips[0]['id']}/keep").status, 204)
        one = self.used() // 4
        self.quota(3 * one)
        self.gone(clips[1])
        self.swept()
        self.assertEqual(self.listed(), {clips[i]["id"] for i in (0, 2, 3)})
        self.assertIn("quota", [g[0] for g in self.gaps()])
        self.assertEqual(self.server.upload(self.home, sample(), "more.mp4").status, 507)
        self.quota(None)
        self.clip(20)

    def test_a_household_has_a_quota_too(self):
        clips = [self.clip(100 * (4 - i)) for i in range(4)]
        self.sql(f"update household set quota_bytes = {self.used() * 3 // 4} where id = '{self.home.household_id}'")
        self.gone(clips[0])
        self.assertEqual(self.listed(), {c["id"] for c in clips[1:]})
        self.assertEqual(self.server.upload(self.home, sample(), "more.mp4").status, 507)

    def test_the_operator_sets_a_household_s_limits(self):
        clips = [self.clip(100 * (4 - i)) for i in range(4)]
        limit = str(self.used() * 3 // 4)
        self.server.admin("household", "limit", "--household", self.home.household_id, "--quota-bytes", limit, "--undo-s", "0")
        self.gone(clips[0])
        self.assertEqual(self.home.get(f"/api/v1/cameras/{self.home.camera_id}/retention").json["undo_s"], 0)
        self.delete(clips[1])
        self.assertEqual(self.segments(clips[1]), 0)
        self.assertEqual(self.server.run("admin", "household", "limit", "--household", self.home.household_id, "--quota-bytes", "much",
                                         check=False).returncode, 1)

    def test_a_soft_limit_warns_once(self):
        self.clip()
        self.rules({}, quota_soft_bytes=1)
        self.swept()
        self.swept()
        self.assertEqual(self.ledger().count("storage.soft_limit"), 1)
        self.assertEqual(len(self.listed()), 1)


class Storage(Keeping):
    def test_it_says_what_is_used_and_when_it_is_full(self):
        self.clip()
        camera = f"/api/v1/cameras/{self.home.camera_id}"
        used = self.numbers(f"select used_bytes from camera where id = '{self.home.camera_id}'")[0]
        storage = self.home.get("/api/v1/storage").json
        self.assertEqual((storage["used_bytes"], storage["quota_bytes"], len(storage["cameras"])), (used, None, 1))
        self.assertGreater(storage["room_bytes"], 0)
        self.assertGreater(storage["cameras"][0]["bytes_per_day"], used)
        self.assertIsNone(storage["cameras"][0]["full_on"])
        # An hour's rate fills four times as much within hours; ten thousand times as much comes never together in 30 days.
        self.rules({}, quota_bytes=4 * used)
        one = self.home.get(camera).json["storage"]
        self.assertEqual((one["used_bytes"], one["quota_bytes"]), (used, 4 * used))
        self.assertLess(one["full_on"], rfc3339(time.time() + 5 * HOUR))
        self.rules({}, quota_bytes=10000 * used)
        self.assertIsNone(self.home.get(camera).json["storage"]["full_on"])
        self.sql(f"update household set quota_bytes = {2 * used} where id = '{self.home.household_id}'")
        storage = self.home.get("/api/v1/storage").json
        self.assertEqual((storage["quota_bytes"], storage["room_bytes"]), (2 * used, used))
        self.assertLess(storage["full_on"], rfc3339(time.time() + 5 * HOUR))


class Alarm(Keeping):
    env = {"DOORWARD_RECORDING_LAG_S": "3", "DOORWARD_SEGMENT_MAX_MS": "2000"}

    def stopped(self):
        return self.home.get(f"/api/v1/cameras/{self.home.camera_id}").json["state"] == "stopped"

    def test_a_stream_that_stands_still_has_stopped_recording(self):
        path = sample(12, "ts", size="640x480")
        with open(path, "rb") as f:
            data = f.read()
        s = Sender(self.server, self.home.camera_id, self.home.camera_secret, "door.ts")
        s.pace(data[:len(data) // 2], len(data) / 4)
        wait_for("footage", lambda: self.numbers(f"select count(*) from segment where camera_id = '{self.home.camera_id}'")[0])
        self.assertNotIn("camera.stopped", self.ledger())
        wait_for("the alarm", lambda: "camera.stopped" in self.ledger(), 30)
        self.assertGreaterEqual(self.server.metrics()["doorward_cameras_stopped"], 1)
        self.assertGreater(self.server.metrics()["doorward_recording_lag_seconds_count"], 0)
        self.assertEqual([g for g in self.gaps() if g[0] == "offline"][0][2], "", "still open")
        s.cut()
        wait_for("the state", self.stopped)
        self.clip(1)
        wait_for("the end of the alarm", lambda: "camera.records" in self.ledger(), 30)
        self.assertFalse(self.stopped())
        self.assertNotEqual([g for g in self.gaps() if g[0] == "offline"][0][2], "")

    def test_a_camera_that_sends_clips_now_and_then_may_be_silent(self):
        self.clip()
        time.sleep(5)
        self.assertNotIn("camera.stopped", self.ledger())
        # Twenty clips, one an hour, the last two days ago: it should have sent.
        for _ in range(19):
            self.clip()
        self.sql("with n as (select id, recording_id, row_number() over (order by id) as i from clip "
                 f"where camera_id = '{self.home.camera_id}'), t as (update clip k set created_us = created_us - (2 * 86400 + n.i * 3600) * 1000000, "
                 "start_us = start_us - (2 * 86400 + n.i * 3600) * 1000000 from n where n.id = k.id returning n.recording_id, n.i) "
                 "update segment s set created_us = created_us - (2 * 86400 + t.i * 3600) * 1000000 from t where s.recording_id = t.recording_id; "
                 f"update camera_keeping set watch_us = 0 where camera_id = '{self.home.camera_id}'")
        wait_for("the alarm", lambda: "camera.stopped" in self.ledger(), 30)

    def test_a_camera_that_is_switched_off_is_not_missed(self):
        self.clip()
        self.sql(f"update camera set enabled = false where id = '{self.home.camera_id}'; "
                 f"update camera_keeping set watch_us = 0 where camera_id = '{self.home.camera_id}'")
        time.sleep(5)
        self.assertNotIn("camera.stopped", self.ledger())


if __name__ == "__main__":
    unittest.main()
