#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The running part of deploy/demo, once everything is installed and built.

DIR/bin         the programs, copied to where the server's user can run them
DIR/data        the server's data folder
DIR/ca.pem      the certificate that clients should trust
DIR/demo.json   url, ca_file, owner and camera, for scripts that want to go on from here
DIR/officer.json   the agency's officer
DIR/live.json      the second camera, which films without end
DIR/server.log, DIR/camera.log
"""
import argparse
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
USER = "doorward"
IS_ROOT = os.geteuid() == 0
CLIP_S, PAUSE_S = 15, 25
PLACE = (13.3777, 52.5163)  # where the demo's street is


def fail(text):
    sys.exit(f"demo: {text}")


def arguments():
    p = argparse.ArgumentParser(prog="deploy/demo", description="A whole Doorward on this machine; Ctrl-C stops it.")
    p.add_argument("programs", help=argparse.SUPPRESS)
    p.add_argument("--data", metavar="DIR", default="/var/lib/doorward-demo" if IS_ROOT else os.path.join(ROOT, "demo-data"),
                   help="where everything is kept (default: %(default)s)")
    p.add_argument("--port", metavar="N", type=int, default=8443, help="HTTPS port (default: %(default)s)")
    a = p.parse_args()
    a.data = os.path.abspath(a.data)
    return a


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Demo:
    def __init__(self, programs, folder, port):
        self.programs, self.folder, self.port = programs, folder, port
        self.url = f"https://localhost:{port}"
        self.binary = self.path("bin", "doorward")
        self.ca_file = self.path("ca.pem")
        self.server = None
        self.stopping = threading.Event()
        self.children = set()
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith(("DOORWARD_", "DATABASE_URL"))},
                    "DOORWARD_DATA_DIR": self.path("data"), "DOORWARD_RUN_AS": USER, "DOORWARD_LISTEN": f"[::]:{port}",
                    "DOORWARD_PUBLIC_URL": self.url, "DOORWARD_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
                    "DOORWARD_LOW_WATER_BYTES": str(64 << 20), "DOORWARD_LOG_FORMAT": "json"}

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- before the start ----
    def prepare(self):
        os.makedirs(self.path("bin"), exist_ok=True)
        os.makedirs(self.path("data"), mode=0o700, exist_ok=True)
        for source in ("doorward", os.path.join("remux", "worker", "doorward-remux")):
            copy = self.path("bin", os.path.basename(source))
            shutil.copy2(os.path.join(self.programs, source), copy + ".new")
            os.rename(copy + ".new", copy)
        if IS_ROOT:
            self.make_user()
            os.chmod(self.folder, 0o755)
            self.check_reachable()

    def make_user(self):
        try:
            pwd.getpwnam(USER)
        except KeyError:
            subprocess.run(["adduser", "--quiet", "--system", "--group", "--no-create-home", "--home", "/nonexistent", USER], check=True)

    def check_reachable(self):
        """The server gives up root: its user must be able to walk to the folder."""
        p = pwd.getpwnam(USER)
        try:
            subprocess.run([self.binary, "version"], user=p.pw_uid, group=p.pw_gid, extra_groups=[], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            fail(f"the user {USER} cannot reach {self.folder}: choose another folder with --data")

    # ---- the server ----
    def start(self):
        log = open(self.path("server.log"), "ab")
        # a session of its own: Ctrl-C comes to us alone, and we stop things in order
        self.server = subprocess.Popen([self.binary, "serve"], env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=log, start_new_session=True)
        log.close()
        line = self.server.stdout.readline().decode()
        if not line.startswith("ready:"):
            self.server.wait()
            tail = open(self.path("server.log"), errors="replace").read().splitlines()[-5:]
            fail("the server did not start:\n" + "\n".join(tail))
        shutil.copyfile(self.path("data", "tls", "cert.pem"), self.ca_file)
        os.chmod(self.ca_file, 0o644)

    def admin(self, *args, text=None):
        r = subprocess.run([self.binary, "admin", *args, "--json"], env=self.env, cwd="/", input=text, capture_output=True, text=True)
        if r.returncode != 0:
            fail(f"doorward admin {' '.join(args)}: {r.stderr.strip()}")
        return json.loads(r.stdout)

    def api(self, method, path, token, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        context = ssl.create_default_context(cafile=self.ca_file)
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return json.load(answer)

    # ---- who lives here ----
    def known(self):
        """What an earlier run on this folder made, if it still holds."""
        try:
            with open(self.path("demo.json"), encoding="utf-8") as f:
                demo = json.load(f)
            self.api("GET", "/api/v1/session", demo["owner"]["token"])
            return demo
        except (OSError, ValueError, KeyError):
            return None

    def settle_in(self):
        """A household, its owner and a camera."""
        household = self.admin("household", "create", "--name", "Demo home")["id"]
        email, password = "owner@example.org", secrets.token_urlsafe(12)
        owner = self.admin("account", "create", "--email", email, "--name", "Demo owner", "--household", household, "--password-stdin",
                           text=password + "\n")
        camera = self.admin("camera", "create", "--household", household, "--name", "Front door",
                            "--lon", str(PLACE[0]), "--lat", str(PLACE[1]))
        return {"owner": {"email": email, "password": password, "token": owner["token"]},
                "camera": {"id": camera["id"], "secret": camera["secret"]}}

    def admit_agency(self):
        """An agency and its officer, who asks for what the street's cameras saw in the last half hour."""
        def around(lon, lat):
            return [(PLACE[0] - lon, PLACE[1] - lat), (PLACE[0] + lon, PLACE[1] - lat), (PLACE[0] + lon, PLACE[1] + lat),
                    (PLACE[0] - lon, PLACE[1] + lat)]

        def at(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
        agency = self.admin("agency", "admit", "--name", "Demo City Police", "--kind", "police", "--domain", "police.example.org",
                            "--contact", "Front desk, +49 30 5550100", "--act-title", "Council resolution 2026/17",
                            "--act-url", "https://council.example.org/2026/17", "--act-date", "2026-03-01",
                            "--jurisdiction", " ".join(f"{x:.4f},{y:.4f}" for x, y in around(0.15, 0.1)),
                            "--staff", "demo-staff-one", "--staff", "demo-staff-two")["id"]
        email, password = "officer@police.example.org", secrets.token_urlsafe(18)
        officer = self.admin("officer", "create", "--agency", agency, "--email", email, "--name", "A. Officer", "--badge", "4711",
                             "--role", "requester", "--password-stdin", text=password + "\n")
        now = time.time()
        self.api("POST", "/api/v1/requests", officer["token"], {
            "case": "2026-0042", "incident": "theft", "contact": "A. Officer, +49 30 5550100",
            "reason": "A bicycle was taken from the street in front of these houses. Footage of the street may show who took it.",
            "polygon": around(0.0059, 0.0036), "from": at(now - 1800), "to": at(now - 1)})
        self.write("officer.json", {"email": email, "password": password, "totp_uri": officer["totp_uri"], "token": officer["token"]})

    def write(self, name, value):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as f:
            json.dump(value, f, indent=2)
            f.write("\n")

    # ---- the camera: ffmpeg makes a clip, curl uploads it ----
    def run_child(self, command, log):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        self.children.add(child)
        try:
            out, _ = child.communicate()
        finally:
            self.children.discard(child)
        return child.returncode, out.decode(errors="replace")

    def clock(self, started):
        return (f"drawtext=text='%{{pts\\:gmtime\\:{int(started)}\\:%Y-%m-%d %H\\\\\\:%M\\\\\\:%S}} UTC'"
                 ":x=24:y=24:fontsize=36:fontcolor=white:box=1:boxcolor=black@0.6:boxborderw=10"
                 ":fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")

    def film(self, path, started, log):
        return self.run_child(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=15",
                               "-f", "lavfi", "-i", "sine=frequency=330:beep_factor=3:sample_rate=48000", "-t", str(CLIP_S), "-vf", self.clock(started),
                               "-c:v", "libx264", "-preset", "veryfast", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k",
                               "-movflags", "+faststart", path], log)

    def upload(self, camera, kind):
        started = time.time() - CLIP_S
        name = time.strftime("%Y%m%d-%H%M%S", time.gmtime(started)) + ".mp4"
        path = self.path(name)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))
        with open(self.path("camera.log"), "ab") as log:
            try:
                code, _ = self.film(path, started, log)
                if code != 0:
                    return False
                code, answer = self.run_child(
                    ["curl", "-sS", "--fail-with-body", "--cacert", self.ca_file, "-u", f"cam:{camera['secret']}", "-T", path,
                     f"{self.url}/ingest/{camera['id']}/{name}?kind={kind}&started_at={at}"], log)
                log.write((answer.strip() + "\n").encode())
                return code == 0
            finally:
                if os.path.exists(path):
                    os.unlink(path)

    def keep_filming(self, camera):
        kinds = ["motion", "ring", "motion", "motion"]
        while not self.stopping.wait(PAUSE_S):
            self.upload(camera, kinds[0])
            kinds.append(kinds.pop(0))

    # ---- the second camera: ffmpeg films and sends at the same time, without end ----
    def live_camera(self, household):
        try:
            with open(self.path("live.json"), encoding="utf-8") as f:
                return json.load(f)
        except (OSError, ValueError):
            made = self.admin("camera", "create", "--household", household, "--name", "Garden")
            self.write("live.json", {"id": made["id"], "secret": made["secret"]})
            return {"id": made["id"], "secret": made["secret"]}

    def stream(self, camera):
        url = (f"https://cam:{camera['secret']}@localhost:{self.port}/ingest/{camera['id']}/live.mp4?kind=continuous")
        while not self.stopping.is_set():
            with open(self.path("live.log"), "wb") as log:
                self.run_child(["ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=15",
                                "-f", "lavfi", "-i", "sine=frequency=220:sample_rate=48000", "-vf", self.clock(time.time()), "-c:v", "libx264",
                                "-preset", "veryfast", "-tune", "zerolatency", "-g", "15", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "48k",
                                "-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-method", "PUT", url], log)
            self.stopping.wait(2)

    # ---- the end ----
    def stop(self):
        self.stopping.set()
        for child in [*self.children, self.server]:
            if child is not None and child.poll() is None:
                child.terminate()
        if self.server is not None:
            self.server.wait()


