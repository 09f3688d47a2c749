# SPDX-License-Identifier: Apache-2.0
"""The power goes in the middle of everything: nothing acknowledged is lost or changed, the server comes back by itself.

Objects, database, journals and spool lie on a disk that loses what was not flushed (tests/support/power.py).
DOORWARD_POWER_CUTS sets how often (default 50)."""
import contextlib
import http.client
import os
import random
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nal  # noqa: E402
import power  # noqa: E402
import test_streams  # noqa: E402
from doorward import Server, sample, wait_for  # noqa: E402
from stored import Acknowledged, settled  # noqa: E402

CUTS = int(os.environ.get("DOORWARD_POWER_CUTS", "50"))
SETTLE_EVERY, READ_BACK = 10, 3
LAST_S = 1.5  # parts of half a second, synced half a second later, and what a sync takes here


def processes_under(folder):
    """Every process that works in the folder or has a file of it open."""
    found = set()
    for pid in (int(p) for p in os.listdir("/proc") if p.isdigit()):
        with contextlib.suppress(OSError):
            links = [os.readlink(f"/proc/{pid}/cwd")]
            links += [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
            if pid != os.getpid() and any(link.startswith(folder + "/") for link in links):
                found.add(pid)
    return found


@unittest.skipIf(power.missing(), power.missing())
class Power(unittest.TestCase):
    def setUp(self):
        self.disk = power.Disk(max(1024, 40 * CUTS))
        self.addCleanup(self.disk.close)
        self.server = Server()
        self.addCleanup(self.server.close)
        self.server.data = self.disk.folder_for_server()
        self.server.env["DOORWARD_DATA_DIR"] = self.server.data
        self.server.start()
        self.acknowledged = Acknowledged(self.server.household())
        self.addCleanup(self.all_dead)
        self.random = random.Random(20261124)
        self.told, self.files = {}, 0  # name -> bytes acknowledged of a file that comes in parts

    def all_dead(self):
        """As without power: server, workers and PostgreSQL at once."""
        def gone():
            left = processes_under(self.disk.path)
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not left
        if self.server.process.poll() is None:
            self.server.kill()
        wait_for("every process to end", gone, 20)

    def uploader(self, path, stop):
        """A camera that sends clip after clip; how many are enough is the power's business."""
        while not stop.is_set():
            if self.acknowledged.upload(path, timeout=10) is None:
                stop.wait(0.05)

    def eraser(self, home, stop):
        """An owner who deletes what an own camera of theirs brings."""
        mine = Acknowledged(home)
        while not stop.is_set():
            if mine.upload(timeout=10) == 201:
                clip = list(mine.clips)[-1]
                with contextlib.suppress(Exception):
                    home.delete(f"/api/v1/clips/{clip}", timeout=10)

    def part(self, name, body, first, last):
        home = self.acknowledged.home
        return self.server.request("PUT", f"/ingest/{home.camera_id}/{name}", body=body[first:last], basic=("cam", home.camera_secret),
                                   headers={"Content-Range": f"bytes {first}-{last - 1}/{len(body)}"}, timeout=10)

    def appender(self, path, stop):
        """A camera that sends files in parts and may forget what was acknowledged."""
        with open(path, "rb") as f:
            body = f.read()
        while not stop.is_set():
            self.files += 1
            name, at = f"parts-{self.files}.mp4", 0
            try:
                while at < len(body) and not stop.is_set():
                    end = min(at + self.random.randint(1000, 60000), len(body))
                    answer = self.part(name, body, at, end)
                    if answer.status == 202:
                        self.told[name] = at = end
                    elif answer.status == 201:
                        self.told.pop(name, None)
                        self.acknowledged.clips[answer.json["clip"]["id"]] = path
                        at = end
                    else:
                        stop.wait(0.05)
            except (OSError, http.client.HTTPException):
                stop.wait(0.05)

    def continue_parts(self, path):
        """What was told of a file that came in parts is there; the rest is sent and it becomes the clip."""
        home = self.acknowledged.home
        with open(path, "rb") as f:
            body = f.read()
        for name, told in self.told.items():
            look = self.server.request("HEAD", f"/ingest/{home.camera_id}/{name}", basic=("cam", home.camera_secret))
            self.assertEqual(look.status, 200, f"{name}: {told} bytes were acknowledged\n{look}")
            at = int(look.headers["Upload-Offset"])
            self.assertGreaterEqual(at, told, name)
            if at < len(body):
                answer = self.part(name, body, at, len(body))
                self.assertEqual(answer.status, 201, answer)
                self.acknowledged.clips[answer.json["clip"]["id"]] = path
        self.told.clear()

    def life(self, writers, shortest=0.05, longest=1.2):
        """Work for a random moment, then no power, then power again. Returns when the power went."""
        stop = threading.Event()
        threads = [threading.Thread(target=w, args=(*more, stop)) for w, *more in writers]
        for t in threads:
            t.start()
        time.sleep(self.random.uniform(shortest, longest))
        at = time.monotonic()
        self.disk.cut()
        self.all_dead()
        stop.set()
        for t in threads:
            t.join(60)
        self.disk.off()
        self.disk.on()
        self.server.start()
        return at

    def test_acknowledged_is_there_after_the_power_was_cut(self):
        other = self.server.household("Forgetful")
        other.erase_at_once()
        writers = [(self.uploader, sample()), (self.uploader, sample(12)), (self.appender, sample(12)), (self.eraser, other)]
        for cut in range(CUTS):
            before = len(self.acknowledged.clips)
            self.life(writers)
            self.continue_parts(sample(12))
            # The rest is proved by the digests that settled() checks.
            self.acknowledged.verify(list(self.acknowledged.clips)[before:][-READ_BACK:])
            if cut % SETTLE_EVERY == SETTLE_EVERY - 1:
                settled(self.server)
        self.acknowledged.verify(self.random.sample(list(self.acknowledged.clips), READ_BACK))
        self.assertGreater(len(self.acknowledged.clips), CUTS, "too little was under way for the cuts to mean anything")
        settled(self.server)
        self.assertEqual(self.acknowledged.upload(), 201)
        print(f"{CUTS} power cuts: {len(self.acknowledged.clips)} acknowledged clips, 0 lost, 0 changed", file=sys.stderr)

    def test_of_an_endless_body_only_the_last_second_goes_with_the_power(self):
        films = test_streams.Killed()
        path, whole = sample(20, "ts"), nal.units(sample(20, "ts"))
        for cut in range(max(1, CUTS // 10)):
            home, log = self.server.household(f"Street {cut}"), []

            def filming(stop, home=home, log=log):
                films.film(self.server, home, 0, path, log)
            at = self.life([(filming,)], 3, 7)
            settled(self.server)
            back = films.pictures(home, home.camera_id)
            self.assertEqual(back, whole[:len(back)], "a beginning of what was sent")
            self.assertGreaterEqual(len(back), films.sent_by(path, log, at - LAST_S) - 1)


if __name__ == "__main__":
    unittest.main()
