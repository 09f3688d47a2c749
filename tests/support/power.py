# SPDX-License-Identifier: Apache-2.0
"""A disk that can lose power: ext4 on a loop device, on nbdfuse, on nbdkit with a write-back cache in memory. Killing nbdkit loses
what was not flushed and keeps what was, as a power cut does to a disk's own cache.

`missing()` says why the rig cannot be built here, or None."""
import os
import shutil
import signal
import subprocess
import tempfile

from doorward import as_user, wait_for

NEEDED = ("nbdkit", "nbdfuse", "losetup", "mkfs.ext4", "fusermount3")


def missing():
    absent = [p for p in NEEDED if shutil.which(p) is None and not os.path.exists(f"/sbin/{p}")]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse") or not os.path.exists("/dev/loop-control"):
        return "needs root, /dev/fuse and loop devices"
    return None


def run(*args, check=True):
    return subprocess.run(args, check=check, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()


class Disk:
    """`path` is its mount point while the power is on."""

    def __init__(self, megabytes=1024):
        self.folder = tempfile.mkdtemp(prefix="dw-power-")
        os.chmod(self.folder, 0o755)
        self.image = os.path.join(self.folder, "disk.img")
        self.path = os.path.join(self.folder, "mnt")
        self.nbdkit = self.fuse = self.loop = None
        self.number = 0
        os.mkdir(self.path)
        with open(self.image, "wb") as f:
            f.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.on()

    def on(self):
        self.number += 1
        socket = os.path.join(self.folder, f"nbd-{self.number}.sock")
        self.file = os.path.join(self.folder, f"nbd-{self.number}")
        open(self.file, "wb").close()
        self.nbdkit = subprocess.Popen(["nbdkit", "-f", "-U", socket, "--filter=cache", "file", self.image, "cache=writeback"],
                                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("nbdkit", lambda: os.path.exists(socket), 10, 0.01)
        self.fuse = None
        wait_for("nbdfuse", lambda: self.fused(socket), 10, 0.01)
        self.loop = run("losetup", "-f", "--show", self.file)
        run("mount", self.loop, self.path)
        os.chmod(self.path, 0o755)

    def fused(self, socket):
        if self.fuse is None or self.fuse.poll() is not None:  # nbdkit's socket is there a moment before it listens
            self.fuse = subprocess.Popen(["nbdfuse", self.file, "--unix", socket], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return os.path.getsize(self.file) > 0

    def cut(self):
        """The power goes. Who still writes gets errors; nobody's fsync succeeds any more."""
        self.nbdkit.send_signal(signal.SIGKILL)
        self.nbdkit.wait()

    def off(self):
        """After a cut, when the processes that used it are gone."""
        run("umount", "-l", self.path, check=False)
        run("losetup", "-d", self.loop, check=False)
        run("fusermount3", "-u", "-z", self.file, check=False)
        if self.nbdkit.poll() is None:
            self.nbdkit.terminate()
            self.nbdkit.wait()
        self.fuse.terminate()
        self.fuse.wait()

    def folder_for_server(self):
        path = os.path.join(self.path, "data")
        if not os.path.exists(path):
            os.mkdir(path, 0o700)
            user = as_user()
            if user:
                os.chown(path, user["user"], user["group"])
        return path

    def close(self):
        self.off()
        shutil.rmtree(self.folder, ignore_errors=True)
