# SPDX-License-Identifier: Apache-2.0
"""The front door: starting, refusing to start, stopping, reloading, crashing, and what it says about itself."""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doorward import Scenario, Server, free_port, sample, wait_for  # noqa: E402


class Refusals(unittest.TestCase):
    """What stops a start, and with which words."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def refused(self, env, *words, command="serve"):
        self.server.env.update(env)
        r = self.server.run(command, check=False, timeout=60)
        self.assertNotEqual(r.returncode, 0)
        for word in words:
            self.assertIn(word, r.stderr)

    def test_a_misspelt_option_names_the_nearest(self):
        self.refused({"DOORWARD_LISTNE": "[::]:1"}, "DOORWARD_LISTNE", "nearest is DOORWARD_LISTEN")

    def test_plain_http_is_for_loopback(self):
        self.refused({"DOORWARD_TLS": "false"}, "loopback", "DOORWARD_ALLOW_PLAIN_HTTP")

    def test_a_certificate_that_is_none(self):
        for name in ("cert", "key"):
            with open(os.path.join(self.server.folder, name), "w", encoding="ascii") as f:
                f.write("no PEM\n")
            self.server.env[f"DOORWARD_TLS_{name.upper()}_FILE"] = f.name
        self.refused({}, "certificate")

    def test_a_port_in_use(self):
        with socket.socket() as s:
            port = free_port()
            s.bind(("127.0.0.1", port))
            s.listen()
            self.refused({"DOORWARD_LISTEN": f"127.0.0.1:{port}"}, "Cannot listen", str(port))

    def test_a_database_that_does_not_answer(self):
        self.refused({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "start_failed")

    def test_a_master_key_that_others_can_read(self):
        path = os.path.join(self.server.data, "open.key")
        with open(path, "wb") as f:
            f.write(os.urandom(32))
        os.chmod(path, 0o644)
        os.chown(path, *(os.stat(self.server.data).st_uid, os.stat(self.server.data).st_gid))
        self.refused({"DOORWARD_MASTER_KEY_FILE": path}, "master key", "owner only")

    def test_a_folder_that_another_server_uses(self):
        self.server.start()
        port = free_port()
        self.refused({"DOORWARD_LISTEN": f"[::]:{port}"}, "Another doorward is running")

    def test_an_unknown_command(self):
        r = self.server.run("sevre", check=False)
        self.assertEqual(r.returncode, 2)
        self.assertIn("usage", r.stderr)


@unittest.skipUnless(os.geteuid() == 0, "needs root to give it up")
class Privileges(unittest.TestCase):
    def test_root_without_its_user_is_told_what_to_do(self):
        server = Server({"DOORWARD_RUN_AS": "nosuchuser"})
        self.addCleanup(server.close)
        r = subprocess.run([server.binary, "serve"], env=server.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 1)
        self.assertIn("nosuchuser", r.stderr)
        self.assertIn("adduser", r.stderr)

    def test_root_is_given_up_for_good(self):
        server = Server({"DOORWARD_RUN_AS": "nobody"})
        self.addCleanup(server.close)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen([server.binary, "serve"], env=server.env, stdout=log, stderr=log)
        server.wait_ready()
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        self.assertEqual(set(status["Uid"].split()), {str(os.stat(server.data).st_uid)})
        self.assertNotIn("0", status["Uid"].split() + status["Groups"].split())
        self.assertEqual(int(status["CapEff"], 16), 0)


class Running(Scenario):
    def test_it_says_it_is_ready_on_standard_output(self):
        self.assertIn(f"ready: {self.server.url}/\n", self.server.log_text())

    def test_health_names_what_it_looked_at(self):
        ready = self.server.get("/readyz").json
        self.assertEqual((ready["ready"], ready["database"], ready["storage"], ready["media"]), (True, "ok", "ok", "ok"))
        self.assertEqual(self.server.get("/healthz").json, {"status": "ok"})
        self.assertEqual(self.server.run("healthcheck").stdout, "ok\n")

    def test_config_prints_what_is_in_effect(self):
        shown = json.loads(self.server.run("config", "--json").stdout)
        self.assertEqual(shown["LISTEN"], self.server.env["DOORWARD_LISTEN"])
        self.assertEqual(shown["LOOPS"], 2)

    def test_migrating_again_changes_nothing(self):
        self.assertEqual(self.server.run("migrate").stdout, "applied 0\n")

    def test_requests_are_counted_and_logged_without_their_query(self):
        before = self.server.metrics()['doorward_http_requests_total{class="4xx"}']
        a = self.server.get("/no/such/page?token=very-secret-thing")
        self.assertEqual(a.status, 404)
        wait_for("the count", lambda: self.server.metrics()['doorward_http_requests_total{class="4xx"}'] >= before + 1)
        line = wait_for("the log line", lambda: [x for x in self.server.log_lines("request")
                                                 if x["request_id"] == a.headers["X-Request-Id"]])[0]
        self.assertEqual((line["status"], line["method"]), (404, "GET"))
        self.assertNotIn("very-secret-thing", self.server.log_text())

    def test_every_log_line_is_json(self):
        for line in self.server.log_text().splitlines():
            if not line.startswith("ready: "):
                json.loads(line)

    def test_keys_and_data_are_for_the_server_alone(self):
        for name in ("keys/master.key", "tls/key.pem", "database_url"):
            self.assertEqual(os.stat(os.path.join(self.server.data, name)).st_mode & 0o077, 0, name)


class Reload(Scenario):
    def peer_certificate(self):
        with socket.create_connection(("localhost", self.server.port), 10) as raw:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(raw, server_hostname="localhost") as s:
                return s.getpeercert(binary_form=True)

    def reload(self):
        done = len(self.server.log_lines("reloaded")) + len(self.server.log_lines("reload_refused"))
        self.server.signal(signal.SIGHUP)
        wait_for("the reload", lambda: len(self.server.log_lines("reloaded")) + len(self.server.log_lines("reload_refused")) > done)

    def test_a_new_certificate_is_used_and_a_bad_one_is_not(self):
        tls = os.path.join(self.server.data, "tls")
        kept = self.server.connection()
        self.addCleanup(kept.close)
        kept.request("GET", "/healthz")
        self.assertEqual(kept.getresponse().read(), b'{"status":"ok"}')
        first = self.peer_certificate()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", os.path.join(tls, "key.pem"),
                        "-out", os.path.join(tls, "cert.pem")], check=True, capture_output=True)
        for name in ("key.pem", "cert.pem"):
            os.chown(os.path.join(tls, name), os.stat(tls).st_uid, os.stat(tls).st_gid)
        self.reload()
        second = self.peer_certificate()
        self.assertNotEqual(first, second)
        kept.request("GET", "/healthz")  # connections live through it
        self.assertEqual(kept.getresponse().status, 200)
        with open(os.path.join(tls, "cert.pem"), "w", encoding="ascii") as f:
            f.write("broken\n")
        self.reload()
        self.assertEqual(self.peer_certificate(), second)
        self.assertTrue(self.server.log_lines("reload_refused"))


class Settings(unittest.TestCase):
    def test_the_log_level_of_the_settings_file_is_read_again(self):
        server = Server()
        self.addCleanup(server.close)
        server.env["DOORWARD_CONFIG_FILE"] = path = os.path.join(server.folder, "settings")

        def settings(level):
            with open(path, "w", encoding="ascii") as f:
                f.write(f"# of this test\nDOORWARD_LOG_LEVEL={level}\n")
        settings("warn")
        server.start()
        server.get("/healthz")
        self.assertEqual(server.log_lines("request"), [])
        settings("info")
        server.signal(signal.SIGHUP)
        wait_for("a line of the new level", lambda: server.get("/healthz").status == 200 and server.log_lines("request"))
        settings("nonsense")
        server.signal(signal.SIGHUP)
        line = wait_for("the refusal", lambda: server.log_lines("reload_refused"))[0]
        self.assertIn("LOG_LEVEL", line["reason"])
        self.assertEqual(server.get("/healthz").status, 200)


class MediaWorker(unittest.TestCase):
    def test_without_it_the_server_is_not_ready_and_with_it_again_it_is(self):
        server = Server({"DOORWARD_LOOPS": 1})
        self.addCleanup(server.close)
        worker = os.path.join(server.folder, "worker")
        shutil.copy(server.env["DOORWARD_WORKER_PATH"], worker)
        server.env["DOORWARD_WORKER_PATH"] = worker
        server.start()
        os.chmod(worker, 0)
        for pid in server.children(worker):
            os.kill(pid, signal.SIGKILL)
        wait_for("not ready", lambda: server.get("/readyz").status == 503)
        self.assertEqual(server.get("/readyz").json["media"], "unavailable")
        os.chmod(worker, 0o755)
        wait_for("ready again", lambda: server.get("/readyz").status == 200)
        self.assertEqual(server.upload(server.household(), sample(3)).status, 201)


class Stopping(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)
        self.server.start()

    def slow_request(self):
        """A request whose body is on its way, so that a drain has something to wait for."""
        s = self.server.ssl_context().wrap_socket(socket.create_connection(("localhost", self.server.port), 30),
                                                  server_hostname="localhost")
        body = b'{"email":"nobody@example.org","password":"x"}'
        s.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                  + str(len(body)).encode() + b"\r\n\r\n" + body[:10])
        self.addCleanup(s.close)
        time.sleep(0.3)  # the server has read the head
        return s, body[10:]

    def test_a_request_under_way_is_finished_and_nothing_new_begins(self):
        s, rest = self.slow_request()
        self.server.signal(signal.SIGTERM)
        wait_for("the drain", lambda: self.server.log_lines("draining"))

        def refused():
            try:
                socket.create_connection(("localhost", self.server.port), 2).close()
                return False
            except OSError:
                return True
        wait_for("new connections to be refused", refused, 10)
        s.sendall(rest)
        answer = s.recv(4096)
        self.assertIn(b"HTTP/1.1 401", answer)
        self.assertEqual(self.server.process.wait(30), 0)
        self.assertTrue(self.server.log_lines("stopped"))

    def test_a_second_signal_ends_at_once(self):
        self.slow_request()
        self.server.signal(signal.SIGINT)
        wait_for("the drain", lambda: self.server.log_lines("draining"))
        at = time.monotonic()
        self.server.signal(signal.SIGINT)
        self.assertEqual(self.server.process.wait(10), 1)
        self.assertLess(time.monotonic() - at, 5)

    def test_after_kill_9_it_starts_again_on_the_same_data(self):
        home = self.server.household()
        self.server.kill()
        self.server.start()
        self.assertEqual(home.get("/api/v1/session").status, 200)

    def test_kills_while_starting_leave_a_folder_that_starts(self):
        self.server.stop()
        for i in range(6):
            self.server.spawn()
            threading.Event().wait(0.03 * i)
            self.server.kill()
        self.server.start()
        self.assertEqual(self.server.get("/readyz").status, 200)


if __name__ == "__main__":
    unittest.main()
