# SPDX-License-Identifier: Apache-2.0
"""A camera that sends a body of unknown length piece by piece, as fast or slow as its story says."""
import base64
import http.client
import socket
import time
import urllib.parse

from doorward import Answer


class Sender:
    """One chunked upload. What send() returned without error left this process, not more."""

    def __init__(self, server, camera, secret, name, query="", headers=None, timeout=60):
        self.connection = server.connection(timeout)
        path = f"/ingest/{camera}/{urllib.parse.quote(name)}" + (f"?{query}" if query else "")
        self.connection.putrequest("PUT", path)
        self.connection.putheader("Transfer-Encoding", "chunked")
        self.connection.putheader("Authorization", "Basic " + base64.b64encode(f"cam:{secret}".encode()).decode())
        for key, value in (headers or {}).items():
            self.connection.putheader(key, value)
        self.connection.endheaders()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0

    def send(self, data):
        self.connection.send(b"%x\r\n%b\r\n" % (len(data), data))
        self.sent += len(data)

    def pace(self, data, bytes_per_s, piece=4096):
        """Send evenly at that rate."""
        begin, done = time.monotonic(), 0
        while done < len(data):
            self.send(data[done:done + piece])
            done += piece
            time.sleep(max(0.0, begin + done / bytes_per_s - time.monotonic()))

    def finish(self):
        self.connection.send(b"0\r\n\r\n")
        return self.answer()

    def answer(self):
        r = self.connection.getresponse()
        try:
            return Answer(r.status, r.headers, r.read())
        finally:
            self.connection.close()

    def cut(self):
        """The connection is gone, without a word."""
        sock = self.connection.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()
        try:
            sock.close()
        except OSError:
            pass


def gone(error):
    """Did the server vanish, rather than the test fail?"""
    return isinstance(error, (OSError, http.client.HTTPException))
