# SPDX-License-Identifier: Apache-2.0
"""Nobody sees what is not theirs: every route of the table x every kind of caller. A route missing from ROUTES fails."""
import os
import re
import statistics
import subprocess
import time
import unittest
import uuid

from agency import AREA, Agency, film, placed_home, rfc3339, wait_for_undo
import sigv4
from live import Camera, Player, Stream
from doorward import ROOT, Scenario, as_user, sample, wait_for

ROW = re.compile(r'\{\s*HTTP_([A-Z]+)\s*,\s*"(/[^"]*)"\s*,\s*API_([A-Z0-9_]+)\s*,', re.S)
HOUR = 3600


def table():
    """(method, pattern, access) of every row of the server's route table."""
    with open(os.path.join(ROOT, "server", "api", "routes.c"), encoding="utf-8") as f:
        return ROW.findall(f.read())


OWNER = {"owner", "owner-cookie"}
OFFICERS = {"officer", "officer-evidence", "officer-other-agency"}
LINK = {"owner", "owner-cookie", "link"}
CAMERA_LINK = {"owner", "owner-cookie", "camera-link"}
ANYONE = None  # the route is for all: what it says is no one's

# method pattern: (who gets a 2xx, path with the owner's things, JSON body or bytes). Unsafe routes are asked by the ones who
# may not first. fresh-owner is a session of the owner's that may be used up.
ROUTES = {
    "POST /api/v1/session": (set(), "/api/v1/session", {"email": "a@example.org", "password": "not a password"}),
    "GET /api/v1/session": (OWNER | OFFICERS | {"other-owner"}, "/api/v1/session", None),
    "DELETE /api/v1/session": ({"fresh-owner", "fresh-officer"}, "/api/v1/session", None),
    "GET /api/v1/sessions": (OWNER | {"other-owner"}, "/api/v1/sessions", None),
    "DELETE /api/v1/sessions/{id}": ({"fresh-owner"}, "/api/v1/sessions/{session}", None),
    "GET /api/v1/cameras": (OWNER | {"other-owner"}, "/api/v1/cameras", None),
    "GET /api/v1/cameras/{id}": (OWNER, "/api/v1/cameras/{camera}", None),
    "PATCH /api/v1/cameras/{id}": ({"owner"}, "/api/v1/cameras/{camera}", {"name": "Front door"}),
    "GET /api/v1/cameras/{id}/live": (OWNER, "/api/v1/cameras/{camera}/live", None),
    "GET /api/v1/cameras/{id}/live.mp4": (CAMERA_LINK, "/api/v1/cameras/{camera}/live.mp4", "head"),
    "GET /api/v1/cameras/{id}/live.m3u8": (CAMERA_LINK, "/api/v1/cameras/{camera}/live.m3u8", None),
    "GET /api/v1/cameras/{id}/live/{file}": (CAMERA_LINK, "/api/v1/cameras/{camera}/{live_file}", None),
    "GET /api/v1/cameras/{id}/viewers": (OWNER, "/api/v1/cameras/{camera}/viewers", None),
    "DELETE /api/v1/cameras/{id}/viewers/{viewer_id}": ({"owner"}, "/api/v1/cameras/{camera}/viewers/{viewer}", None),
    "POST /api/v1/cameras/{id}/secret": ({"owner"}, "/api/v1/cameras/{spare_camera}/secret", None),
    "GET /api/v1/cameras/{id}/timeline": (OWNER, "/api/v1/cameras/{camera}/timeline?{span}", None),
    "GET /api/v1/cameras/{id}/master.m3u8": (CAMERA_LINK, "/api/v1/cameras/{camera}/master.m3u8?{span}", None),
    "GET /api/v1/cameras/{id}/index.m3u8": (CAMERA_LINK, "/api/v1/cameras/{camera}/index.m3u8?{span}", None),
    "GET /api/v1/cameras/{id}/iframes.m3u8": (CAMERA_LINK, "/api/v1/cameras/{camera}/iframes.m3u8?{span}", None),
    "GET /api/v1/cameras/{id}/segments/{file}": (CAMERA_LINK, "/api/v1/cameras/{camera}/segments/{segment}.mp4", None),
    "GET /api/v1/cameras/{id}/export.mp4": (CAMERA_LINK, "/api/v1/cameras/{camera}/export.mp4?{span}", None),
    "GET /api/v1/cameras/{id}/still.jpg": (CAMERA_LINK, "/api/v1/cameras/{camera}/still.jpg", None),
    "GET /api/v1/cameras/{id}/thumbs.vtt": (CAMERA_LINK, "/api/v1/cameras/{camera}/thumbs.vtt?{span}", None),
    "GET /api/v1/cameras/{id}/thumbs/{file}": (CAMERA_LINK, "/api/v1/cameras/{camera}/thumbs/{sprite}.jpg", None),
    "POST /api/v1/cameras/{id}/links": ({"owner"}, "/api/v1/cameras/{camera}/links", {}),
    "GET /api/v1/clips": (OWNER | {"other-owner"}, "/api/v1/clips", None),
    "POST /api/v1/clips": ({"owner"}, "/api/v1/clips", {"camera_id": "{camera}", "from": "{from}", "to": "{to}"}),
    "GET /api/v1/clips/{id}": (OWNER, "/api/v1/clips/{clip}", None),
    "DELETE /api/v1/clips/{id}": ({"owner"}, "/api/v1/clips/{spare_clip}", None),
    "PUT /api/v1/clips/{id}/keep": ({"owner"}, "/api/v1/clips/{clip}/keep", None),
    "DELETE /api/v1/clips/{id}/keep": ({"owner"}, "/api/v1/clips/{clip}/keep", None),
    "GET /api/v1/clips/{id}/clip.mp4": (LINK, "/api/v1/clips/{clip}/clip.mp4", None),
    "GET /api/v1/clips/{id}/index.m3u8": (LINK, "/api/v1/clips/{clip}/index.m3u8", None),
    "GET /api/v1/clips/{id}/segments/{file}": (LINK, "/api/v1/clips/{clip}/segments/{segment}.mp4", None),
    "GET /api/v1/clips/{id}/still.jpg": (LINK, "/api/v1/clips/{clip}/still.jpg", None),
    "POST /api/v1/clips/{id}/links": ({"owner"}, "/api/v1/clips/{clip}/links", {}),
    "PUT /ingest/{camera_id}/{name}": ({"camera", "camera-bearer"}, "/ingest/{camera}/access.mp4", b"media"),
    "POST /ingest/{camera_id}/{name}": ({"camera", "camera-bearer"}, "/ingest/{camera}/access.mp4", b"media"),
    "PUT /ingest/{camera_id}/streams/{stream}/{number}": ({"camera", "camera-bearer"}, "/ingest/{camera}/streams/boot-1/0", b"media"),
    "GET /ingest/{camera_id}/streams/{stream}": ({"camera", "camera-bearer"}, "/ingest/{camera}/streams/boot-1", None),
    "DELETE /ingest/{camera_id}/{name}": ({"camera", "camera-bearer"}, "/ingest/{camera}/parts.mp4", None),
    "HEAD /ingest/{camera_id}/{name}": ({"camera", "camera-bearer"}, "/ingest/{camera}/parts.mp4", None),
    "OPTIONS /ingest/{camera_id}/tus": (ANYONE, "/ingest/{camera}/tus", None),
    "POST /ingest/{camera_id}/tus": ({"camera", "camera-bearer"}, "/ingest/{camera}/tus", "tus"),
    "OPTIONS /ingest/{camera_id}/tus/{id}": (ANYONE, "/ingest/{camera}/tus/{tus}", None),
    "HEAD /ingest/{camera_id}/tus/{id}": ({"camera", "camera-bearer"}, "/ingest/{camera}/tus/{tus}", "tus"),
    "PATCH /ingest/{camera_id}/tus/{id}": ({"camera", "camera-bearer"}, "/ingest/{camera}/tus/{tus}", "tus"),
    "POST /ingest/{camera_id}/tus/{id}": ({"camera", "camera-bearer"}, "/ingest/{camera}/tus/{tus}", "tus"),
    "DELETE /ingest/{camera_id}/tus/{id}": ({"camera", "camera-bearer"}, "/ingest/{camera}/tus/{tus}", "tus"),
    "POST /ingest/{camera_id}": ({"camera", "camera-bearer"}, "/ingest/{camera}", b"media"),
    "POST /api/v1/cameras/{id}/deletions": ({"owner"}, "/api/v1/cameras/{camera}/deletions",
                                            {"from": "2001-01-01T00:00:00Z", "to": "2001-01-01T01:00:00Z"}),
    "GET /api/v1/deletions": (OWNER | {"other-owner"}, "/api/v1/deletions", None),
    "POST /api/v1/deletions/{id}/undo": ({"owner"}, "/api/v1/deletions/{deletion}/undo", None),
    "GET /api/v1/cameras/{id}/holds": (OWNER, "/api/v1/cameras/{camera}/holds", None),
    "GET /api/v1/cameras/{id}/retention": (OWNER, "/api/v1/cameras/{camera}/retention", None),
    "PUT /api/v1/cameras/{id}/retention": ({"owner"}, "/api/v1/cameras/{camera}/retention", {"rules": [], "undo_s": 3600}),
    "POST /api/v1/cameras/{id}/retention/preview": ({"owner"}, "/api/v1/cameras/{camera}/retention/preview",
                                                    {"rules": [{"kind": "*", "keep_s": 3600}]}),
    "GET /s3": ({"s3-key", "s3-key-other-camera"}, "/s3", None),
    "GET /s3/{path...}": ({"s3-key"}, "/s3/{camera}?list-type=2", None),
    "PUT /s3/{path...}": ({"s3-key"}, "/s3/{camera}/a/access.mp4", b"media"),
    "POST /s3/{path...}": ({"s3-key"}, "/s3/{camera}/a/parts.mp4?uploads", None),
    "DELETE /s3/{path...}": ({"s3-key"}, "/s3/{camera}/a/access.mp4", None),
    "POST /oauth/token": ({"camera", "other-camera"}, "/oauth/token", b"form"),  # each for itself
    "GET /onvif/storage": ({"camera", "camera-bearer", "other-camera", "other-camera-named"}, "/onvif/storage", None),
    "GET /api/v1/storage": (OWNER | {"other-owner"}, "/api/v1/storage", None),
    "GET /api/v1/ledger": (OWNER | OFFICERS | {"other-owner"}, "/api/v1/ledger", None),
    "GET /api/v1/inbox": (OWNER | {"other-owner"}, "/api/v1/inbox", None),
    "GET /api/v1/inbox/{id}": (OWNER, "/api/v1/inbox/{item}", None),
    "POST /api/v1/inbox/{id}/accept": ({"owner"}, "/api/v1/inbox/{open_item}/accept", {"clip_ids": ["{clip}"]}),
    "POST /api/v1/inbox/{id}/decline": ({"owner"}, "/api/v1/inbox/{declined_item}/decline", None),
    "GET /api/v1/grants": (OWNER | {"other-owner"}, "/api/v1/grants", None),
    "GET /api/v1/grants/{id}": (OWNER, "/api/v1/grants/{grant}", None),
    "POST /api/v1/grants/{id}/withdraw": ({"owner"}, "/api/v1/grants/{spare_grant}/withdraw", None),
    "POST /api/v1/requests": ({"officer", "officer-other-agency"}, "/api/v1/requests", "request"),
    "GET /api/v1/requests": (OFFICERS, "/api/v1/requests", None),
    "GET /api/v1/requests/{id}": ({"officer", "officer-evidence"}, "/api/v1/requests/{request}", None),
    "GET /api/v1/evidence": (OFFICERS, "/api/v1/evidence", None),
    "GET /api/v1/evidence/{grant_id}/{file}": ({"officer", "officer-evidence"}, "{file}", None),
    "GET /healthz": (ANYONE, "/healthz", None),
    "GET /readyz": (ANYONE, "/readyz", None),
    "GET /api/openapi.json": (ANYONE, "/api/openapi.json", None),
    "GET /problems/{code}": (ANYONE, "/problems/not_found", None),
    "GET /": (ANYONE, "/", None),
    "GET /sign-in": (ANYONE, "/sign-in", None),
    "GET /clips/{id}": (ANYONE, "/clips/{clip}", None),
    "GET /requests": (ANYONE, "/requests", None),
    "GET /requests/{id}": (ANYONE, "/requests/{item}", None),
    "GET /shares": (ANYONE, "/shares", None),
    "GET /log": (ANYONE, "/log", None),
    "GET /cameras": (ANYONE, "/cameras", None),
    "GET /cameras/{id}": (ANYONE, "/cameras/{camera}", None),
    "GET /cameras/{id}/timeline": (ANYONE, "/cameras/{camera}/timeline", None),
    "GET /cameras/{id}/keeping": (ANYONE, "/cameras/{camera}/keeping", None),
    "GET /storage": (ANYONE, "/storage", None),
    "GET /deleted": (ANYONE, "/deleted", None),
    "GET /assets/{file}": (ANYONE, "/assets/none.js", None),
}
# Headers of a request to tus, of whatever kind.
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "20", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
       "X-HTTP-Method-Override": "PATCH"}
