# SPDX-License-Identifier: Apache-2.0
"""The browser app: types, pure parts, every page against the stand-in server, and the owner's journeys against the real one. Node
and Chromium do the work (tests/web/); this prepares what they need and reports."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

from doorward import BUILD, ROOT

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


def ffmpeg(*args):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *args], check=True, stdin=subprocess.DEVNULL)


class Web(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("npm"):
            raise unittest.SkipTest("npm is not here")
        cls.modules = modules()
        cls.folder = tempfile.mkdtemp(prefix="dw-web-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.env = {**os.environ, "DOORWARD_WEB_MODULES": cls.modules}

    def node(self, *args, timeout=600, **env):
        r = subprocess.run(["node", *args], env={**self.env, **env}, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        self.assertEqual(r.returncode, 0, r.stdout[-8000:])
        return r.stdout

    def test_types_hold_under_the_strict_compiler(self):
        config = os.path.join(self.folder, "tsconfig.json")
        with open(config, "w", encoding="utf-8") as f:
            json.dump({"extends": os.path.join(WEB, "tsconfig.json"), "include": [os.path.join(WEB, "src", "**", "*")],
                       "compilerOptions": {"paths": {"*": [os.path.join(self.modules, "*")]}}}, f)
        self.node(os.path.join(self.modules, "typescript", "bin", "tsc"), "-p", config)

    def test_pure_parts(self):
        self.node("--test", os.path.join(TESTS, "unit.test.mjs"))

    def test_every_page_against_the_stand_in(self):
        if not os.path.exists(CHROMIUM):
            self.skipTest("Chromium is not here")
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
        self.node("--test", os.path.join(TESTS, "pages.test.mjs"), DOORWARD_WEB_BUNDLE=bundle, DOORWARD_WEB_MEDIA=media, DOORWARD_OPENAPI=openapi)


if __name__ == "__main__":
    unittest.main()
