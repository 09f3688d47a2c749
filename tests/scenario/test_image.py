# SPDX-License-Identifier: Apache-2.0
"""The container image: builds, is small, holds no ffmpeg program, and serves as a non-root user on a read-only root.

Built by buildah on a base that debootstrap made (no container registry needed). Skipped where buildah or debootstrap are absent, and
unless DOORWARD_TEST_IMAGE=1 asks for it: it takes some minutes and much of the network."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import ROOT, free_port, sample, wait_for  # noqa: E402

SIZE_MAX_MIB = 270
BUILDAH = ["buildah", "--storage-driver", "vfs"]
TRIM = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/cache/apt", "var/lib/apt/lists")


def run(*command, **more):
    r = subprocess.run(command, capture_output=True, text=True, **more)
    if r.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{r.stdout[-3000:]}\n{r.stderr[-3000:]}")
    return r.stdout.strip()


def buildah(*args, **more):
    return run(*BUILDAH, *args, **more)


def base_image(work):
    """As Debian's slim images are: minbase without documentation."""
    root = os.path.join(work, "base")
    cached = os.environ.get("DOORWARD_TEST_BASE_TAR")
    if cached:
        os.mkdir(root)
        run("tar", "-C", root, "-xf", cached)
    else:
        run("debootstrap", "--variant=minbase", "bookworm", root)
    # this machine's way to the network: package sources, and authorities that its administrator added
    for conf in filter(os.path.isdir, ("/etc/apt/apt.conf.d", "/etc/apt/sources.list.d", "/usr/local/share/ca-certificates")):
        shutil.copytree(conf, os.path.join(root, conf[1:]), dirs_exist_ok=True)
    for folder in TRIM:
        shutil.rmtree(os.path.join(root, folder), ignore_errors=True)
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    with open(os.path.join(root, "etc/dpkg/dpkg.cfg.d/slim"), "w", encoding="ascii") as f:
        f.write("".join(f"path-exclude /usr/share/{d}/*\n" for d in ("doc", "man", "locale", "info")))
    container = buildah("from", "scratch")
    buildah("add", container, root, "/")
    buildah("commit", "--rm", container, "localhost/doorward-base")
    shutil.rmtree(root)


class Image(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.environ.get("DOORWARD_TEST_IMAGE") != "1":
            raise unittest.SkipTest("set DOORWARD_TEST_IMAGE=1 to build the container image")
        for tool in ("buildah", "debootstrap"):
            if shutil.which(tool) is None:
                raise unittest.SkipTest(f"{tool} is not installed")
        cls.work = tempfile.mkdtemp(prefix="dw-image-", dir="/var/tmp")
        os.chmod(cls.work, 0o755)  # the database's user walks through it
        cls.addClassCleanup(shutil.rmtree, cls.work, True)
        base_image(cls.work)
        extra = []
        for path in filter(os.path.exists, ("/etc/npmrc", os.path.expanduser("~/.npmrc"))):
            extra += ["--volume", f"{path}:/root/.npmrc:ro"]
            break
        for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry"):
            if os.environ.get(name):
                extra += ["--env", f"{name}={os.environ[name]}"]
        buildah("bud", "--isolation", "chroot", "--build-arg", "BASE=localhost/doorward-base", *extra, "-t", "localhost/doorward",
                "-f", os.path.join(ROOT, "deploy", "Dockerfile"), ROOT)
        cls.container = buildah("from", "localhost/doorward")
        cls.addClassCleanup(buildah, "rm", cls.container)
        cls.root = buildah("mount", cls.container)

    def test_it_is_small_and_has_no_ffmpeg_program(self):
        kib = int(run("du", "-skx", self.root).split()[0])
        print(f"image: {kib / 1024:.0f} MiB")
        self.assertLessEqual(kib / 1024, SIZE_MAX_MIB)
        self.assertFalse(os.path.exists(os.path.join(self.root, "usr/bin/ffmpeg")))

    def test_it_serves_as_a_non_root_user(self):
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            postgres = Postgres(folder)
            data = os.path.join(folder, "data")
            os.mkdir(data)
            os.chown(data, 10001, 10001)
            port = free_port()
            doorward = [*BUILDAH, "run", "--isolation", "chroot", "--user", "10001:10001", "--volume", f"{data}:/data", "--volume",
                        f"{postgres.socket}:/pg", "--env", "DATABASE_URL=host=/pg user=postgres dbname=postgres", "--env",
                        f"DOORWARD_LISTEN=127.0.0.1:{port}", "--env", f"DOORWARD_METRICS_LISTEN=127.0.0.1:{free_port()}",
                        self.container, "--", "/usr/bin/doorward"]
            server = subprocess.Popen([*doorward, "serve"])
            try:
                wait_for("the image's server", lambda: subprocess.run(
                    ["curl", "-skf", f"https://127.0.0.1:{port}/readyz"], capture_output=True).returncode == 0, 60)
                owners = {os.stat(f"/proc/{p}").st_uid for p in self.servers(port)}
                self.assertEqual(owners, {10001})
                self.assertEqual(run(*doorward, "healthcheck"), "ok")
                self.upload(doorward, port)
            finally:
                for pid in self.servers(port):
                    os.kill(pid, signal.SIGTERM)
                server.wait(60)
                postgres.close()

    def upload(self, doorward, port):
        """The worker in the image finds every library it needs."""
        def admin(*args):
            return json.loads(run(*doorward, "admin", *args, "--json"))
        home = admin("household", "create", "--name", "Home")["id"]
        camera = admin("camera", "create", "--household", home, "--name", "Door")
        answer = json.loads(run("curl", "-sSk", "-u", f"cam:{camera['secret']}", "-T", sample(3),
                                f"https://127.0.0.1:{port}/ingest/{camera['id']}/clip.mp4"))
        self.assertEqual(answer["clip"]["camera_id"], camera["id"])

    @staticmethod
    def servers(port):
        """Ids of the processes that serve on the port."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as command, open(f"/proc/{pid}/environ", "rb") as env:
                    if command.read().startswith(b"/usr/bin/doorward\0serve") and f"127.0.0.1:{port}\0".encode() in env.read():
                        found.append(int(pid))
            except OSError:
                pass
        return found


class Postgres:
    """A throwaway cluster that any local user may use through its socket."""

    def __init__(self, folder):
        self.data, self.socket = os.path.join(folder, "pg"), os.path.join(folder, "s")
        binaries = sorted(os.listdir("/usr/lib/postgresql"))[-1]
        self.bin = f"/usr/lib/postgresql/{binaries}/bin"
        os.chmod(folder, 0o755)
        for d in (self.data, self.socket):
            os.mkdir(d)
            shutil.chown(d, "postgres", "postgres")
        run(f"{self.bin}/initdb", "-D", self.data, "-A", "trust", "-U", "postgres", user="postgres", cwd="/")
        run(f"{self.bin}/pg_ctl", "-D", self.data, "-l", f"{self.data}/log", "-w", "-o",
            f"-c listen_addresses= -k {self.socket} -c unix_socket_permissions=0777", "start", user="postgres", cwd="/")

    def close(self):
        run(f"{self.bin}/pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop", user="postgres", cwd="/")


if __name__ == "__main__":
    unittest.main()