def interrupt(number, frame):
    raise KeyboardInterrupt


def main():
    a = arguments()
    demo = Demo(a.programs, a.data, a.port)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, interrupt)
    demo.prepare()
    try:
        demo.start()
        known = demo.known()
        people = {**(known or demo.settle_in()), "url": demo.url, "ca_file": demo.ca_file}
        people = {key: people[key] for key in ("url", "ca_file", "owner", "camera")}
        if not demo.upload(people["camera"], "ring"):
            fail(f"the simulated camera could not upload: see {demo.path('camera.log')}")
        if known is None:
            demo.admit_agency()
        demo.write("demo.json", people)
        print(f"ready: {demo.url}/")
        print(f"sign in as {people['owner']['email']} with the password {people['owner']['password']}")
        print("an agency has asked for footage: see Requests there")
        print(f"for scripts: {demo.path('demo.json')}; the browser will ask about the self-signed certificate {demo.ca_file}")
        print("a clip arrives about every half minute, and the camera Garden films live; Ctrl-C stops everything", flush=True)
        household = demo.api("GET", "/api/v1/cameras", people["owner"]["token"])["items"][0]["household_id"]
        for work, camera in ((demo.keep_filming, people["camera"]), (demo.stream, demo.live_camera(household))):
            threading.Thread(target=work, args=(camera,), daemon=True).start()
        code = demo.server.wait()
        fail(f"the server ended with {code}: see {demo.path('server.log')}")
    except KeyboardInterrupt:
        print("stopping", flush=True)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()


main()
