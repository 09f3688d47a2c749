# SPDX-License-Identifier: Apache-2.0
"""An agency asks, owners answer, and exactly what was given is seen."""
import json
import os
import subprocess
import time
import unittest

from agency import AREA, ELSEWHERE, Agency, film, placed_home, rfc3339, seconds, wait_for_undo
from doorward import Scenario, in_threads, sample

HOUR = 3600


def packets(path):
    """Every packet's stream kind and presentation time in seconds."""
    out = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "packet=codec_type,pts_time,duration_time", "-of", "json", path], check=True,
                         capture_output=True, text=True).stdout
    return [(p["codec_type"], float(p["pts_time"]), float(p.get("duration_time", 0))) for p in json.loads(out)["packets"]]


def hashes(path):
    """MD5 of every picture's coded bytes, in file order."""
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-c", "copy", "-f", "framemd5", "-"], check=True,
                         capture_output=True, text=True).stdout
    return [line.split(",")[-1].strip() for line in out.splitlines() if not line.startswith("#")]


class TheWholeStory(Scenario):
    def save(self, data):
        path = os.path.join(self.server.folder, f"given-{time.monotonic_ns()}.mp4")
        with open(path, "wb") as f:
            f.write(data)
        return path

    def test_ask_accept_download_withdraw(self):
        agency, home = Agency(self.server), placed_home(self.server)
        begin = int(time.time()) - HOUR
        early = film(home, begin, "early.mp4")          # 12 s, the window opens 2.3 s into it
        late = film(home, begin + 890, "late.mp4")      # the window closes 6.3 s into it
        outside = film(home, begin + 2000, "outside.mp4")
        window = (begin + 2.3, begin + 896.3)
        # the request
        asked = agency.ask(window[0], window[1])
        self.assertEqual(asked.status, 422, "14:54 minutes are too few")
        window = (begin + 2.3, begin + 2.3 + 900)
        late = film(home, begin + 896, "last.mp4")      # the window closes 6.3 s into this one
        asked = agency.ask(*window)
        self.assertEqual(asked.status, 201, asked)
        request = asked.json
        self.assertEqual((request["state"], request["officer"]["name"], request["agency"]["name"]), ("published", "Dana Reyes", agency.name))
        self.assertEqual(agency.get(f"/api/v1/requests/{request['id']}").json, request)
        # the inbox
        item = home.get("/api/v1/inbox").json["items"][0]
        self.assertEqual((item["request"]["id"], item["answer"]), (request["id"], None))
        item = home.get(f"/api/v1/inbox/{item['id']}").json
        offered = {c["clip"]["id"]: c for c in item["clips"]}
        self.assertIn(early["id"], offered)
        self.assertIn(late["id"], offered)
        self.assertNotIn(outside["id"], offered)
        for c in offered.values():
            self.assertGreaterEqual(seconds(c["sent_from"]), window[0] - 0.001)
            self.assertLessEqual(seconds(c["sent_to"]), window[1] + 0.001)
        # nothing is given before the press
        self.assertEqual(agency.get("/api/v1/evidence").json["items"], [])
        # the answer
        refused = home.post(f"/api/v1/inbox/{item['id']}/accept", {"clip_ids": [outside["id"]]})
        self.assertEqual(refused.status, 422, refused)
        given = home.post(f"/api/v1/inbox/{item['id']}/accept", {"clip_ids": [early["id"], late["id"]]})
        self.assertEqual(given.status, 200, given)
        grant = given.json
        self.assertEqual(grant["state"], "undo")
        self.assertEqual(home.post(f"/api/v1/inbox/{item['id']}/accept", {"clip_ids": [early["id"]]}).json["id"], grant["id"])
        self.assertEqual(home.post(f"/api/v1/inbox/{item['id']}/decline").status, 409)
        self.assertEqual(agency.get("/api/v1/evidence").json["items"], [], "seen before the undo time was over")
        wait_for_undo(grant)
        # the evidence: nothing about who or where
        seen = agency.get("/api/v1/evidence").json["items"]
        self.assertEqual([e["id"] for e in seen], [grant["id"]])
        text = json.dumps(seen)
        for secret in (home.household_id, home.account_id, home.camera_id, home.email, "Front door", early["id"], "8.05", "50.048"):
            self.assertNotIn(secret, text)
        self.assertEqual(len(seen[0]["files"]), 2)
        self.assertEqual(home.get(f"/api/v1/grants/{grant['id']}").json["downloaded_at"], None)
        for file, clip in zip(seen[0]["files"], (early, late)):
            self.check_file(agency, file, clip, window)
        # on the record
        state = home.get(f"/api/v1/grants/{grant['id']}").json
        self.assertEqual(state["state"], "downloaded")
        entries = home.get("/api/v1/ledger?limit=200").json["items"]
        actions = [e["action"] for e in entries]
        for action in ("request.reach", "grant.accept", "grant.download"):
            self.assertIn(action, actions)
        download = next(e for e in entries if e["action"] == "grant.download")
        self.assertEqual(download["detail"]["officer"], "Dana Reyes")
        theirs = agency.get("/api/v1/ledger").json["items"]
        self.assertNotIn(home.household_id, json.dumps(theirs))
        self.assertEqual({e["action"] for e in theirs} & {"request.reach", "grant.accept", "grant.decline"}, set())
        # the owner deletes the original: what was given stays
        self.assertEqual(home.delete(f"/api/v1/clips/{early['id']}").status, 200)
        url = seen[0]["files"][0]["urls"]["mp4"]
        self.assertEqual(agency.get(url).status, 200)
        # and takes it back
        self.assertEqual(home.post(f"/api/v1/grants/{grant['id']}/withdraw").json, {"state": "withdrawn"})
        self.assertEqual(home.post(f"/api/v1/grants/{grant['id']}/withdraw").status, 200)
        self.assertEqual(agency.get(url).status, 404)
        self.assertEqual(agency.get("/api/v1/evidence").json["items"], [])

    def check_file(self, agency, file, clip, window):
        """What came is a run of the clip's own pictures, in the window, and no more could have been given."""
        got = agency.get(file["urls"]["mp4"])
        self.assertEqual(got.status, 200, got)
        self.assertEqual(len(got.body), file["bytes"])
        self.assertIn("attachment", got.headers["Content-Disposition"])
        part = agency.get(file["urls"]["mp4"], headers={"Range": "bytes=100-299"})
        self.assertEqual((part.status, part.body), (206, got.body[100:300]))
        path = self.save(got.body)
        begin = seconds(file["started_at"])
        self.assertGreaterEqual(begin, window[0] - 0.001)
        for kind, pts, duration in packets(path):
            self.assertGreaterEqual(begin + pts, window[0] - 0.002, kind)
            self.assertLessEqual(begin + pts + duration, window[1] + 0.002, kind)
        original, mine = hashes(sample(12)), hashes(path)
        at = next(i for i in range(len(original)) if original[i:i + len(mine)] == mine)
        self.assertLess(len(mine), len(original))
        self.assertGreater(len(mine), 30)
        # A clip begins with its first coded sample, which is a frame of sound (21 ms) before the first picture here.
        first_picture = min(pts for kind, pts, _ in packets(path) if kind == "video")
        self.assertAlmostEqual(seconds(clip["started_at"]) + at / 15, begin + first_picture, delta=0.03)

    def test_withdrawn_in_time_it_was_never_seen(self):
        agency, home = Agency(self.server), placed_home(self.server)
        begin = int(time.time()) - 2 * HOUR
        clip = film(home, begin)
        agency.ask(begin - 60, begin + 900)
        item = home.get("/api/v1/inbox").json["items"][0]
        grant = home.post(f"/api/v1/inbox/{item['id']}/accept", {"clip_ids": [clip["id"]]}).json
        self.assertEqual(home.post(f"/api/v1/grants/{grant['id']}/withdraw").status, 200)
        wait_for_undo(grant)
        self.assertEqual(agency.get("/api/v1/evidence").json["items"], [])
        self.assertEqual([e["action"] for e in agency.get("/api/v1/ledger").json["items"] if e["action"].startswith("grant")], [])
        check = self.server.run("check", check=False) if "check" in self.server.run("help").stdout else None
        self.assertTrue(check is None or check.returncode == 0, check and check.stdout + check.stderr)

    def test_two_presses_at_once_give_once(self):
        agency, home = Agency(self.server), placed_home(self.server)
        begin = int(time.time()) - 3 * HOUR
        clip = film(home, begin)
        agency.ask(begin - 60, begin + 900)
        item = home.get("/api/v1/inbox").json["items"][0]
        answers = []
        in_threads(*[lambda: answers.append(home.post(f"/api/v1/inbox/{item['id']}/accept", {"clip_ids": [clip["id"]]}))] * 3)
        good = {a.json["id"] for a in answers if a.status == 200}
        self.assertEqual(len(good), 1, answers)
        self.assertTrue(all(a.status in (200, 409) for a in answers), answers)
        self.assertEqual(len(home.get("/api/v1/grants").json["items"]), 1)


