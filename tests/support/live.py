# SPDX-License-Identifier: Apache-2.0
"""Pushing to a camera fragment by fragment, and reading what live view answers."""
import http.client
import re
import select
import socket
import struct
import subprocess
import threading
import time

from doorward import sample
from sender import Sender


def boxes(data):
    """(type, offset, size) of the top-level boxes that are whole."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):
            return
        yield kind.decode("latin-1"), at, size
        at += size


def fragments(path):
    """(init, [fragment, ...]) of a fragmented MP4."""
    with open(path, "rb") as f:
        data = f.read()
    init, parts, begun = b"", [], None
    for kind, at, size in boxes(data):
        if kind == "moof":
            begun = at
        elif kind == "mdat" and begun is not None:
            parts.append(data[begun:at + size])
            begun = None
        elif kind in ("ftyp", "moov"):
            init += data[at:at + size]
    return init, parts


def half_second_parts(seconds=8, rate=20, size="320x240", extra=()):
    """A key picture every half second, a fragment each."""
    return fragments(sample(seconds, audio=None, rate=rate, size=size,
                            extra=("-preset", "ultrafast", "-tune", "zerolatency", "-g", str(rate // 2), "-movflags",
                                   "frag_keyframe+empty_moov+default_base_moof", *extra)))


class Camera(threading.Thread):
    """Pushes half a second at a time, in real time; when the media is at its end, again from its beginning in another body."""

    def __init__(self, server, camera_id, secret, rounds=1000, parts=None, name="live.mp4"):
        super().__init__(daemon=True)
        self.server, self.id, self.secret, self.name, self.rounds = server, camera_id, secret, name, rounds
        self.init, self.parts = parts or half_second_parts()
        self.stopped, self.sent, self.answer, self.failure = threading.Event(), [], None, None

    def body(self):
        sender = Sender(self.server, self.id, self.secret, self.name)
        sender.send(self.init)
        due = time.monotonic()
        for part in self.parts:
            if self.stopped.wait(max(0, due - time.monotonic())):
                break
            sender.send(part)
            self.sent.append(time.time())
            due += 0.5
        self.answer = sender.finish()

    def run(self):
        try:
            for _ in range(self.rounds):
                self.body()
                if self.stopped.is_set() or self.answer.status not in (200, 201):
                    return
        except OSError as e:
            self.failure = e

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stopped.set()
        self.join(60)


class Playlist:
    """The last part of a low-latency playlist and what it says."""

    def __init__(self, text):
        self.text = text
        self.sequence = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", text)[1])
        whole = text.count("#EXTINF")
        skipped = re.search(r"SKIPPED-SEGMENTS=(\d+)", text)
        self.open = self.sequence + whole + (int(skipped[1]) if skipped else 0)  # of the segment that still grows
        tail = text[text.rfind("#EXTINF"):]
        self.open_parts = tail.count("#EXT-X-PART:")
        self.files = re.findall(r"live/[psi]\d+\.mp4[^\"\n]*", text)
        self.maps = re.findall(r'#EXT-X-MAP:URI="([^"]+)"', text)
        self.parts = re.findall(r'#EXT-X-PART:DURATION=([\d.]+),URI="([^"]+)"(,INDEPENDENT=YES)?', text)
        self.segments = re.findall(r"#EXTINF:([\d.]+),\n(\S+)", text)
        self.hint = re.search(r'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', text)

    def next_query(self):
        return f"_HLS_msn={self.open}&_HLS_part={self.open_parts}"


class Player:
    """A keep-alive connection that asks as a viewer."""

    def __init__(self, server, token):
        self.server, self.token = server, token
        self.c = http.client.HTTPSConnection("localhost", server.port, timeout=60, context=server.ssl_context())

    def get(self, path):
        self.c.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        r = self.c.getresponse()
        return r.status, r.read()

    def playlist(self, camera, query=""):
        status, body = self.get(f"/api/v1/cameras/{camera}/live.m3u8" + (f"?{query}" if query else ""))
        if status != 200:
            raise AssertionError(f"{status} {body[:300]}")
        return Playlist(body.decode())

    def close(self):
        self.c.close()


class Stream:
    """live.mp4, read as it comes."""

    def __init__(self, server, token, camera, query="", receive_buffer=0):
        self.c = http.client.HTTPSConnection("localhost", server.port, timeout=30, context=server.ssl_context())
        if receive_buffer:
            self.c.connect()
            self.c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.c.request("GET", f"/api/v1/cameras/{camera}/live.mp4{query}", headers={"Authorization": f"Bearer {token}"})
        self.sock = self.c.sock  # http.client forgets it when the answer ends the connection
        self.answer = self.c.getresponse()
        self.status, self.data, self.cut = self.answer.status, b"", False

    def read_for(self, seconds):
        """All that comes in that time; False when the stream ended before (self.cut: not as it should)."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self.sock.pending() and not select.select([self.sock], [], [], left)[0] and not self.answer.fp.peek(0):
                return True
            try:
                got = self.answer.read1(65536)
            except (OSError, http.client.HTTPException):
                self.cut = True
                return False
            if not got:
                return False
            self.data += got
        return True

    def read_to_end(self, seconds):
        """How long it took to end."""
        begin = time.monotonic()
        if self.read_for(seconds):
            raise AssertionError(f"the stream goes on after {seconds} s")
        return time.monotonic() - begin

    def kinds(self):
        return [kind for kind, _, _ in boxes(self.data)]

    def events(self):
        """[(value, message)] of the emsg boxes."""
        found = []
        for kind, at, size in boxes(self.data):
            if kind == "emsg":
                scheme, value, message = self.data[at + 32:at + size].split(b"\0", 2)
                assert scheme == b"urn:doorward:live:1"
                found.append((value.decode(), message.decode()))
        return found

    def times(self):
        """First decode time of the first track in each fragment."""
        return [struct.unpack_from(">Q", self.data, self.data.index(b"tfdt", at) + 8)[0] for kind, at, _ in boxes(self.data) if kind == "moof"]

    def clocks(self):
        """The wall clock of each prft box, in seconds since 1970."""
        found = []
        for kind, at, _ in boxes(self.data):
            if kind == "prft":
                s, f = struct.unpack_from(">II", self.data, at + 16)
                found.append(s - 2208988800 + f / 2 ** 32)
        return found

    def payloads(self):
        """The mdat boxes."""
        return [self.data[at:at + size] for kind, at, size in boxes(self.data) if kind == "mdat"]

    def close(self):
        self.answer.close()
        self.c.close()


def decodes(data, form="mp4"):
    """What ffmpeg complains about when it decodes these bytes."""
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", form, "-i", "-", "-f", "null", "-"], input=data, capture_output=True, timeout=60).stderr.decode()
