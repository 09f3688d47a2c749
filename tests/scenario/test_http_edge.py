# SPDX-License-Identifier: Apache-2.0
"""The HTTP front end against hostile and odd clients, over plain HTTP and TLS.

The server is tests/support/httpserver.c: the real front end with a few routes, no data base behind it.
"""
import contextlib
import http.client
import json
import os
import re
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("DOORWARD_BUILD", os.path.join(ROOT, "build")))
BINARY = os.path.join(BUILD, "tests", "unit", "http", "httpserver")
HEAD = b"Host: localhost\r\n"


def make_certificate(folder, name):
    cert, key = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


class Server:
    def __init__(self, tls=False, **env):
        self.folder = tempfile.TemporaryDirectory()
        self.tls = tls
        full = dict(os.environ, HOST="127.0.0.1", **{k: str(v) for k, v in env.items()})
        if tls:
            self.cert, self.key = make_certificate(self.folder.name, "first")
            full.update(TLS_CERT=self.cert, TLS_KEY=self.key)
        self.log = open(os.path.join(self.folder.name, "log"), "w+")
        self.process = subprocess.Popen([BINARY], env=full, stdout=self.log, stderr=subprocess.STDOUT)
        self.port = int(self.wait_for(r"^port (\d+)").group(1))

    def wait_for(self, pattern, seconds=20):
        end = time.time() + seconds
        while time.time() < end:
            with open(self.log.name) as f:
                found = re.search(pattern, f.read(), re.M)
            if found:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{pattern} is not in the log")

    def context(self):
        c = ssl.create_default_context()
        c.check_hostname = False
        c.verify_mode = ssl.CERT_NONE
        return c

    def connect(self, timeout=10, rcvbuf=None):
        s = socket.socket()
        if rcvbuf:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        s.settimeout(timeout)
        s.connect(("127.0.0.1", self.port))
        return self.context().wrap_socket(s) if self.tls else s

    def http(self, timeout=20):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.context())
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, method="GET", body=None, headers=None):
        c = self.http()
        c.request(method, path, body=body, headers=headers or {})
        r = c.getresponse()
        data = r.read()
        c.close()
        return r, data

    def stats(self):
        return json.loads(self.get("/stats")[1])

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        code = self.process.returncode
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        self.folder.cleanup()
        assert code == 0 and "ERROR" not in text, f"the server ended with {code}\n{text[-4000:]}"


def receive(s, seconds=5):
    """Everything until the peer closes. Returns (bytes, closed)."""
    out, end = b"", time.time() + seconds
    try:
        while True:
            s.settimeout(max(0.01, end - time.time()))
            b = s.recv(65536)
            if not b:
                return out, True
            out += b
    except (TimeoutError, socket.timeout):
        return out, False
    except (ConnectionError, ssl.SSLError):
        return out, True


def receive_answer(s, seconds=5):
    """One answer with Content-Length: (status, headers, body)."""
    s.settimeout(seconds)
    data = b""
    while b"\r\n\r\n" not in data:
        b = s.recv(65536)
        if not b:
            raise ConnectionError("closed: %r" % data)
        data += b
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {k.lower(): v.strip() for k, v in (l.split(":", 1) for l in lines[1:])}
    while len(body) < int(fields.get("content-length", 0)):
        body += s.recv(65536)
    return int(lines[0].split()[1]), fields, body


