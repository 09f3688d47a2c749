# SPDX-License-Identifier: Apache-2.0
"""The scenario harness: the real `doorward serve`, its own data folder, real clients.

A scenario is a unittest file in tests/scenario/:

    from doorward import Scenario

    class UploadTest(Scenario):
        def test_an_upload_is_listed(self):
            home = self.server.household()
            answer = self.server.upload(home, sample())
            self.assertEqual(answer.status, 201)

`Scenario` starts one server for the class (set `env` on the class to configure it) and shows the end of its log when a test
fails. The server runs unprivileged on free ports, with the private PostgreSQL unless DATABASE_URL is in `env`.
DOORWARD_BUILD names the build folder (default: build).
"""
import base64
import contextlib
import functools
import glob
import json
import os
import pwd
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import http.client

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("DOORWARD_BUILD", os.path.join(ROOT, "build")))
# A build with -Dfault_points=true, for scenarios that break things on purpose: Server(build=fault_build()).
FAULT_BUILD = os.path.abspath(os.environ.get("DOORWARD_FAULT_BUILD", os.path.join(ROOT, "build-asan")))
USER = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
START_S = 120  # a sanitizer build beside another test on two cores


def worker_path(build=BUILD):
    found = glob.glob(os.path.join(build, "server", "**", "doorward-remux"), recursive=True)
    return found[0] if found else os.path.join(build, "server", "doorward-remux")


def fault_build():
    """The folder of a build with fault points, or skip the test."""
    if not os.path.exists(os.path.join(FAULT_BUILD, "server", "doorward")):
        raise unittest.SkipTest("no build with fault points: DOORWARD_FAULT_BUILD names one")
    return FAULT_BUILD


def free_port():
    """A TCP port below the ephemeral range that nobody listens on."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            with contextlib.suppress(OSError):
                s.bind(("::", port))
                return port


def as_user():
    """Popen arguments that give up root."""
    if os.geteuid() != 0:
        return {}
    p = pwd.getpwnam(USER)
    return {"user": p.pw_uid, "group": p.pw_gid, "extra_groups": []}


def wait_for(what, condition, seconds=30, pause=0.05):
    """Poll until condition() is true; its value is returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(pause)


@functools.lru_cache(None)
def sample(seconds=3, container="mp4", video="libx264", audio="aac", size="320x240", rate=15, extra=()):
    """Path of a generated clip with moving picture and sound; made once per machine and kept."""
    name = "-".join([str(seconds), container, video, str(audio), size, str(rate)] + list(extra)).replace("/", "_").replace(" ", "")
    folder = os.path.join(tempfile.gettempdir(), f"doorward-samples-{os.geteuid()}")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{name}.{container}")
    if not os.path.exists(path):
        part = f"{path}.{os.getpid()}.part.{container}"
        cmd = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}"]
        if audio:
            cmd += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-c:a", audio]
        cmd += ["-t", str(seconds), "-c:v", video, "-g", str(rate), "-pix_fmt", "yuv420p"]
        if container == "mp4" and not extra:
            cmd += ["-movflags", "+faststart"]
        cmd += list(extra) + [part]
        subprocess.run(cmd, check=True, stdin=subprocess.DEVNULL)
        os.rename(part, path)
    return path


