# SPDX-License-Identifier: Apache-2.0
"""The browser app: types, pure parts, every page against the stand-in server, and the owner's journeys against the real one. Node
and Chromium do the work (tests/web/); this prepares what they need and reports."""
import gzip
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

from doorward import BUILD, ROOT, Home, Scenario, sample, wait_for

spec = importlib.util.spec_from_file_location("openapi", os.path.join(ROOT, "tests", "lint", "openapi.py"))
openapi = importlib.util.module_from_spec(spec)
spec.loader.exec_module(openapi)
WEB = os.path.join(ROOT, "server", "web")
TESTS = os.path.join(ROOT, "tests", "web")
CHROMIUM = os.environ.get("DOORWARD_CHROMIUM", "/usr/bin/chromium")
STILLS = (
    "gradients=s=640x360:c0=0x1d2b3a:c1=0xc97b4a:x0=0:y0=0:x1=640:y1=360",
    "gradients=s=640x360:c0=0x6f8fa8:c1=0xd9e4ea:x0=0:y0=0:x1=0:y1=360",
    "gradients=s=640x360:c0=0x10151a:c1=0x3b4b57",
    "gradients=s=640x360:c0=0x4b6b3a:c1=0xb7c9a0",
)


def modules():
    """npm's packages with those for testing, kept in the build folder."""
    folder = os.path.join(BUILD, "web-tests")
    os.makedirs(folder, exist_ok=True)
    subprocess.run([sys.executable, os.path.join(WEB, "modules.py"), WEB, folder, os.path.join(folder, "stamp"), "--dev"], check=True)
    return os.path.join(folder, "node_modules")


def need_browser():
    if not os.path.exists(CHROMIUM):
        raise unittest.SkipTest("Chromium is not here")


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args], check=True, stdin=subprocess.DEVNULL)