class Edge:
    """Every test here runs twice: see PlainTest and TlsTest below."""
    TLS = False

    @classmethod
    def setUpClass(cls):
        cls.server = Server(tls=cls.TLS, TRUSTED="127.0.0.1")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def answers(self, raw, seconds=3):
        with self.server.connect() as s:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                s.sendall(raw)  # the answer may come, and the end, before all of it is out
            return receive(s, seconds)

    def refused(self, raw, statuses=(400,), name=""):
        """Exactly one answer, one of these statuses, then closed."""
        with self.subTest(name=name, raw=raw[:80]):
            data, closed = self.answers(raw)
            found = [int(n) for n in re.findall(rb"HTTP/1\.[01] (\d{3})", data)]
            self.assertEqual(len(found), 1, data)
            self.assertIn(found[0], statuses)
            self.assertTrue(closed, "the connection stayed open")

    # ---- what libmicrohttpd lets through ----

    def test_two_content_lengths(self):
        self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde")
        self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc")

    def test_content_length_with_transfer_encoding(self):
        self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n")

    def test_blank_before_the_colon(self):
        self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length : 5\r\n\r\nGET /hello HTTP/1.1\r\n\r\n")
        self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X-Test\t: 5\r\n\r\n")

    def test_unknown_transfer_encoding(self):
        for coding in (b"xchunked", b"chunked, gzip", b"gzip, chunked", b"identity", b"chunked\x0b", b"", b"chunked, chunked"):
            start = time.time()
            self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: " + coding + b"\r\n\r\n0\r\n\r\n", name=coding)
            self.assertLess(time.time() - start, 2)
        self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n")
        self.refused(b"POST /echo HTTP/1.0\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")

    def test_bare_line_feeds_and_folded_lines(self):
        self.refused(b"GET /hello HTTP/1.1\nHost: a\n\n")
        self.refused(b"GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")
        self.refused(b"GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n\n")
        self.refused(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Test: b\r\n c\r\n\r\n")
        self.refused(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Test: b\r\n\tc: d\r\nY: z\r\n\r\n")
        self.refused(b"GET /hello HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n")

    def test_control_characters(self):
        for c in (b"\x00", b"\r", b"\x01", b"\x7f", b"\x0b"):
            self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X-Test: a" + c + b"b\r\n\r\n", name="in a value")
            self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X-Test: a" + c + b"\r\nY: z\r\n\r\n", name="at the end of a value")
            self.refused(b"GET /hello" + c + b"x HTTP/1.1\r\n" + HEAD + b"\r\n", name="in the path")
            self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X" + c + b"Y: a\r\n\r\n", name="in a name")

    def test_escapes_in_the_path(self):
        for path in (b"/hello%00b", b"/a%00b", b"/%2e%2e%2fhello", b"/%2e%2e/hello", b"/..%2fhello", b"/show/..", b"/show/%2e%2e",
                     b"/show/.", b"/show/%ff", b"/show/%c0%af", b"/./hello", b"/a/../hello", b"/show/%", b"/show/%4", b"/show/%zz", b"/show/a%0ab", b"/show/a#b"):
            self.refused(b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"\r\n", name=path)
        for query in (b"?a=%00", b"?a=%ff", b"?a=%", b"?%zz=1"):
            self.refused(b"GET /hello" + query + b" HTTP/1.1\r\n" + HEAD + b"\r\n", name=query)
        r, data = self.server.get("/show/a%2Eb%20c..?a=x%26y+z", headers={"Cookie": "d=1; c=two; e=3", "X-Test": "t"})
        shown = json.loads(data)
        self.assertEqual((shown["name"], shown["a"], shown["cookie"], shown["header"]), ("a.b c..", "x&y z", "two", "t"))

    def test_host(self):
        self.refused(b"GET /hello HTTP/1.1\r\n\r\n", name="none")
        self.refused(b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", name="two")
        data, closed = self.answers(b"GET /hello HTTP/1.0\r\n\r\n")
        self.assertIn(b" 200 ", data)

    def test_methods(self):
        for method, status in ((b"TRACE", 405), (b"CONNECT", 405), (b"get", 501), (b"Get", 501), (b"BREW", 501), (b"GETT", 501)):
            self.refused(method + b" /hello HTTP/1.1\r\n" + HEAD + b"\r\n", (status,), name=method)
            self.refused(method + b" /hello HTTP/1.1\r\n" + HEAD + b"Content-Length: 35\r\n\r\nGET /hello HTTP/1.1\r\nHost: smug\r\n\r\n", (status,))

    def test_framing_numbers(self):
        for length in (b"+5", b"-1", b"5,5", b"0x5", b"5 5", b"", b"99999999999999999999999", b"18446744073709551615"):
            self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: " + length + b"\r\n\r\nabcde", (400, 413), name=length)
        for chunk in (b"0x5\r\nabcde\r\n", b"-5\r\nabcde\r\n", b"5 \r\nabcde\r\n", b"FFFFFFFFFFFFFFFFF\r\nab", b"\r\nab", b"5\r\nabcdefgh\r\n"):
            self.refused(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n", (400, 413), name=chunk)

    def test_large_heads(self):
        self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X: " + b"a" * 40000 + b"\r\n\r\n", (400, 413, 431))
        self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X: y\r\n" * 3000 + b"\r\n", (400, 413, 431))
        self.refused(b"GET /hello HTTP/1.1\r\n" + HEAD + b"X: y\r\n" * 100 + b"\r\n", (431,))
        self.refused(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", (414, 431))
        self.refused(b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", (414, 431))

    def test_request_lines(self):
        for line in (b"GET  /hello HTTP/1.1", b"GET /hello  HTTP/1.1", b"GET /hello HTTP/1.1 ", b"GET /he llo HTTP/1.1", b"GET hello HTTP/1.1",
                     b"GET http://localhost/hello HTTP/1.1", b"GET * HTTP/1.1", b"GET /hello\t HTTP/1.1"):
            self.refused(line + b"\r\n" + HEAD + b"\r\n", name=line)
        for line in (b"GET", b"GET /hello", b"GET /hello HTTP/2.0", b"GET /hello http/1.1", b"\x16\x03\x01", b"GET /hello HTTP/1.1x"):
            with self.subTest(line=line):
                data, closed = self.answers(line + b"\r\n" + HEAD + b"\r\n")
                self.assertTrue(closed)
                self.assertNotIn(b" 200 ", data)

    def test_accepted_the_same_as_nginx(self):
        """Chunk lines ended by LF and chunk extensions are taken; the body is exactly the chunks."""
        data, _ = self.answers(b"POST /echo HTTP/1.1\r\n" + HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                               b"3;x=y\r\nabc\r\n2\nde\n0\r\n\r\n")
        self.assertTrue(data.endswith(b"\r\n\r\nabcde"), data)

    def test_pipelined_requests_get_one_answer_each(self):
        one = b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n"
        data, _ = self.answers(one + b"POST /echo HTTP/1.1\r\n" + HEAD + b"Content-Length: 5\r\n\r\nabcde" +
                               one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + one)
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", data), [b"200"] * 3)
        data, closed = self.answers(one + b"GET /hello HTTP/1.1\r\nHost: a\nX: y\r\n\r\n" + one)
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", data), [b"200", b"400"])
        self.assertTrue(closed)

    # ---- answers ----

    def test_every_answer_has_the_security_headers(self):
        for path, status in (("/hello", 200), ("/nothing", 404), ("/bytes/5", 200), ("/source/lazy/5", 200)):
            r, data = self.server.get(path)
            self.assertEqual(r.status, status)
            self.assertEqual(r.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(r.getheader("Referrer-Policy"), "no-referrer")
            self.assertIn("default-src 'none'", r.getheader("Content-Security-Policy"))
            self.assertEqual(r.getheader("Cache-Control"), "no-store")
            self.assertEqual(r.getheader("Strict-Transport-Security") is not None, self.TLS)
            self.assertRegex(r.getheader("X-Request-Id"), "^[0-9a-z]{26}$")

    def test_errors_are_problems(self):
        for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/hello", 405), ("BREW", "/hello", 501)):
            r, data = self.server.get(path, method)
            problem = json.loads(data)
            self.assertEqual((r.status, problem["status"]), (status, status))
            self.assertEqual(r.getheader("Content-Type"), "application/problem+json")
            self.assertEqual(problem["request_id"], r.getheader("X-Request-Id"))
            self.assertTrue(problem["type"].startswith("/problems/") and problem["hint"])

    def test_methods_come_by_themselves(self):
        r, data = self.server.get("/bytes/1000", "HEAD")
        self.assertEqual((r.status, r.getheader("Content-Length"), data), (200, "1000", b""))
        r, data = self.server.get("/source/lazy/1000", "HEAD")
        self.assertEqual((r.status, r.getheader("Content-Length"), data), (200, "1000", b""))
        r, data = self.server.get("/hello", "OPTIONS")
        self.assertEqual((r.status, r.getheader("Allow")), (204, "GET, HEAD, OPTIONS"))
        r, data = self.server.get("/hello", "DELETE")
        self.assertEqual((r.status, r.getheader("Allow")), (405, "GET, HEAD, OPTIONS"))
        self.assertEqual(self.server.get("/nothing", "OPTIONS")[0].status, 404)
        self.assertEqual(self.server.get("*", "OPTIONS")[0].status, 204)

    def test_bodies_of_all_kinds_are_whole(self):
        want = bytes((i * 31 + (i >> 8)) & 255 for i in range(300000))
        for path in ("/bytes/300000", "/static/300000", "/source/fast/300000", "/source/lazy/300000", "/source/chunked/300000"):
            r, data = self.server.get(path)
            self.assertEqual((r.status, data), (200, want), path)
        for path in ("/bytes/0", "/source/lazy/0", "/source/chunked/0"):
            r, data = self.server.get(path)
            self.assertEqual((r.status, data), (200, b""), path)

    def test_a_source_that_fails_cuts_the_answer_off(self):
        c = self.server.http()
        c.request("GET", "/source/fail/3000000")
        with self.assertRaises((http.client.IncompleteRead, ConnectionError, ssl.SSLError)):
            c.getresponse().read()
        c.close()

    def test_unknown_arguments_can_be_refused(self):
        r, data = self.server.get("/show/x?a=1&zz=2")
        self.assertEqual(r.status, 400)
        self.assertIn("zz", json.loads(data)["detail"])

    def test_forwarded_for_counts_from_a_trusted_proxy(self):
        for sent, want in (("9.9.9.9", "9.9.9.9"), ("6.6.6.6, 9.9.9.9", "9.9.9.9"), ("9.9.9.9, 127.0.0.1", "9.9.9.9"),
                           ("evil", "127.0.0.1"), ("9.9.9.9, evil", "127.0.0.1"), ("2001:db8::1", "2001:db8::1"), ("", "127.0.0.1")):
            r, data = self.server.get("/show/x", headers={"X-Forwarded-For": sent, "X-Forwarded-Proto": "https"})
            self.assertEqual(json.loads(data)["peer"], want)
            self.assertTrue(json.loads(data)["tls"])

    # ---- request bodies ----

    def test_json_is_one_object_without_duplicates(self):
        def post(body, kind="application/json"):
            r, data = self.server.get("/json", "POST", body, {"Content-Type": kind})
            return r.status, json.loads(data)
        self.assertEqual(post('{"a": [1, {"b": null}]}'), (200, {"a": [1, {"b": None}]}))
        self.assertEqual(post('{"a": 1}', "application/json; charset=utf-8")[0], 200)
        for body in ('{"a":1,"a":2}', "[1]", '"x"', "", "{", '{"a":1} x', "{'a':1}", b'{"a":"\xff"}', '{"a":"\\u0000"}', '{"a":NaN}',
                     '{"a":' + "[" * 16 + "]" * 16 + "}", "[" * 5000, '{"a":1e999}'):
            self.assertEqual(post(body)[0], 400, body[:40])
        self.assertEqual(post('{"a":' + "[" * 15 + "]" * 15 + "}")[0], 200)
        self.assertEqual(post('{"a":1}', "text/plain")[0], 415)
        self.assertEqual(post('{"a":1}', "application/jsonx")[0], 415)
        self.assertEqual(post('{"a":"' + "x" * 20000 + '"}')[0], 413)

    def test_uploads_arrive_whole(self):
        body = os.urandom(3000000)
        for how in ("fast", "slow"):
            for chunked in (False, True):
                c = self.server.http()
                c.request("PUT", "/sink/" + how, iter([body[i:i + 7777] for i in range(0, len(body), 7777)]) if chunked else body,
                          encode_chunked=chunked, headers={"Transfer-Encoding": "chunked"} if chunked else {})
                r = c.getresponse()
                self.assertEqual(json.loads(r.read()), {"bytes": len(body), "crc32": zlib.crc32(body)})
                self.assertEqual(r.status, 201)
                c.close()

    def test_sixteen_paced_uploads_at_once(self):
        body, wrong = os.urandom(200000), []

        def upload(i):
            with self.server.connect(30) as s:
                s.sendall(b"PUT /sink/%s HTTP/1.1\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n" % (b"slow" if i % 2 else b"fast", HEAD, len(body)))
                for at in range(0, len(body), 10000):
                    s.sendall(body[at:at + 10000])
                    time.sleep(0.005)
                data, _ = receive(s, 20)
                if b'"crc32":%d}' % zlib.crc32(body) not in data:
                    wrong.append(data)
        threads = [threading.Thread(target=upload, args=(i,)) for i in range(16)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])

    def expecting(self, path, length=5000000):
        s = self.server.connect()
        s.sendall(b"PUT %s HTTP/1.1\r\n%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (path, HEAD, length))
        return s

    def test_a_refusal_goes_out_before_100_continue(self):
        for path in (b"/refuse", b"/late/refuse"):
            with self.expecting(path) as s:
                status, fields, _ = receive_answer(s)
                self.assertEqual((status, fields["www-authenticate"]), (401, 'Basic realm="test"'))
        with self.expecting(b"/sink/small") as s:
            self.assertEqual(receive_answer(s)[0], 413)
        with self.expecting(b"/nothing") as s:
            self.assertEqual(receive_answer(s)[0], 404)

    def test_100_continue_is_sent_when_the_body_is_wanted(self):
        for path in (b"/sink/fast", b"/late/fast"):
            with self.expecting(path, 10) as s:
                s.settimeout(5)
                self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n"))
                s.sendall(b"0123456789")
                status, _, body = receive_answer(s)
                self.assertEqual((status, json.loads(body)["bytes"]), (201, 10))

    def test_a_refusal_reaches_a_client_that_sends_at_once(self):
        """8 MB in flight and no Expect: the answer must not be lost in a reset."""
        for path in (b"/refuse", b"/late/refuse", b"/sink/small"):
            for _ in range(3):
                with self.server.connect() as s:
                    try:
                        s.sendall(b"PUT %s HTTP/1.1\r\n%sContent-Length: 8000000\r\n\r\n" % (path, HEAD) + b"x" * 3000000)
                    except (ConnectionError, ssl.SSLError):
                        pass
                    self.assertIn(receive_answer(s)[0], (401, 413))

    def test_a_small_refused_body_keeps_the_connection(self):
        with self.server.connect() as s:
            for _ in range(3):
                s.sendall(b"POST /refuse HTTP/1.1\r\n" + HEAD + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000)
                self.assertEqual(receive_answer(s)[0], 401)

    def test_an_early_answer_reaches_a_client_that_sends_everything_first(self):
        r, data = self.server.get("/sink/early", "PUT", b"x" * 6000000)
        self.assertEqual((r.status, json.loads(data)["type"]), (422, "/problems/broken_media"))

    def test_an_early_answer_does_not_wait_for_the_body(self):
        """In mid body, of whatever framing; the client then stops by itself."""
        for head in (b"Content-Length: 100000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n"):
            with self.server.connect() as s:
                s.sendall(b"PUT /sink/early HTTP/1.1\r\n" + HEAD + head + b"x" * 300000)
                data, closed = receive(s, 3)
                self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", data), [b"422"])
                self.assertIn(b'"/problems/broken_media"', data)
                self.assertTrue(closed)

    def test_a_chunked_body_past_its_limit_is_answered(self):
        c = self.server.http()
        c.request("POST", "/echo", iter([b"x" * 10000] * 30), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(c.getresponse().status, 413)
        c.close()

    def test_a_client_that_vanishes_breaks_its_sink(self):
        for how in ("fast", "slow"):
            for chunked in (False, True):
                before = self.server.stats()["broken"]
                with self.server.connect() as s:
                    head = b"Transfer-Encoding: chunked\r\n\r\n100000\r\n" if chunked else b"Content-Length: 1000000\r\n\r\n"
                    s.sendall(b"PUT /sink/%s HTTP/1.1\r\n%s" % (how.encode(), HEAD) + head + b"x" * 100000)
                    time.sleep(0.2)
                end = time.time() + 3
                while self.server.stats()["broken"] == before and time.time() < end:
                    time.sleep(0.05)
                self.assertEqual(self.server.stats()["broken"], before + 1)

    def test_a_reset_client_of_a_stuck_sink_is_noticed(self):
        before = self.server.stats()["broken"]
        s = self.server.connect()
        s.sendall(b"PUT /sink/stuck HTTP/1.1\r\n" + HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 400000)
        time.sleep(0.3)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
        end = time.time() + 4
        while self.server.stats()["broken"] == before and time.time() < end:
            time.sleep(0.1)
        self.assertEqual(self.server.stats()["broken"], before + 1)

    def test_a_handler_learns_that_its_client_left(self):
        before = self.server.stats()["finished"]
        with self.server.connect() as s:
            s.sendall(b"GET /wait/2500 HTTP/1.1\r\n" + HEAD + b"\r\n")
            time.sleep(0.2)
        time.sleep(3)
        self.assertGreaterEqual(self.server.stats()["finished"], before + 1)

    # ---- waiting ----

    def test_a_storm_of_waiting_requests_starves_nobody(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
        n = 1000 if not self.TLS else 300
        waiting = []
        try:
            for _ in range(n):
                s = self.server.connect()
                s.sendall(b"GET /wait/6000 HTTP/1.1\r\n" + HEAD + b"\r\n")
                waiting.append(s)
            worst = 0
            for _ in range(50):
                start = time.time()
                self.assertEqual(self.server.get("/hello")[0].status, 200)
                worst = max(worst, time.time() - start)
            self.assertLess(worst, 1.5)
            for s in waiting:
                self.assertEqual(receive_answer(s, 20)[0], 200)
        finally:
            for s in waiting:
                s.close()

    def test_half_closed_clients_get_their_answer(self):
        if self.TLS:
            self.skipTest("TLS has no half close")
        with self.server.connect() as s:
            s.sendall(b"GET /wait/300 HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
            self.assertIn(b" 200 ", receive(s)[0])


class PlainTest(Edge, unittest.TestCase):
    TLS = False


class TlsTest(Edge, unittest.TestCase):
    TLS = True

    def openssl(self, *args, stdin=b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", server=None):
        port = (server or self.server).port
        with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *args], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as p:
            try:
                p.stdin.write(stdin)
                p.stdin.flush()
                out = b""
                end = time.time() + 5
                while b"hello" not in out and time.time() < end:
                    b = os.read(p.stdout.fileno(), 65536)
                    if not b:
                        break
                    out += b
                return out.decode(errors="replace")
            finally:
                p.kill()

    def test_only_1_2_and_1_3(self):
        for version, ok in (("-tls1_3", True), ("-tls1_2", True), ("-tls1_1", False)):
            out = self.openssl(version, "-cipher", "ALL:@SECLEVEL=0")
            self.assertEqual('"hello"' in out, ok, version)

    def test_the_first_request_does_not_wait_for_a_delayed_acknowledgement(self):
        took = []
        for _ in range(15):
            with self.server.connect() as s:  # as Python makes it: with Nagle's algorithm
                t0 = time.monotonic()
                s.sendall(b"GET /show/x HTTP/1.1\r\n" + HEAD + b"\r\n")
                s.recv(4096)
                took.append(time.monotonic() - t0)
        self.assertLess(sorted(took)[7], 0.03)

    def test_sessions_resume(self):
        for version in ("-tls1_3", "-tls1_2"):
            session = os.path.join(self.server.folder.name, "session" + version)
            first = self.openssl(version, "-sess_out", session)
            self.assertIn("New, TLSv1", first)
            time.sleep(0.1)
            second = self.openssl(version, "-sess_in", session)
            self.assertIn("Reused, TLSv1", second, version)
            self.assertIn('"hello"', second)

    def test_aes_is_chosen_for_a_client_that_prefers_chacha(self):
        out = self.openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256")
        self.assertIn("ECDHE-ECDSA-AES128-GCM-SHA256", out)
        out = self.openssl("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256")
        self.assertIn("TLS_AES_128_GCM_SHA256", out)
        out = self.openssl("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256")
        self.assertIn('"hello"', out)

    def test_the_certificate_is_replaced_while_running(self):
        server = Server(tls=True)
        try:
            old = server.connect()
            self.assertIn("CN = first", self.openssl(server=server))
            cert, key = make_certificate(server.folder.name, "second")
            os.replace(cert, server.cert)
            os.replace(key, server.key)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for(r"(?s)certificate loaded.*certificate loaded")
            self.assertIn("CN = second", self.openssl(server=server))
            old.sendall(b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n")
            self.assertEqual(receive_answer(old)[0], 200)
            old.close()
            with open(server.key, "w") as f:
                f.write("nonsense")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("certificate refused")
            self.assertIn("CN = second", self.openssl(server=server))
        finally:
            server.stop()

    def test_half_open_handshakes_cost_nothing(self):
        held = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(100)]
        try:
            for s in held:
                s.sendall(bytes.fromhex("16030100a5010000a10303"))
            time.sleep(0.3)
            before = self.server.cpu_s()
            time.sleep(1)
            self.assertLess(self.server.cpu_s() - before, 0.2)
            self.assertEqual(self.server.get("/hello")[0].status, 200)
        finally:
            for s in held:
                s.close()

    def test_renegotiation_is_refused(self):
        out = self.openssl("-tls1_2", stdin=b"R\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertNotIn('"hello"', out)

    def test_plain_http_on_the_tls_port_is_dropped(self):
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            s.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            data, closed = receive(s)
            self.assertTrue(closed)
            self.assertNotIn(b"200", data)


class TimeOutTest(unittest.TestCase):
    """Limits of one or two seconds, so that the sweep can be watched."""

    def setUp(self):
        self.servers = []

    def tearDown(self):
        for s in self.servers:
            s.stop()

    def serve(self, tls=False, **limits):
        self.servers.append(Server(tls=tls, **{"LIMIT_" + k: v for k, v in limits.items()}))
        return self.servers[-1]

    def closes(self, s, least, most):
        start = time.time()
        data, closed = receive(s, most + 2)
        self.assertTrue(closed)
        self.assertGreater(time.time() - start, least)
        self.assertLess(time.time() - start, most)
        return data

    def test_silence_in_the_handshake(self):
        server = self.serve(tls=True, HANDSHAKE=1)
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            self.closes(s, 0.8, 3.5)
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(bytes.fromhex("16030100a5010000a10303"))
            self.closes(s, 0.8, 3.5)

    def test_slow_headers_and_garbage(self):
        for tls in (False, True):
            server = self.serve(tls=tls, HEADER=2, IDLE=60)
            for begin in (b"", b"GET /hello HT", b"GET /hello HTTP/1.1\r\nX: y\r\n", b"\x01\x02\x03"):
                with server.connect() as s:
                    s.sendall(begin)
                    self.closes(s, 0.8, 5)

    def test_a_trickle_of_header_bytes_does_not_help(self):
        server = self.serve(HEADER=2)
        with server.connect() as s:
            s.sendall(b"GET /hello HTTP/1.1\r\n")
            start = time.time()
            with self.assertRaises(ConnectionError):
                while time.time() < start + 10:
                    s.sendall(b"X: y\r\n")
                    time.sleep(0.3)
            self.assertLess(time.time() - start, 6)

    def test_idle_between_requests(self):
        server = self.serve(IDLE=2, HEADER=1)
        with server.connect() as s:
            s.sendall(b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n")
            receive_answer(s)
            self.closes(s, 1.5, 5)

    def test_a_body_that_stops(self):
        server = self.serve(BODY_IDLE=2)
        with server.connect() as s:
            s.sendall(b"PUT /sink/fast HTTP/1.1\r\n" + HEAD + b"Content-Length: 1000\r\n\r\n123")
            self.assertIn(b"HTTP/1.1 408 ", self.closes(s, 1.5, 5))
        time.sleep(1.5)
        self.assertEqual(server.stats()["broken"], 1)

    def test_a_body_that_trickles(self):
        """Each second a few bytes: never idle, but below the least rate once that counts."""
        server = self.serve(BODY_IDLE=5, BODY_RATE=1024)
        with server.connect() as s:
            s.sendall(b"PUT /sink/fast HTTP/1.1\r\n" + HEAD + b"Content-Length: 100000\r\n\r\n")
            start = time.time()
            while time.time() < start + 45 and not select.select([s], [], [], 1)[0]:
                s.sendall(b"12345")
            self.assertEqual(receive_answer(s)[0], 408)
            self.assertGreater(time.time() - start, 28)

    def test_a_slow_sink_is_not_blamed_on_the_client(self):
        server = self.serve(BODY_IDLE=1, HANDLER=5)
        with server.connect() as s:
            s.sendall(b"PUT /sink/stuck HTTP/1.1\r\n" + HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1000000)
            self.assertEqual(receive_answer(s, 15)[0], 503)
        self.assertEqual(server.stats()["broken"], 1)

    def test_a_handler_that_does_not_answer(self):
        server = self.serve(HANDLER=1)
        with server.connect() as s:
            s.sendall(b"GET /wait/3000 HTTP/1.1\r\n" + HEAD + b"\r\n")
            status, fields, body = receive_answer(s)
            self.assertEqual((status, json.loads(body)["type"]), (503, "/problems/unavailable"))
            self.assertIn("retry-after", fields)
            s.sendall(b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n")
            self.assertEqual(receive_answer(s)[0], 200)
            time.sleep(2.5)
        self.assertEqual(server.stats()["finished"], 2)

    def test_a_client_that_takes_nothing(self):
        for tls in (False, True):
            server = self.serve(tls=tls, SEND_IDLE=2)
            for path in (b"/bytes/50000000", b"/source/fast/50000000"):
                with server.connect(rcvbuf=4096) as s:
                    s.sendall(b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"\r\n")
                    end = time.time() + 10
                    while server.stats()["connections"] > 1 and time.time() < end:
                        time.sleep(0.2)
                    self.assertEqual(server.stats()["connections"], 1)

    def test_a_client_that_nibbles(self):
        server = self.serve(SEND_IDLE=3)
        with server.connect(rcvbuf=4096) as s:
            s.sendall(b"GET /bytes/50000000 HTTP/1.1\r\n" + HEAD + b"\r\n")
            end = time.time() + 15
            while server.stats()["connections"] > 1 and time.time() < end:
                s.recv(50)
                time.sleep(0.2)
            self.assertEqual(server.stats()["connections"], 1)

    def test_a_slow_reader_is_left_alone(self):
        server = self.serve(SEND_IDLE=2)
        with server.connect(rcvbuf=4096) as s:
            s.sendall(b"GET /bytes/5000000 HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
            got = 0
            for _ in range(30):
                time.sleep(0.15)
                got += len(s.recv(40000))
            data, closed = receive(s, 10)
            self.assertGreater(got + len(data), 5000000)


class MutationTest(unittest.TestCase):
    """Requests damaged by a seeded generator. HTTP_MUTATIONS and HTTP_SEED say how many and which."""
    SEEDS = [
        b"GET /show/a%20b?a=1&b=x%26y HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; c=d\r\nX-Test: 1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n0123456789",
        b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\nT: u\r\n\r\n",
        b"PUT /sink/slow HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n01234567890123456789",
        b"POST /json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"a\":[1,2,3]}",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /source/lazy/3000 HTTP/1.0\r\nRange: bytes=0-5\r\n\r\n",
    ]
    PIECES = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"%", b"%00", b"..", b"/", b"?", b"&", b"=", b"\x80", b"\xff",
              b"Host: x\r\n", b"Content-Length: 3\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: x\r\n",
              b"Connection: close\r\n", b"Expect: 100-continue\r\n", b"HTTP/1.1", b"HTTP/1.0", b"0\r\n\r\n", b"ffffffffffffffff", b"9" * 30, b"a" * 5000]

    def damage(self, rng):
        data = bytearray(rng.choice(self.SEEDS))
        if rng.random() < 0.3:
            data += rng.choice(self.SEEDS)
        for _ in range(rng.randint(1, 5)):
            at, kind = rng.randrange(len(data) + 1), rng.randrange(5)
            if kind == 0:
                data[at:at] = rng.choice(self.PIECES)
            elif kind == 1:
                del data[at:at + rng.randint(1, 12)]
            elif kind == 2 and at < len(data):
                data[at] = rng.randrange(256)
            elif kind == 3:
                other = rng.randrange(len(data) + 1)
                data[at:at] = data[min(at, other):max(at, other)][:200]
            else:
                data[at:at + 1] = rng.choice(self.PIECES)
        return bytes(data)

    def test_damaged_requests_get_at_most_an_error(self):
        import random
        n, seed = int(os.environ.get("HTTP_MUTATIONS", "3000")), int(os.environ.get("HTTP_SEED", "1"))
        rng = random.Random(seed)
        server = Server(QUIET=1, LIMIT_HEADER=1, LIMIT_BODY_IDLE=1)
        seen = {}
        for i in range(n):
            data = self.damage(rng)
            with self.subTest(seed=seed, i=i, data=data), server.connect() as s:
                try:
                    s.sendall(data)
                    if rng.random() < 0.9:
                        s.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                answer, _ = receive(s, 0.15 if i % 50 else 2)
                statuses = re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer)
                finals = [x for x in statuses if x != b"100"]
                for x in finals:
                    seen[x.decode()] = seen.get(x.decode(), 0) + 1
                    self.assertIn(x, (b"200", b"201", b"204", b"400", b"404", b"405", b"408", b"413", b"414", b"415", b"422", b"431", b"501", b"505"))
                self.assertLessEqual(len(finals), data.count(b"HTTP/1") + 1)
                if b"400" in finals:
                    self.assertEqual(finals.index(b"400"), len(finals) - 1, "an answer after a 400")
        self.assertEqual(server.get("/hello")[0].status, 200)
        self.assertGreater(seen.get("400", 0), n // 20, seen)
        server.stop()


class ListenTest(unittest.TestCase):
    def test_a_port_is_not_shared_with_another_process(self):
        server = Server()
        second = subprocess.run([BINARY, str(server.port)], env=dict(os.environ, HOST="127.0.0.1"), capture_output=True, timeout=10)
        self.assertEqual(second.returncode, 1)
        self.assertIn(b"Address already in use", second.stderr)
        server.stop()


class DrainTest(unittest.TestCase):
    def test_exchanges_under_way_are_finished(self):
        for tls in (False, True):
            server = Server(tls=tls)
            kept, busy, upload = server.connect(), server.connect(), server.connect()
            kept.sendall(b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n")
            receive_answer(kept)
            busy.sendall(b"GET /wait/1500 HTTP/1.1\r\n" + HEAD + b"\r\n")
            upload.sendall(b"PUT /sink/slow HTTP/1.1\r\n" + HEAD + b"Content-Length: 10\r\n\r\n12345")
            time.sleep(0.3)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", server.port), 1)
            kept.sendall(b"GET /hello HTTP/1.1\r\n" + HEAD + b"\r\n")
            status, fields, _ = receive_answer(kept)
            self.assertEqual((status, fields["connection"]), (200, "close"))
            upload.sendall(b"67890")
            self.assertEqual(receive_answer(upload)[0], 201)
            self.assertEqual(receive_answer(busy)[0], 200)
            server.wait_for("^drained")
            server.process.wait(20)
            for s in (kept, busy, upload):
                s.close()
            server.stop()

    def test_grace_ends(self):
        server = Server(GRACE_MS=500)
        waiting = [server.connect() for _ in range(20)]
        for s in waiting:
            s.sendall(b"GET /wait/100000 HTTP/1.1\r\n" + HEAD + b"\r\n")
        upload = server.connect()
        upload.sendall(b"PUT /sink/stuck HTTP/1.1\r\n" + HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * 300000)
        time.sleep(0.3)
        start = time.time()
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("^drained")
        self.assertLess(time.time() - start, 3)
        server.process.kill()  # the test server's own waiting timers would run for 100 s
        server.process.wait()
        for s in waiting + [upload]:
            s.close()
        server.log.close()
        server.folder.cleanup()


if __name__ == "__main__":
    unittest.main()
