# SPDX-License-Identifier: Apache-2.0
"""The demo of the README: one command, a camera that films, an owner who can see it, and nothing left behind by Ctrl-C."""
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import BUILD, ROOT, free_port, sample, wait_for  # noqa: E402


def processes_of(folder):
    """Ids of processes whose program or arguments lie in the folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if folder.encode() in f.read():
                    found.append(int(pid))
        except OSError:
            pass
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="dw-demo-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.port = free_port()

    def start(self):
        output = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.addCleanup(output.close)
        self.demo = subprocess.Popen([sys.executable, os.path.join(ROOT, "deploy", "demo.py"), os.path.join(BUILD, "server"),
                                      "--data", self.folder, "--port", str(self.port)], stdout=output, stderr=output)
        self.addCleanup(self.stop)

        def text():
            output.seek(0)
            return output.read()
        wait_for("the demo", lambda: f"ready: https://localhost:{self.port}/" in text() or self.demo.poll() is not None, 120)
        self.assertIsNone(self.demo.poll(), text())
        with open(os.path.join(self.folder, "demo.json"), encoding="utf-8") as f:
            self.known = json.load(f)

    def stop(self):
        if self.demo.poll() is None:
            self.demo.send_signal(signal.SIGINT)
            self.demo.wait(60)

    def get(self, path):
        request = urllib.request.Request(self.known["url"] + path, headers={"Authorization": "Bearer " + self.known["owner"]["token"]})
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=self.known["ca_file"]), timeout=20) as answer:
            return json.load(answer)

    def send_a_clip_as_the_readme_says(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            commands = f.read().split("## Send a clip")[1].split("```")[1]
        commands = commands.replace("/var/lib/doorward-demo", self.folder).replace(":8443", f":{self.port}")
        shutil.copy(sample(3), os.path.join(self.folder, "clip.mp4"))
        r = subprocess.run(["bash", "-euc", commands], capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(json.loads(r.stdout)["clip"]["kind"], "motion")

    def test_it_films_and_asks_and_stops_without_a_trace_and_goes_on_where_it_was(self):
        self.start()
        self.assertEqual(set(self.known), {"url", "ca_file", "owner", "camera"})
        self.assertEqual(set(self.known["owner"]), {"email", "password", "token"})
        self.assertEqual(set(self.known["camera"]), {"id", "secret"})
        clips = self.get("/api/v1/clips")["items"]
        self.assertEqual([c["camera_id"] for c in clips], [self.known["camera"]["id"]])
        self.assertTrue(clips[0]["video"] and clips[0]["audio"])
        self.assertEqual(len(self.get("/api/v1/inbox")["items"]), 1)
        self.send_a_clip_as_the_readme_says()
        wait_for("the camera's next clip", lambda: len(self.get("/api/v1/clips")["items"]) > 2, 90, 1)
        self.stop()
        self.assertEqual(self.demo.returncode, 0)
        self.assertEqual(processes_of(self.folder), [])
        before = self.known
        self.start()
        self.assertEqual(self.known, before)
        self.assertGreater(len(self.get("/api/v1/clips")["items"]), 3)


if __name__ == "__main__":
    unittest.main()