# Lists whose 2xx must hold nothing of the owner's when others ask.
LISTS = ["/api/v1/cameras", "/api/v1/clips", "/api/v1/ledger", "/api/v1/inbox", "/api/v1/grants", "/api/v1/evidence", "/api/v1/requests",
         "/api/v1/sessions", "/api/v1/deletions", "/api/v1/storage"]


class Access(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        s = cls.server
        cls.owner, cls.other = placed_home(s), placed_home(s)
        cls.agency, cls.other_agency = Agency(s), Agency(s)
        cls.begin = int(time.time()) - 3 * HOUR
        clip, spare = film(cls.owner, cls.begin), film(cls.owner, cls.begin + 20, "spare.mp4")
        cls.things = {"clip": clip["id"], "spare_clip": spare["id"], "camera": cls.owner.camera_id}
        cls.things["spare_camera"] = s.admin("camera", "create", "--household", cls.owner.household_id, "--name", "Spare")["id"]
        gone = cls.owner.post(f"/api/v1/cameras/{cls.owner.camera_id}/deletions",
                              {"from": "2001-01-01T00:00:00Z", "to": "2001-01-01T00:10:00Z"})
        assert gone.status == 201, gone
        cls.things["deletion"] = gone.json["deletion"]["id"]
        part = s.request("PUT", f"/ingest/{cls.owner.camera_id}/parts.mp4", body=b"0123456789", basic=("cam", cls.owner.camera_secret),
                         headers={"Content-Range": "bytes 0-9/20"})
        assert part.status == 202, part
        cls.things["tus"] = cls.tus_upload().rsplit("/", 1)[1]
        cls.things["span"] = f"from={rfc3339(cls.begin - 60)}&to={rfc3339(cls.begin + 60)}"
        cls.things |= {"from": rfc3339(cls.begin), "to": rfc3339(cls.begin + 5)}
        playlist = cls.owner.get(f"/api/v1/clips/{clip['id']}/index.m3u8").body.decode()
        cls.things["segment"] = re.search(r"^segments/(.*)\.mp4$", playlist, re.M)[1]
        thumbs = f"/api/v1/cameras/{cls.owner.camera_id}/thumbs.vtt?{cls.things['span']}"
        wait_for("a sprite", lambda: "xywh" in cls.owner.get(thumbs).body.decode(), 30)
        cls.things["sprite"] = re.search(r"thumbs/(.*)\.jpg", cls.owner.get(thumbs).body.decode())[1]
        cls.prepare_grants()
        cls.prepare_callers()
        cls.prepare_live()

    @classmethod
    def prepare_live(cls):
        """The owner's camera sends all the time."""
        camera = Camera(cls.server, cls.owner.camera_id, cls.owner.camera_secret, name="always.mp4")
        cls.addClassCleanup(camera.__exit__)
        camera.start()
        player = Player(cls.server, cls.owner.token)
        cls.things["live_file"] = player.playlist(cls.owner.camera_id).maps[0]
        player.close()

    @classmethod
    def tus_upload(cls):
        """The address of a new one."""
        answer = cls.server.request("POST", f"/ingest/{cls.owner.camera_id}/tus", basic=("cam", cls.owner.camera_secret), headers=TUS)
        assert answer.status == 201, answer
        return answer.headers["Location"]

    @classmethod
    def prepare_grants(cls):
        """Three answered requests (given, given to be withdrawn, to be declined), one open."""
        accepted = []
        for purpose in ("item", "spare_item", "declined_item", "open_item"):
            asked = cls.agency.ask(cls.begin - 60, cls.begin + 900)
            assert asked.status == 201, asked
            item = next(i for i in cls.owner.get("/api/v1/inbox").json["items"] if i["request"]["id"] == asked.json["id"])
            cls.things[purpose] = item["id"]
            if purpose in ("item", "spare_item"):
                given = cls.owner.post(f"/api/v1/inbox/{item['id']}/accept", {"clip_ids": [cls.things["clip"]]})
                assert given.status == 200, given
                accepted.append(given.json)
                cls.things.setdefault("request", asked.json["id"])
        cls.things["grant"], cls.things["spare_grant"] = (g["id"] for g in accepted)
        wait_for_undo(accepted[-1])
        mine = next(e for e in cls.agency.get("/api/v1/evidence").json["items"] if e["id"] == cls.things["grant"])
        cls.things["file"] = mine["files"][0]["urls"]["mp4"]

    @classmethod
    def token(cls, email):
        return cls.server.admin("token", "create", "--email", email, "--name", "access")["token"]

    @classmethod
    def sql(cls, text):
        with open(os.path.join(cls.server.data, "database_url"), encoding="utf-8") as f:
            url = f.read()
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", text, url], check=True, **as_user())

    @classmethod
    def prepare_callers(cls):
        s = cls.server
        old_secret = cls.owner.camera_secret
        cls.owner.camera_secret = s.admin("camera", "rotate", "--camera", cls.owner.camera_id)["secret"]
        revoked = cls.token(cls.owner.email)
        assert s.delete("/api/v1/session", token=revoked).status == 204
        sign_in = s.post("/api/v1/session", {"email": cls.owner.email, "password": cls.owner.password})
        link = cls.owner.post(f"/api/v1/clips/{cls.things['clip']}/links", {}).json["urls"]["mp4"].split("?")[1]
        camera_link = cls.owner.post(f"/api/v1/cameras/{cls.owner.camera_id}/links", {}).json["urls"]["live"].split("?")[1]
        other_clip = film(cls.other, cls.begin)
        other_link = cls.other.post(f"/api/v1/clips/{other_clip['id']}/links", {}).json["urls"]["mp4"].split("?")[1]
        evidence = cls.agency.add_officer("evidence", "Kim Oz")
        disabled = cls.agency.add_officer("admin", "Pat Gone")
        suspended = Agency(s)
        cls.sql(f"update officer set disabled_us = 1 where id = '{disabled['id']}'; "
                f"update agency set suspended_us = 1 where id = '{suspended.id}'")
        keys = {whose: s.admin("s3-key", "create", "--camera", home.camera_id) for whose, home in (("own", cls.owner), ("other", cls.other))}
        own, other = (sigv4.Key(k["access_key"], k["secret"]) for k in keys.values())
        cls.callers = {
            "s3-key": {"key": own},
            "s3-key-other-camera": {"key": other},
            "s3-key-wrong-secret": {"key": sigv4.Key(own.access, other.secret)},
            "nobody": {},
            "owner": {"token": cls.owner.token},
            "owner-cookie": {"headers": {"Cookie": sign_in.headers["Set-Cookie"].split(";")[0]}},
            "owner-revoked": {"token": revoked},
            "other-owner": {"token": cls.other.token},
            "camera": {"basic": ("cam", cls.owner.camera_secret)},
            "camera-bearer": {"token": cls.owner.camera_secret},
            "camera-revoked": {"basic": ("cam", old_secret)},
            "other-camera": {"basic": ("cam", cls.other.camera_secret)},
            "other-camera-named": {"basic": (cls.owner.camera_id, cls.other.camera_secret)},
            "officer": {"token": cls.agency.token},
            "officer-evidence": {"token": evidence["token"]},
            "officer-disabled": {"token": disabled["token"]},
            "officer-suspended": {"token": suspended.token},
            "officer-other-agency": {"token": cls.other_agency.token},
            "link": {"query": link},
            "camera-link": {"query": camera_link},
            "link-other-clip": {"query": other_link},
            "token-made-up": {"token": "dwt_" + "A" * 43},
        }

    def body(self, body):
        if body == b"media":
            with open(sample(3), "rb") as f:
                return {"body": f.read()}
        if body == b"form":
            return {"body": b"grant_type=client_credentials"}
        if body == "request":
            return {"json_body": {"case": str(uuid.uuid4()), "incident": "theft", "contact": "desk", "reason": "why", "polygon": AREA,
                                  "from": rfc3339(self.begin), "to": rfc3339(self.begin + HOUR)}}
        if body in (None, "tus", "head"):
            return {}
        return {"json_body": {k: [t.format(**self.things) if isinstance(t, str) else t for t in v] if isinstance(v, list) else
                              v.format(**self.things) if isinstance(v, str) else v for k, v in body.items()}}

    def ask(self, method, path, body, caller):
        how = dict(self.callers[caller])
        query, key = how.pop("query", None), how.pop("key", None)
        sent = self.body(body)
        if key:
            how["headers"] = key.headers(method, f"localhost:{self.server.port}", path, sent.get("body", b""))
        if body == "tus":
            how["headers"] = {**how.get("headers", {}), **TUS}
            path = self.tus_upload() if method == "DELETE" else path
        if body == "head":
            method = "HEAD"
        if body == b"form":
            how["headers"] = {**how.get("headers", {}), "Content-Type": "application/x-www-form-urlencoded"}
        return self.server.request(method, path + (("&" if "?" in path else "?") + query if query else ""), **sent, **how)

    def fresh_owner(self):
        """Sessions that may be used up; the id of the owner's goes into the things."""
        self.callers["fresh-officer"] = {"token": self.token(self.agency.officer["email"])}
        self.callers["fresh-owner"] = {"token": self.token(self.owner.email)}
        listed = self.server.get("/api/v1/sessions", **self.callers["fresh-owner"]).json["items"]
        self.things["session"] = next(i["id"] for i in listed if i["current"])

    def fresh_viewer(self):
        """Somebody who watches, of a session of their own; the id goes into the things."""
        viewers = f"/api/v1/cameras/{self.owner.camera_id}/viewers"
        before = {v["id"] for v in self.owner.get(viewers).json["items"]}
        stream = Stream(self.server, self.token(self.owner.email), self.owner.camera_id)
        self.addCleanup(stream.close)
        self.things["viewer"] = next(v["id"] for v in self.owner.get(viewers).json["items"] if v["id"] not in before)

    def callers_for(self, route, allowed):
        """All of them; where a session ends, the live ones are spared and the fresh ones asked."""
        fresh = {"fresh-owner", "fresh-officer"} & allowed
        spared = OWNER | OFFICERS | {"other-owner"} if route == "DELETE /api/v1/session" else OWNER if fresh else set()
        return [c for c in self.callers if c not in spared and (not c.startswith("fresh") or c in fresh)]

    def test_every_route_is_in_the_matrix_and_every_row_is_a_route(self):
        self.assertEqual({f"{m} {p}" for m, p, _ in table()}, set(ROUTES))

    def test_every_cell(self):
        cells, wrong = 0, []
        for method, pattern, access in table():
            allowed, path, body = ROUTES[f"{method} {pattern}"]
            if allowed is ANYONE:
                self.assertEqual(access, "PUBLIC", pattern)
                continue
            if "fresh-owner" in allowed or "{session}" in path:
                self.fresh_owner()
            if "{viewer}" in path:
                self.fresh_viewer()
            path = path.format(**self.things)
            for caller in sorted(self.callers_for(f"{method} {pattern}", allowed), key=lambda c: c in allowed):
                answer = self.ask(method, path, body, caller)
                cells += 1
                if (200 <= answer.status < 300) != (caller in allowed):
                    wrong.append(f"{method} {path} as {caller}: {answer.status} {answer.body[:120]}")
                if answer.status == 401:
                    kind = "Basic" if access == "CAMERA" or pattern == "/oauth/token" else "Bearer"
                    self.assertTrue(answer.headers.get("WWW-Authenticate", kind).startswith(kind), pattern)
                if answer.status >= 500:
                    wrong.append(f"{method} {path} as {caller}: {answer.status}")
        self.assertEqual(wrong, [], "\n".join(wrong) + f"\n{len(wrong)} of {cells} cells")
        self.assertGreaterEqual(cells, 400)
        print(f"access matrix: {cells} cells, 0 unexpected 2xx")

    def test_lists_hold_nothing_of_others(self):
        mine = [v for k, v in self.things.items() if k not in ("file", "request", "session", "span", "from", "to")]
        mine += [self.owner.household_id, self.owner.account_id, self.owner.email, self.owner.camera_id]
        for path in LISTS:
            for caller in ("other-owner", "officer", "officer-evidence", "officer-other-agency"):
                text = self.ask("GET", path, None, caller).body.decode()
                for thing in mine:
                    if caller in ("officer", "officer-evidence") and thing in (self.things["grant"], self.things["spare_grant"]):
                        continue  # the agency knows grants that it was given
                    self.assertNotIn(thing, text, f"{path} as {caller}")

    def test_not_yours_answers_like_no_such_in_words_and_time(self):
        none = str(uuid.uuid4())
        for path in ("/api/v1/clips/{}", "/api/v1/clips/{}/clip.mp4", "/api/v1/inbox/{}", "/api/v1/grants/{}"):
            thing = self.things["clip" if "clips" in path else "item" if "inbox" in path else "grant"]
            words, times = {}, {"theirs": [], "none": []}
            for _ in range(15):
                for what, name in (("theirs", thing), ("none", none)):  # in turn: both see the same machine
                    begun = time.monotonic()
                    answer = self.server.get(path.format(name), token=self.other.token)
                    times[what].append(time.monotonic() - begun)
                    self.assertEqual((answer.status, answer.problem), (404, "not_found"), path)
                    told = {k: v for k, v in answer.json.items() if k not in ("request_id", "instance")}
                    self.assertEqual(told, words.setdefault(path, told))
            took = {what: statistics.median(t) for what, t in times.items()}
            self.assertLess(abs(took["theirs"] - took["none"]), 0.02, f"{path}: {took}")

    def test_a_camera_that_was_switched_off_is_refused_at_once(self):
        self.sql(f"update camera set enabled = false where id = '{self.other.camera_id}'")
        answer = self.server.upload(self.other, sample(3), name="off.mp4")
        self.assertEqual((answer.status, answer.problem), (403, "forbidden"))
        self.sql(f"update camera set enabled = true where id = '{self.other.camera_id}'")

    def test_a_disabled_account_is_out_with_the_next_request(self):
        home = self.server.household()
        clip = film(home, self.begin)
        link = home.post(f"/api/v1/clips/{clip['id']}/links", {}).json["urls"]["mp4"]
        self.assertEqual((home.get("/api/v1/session").status, self.server.get(link).status), (200, 200))
        self.sql(f"update account set disabled_us = 2 where id = '{home.account_id}'")
        self.assertEqual((home.get("/api/v1/session").status, self.server.get(link).status), (401, 404))


if __name__ == "__main__":
    unittest.main()