class Node:
    """For test classes that run a program of tests/web."""

    @classmethod
    def prepare_node(cls):
        if not shutil.which("npm"):
            raise unittest.SkipTest("npm is not here")
        cls.modules = modules()
        cls.folder = tempfile.mkdtemp(prefix="dw-web-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def node(self, *args, timeout=600, **env):
        r = subprocess.run(["node", *args], env={**os.environ, "DOORWARD_WEB_MODULES": self.modules, **env}, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        self.assertEqual(r.returncode, 0, r.stdout[-8000:])
        return r.stdout


class AppTest(Node, unittest.TestCase):
    """Without our server."""

    @classmethod
    def setUpClass(cls):
        cls.prepare_node()

    def test_types_hold_under_the_strict_compiler(self):
        config = os.path.join(self.folder, "tsconfig.json")
        with open(config, "w", encoding="utf-8") as f:
            json.dump({"extends": os.path.join(WEB, "tsconfig.json"), "include": [os.path.join(WEB, "src", "**", "*")],
                       "compilerOptions": {"paths": {"*": [os.path.join(self.modules, "*")]}}}, f)
        self.node(os.path.join(self.modules, "typescript", "bin", "tsc"), "-p", config)

    def test_pure_parts(self):
        self.node("--test", os.path.join(TESTS, "unit.test.mjs"), os.path.join(TESTS, "unit_cameras.test.mjs"))

    def test_every_page_against_the_stand_in(self):
        need_browser()
        bundle, media = os.path.join(self.folder, "bundle"), os.path.join(self.folder, "media")
        openapi = os.path.join(self.folder, "openapi.json")
        self.node(os.path.join(WEB, "build.mjs"), self.modules, bundle)
        os.mkdir(media)
        with open(os.path.join(ROOT, "docs", "openapi.yaml"), encoding="utf-8") as f, open(openapi, "w", encoding="utf-8") as out:
            json.dump(yaml.safe_load(f), out)
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15", "-f", "lavfi", "-i", "sine=frequency=440", "-t", "20", "-c:v", "libx264",
               "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", os.path.join(media, "clip.mp4"))
        for i, picture in enumerate(STILLS):
            ffmpeg("-f", "lavfi", "-i", picture, "-frames:v", "1", "-q:v", "4", os.path.join(media, f"still-{i}.jpg"))
        fragmented = ("-f", "lavfi", "-i", "sine=frequency=440", "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
                      "-movflags", "frag_keyframe+empty_moov+default_base_moof")
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=20", *fragmented, "-g", "10", "-t", "60", os.path.join(media, "live.mp4"))
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15", *fragmented, "-g", "30", "-t", "20", os.path.join(media, "footage.mp4"))
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=1:duration=100", "-vf", "tile=10x10", "-frames:v", "1", os.path.join(media, "sprite.jpg"))
        for program in ("pages.test.mjs", "pages_cameras.test.mjs"):
            print(self.node("--test", os.path.join(TESTS, program), DOORWARD_WEB_BUNDLE=bundle, DOORWARD_WEB_MEDIA=media, DOORWARD_OPENAPI=openapi)[-2000:])


class OwnerTest(Node, Scenario):
    """The real server, a household with two cameras and a request, and its owner in Chromium."""
    agencies = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prepare_node()
        with open(os.path.join(ROOT, "docs", "openapi.yaml"), encoding="utf-8") as f:
            cls.described = yaml.safe_load(f)

    def furnish(self):
        home = Home(self.server, "Alder Street 12", None, 0)
        home.cameras = []
        for name in ("Front door", "Side gate"):
            made = self.server.admin("camera", "create", "--household", home.household_id, "--name", name, "--lon", "-122.6778", "--lat", "45.5222")
            home.cameras.append((made["id"], made["secret"]))
        now = time.time()
        kinds = ("ring", "motion", "person", "package", "motion", "vehicle", "motion", "other")
        for i, kind in enumerate(kinds):
            home.camera_id, home.camera_secret = home.cameras[i % 2]
            clip = sample(seconds=6 + i % 3, size="640x360")
            answer = self.server.upload(home, clip, f"clip-{i}.mp4", f"kind={kind}&started_at={iso(now - 600 * i - 30)}")
            self.assertEqual(answer.status, 201, answer)
        return home

    def ask(self, home):
        """An agency asks for the last hour around the cameras; the id of the request as the owner sees it."""
        corners = [[-122.6801, 45.5201], [-122.6755, 45.5203], [-122.6752, 45.5236], [-122.6784, 45.5245], [-122.6803, 45.5232]]
        town = "-122.75,45.45 -122.60,45.45 -122.60,45.60 -122.75,45.60"
        OwnerTest.agencies += 1
        agency = self.server.admin("agency", "admit", "--name", f"Alder Falls Police Department{' II' * (self.agencies - 1)}", "--kind", "police", "--domain", "police.example.gov",
                                   "--contact", "Front desk", "--act-title", "Resolution 26-17", "--act-url", "https://example.gov/26-17",
                                   "--act-date", "2026-03-02", "--jurisdiction", town, "--staff", "one", "--staff", "two")
        self.officer = self.server.admin("officer", "create", "--agency", agency["id"], "--email", f"d.reyes{self.agencies}@police.example.gov", "--name", "Dana Reyes",
                                    "--badge", "4471", "--role", "requester", "--password-stdin", input="correct horse battery staple\n")
        made = self.server.post("/api/v1/requests", token=self.officer["token"], json_body={
            "case": "26-104417", "incident": "theft", "contact": "Property desk, +1 555 0100", "polygon": corners,
            "reason": "A delivery van was broken into on Alder Street. We look for footage of the van.",
            "from": iso(time.time() - 3600), "to": iso(time.time() - 60)})
        self.assertEqual(made.status, 201, made)
        return wait_for("the request to reach the owner", lambda: home.get("/api/v1/inbox").json["items"], 60)[0]["id"]

    def test_the_owner_uses_every_page_in_chromium(self):
        need_browser()
        home = self.furnish()
        told = {"url": self.server.url, "email": home.email, "password": home.password, "cameras": [c for c, _ in home.cameras],
                "clips": [c["id"] for c in home.clips()], "request": self.ask(home), "officer": self.officer}
        print(self.node("--test", os.path.join(TESTS, "real.test.mjs"), DOORWARD_HOME=json.dumps(told)))

    def test_answers_are_what_the_description_says(self):
        home = self.furnish()
        item = self.ask(home)
        clip = home.clips()[0]["id"]
        accept = home.post(f"/api/v1/inbox/{item}/accept", {"clip_ids": [home.get(f"/api/v1/inbox/{item}").json["clips"][0]["clip"]["id"]]})
        grant = accept.json["id"]
        self.check("POST", "/api/v1/inbox/{id}/accept", accept)
        self.check("POST", "/api/v1/clips/{id}/links", home.post(f"/api/v1/clips/{clip}/links", {}))
        wait_for("the undo to be over", lambda: self.server.get("/api/v1/evidence", token=self.officer["token"]).json["items"], 30)
        for path, real in {"/api/v1/session": None, "/api/v1/sessions": None, "/api/v1/cameras": None, "/api/v1/clips": None, "/api/v1/ledger": None,
                           "/api/v1/inbox": None, "/api/v1/grants": None, "/api/v1/clips/{id}": f"/api/v1/clips/{clip}", "/healthz": None, "/readyz": None,
                           "/api/v1/inbox/{id}": f"/api/v1/inbox/{item}", "/api/v1/grants/{id}": f"/api/v1/grants/{grant}"}.items():
            with self.subTest(path):
                self.check("GET", path, home.get(real or path))
        for path in ("/api/v1/session", "/api/v1/ledger", "/api/v1/requests", "/api/v1/evidence"):
            with self.subTest(f"{path} for an officer"):
                self.check("GET", path, self.server.get(path, token=self.officer["token"]))
        self.check("POST", "/api/v1/grants/{id}/withdraw", home.post(f"/api/v1/grants/{grant}/withdraw"))
        self.check("POST", "/api/v1/cameras/{id}/secret", home.post(f"/api/v1/cameras/{home.cameras[0][0]}/secret"))
        self.check("GET", "/api/v1/clips/{id}", self.server.get(f"/api/v1/clips/{clip}"))

    def check(self, method, path, answer):
        """The answer's body fits the schema of its status, with no field that is not described."""
        spec = self.described["paths"][path][method.lower()]["responses"]
        response = openapi.resolve(self.described, spec.get(str(answer.status)) or spec["default"])
        kind = answer.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, response["content"], answer)
        self.assertEqual([], list(openapi.fits(self.described, response["content"][kind]["schema"], answer.json, f"{method} {path}")))

    def test_pages_and_assets_are_served_compressed_cached_and_under_a_policy(self):
        page = self.server.get("/requests/anything")
        self.assertEqual(page.status, 200)
        self.assertIn("default-src 'none'; script-src 'self'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["Cache-Control"], "no-cache")
        self.assertNotIn(b"<style", page.body)
        paths = [p for p in page.body.decode().split('"') if p.startswith("/assets/")]
        self.assertGreaterEqual(len(paths), 5, "script, what it imports at once, style, icon, licences")
        for path in paths:
            plain = self.server.get(path)
            packed = self.server.get(path, headers={"Accept-Encoding": "gzip"})
            self.assertEqual(packed.headers["Content-Encoding"], "gzip")
            self.assertEqual(gzip.decompress(packed.body), plain.body)
            self.assertIn("immutable", plain.headers["Cache-Control"])
            self.assertEqual(self.server.get(path, headers={"Accept-Encoding": "gzip, br"}).headers["Content-Encoding"], "br")
            self.assertNotEqual(plain.headers["ETag"], packed.headers["ETag"])
            self.assertEqual(self.server.get(path, headers={"If-None-Match": plain.headers["ETag"]}).status, 304)
            head = self.server.request("HEAD", path)
            self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(plain.body))))
        self.assertEqual(self.server.get("/assets/app-000000000000.js").problem, "not_found")
        self.assertEqual(self.server.get("/no/such/page").status, 404)

    def test_the_description_and_the_problem_pages_are_served(self):
        doc = self.server.get("/api/openapi.json").json
        self.assertTrue(doc["openapi"].startswith("3.1"))
        problem = self.server.get("/api/v1/clips/00000000-0000-7000-8000-000000000000").json
        self.assertIn(b"<h1>", self.server.get(problem["type"]).body)
        self.assertEqual(self.server.get("/problems/no_such_problem").status, 404)


if __name__ == "__main__":
    unittest.main()