class Silence(Scenario):
    def test_declining_ignoring_and_having_nothing_look_the_same(self):
        agency, declines, ignores = Agency(self.server), placed_home(self.server), placed_home(self.server)
        begin = int(time.time()) - 2 * HOUR
        film(declines, begin)
        film(ignores, begin)
        took, seen = {}, {}
        for kind, polygon in (("reached", AREA), ("nobody", ELSEWHERE)):
            times = []
            for _ in range(3):
                started = time.monotonic()
                answer = agency.ask(begin - 60, begin + 900, polygon=polygon)
                times.append(time.monotonic() - started)
                self.assertEqual(answer.status, 201, answer)
            took[kind] = sorted(times)[1]
            seen[kind] = answer
        self.assertLess(abs(took["reached"] - took["nobody"]), 0.1, took)
        item = declines.get("/api/v1/inbox").json["items"][0]
        self.assertEqual(item["request"]["id"], seen["reached"].json["id"])
        declined = declines.post(f"/api/v1/inbox/{item['id']}/decline")
        self.assertEqual((declined.status, declined.json["answer"]), (200, "declined"))
        self.assertEqual(declines.post(f"/api/v1/inbox/{item['id']}/decline").status, 200)
        self.assertIn("grant.decline", [e["action"] for e in declines.get("/api/v1/ledger").json["items"]])
        views = {}
        for kind, answer in seen.items():
            request = agency.get(f"/api/v1/requests/{answer.json['id']}").json
            request = {k: v for k, v in request.items() if k not in ("id", "case", "polygon", "created_at", "published_at", "expires_at")}
            views[kind] = (request, agency.get(f"/api/v1/evidence?request_id={answer.json['id']}").json)
        self.assertEqual(views["reached"], views["nobody"])
        self.assertEqual({e["action"] for e in agency.get("/api/v1/ledger").json["items"] if e["subject"]["kind"] == "request"},
                         {"request.publish"})

    def test_what_may_be_asked_has_limits(self):
        agency, other = Agency(self.server), Agency(self.server)
        now = int(time.time())
        cases = [
            ({"polygon": [[8, 50], [8.001, 50], [8.001, 50.001]]}, 422, "/polygon"),
            ({"polygon": [[8, 50], [8.09, 50], [8.09, 50.09]]}, 422, "/polygon"),
            ({"polygon": [[8, 50], [8.01, 50.01], [8.01, 50], [8, 50.01]]}, 422, "/polygon"),
            ({"polygon": [[9.045, 50.045], [9.055, 50.045], [9.055, 50.0525], [9.045, 50.0525]]}, 422, "/polygon"),
            ({"polygon": [[8, 50], [8.01]]}, 422, "/polygon"),
            ({"polygon": [[8, 50], [8.01, "x"], [8, 50.01]]}, 422, "/polygon/1"),
            ({"from": rfc3339(now - 31 * 86400), "to": rfc3339(now - 31 * 86400 + HOUR)}, 422, "/from"),
            ({"to": rfc3339(now + 60)}, 422, "/to"),
            ({"from": rfc3339(now - 14 * HOUR)}, 422, "/to"),
            ({"to": "yesterday"}, 422, "/to"),
            ({"incident": "protest"}, 422, "/incident"),
            ({"reason": "x" * 2001}, 422, "/reason"),
            ({"reason": None}, 422, "/reason"),
            ({"contact": "two\nlines"}, 422, "/contact"),
            ({"count": True}, 422, "/count"),
        ]
        for change, status, pointer in cases:
            answer = agency.ask(now - 2 * HOUR, now - HOUR, **change)
            self.assertEqual(answer.status, status, (change, answer))
            self.assertTrue(answer.json["detail"].startswith(pointer), (change, answer))
        for status in (201, 201, 429):
            answer = agency.ask(now - 2 * HOUR, now - HOUR, case="same")
            self.assertEqual(answer.status, status, answer)
        mine = agency.ask(now - 2 * HOUR, now - HOUR).json
        self.assertEqual(other.get(f"/api/v1/requests/{mine['id']}").status, 404)
        self.assertEqual(other.get("/api/v1/requests").json["items"], [])
        pages, cursor = [], ""
        while cursor is not None:
            page = agency.get(f"/api/v1/requests?limit=2{'&cursor=' + cursor if cursor else ''}").json
            pages += [r["id"] for r in page["items"]]
            cursor = page["next_cursor"]
        self.assertEqual(len(pages), len(set(pages)))
        self.assertEqual(pages[0], mine["id"])
        while answer.status != 429 or "day" not in answer.json["detail"]:
            answer = agency.ask(now - 2 * HOUR, now - HOUR)
            self.assertIn(answer.status, (201, 429))
        self.assertEqual(len(agency.get("/api/v1/requests?limit=200").json["items"]), 10)

    def test_only_some_officers_ask(self):
        agency = Agency(self.server)
        evidence = agency.add_officer("evidence", "Kim Oz")
        now = int(time.time())
        agency.token = evidence["token"]
        self.assertEqual(agency.ask(now - 2 * HOUR, now - HOUR).status, 403)
        self.assertEqual(agency.get("/api/v1/evidence").status, 200)


if __name__ == "__main__":
    unittest.main()
