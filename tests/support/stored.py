# SPDX-License-Identifier: Apache-2.0
"""What every story of breakage ends with: acknowledged = stored, nothing else is left over, the next upload works."""
import functools
import json
import os
import subprocess
import tempfile
import threading

from doorward import sample, wait_for


@functools.lru_cache(None)
def packets(path):
    """SHA-256 of each stream's coded packets: what must survive whatever happens to the container."""
    out = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-map", "0:a?", "-c", "copy", "-f", "streamhash", "-hash",
                          "sha256", "-"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return out.stdout


class Acknowledged:
    """Uploads of one camera and what was promised for them. Any thread may upload."""

    def __init__(self, home):
        self.home, self.clips, self.answers = home, {}, []
        self.count, self.lock = 0, threading.Lock()

    def upload(self, path=None, timeout=60):
        """One upload under a name of its own; returns the status, None when the connection broke."""
        path = path or sample()
        with self.lock:
            self.count += 1
            name = f"clip-{self.count}{os.path.splitext(path)[1]}"
        try:
            answer = self.home.server.upload(self.home, path, name=name, timeout=timeout)
            clip = answer.json["clip"]["id"] if answer.status in (200, 201) else None
        except (OSError, ValueError, KeyError):
            return None
        except Exception as e:  # http.client's own, not an OSError
            if type(e).__module__ != "http.client":
                raise
            return None
        with self.lock:
            self.answers.append(answer.status)
            if clip:
                self.clips[clip] = path
        return answer.status

    def listed(self):
        found, cursor = set(), ""
        while cursor is not None:
            page = self.home.get(f"/api/v1/clips?limit=200{cursor}").json
            found |= {c["id"] for c in page["items"]}
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        return found

    def read_back(self, clip):
        answer = self.home.get(f"/api/v1/clips/{clip}/clip.mp4")
        if answer.status != 200:
            raise AssertionError(f"clip {clip}: {answer}")
        with tempfile.NamedTemporaryFile(suffix=".mp4") as f:
            f.write(answer.body)
            f.flush()
            return packets.__wrapped__(f.name)

    def verify(self, clips=None):
        """Every acknowledged clip is listed; those in `clips` (default: all) have the bytes that were sent."""
        missing = set(self.clips) - self.listed()
        if missing:
            raise AssertionError(f"acknowledged and lost: {missing}")
        for clip in self.clips if clips is None else clips:
            got, want = self.read_back(clip), packets(self.clips[clip])
            if got != want:
                raise AssertionError(f"clip {clip} changed:\n{got}\n{want}")


def check(server, level="digest", *more):
    """`doorward check` as (exit code, object). It looks with its own eyes: the server's planned faults are not its own."""
    planned = {k: server.env.pop(k) for k in ("DOORWARD_STORE_FAULT", "DOORWARD_FAULT_AT", "LD_PRELOAD") if k in server.env}
    try:
        r = server.run("check", "--level", level, "--json", *more, check=False)
    finally:
        server.env.update(planned)
    if r.returncode not in (0, 1):
        raise AssertionError(f"check could not look: {r.stdout}{r.stderr}")
    return r.returncode, json.loads(r.stdout)


def settled(server, level="digest"):
    """Wait until recovery has nothing left to do, then the check must be clean."""
    def quiet():
        code, result = check(server, "presence")
        return result if code == 0 and result["uploads"] == 0 and result["garbage"] == 0 else None
    try:
        wait_for("recovery to finish", quiet, 20, 0.2)
    except AssertionError as e:
        raise AssertionError(f"{e}: {check(server)}") from None
    code, result = check(server, level)
    if code != 0:
        raise AssertionError(f"not clean: {result}")
    staged = [os.path.join(d, f) for d, _, files in os.walk(os.path.join(server.data, "objects", "staging")) for f in files]
    if staged:
        raise AssertionError(f"left in staging: {staged}")
    return result
