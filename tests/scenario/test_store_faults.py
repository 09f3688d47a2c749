# SPDX-License-Identifier: Apache-2.0
"""The store or the database fails behind a running server: 503 or 507 and never a false acknowledgement, and it is well again by
itself, without a restart, when they are."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402
from doorward import Server, fault_build, in_threads, sample, wait_for  # noqa: E402
from stored import Acknowledged, check, packets, settled  # noqa: E402



class Faults(unittest.TestCase):
    def place(self, env=None, build=None):
        cluster = pg.Cluster().create()
        self.addCleanup(cluster.finish)
        env = {"DOORWARD_DATABASE_URL": cluster.url(), "DOORWARD_LOOPS": "1", **(env or {})}
        server = Server(env, build) if build else Server(env)
        self.addCleanup(server.close)
        server.start()
        return server, Acknowledged(server.household()), cluster

    def all_is_well(self, server, acknowledged):
        """Acknowledged = stored, nothing left over, the next upload works; the same process all the time."""
        self.assertIsNone(server.process.poll(), server.log_tail())
        self.assertEqual(acknowledged.upload(), 201)
        acknowledged.verify()
        self.assertEqual(acknowledged.listed(), set(acknowledged.clips), "no clip that was refused")
        # What was given up is carried out within a minute; a check on request does it now.
        check(server, "presence", "--finish-garbage")
        settled(server)


class FaultDriver(Faults):
    def test_each_failure_of_the_store_is_told_as_what_it_is(self):
        server, acknowledged, _ = self.place({"DOORWARD_STORE_FAULT": "put:2:full,put:3:fail,put:4:lost,put:5:short,put:6:late=1500,"
                                              "stage:8:full,stage:9:fail"}, fault_build())
        told = [acknowledged.upload() for _ in range(10)]
        self.assertEqual(told, [201, 507, 503, 503, 503, 201, 201, 507, 503, 201])
        self.all_is_well(server, acknowledged)

    def test_reading_that_fails_never_gives_wrong_bytes(self):
        server, acknowledged, _ = self.place({"DOORWARD_STORE_FAULT": "get:2-4:fail,get:6:short,get:8:late=800"}, fault_build())
        for _ in range(10):
            self.assertEqual(acknowledged.upload(), 201)
        whole, failed = 0, 0
        for clip in acknowledged.clips:  # each once: what was read before is kept in memory
            try:
                got = acknowledged.read_back(clip)
            except Exception:  # a 5xx answer, or a body that breaks off
                failed += 1
            else:
                self.assertEqual(got, packets(acknowledged.clips[clip]))
                whole += 1
        self.assertGreater(whole, 0)
        self.assertGreater(failed, 0)
        self.all_is_well(server, acknowledged)

    def test_garbage_that_cannot_be_deleted_stays_for_later(self):
        server, acknowledged, _ = self.place({"DOORWARD_STORE_FAULT": "delete:1-2:fail"}, fault_build())
        self.assertEqual(acknowledged.upload(), 201)
        clip = next(iter(acknowledged.clips))
        acknowledged.home.erase_at_once()
        self.assertEqual(acknowledged.home.delete(f"/api/v1/clips/{clip}").status, 200)
        del acknowledged.clips[clip]
        self.assertEqual(check(server)[0], 0)
        self.all_is_well(server, acknowledged)


class SystemCalls(Faults):
    @contextlib.contextmanager
    def failing(self, server, calls, error):
        """Every such call of the server's own threads fails while inside."""
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        tracer = subprocess.Popen(["strace", "-f", "-q", "-o", "/dev/null", "-p", str(server.process.pid), "-e", f"trace={calls}", "-e",
                                   f"inject={calls}:error={error}"], stderr=subprocess.PIPE, text=True)
        try:
            def traced():
                with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as f:
                    return f"TracerPid:\t{tracer.pid}\n" in f.read()
            if tracer.poll() is None:
                wait_for("strace to be there", lambda: traced() or tracer.poll() is not None, 10)
            if tracer.poll() is not None:
                self.skipTest("this machine does not let processes be traced: " + tracer.stderr.read())
            time.sleep(0.3)  # all threads
            yield
        finally:
            tracer.terminate()
            tracer.wait()
            tracer.stderr.close()

    def story(self, calls, error, status):
        server, acknowledged, _ = self.place()
        self.assertEqual(acknowledged.upload(), 201)
        with self.failing(server, calls, error):
            self.assertEqual([acknowledged.upload() for _ in range(3)], [status] * 3)
            self.assertEqual(len(acknowledged.listed()), 1)
        self.all_is_well(server, acknowledged)

    def test_failing_sync_of_the_bytes(self):
        self.story("fdatasync", "EIO", 503)

    def test_full_disk_at_the_sync(self):
        self.story("fdatasync", "ENOSPC", 507)

    def test_failing_move_of_the_name(self):
        self.story("renameat2", "EIO", 503)

    def test_failing_sync_of_the_folder(self):
        self.story("fsync", "EIO", 503)

    def test_no_room_for_the_name(self):
        self.story("renameat2", "EDQUOT", 507)


