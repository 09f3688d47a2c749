# SPDX-License-Identifier: Apache-2.0
"""A small file system of its own: ext4 in a file, mounted by loop."""
import os
import shutil
import subprocess
import tempfile

from doorward import as_user


def missing():
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control"):
        return "needs root and loop devices"
    return None


class SmallDisk:
    """`path` is a folder on it that the server's user owns."""

    def __init__(self, megabytes=64):
        self.folder = tempfile.mkdtemp(prefix="dw-disk-")
        os.chmod(self.folder, 0o755)
        image, self.mount = os.path.join(self.folder, "image"), os.path.join(self.folder, "mnt")
        os.mkdir(self.mount)
        with open(image, "wb") as f:
            f.truncate(megabytes << 20)
        # Nothing kept back for root: full is full for everybody.
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True, stdin=subprocess.DEVNULL)
        subprocess.run(["mount", "-o", "loop", image, self.mount], check=True, stdin=subprocess.DEVNULL)
        self.path = os.path.join(self.mount, "data")
        os.mkdir(self.path, 0o700)
        user = as_user()
        if user:
            os.chown(self.path, user["user"], user["group"])
        self.filler = os.path.join(self.mount, "filler")

    def room(self):
        v = os.statvfs(self.mount)
        return v.f_bavail * v.f_bsize

    def fill(self, leave=0):
        """Somebody else's file takes all but `leave` bytes."""
        with open(self.filler, "ab") as f:
            f.flush()
            want = self.room() - leave
            if want > 0:
                os.posix_fallocate(f.fileno(), f.tell(), max(want - (1 << 20), 1))
            try:
                while self.room() > leave:
                    f.write(b"\0" * min(65536, self.room() - leave))
                    f.flush()
            except OSError:
                pass

    def empty(self):
        if os.path.exists(self.filler):
            os.remove(self.filler)

    def close(self):
        subprocess.run(["umount", "-l", self.mount], check=False, stdin=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)