def shared(*parts):
    """A file of the folder of shared media beside the checkout, or skip the test."""
    path = os.path.join(os.path.dirname(ROOT), "shared", *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{'/'.join(parts)} is not here")
    return path


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def problem(self):
        """The code of a problem+json answer."""
        return self.json["type"].rsplit("/", 1)[1]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Server:
    """One `doorward serve`. Use as a context manager, or start() and close()."""

    def __init__(self, env=None, build=BUILD):
        self.binary = os.path.join(build, "server", "doorward")
        self.folder = tempfile.mkdtemp(prefix="dw-")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data, 0o700)
        if os.geteuid() == 0:
            p = pwd.getpwnam(USER)
            os.chmod(self.folder, 0o755)
            os.chown(self.data, p.pw_uid, p.pw_gid)
        self.port, self.metrics_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.log_path = os.path.join(self.folder, "server.log")
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": self.folder,
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1:disable_coredump=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:abort_on_error=1",
            "DOORWARD_DATA_DIR": self.data,
            "DOORWARD_LISTEN": f"[::]:{self.port}",
            "DOORWARD_METRICS_LISTEN": f"127.0.0.1:{self.metrics_port}",
            "DOORWARD_WORKER_PATH": worker_path(build),
            "DOORWARD_LOW_WATER_BYTES": "1048576",
            "DOORWARD_LOOPS": "2",
            "DOORWARD_LOG_FORMAT": "json",
        }
        self.env.update({k: str(v) for k, v in (env or {}).items()})
        self.plain = self.env.get("DOORWARD_TLS") == "false"
        if self.plain:  # allowed on loopback only
            self.url, self.env["DOORWARD_LISTEN"] = f"http://localhost:{self.port}", f"127.0.0.1:{self.port}"
        self.process = None
        self._ssl = None

    # ---- life ----
    def spawn(self):
        """Start without waiting."""
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen([self.binary, "serve"], env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log, **as_user())
        log.close()
        return self

    def start(self):
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self, seconds=START_S):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}\n{self.log_tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.get("/readyz", timeout=5).status == 200
            return False
        try:
            wait_for("the server to be ready", ready, seconds)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.log_tail()}") from None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=60):
        """SIGTERM and wait; returns the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"the server did not stop in {seconds} s\n{self.log_tail()}") from None
        return self.process.returncode

    def kill(self):
        """kill -9: what a crash looks like. The private PostgreSQL lives on, as it would."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def postmaster_pid(self):
        for path in glob.glob(os.path.join(self.data, "postgres", "**", "postmaster.pid"), recursive=True):
            with contextlib.suppress(OSError, ValueError), open(path, encoding="utf-8") as f:
                return int(f.readline())
        return None

    def children(self, program):
        """Ids of the server's child processes that run the program."""
        found = []
        for path in glob.glob("/proc/[0-9]*/stat"):
            with contextlib.suppress(OSError), open(path, encoding="utf-8") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
                pid = int(path.split("/")[2])
                if parent == self.process.pid and os.readlink(f"/proc/{pid}/exe") == program:
                    found.append(pid)
        return found

    def close(self):
        try:
            self.stop()
        finally:
            pid = self.postmaster_pid()
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
                    wait_for("PostgreSQL to end", lambda: not os.path.exists(f"/proc/{pid}"), 20)
            if not os.environ.get("DOORWARD_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        if exc[0] is not None and not issubclass(exc[0], unittest.SkipTest):
            print(self.log_tail(), file=sys.stderr)
        self.close()

    # ---- what it says ----
    def log_text(self):
        with contextlib.suppress(OSError), open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()
        return ""

    def log_lines(self, event=None):
        """The JSON lines of the log so far, of one event when named."""
        lines = []
        for line in self.log_text().splitlines():
            with contextlib.suppress(ValueError):
                item = json.loads(line)
                if isinstance(item, dict) and event in (None, item.get("event")):
                    lines.append(item)
        return lines

    def log_tail(self, lines=60):
        return "---- end of the server's log ----\n" + "\n".join(self.log_text().splitlines()[-lines:])

    def metrics(self):
        """name{labels} -> value"""
        c = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        c.request("GET", "/metrics")
        text = c.getresponse().read().decode()
        c.close()
        return {k: float(v) for k, v in (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))}

    # ---- clients ----
    @property
    def ca_file(self):
        """The server's certificate: itself the authority that signed it. Copied to where any user may read it."""
        copy = os.path.join(self.folder, "ca.pem")
        shutil.copyfile(os.path.join(self.data, "tls", "cert.pem"), copy)
        os.chmod(copy, 0o644)
        return copy

    def ssl_context(self):
        if self._ssl is None:
            self._ssl = ssl.create_default_context(cafile=self.ca_file)
        return self._ssl

    def connection(self, timeout=30):
        if self.plain:
            return http.client.HTTPConnection("localhost", self.port, timeout=timeout)
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.ssl_context())

    def request(self, method, path, body=None, token=None, basic=None, headers=None, json_body=None, timeout=30):
        """One request on a connection of its own. token: Bearer; basic: (user, password)."""
        headers = dict(headers or {})
        if json_body is not None:
            body = json.dumps(json_body).encode()
            headers.setdefault("Content-Type", "application/json")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(basic).encode()).decode()
        if path.startswith(("https://", "http://")):
            parts = urllib.parse.urlsplit(path)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
        c = self.connection(timeout)
        try:
            c.request(method, path, body=body, headers=headers)
            r = c.getresponse()
            return Answer(r.status, r.headers, r.read())
        finally:
            c.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, json_body=None, **more):
        return self.request("POST", path, json_body=json_body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def curl(self, *args, **more):
        """The curl program with our certificate; returns CompletedProcess with text output."""
        return subprocess.run(["curl", "-sS", "--cacert", self.ca_file, *args], capture_output=True, text=True, timeout=120, **more)

    def upload(self, home, path, name=None, query="", headers=None, data=None, timeout=120):
        """PUT one file (or the bytes `data`) as the household's camera."""
        if data is None:
            with open(path, "rb") as f:
                data = f.read()
        name = name or os.path.basename(path)
        url = f"/ingest/{home.camera_id}/{urllib.parse.quote(name)}" + (f"?{query}" if query else "")
        return self.request("PUT", url, body=data, basic=("cam", home.camera_secret), headers=headers, timeout=timeout)

    # ---- the operator ----
    def run(self, *args, check=True, input=None, timeout=120):
        """Any subcommand with the server's configuration and user."""
        r = subprocess.run([self.binary, *args], env=self.env, cwd=self.folder, input=input, capture_output=True, text=True,
                           timeout=timeout, **as_user())
        if check and r.returncode != 0:
            raise AssertionError(f"doorward {' '.join(args)} ended with {r.returncode}\n{r.stdout}\n{r.stderr}")
        return r

    def admin(self, *args, **more):
        """`doorward admin ARGS --json` as a parsed object."""
        return json.loads(self.run("admin", *args, "--json", **more).stdout)

    def household(self, name="Home", email=None, cameras=1):
        """A household with an owner and cameras: see Home."""
        return Home(self, name, email, cameras)


class Home:
    """household_id; owner: account_id, email, password, token; first camera: camera_id, camera_secret; all: cameras."""
    _count = 0

    def __init__(self, server, name, email, cameras):
        Home._count += 1
        self.server = server
        self.email = email or f"owner{Home._count}-{os.getpid()}@example.org"
        self.password = "correct horse battery staple"
        self.household_id = server.admin("household", "create", "--name", name)["id"]
        owner = server.admin("account", "create", "--email", self.email, "--name", "Owner", "--household", self.household_id,
                             "--password-stdin", input=self.password + "\n")
        self.account_id = owner["id"]
        self.token = owner.get("token")
        self.cameras = [self.add_camera(f"Camera {i + 1}") for i in range(cameras)]
        if self.cameras:
            self.camera_id, self.camera_secret = self.cameras[0]

    def add_camera(self, name):
        made = self.server.admin("camera", "create", "--household", self.household_id, "--name", name)
        return made["id"], made["secret"]

    def get(self, path, **more):
        return self.server.get(path, token=self.token, **more)

    def post(self, path, json_body=None, **more):
        return self.server.post(path, json_body, token=self.token, **more)

    def put(self, path, json_body=None, **more):
        return self.server.request("PUT", path, json_body=json_body, token=self.token, **more)

    def delete(self, path, **more):
        return self.server.delete(path, token=self.token, **more)

    def erase_at_once(self):
        """From now on what is deleted cannot be brought back: it is erased with the deletion."""
        for camera, _ in self.cameras:
            answer = self.put(f"/api/v1/cameras/{camera}/retention", {"undo_s": 0})
            if answer.status != 200:
                raise AssertionError(f"cannot set the undo time: {answer}")

    def clips(self, query=""):
        return self.get("/api/v1/clips" + (f"?{query}" if query else "")).json["items"]


class Scenario(unittest.TestCase):
    """A test case with one running server for the whole class."""
    env = {}

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.env)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"{self.id()}\n{self.server.log_tail()}", file=sys.stderr)


def in_threads(*functions):
    """Run them at once, wait for all, re-raise the first failure."""
    failures = []

    def guard(f):
        try:
            f()
        except BaseException as e:  # handed to the caller below
            failures.append(e)
    threads = [threading.Thread(target=guard, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]