class Libfiu(Faults):
    """Syncs fail now and then, by the C library's hand."""

    def control(self, server, command):
        subprocess.run(["fiu-ctrl", "-f", f"{self.pipes}/fiu-ctrl", "-c", command, str(server.process.pid)], check=True, timeout=20,
                       stdout=subprocess.DEVNULL)

    def test_syncs_that_fail_now_and_then(self):
        library = "/usr/lib/fiu/fiu_run_preload.so", "/usr/lib/fiu/fiu_posix_preload.so"
        if shutil.which("fiu-ctrl") is None or not all(os.path.exists(p) for p in library):
            self.skipTest("libfiu is not installed")
        self.pipes = tempfile.mkdtemp(prefix="dw-fiu-")
        self.addCleanup(shutil.rmtree, self.pipes)
        os.chmod(self.pipes, 0o777)
        server, acknowledged, _ = self.place({"LD_PRELOAD": " ".join(library), "FIU_CTRL_FIFO": f"{self.pipes}/fiu-ctrl"})
        self.assertEqual(acknowledged.upload(), 201)
        for point in ("posix/io/sync/fdatasync", "posix/io/sync/fsync"):
            self.control(server, f"enable_random probability=0.25,name={point},failinfo=5")
            told = []
            while len(told) < 100 and not {201, 503} <= set(told):
                told.append(acknowledged.upload())
            self.control(server, f"disable name={point}")
            self.assertEqual(set(told), {201, 503})
            self.all_is_well(server, acknowledged)


class FullDisk(Faults):
    def test_full_disk_refuses_and_takes_again_when_there_is_room(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a small disk")
        disk = tempfile.mkdtemp(prefix="dw-disk-")
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=777", "tmpfs", disk], capture_output=True, text=True)
        self.addCleanup(os.rmdir, disk)
        if made.returncode != 0:
            self.skipTest("cannot mount here: " + made.stderr)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=True)
        server, acknowledged, _ = self.place({"DOORWARD_STORE_DIR": disk + "/objects", "DOORWARD_LOW_WATER_BYTES": str(1 << 20)})
        path = sample(6, "mp4", size="640x480")
        told = []
        while len(told) < 400 and 507 not in told:
            told.append(acknowledged.upload(path))
        self.assertEqual(set(told), {201, 507}, told)
        self.assertEqual(acknowledged.upload(path), 507)
        acknowledged.verify(list(acknowledged.clips)[:2])  # reading goes on
        # Below the mark nothing begins; past the end of the disk an upload under way fails as well.
        filler = disk + "/filler"
        with open(filler, "wb") as f, contextlib.suppress(OSError):
            f.write(bytes(64 << 20))
        self.assertEqual(acknowledged.upload(path), 507)
        os.unlink(filler)
        acknowledged.home.erase_at_once()
        for clip in list(acknowledged.clips)[:3]:
            self.assertEqual(acknowledged.home.delete(f"/api/v1/clips/{clip}").status, 200)
            del acknowledged.clips[clip]
        check(server, "presence", "--finish-garbage")
        self.assertEqual(wait_for("room to be used again", lambda: acknowledged.upload() == 201, 10, 0.5), True)
        acknowledged.verify()


class Database(Faults):
    def test_stopped_database(self):
        server, acknowledged, cluster = self.place()
        self.assertEqual(acknowledged.upload(), 201)
        for mode in ("fast", "immediate"):
            cluster.stop(mode)
            begun = time.monotonic()
            self.assertEqual(acknowledged.upload(), 503)
            self.assertLess(time.monotonic() - begun, 4, "refused, not left waiting")
            self.assertEqual(server.get("/readyz").status, 503)
            cluster.start()
            begun = time.monotonic()
            wait_for("the database to be back", lambda: server.get("/readyz").status == 200, 10, 0.1)
            self.assertLess(time.monotonic() - begun, 5)
            self.all_is_well(server, acknowledged)

    def under_load(self, disturb, rounds):
        """Uploads all the time while `disturb` does its worst; afterwards acknowledged = stored."""
        server, acknowledged, cluster = self.place({"DOORWARD_LOOPS": "2"})
        over = threading.Event()

        def camera():
            while not over.is_set():
                if acknowledged.upload(timeout=30) != 201:
                    time.sleep(0.1)

        def disturber():
            try:
                for _ in range(rounds):
                    time.sleep(0.7)
                    disturb(cluster)
                time.sleep(1)
            finally:
                over.set()
        in_threads(camera, camera, camera, disturber)
        self.assertEqual(set(acknowledged.answers) - {201, 503}, set())
        wait_for("the server to be ready", lambda: server.get("/readyz").status == 200, 10, 0.1)
        print(f"{acknowledged.answers.count(201)} acknowledged, {acknowledged.answers.count(503)} refused", file=sys.stderr)
        self.assertIn(201, acknowledged.answers)
        wait_for("given-up uploads to be undone", lambda: check(server, "presence")[1]["uploads"] == 0, 20, 0.3)
        # A commit whose answer was lost is a clip that nobody was told of: there may be more, never fewer.
        acknowledged.verify()
        check(server, "presence", "--finish-garbage")
        settled(server)
        self.assertEqual(acknowledged.upload(), 201)

    def test_restarted_under_load(self):
        def restart(cluster):
            cluster.stop("fast")
            time.sleep(0.3)
            cluster.start()
        self.under_load(restart, 3)

    def test_crashed_under_load(self):
        def crash(cluster):
            cluster.stop("immediate")
            cluster.start()
        self.under_load(crash, 3)

    def test_backends_killed_under_load(self):
        def kill(cluster):
            # One backend killed hard makes PostgreSQL restart all of them.
            pid = cluster.psql("select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                               " limit 1")
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            time.sleep(1.5)
        self.under_load(kill, 4)

    def test_connections_cut_under_load(self):
        def cut(cluster):
            cluster.psql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                         " and pid <> pg_backend_pid()")
        self.under_load(cut, 8)


if __name__ == "__main__":
    unittest.main()
