# SPDX-License-Identifier: Apache-2.0
"""Signing in, staying signed in, being signed out."""
import base64
import functools
import hashlib
import hmac
import statistics
import struct
import threading
import time
import unittest

from doorward import Scenario, in_threads


def totp(secret, at=None):
    """RFC 6238 with the usual parameters."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7fffffff) % 1000000:06d}"


def cookie_of(answer):
    return answer.headers["Set-Cookie"].split(";")[0]


class SignIn(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.server.household()

    def sign_in(self, email=None, password=None, **more):
        body = {"email": email or self.home.email, "password": password or self.home.password}
        return self.server.post("/api/v1/session", {**body, **more})

    def test_the_cookie_is_a_session_and_unsafe_methods_need_its_token(self):
        answer = self.sign_in()
        self.assertEqual(answer.status, 200, answer)
        line = answer.headers["Set-Cookie"]
        for part in ("__Host-session=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            self.assertIn(part, line)
        me = answer.json
        self.assertEqual((me["kind"], me["email"]), ("account", self.home.email))
        self.assertIn("manage", me["households"][0]["rights"])
        cookie = {"Cookie": cookie_of(answer)}
        self.assertEqual(self.server.get("/api/v1/session", headers=cookie).json["id"], me["id"])
        refused = self.server.delete("/api/v1/session", headers=cookie)
        self.assertEqual((refused.status, refused.problem), (403, "csrf"))
        refused = self.server.delete("/api/v1/session", headers={**cookie, "X-CSRF-Token": me["csrf"][:-1] + "x"})
        self.assertEqual((refused.status, refused.problem), (403, "csrf"))
        ended = self.server.delete("/api/v1/session", headers={**cookie, "X-CSRF-Token": me["csrf"]})
        self.assertEqual(ended.status, 204)
        self.assertIn("Max-Age=0", ended.headers["Set-Cookie"])
        self.assertEqual(self.server.get("/api/v1/session", headers=cookie).status, 401)

    def test_a_token_works_without_a_cookie_and_needs_no_csrf_token(self):
        made = self.server.admin("token", "create", "--email", self.home.email, "--name", "test")
        self.assertTrue(made["token"].startswith("dwt_"))
        self.assertEqual(self.server.get("/api/v1/session", token=made["token"]).status, 200)
        self.assertEqual(self.server.delete("/api/v1/session", token=made["token"]).status, 204)
        self.assertEqual(self.server.get("/api/v1/session", token=made["token"]).status, 401)

    def test_sessions_are_listed_and_ended_one_by_one(self):
        first, second = self.sign_in(), self.sign_in()
        a, b = ({"Cookie": cookie_of(x)} for x in (first, second))
        listed = self.server.get("/api/v1/sessions", headers=a).json["items"]
        current = [s for s in listed if s["current"]]
        self.assertEqual(len(current), 1)
        self.assertEqual(current[0]["kind"], "cookie")
        of_b = [s for s in self.server.get("/api/v1/sessions", headers=b).json["items"] if s["current"]][0]["id"]
        gone = self.server.delete(f"/api/v1/sessions/{of_b}", headers={**a, "X-CSRF-Token": first.json["csrf"]})
        self.assertEqual(gone.status, 204, gone)
        self.assertEqual(self.server.get("/api/v1/session", headers=b).status, 401)
        self.assertEqual(self.server.get("/api/v1/session", headers=a).status, 200)
        again = self.server.delete(f"/api/v1/sessions/{of_b}", headers={**a, "X-CSRF-Token": first.json["csrf"]})
        self.assertEqual(again.status, 404)

    def test_the_owner_reads_sign_ins_in_the_ledger(self):
        self.sign_in()
        self.sign_in(password="not the password at all")
        actions = [e["action"] for e in self.home.get("/api/v1/ledger").json["items"]]
        self.assertIn("session.sign_in", actions)
        self.assertIn("session.refused", actions)

    def test_odd_bodies_are_told_what_is_wrong(self):
        cases = [
            ({"email": "a@b.c"}, "/password"),
            ({"email": 7, "password": "x"}, "/email"),
            ({"email": "a@b.c", "password": "x", "admin": True}, "/admin"),
            ({"email": "a@b.c", "password": "x", "totp": "12345"}, "/totp"),
        ]
        for body, pointer in cases:
            answer = self.server.post("/api/v1/session", body)
            self.assertEqual((answer.status, answer.problem), (422, "invalid_field"), body)
            self.assertTrue(answer.json["detail"].startswith(pointer), answer.json["detail"])
        self.assertEqual(self.server.request("POST", "/api/v1/session", body=b"{", headers={"Content-Type": "application/json"}).status, 400)


class Guessing(Scenario):
    """Each test has a server of its own kind of caller: counts are kept per account and per address."""
    env = {"DOORWARD_SIGN_IN_TRIES": "6"}

    def test_unknown_and_known_addresses_answer_alike_in_words_and_time(self):
        home = self.server.household()
        took = {"known": [], "unknown": []}
        for i in range(4):
            for who, email in (("known", home.email), ("unknown", f"nobody{i}@example.org")):
                begun = time.monotonic()
                answer = self.server.post("/api/v1/session", {"email": email, "password": "surely not this one"})
                took[who].append(time.monotonic() - begun)
                self.assertEqual((answer.status, answer.problem), (401, "unauthorized"))
                self.assertEqual(answer.json["detail"], "The address, the password or the code is wrong.")
        apart = abs(statistics.median(took["known"]) - statistics.median(took["unknown"]))
        self.assertLess(apart, 0.5 * statistics.median(took["known"]), took)

    def test_failures_make_wait_and_a_restart_forgives_nothing(self):
        home = self.server.household()
        statuses = [self.server.post("/api/v1/session", {"email": home.email, "password": f"wrong one {i}"}).status for i in range(8)]
        self.assertEqual(statuses[:5], [401] * 5)
        self.assertIn(429, statuses)
        self.server.restart()
        answer = self.server.post("/api/v1/session", {"email": home.email, "password": "wrong again"})
        for _ in range(6):  # short first waits may be over: the next failure makes a longer one
            if answer.status == 429:
                break
            answer = self.server.post("/api/v1/session", {"email": home.email, "password": "wrong again"})
        self.assertEqual((answer.status, answer.problem), (429, "too_many_requests"))
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)


class Flood(Scenario):
    env = {"DOORWARD_TRUSTED_PROXIES": "127.0.0.1,::1"}  # so that each guess may come from an address of its own

    def test_a_flood_of_guesses_leaves_the_server_usable(self):
        home = self.server.household()
        answers, others, done = [], [], threading.Event()

        def guess(i):
            answers.append(self.server.request("POST", "/api/v1/session", json_body={"email": f"n{i}@example.org", "password": "surely not"},
                                               headers={"X-Forwarded-For": f"198.51.100.{i}"}, timeout=60))

        def use():
            while not done.is_set():
                begun = time.monotonic()
                self.assertEqual(home.get("/api/v1/cameras").status, 200)
                others.append(time.monotonic() - begun)
        user = threading.Thread(target=use)
        user.start()
        in_threads(*[functools.partial(guess, i) for i in range(100)])
        done.set()
        user.join()
        self.assertEqual({a.status for a in answers}, {401, 429})
        later = [a for a in answers if a.status == 429]
        self.assertGreaterEqual(len(later), 40)  # 4 at once and 28 waiting: the rest is told so, at once
        self.assertTrue(all(int(a.headers["Retry-After"]) >= 1 for a in later))
        self.assertLess(statistics.median(others), 1.0)
        self.assertEqual(self.server.post("/api/v1/session", {"email": home.email, "password": home.password}).status, 200)
        metrics = self.server.metrics()
        self.assertGreaterEqual(metrics['doorward_sign_ins_total{result="later"}'], 20)
        self.assertGreaterEqual(metrics['doorward_sign_ins_total{result="ok"}'], 1)

    def test_a_customer_of_a_network_has_one_count(self):
        statuses = [self.server.request("POST", "/api/v1/session", json_body={"email": f"v6-{i}@example.org", "password": "surely not"},
                                        headers={"X-Forwarded-For": f"2001:db8:7:7::{i + 1:x}"}).status for i in range(45)]
        self.assertIn(429, statuses)
        self.assertEqual(set(statuses[:39]), {401})

    def test_an_attack_from_elsewhere_does_not_hold_up_the_owner_at_home(self):
        home = self.server.household()

        def sign_in(password, peer):
            return self.server.request("POST", "/api/v1/session", json_body={"email": home.email, "password": password},
                                       headers={"X-Forwarded-For": peer}).status
        self.assertEqual(sign_in(home.password, "203.0.113.5"), 200)
        statuses = [sign_in(f"wrong {i}", f"198.51.100.{200 + i}") for i in range(14)]
        self.assertIn(429, statuses)
        self.assertEqual(sign_in(home.password, "203.0.113.5"), 200)


class SecondFactor(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agency = cls.server.admin("agency", "admit", "--name", "Alder Falls Police", "--kind", "police", "--domain", "police.example.gov",
                                      "--contact", "desk", "--act-title", "Resolution 12", "--act-url", "https://example.gov/act",
                                      "--act-date", "2026-01-31", "--jurisdiction", "8,50 8.1,50 8.1,50.1 8,50.1",
                                      "--staff", "Ann", "--staff", "Bob")["id"]
        cls.officer = cls.server.admin("officer", "create", "--agency", cls.agency, "--email", "d.reyes@police.example.gov", "--name",
                                       "Dana Reyes", "--badge", "77", "--role", "requester")

    def sign_in(self, **more):
        return self.server.post("/api/v1/session", {"email": self.officer["email"], "password": self.officer["password"], **more})

    def test_a_code_is_needed_and_works_once(self):
        needed = self.sign_in()
        self.assertEqual((needed.status, needed.problem), (401, "second_factor_required"))
        code = totp(self.officer["totp_secret"])
        good = self.sign_in(totp=code)
        self.assertEqual(good.status, 200, good)
        self.assertEqual(good.json["kind"], "officer")
        self.assertEqual(good.json["agency"]["name"], "Alder Falls Police")
        again = self.sign_in(totp=code)
        self.assertEqual((again.status, again.problem), (401, "unauthorized"))
        wrong = self.sign_in(totp="000000" if code != "000000" else "000001")
        self.assertEqual(wrong.status, 401)

    def test_one_code_at_once_in_two_places_opens_one_session(self):
        time.sleep(31 - time.time() % 30)  # a step that no other test has used
        code = totp(self.officer["totp_secret"])
        answers = []
        in_threads(*[lambda: answers.append(self.sign_in(totp=code).status)] * 2)
        self.assertEqual(sorted(answers), [200, 401])


class Operator(Scenario):
    def refused(self, *args, input=None):
        r = self.server.run("admin", *args, check=False, input=input)
        self.assertNotEqual(r.returncode, 0, r.stdout)
        self.assertEqual(r.stdout, "")
        return r.stderr

    def test_weak_passwords_are_refused(self):
        home = self.server.admin("household", "create", "--name", "H")["id"]
        for weak in ("short", "Password1234!", "qwertyuiop123456"):
            said = self.refused("owner", "create", "--household", home, "--email", "w@example.org", "--password-stdin", input=weak + "\n")
            self.assertIn("password", said.lower())

    def test_an_address_is_one_persons(self):
        home = self.server.household()
        self.assertIn("taken", self.refused("owner", "create", "--household", home.household_id, "--email", home.email.upper()))

    def test_an_agency_needs_two_people_and_a_real_area(self):
        args = ["agency", "admit", "--name", "A", "--kind", "fire", "--domain", "d", "--contact", "c", "--act-title", "t", "--act-url",
                "https://x", "--act-date", "2026-01-01"]
        area = ["--jurisdiction", "8,50 8.1,50 8.1,50.1"]
        self.assertIn("two different", self.refused(*args, *area, "--staff", "Ann", "--staff", "ann"))
        self.assertIn("--staff", self.refused(*args, *area, "--staff", "Ann"))
        self.assertIn("cross", self.refused(*args, "--jurisdiction", "0,0 1,1 1,0 0,1", "--staff", "Ann", "--staff", "Bob"))

    def test_a_rotated_secret_ends_the_old_one(self):
        home = self.server.household()
        fresh = self.server.admin("camera", "rotate", "--camera", home.camera_id)["secret"]
        url = f"/ingest/{home.camera_id}/x.mp4"
        self.assertEqual(self.server.request("PUT", url, body=b"x", basic=("cam", home.camera_secret)).status, 401)
        self.assertNotEqual(self.server.request("PUT", url, body=b"x", basic=("cam", fresh)).status, 401)
        rotated = home.post(f"/api/v1/cameras/{home.camera_id}/secret")
        self.assertEqual(rotated.status, 200, rotated)
        self.assertEqual(self.server.request("PUT", url, body=b"x", basic=("cam", fresh)).status, 401)
        self.assertIn("camera.secret_rotate", [e["action"] for e in home.get("/api/v1/ledger").json["items"]])

    def test_it_works_while_the_server_is_down(self):
        self.server.stop()
        home = self.server.household()
        self.server.start()
        self.assertEqual(home.get("/api/v1/session").json["households"][0]["id"], home.household_id)

    def test_readable_output_and_usage(self):
        out = self.server.run("admin", "household", "create", "--name", "Read \"me\"").stdout
        self.assertRegex(out, r"^id +[0-9a-f-]{36}\n$")
        self.assertEqual(self.server.run("admin", "house", check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
