# SPDX-License-Identifier: Apache-2.0
"""Clients that send one file over several requests and are cut off, and what they must be able to rely on."""
import base64
import hashlib
import http.client
import os
import random
import socket
import struct
import time


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Cut(Exception):
    """The connection broke: by plan, or because the server died."""


class Sender:
    """One file on its way. `safe` is the largest offset that was ever told: it must never shrink."""
    declared_by = "Upload-Length"

    def __init__(self, home, name, body, dice):
        self.home, self.name, self.body, self.dice = home, name, body, dice
        self.safe, self.clip, self.cuts, self.refusals, self.last = 0, None, 0, 0, ""

    # ---- one request, by hand: so that it can be cut anywhere ----
    def connect(self):
        try:
            return socket.create_connection(("127.0.0.1", self.home.server.port), timeout=30)
        except OSError as e:
            raise Cut from e

    def head(self, method, path, headers, length):
        secret = base64.b64encode(f"cam:{self.home.camera_secret}".encode()).decode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Basic {secret}", f"Content-Length: {length}",
                 *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        return "\r\n".join(lines).encode()

    @staticmethod
    def answer(s, method="PUT"):
        try:
            r = http.client.HTTPResponse(s, method=method)
            r.begin()
            r.read()
            return r
        except (OSError, http.client.HTTPException) as e:
            raise Cut from e

    def exchange(self, method, path, headers, body=b""):
        s = self.connect()
        try:
            s.sendall(self.head(method, path, headers, len(body)) + body)
            r = self.answer(s, method)
            self.last = f"{method} {r.status}"
            return r
        except OSError as e:
            raise Cut from e
        finally:
            s.close()

    def cut_off(self, method, path, headers, body):
        """Send the beginning of a request and break: with a reset, or silently in order."""
        whole = self.head(method, path, headers, len(body)) + body
        s = self.connect()
        try:
            s.sendall(whole[:self.dice.randrange(len(whole))])
            if self.dice.random() < 0.5:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        finally:
            s.close()
        self.cuts += 1

    # ---- what was promised ----
    def told(self, offset, how="HEAD"):
        if offset < self.safe:
            raise AssertionError(f"{self.name}: {self.safe} bytes were acknowledged, now {offset} are there (says {how})")
        if offset > len(self.body):
            raise AssertionError(f"{self.name}: {offset} of {len(self.body)} bytes")
        self.safe = offset

    def refused(self, r, *allowed):
        if r.status not in allowed:
            raise AssertionError(f"{self.name}: {r.status}, wanted one of {allowed}")
        if r.status == 409 and r.headers["Upload-Offset"]:
            self.told(int(r.headers["Upload-Offset"]), "409")
        self.refusals += 1

    # ---- moves ----
    def chunk(self):
        return self.body[self.safe:self.safe + self.dice.randrange(1, max(2, len(self.body) // 3))]

    def go_on(self):
        if self.safe == len(self.body):
            time.sleep(0.1)  # the clip is being made
            return
        body = self.chunk()
        r = self.exchange(*self.append(self.safe, body), body)
        if r.status in (429, 503):
            time.sleep(0.2)
        elif r.status == 409:
            self.refused(r, 409)
        elif r.status // 100 == 2:
            self.told(self.safe + len(body))
            self.clip = r.headers["Location"] or r.headers["Doorward-Clip"] or self.clip
        elif r.status != 404:
            raise AssertionError(f"{self.name}: {r.status} at {self.safe}")

    def cut(self):
        body = self.chunk()
        self.cut_off(*self.append(self.safe, body), body)
        self.look()

    def wrong_offset(self):
        at = self.dice.choice([0, self.safe - 1, self.safe + 1, len(self.body) - 1])
        if 0 <= at < len(self.body) and at != self.safe:
            body = self.body[at:at + 10]
            self.refused(self.exchange(*self.append(at, body), body), 409, 404, 503)

    def past_the_end(self):
        body = self.body[self.safe:] + b"more than was declared"
        self.refused(self.exchange(*self.append(self.safe, body), body), 409, 400, 404, 503)

    def two_writers(self):
        """The older stalls in the middle, the newer sends, the older goes on: only one counts, the newer unless the server came to
        the older one's head so late that it was the newer."""
        body, start = self.chunk(), self.safe
        old = self.connect()
        try:
            whole = self.head(*self.append(self.safe, body), len(body)) + body
            middle = self.dice.randrange(len(whole) // 2, len(whole))
            old.sendall(whole[:middle])
            self.look()
            self.go_on()
            try:
                old.sendall(whole[middle:])
                r = self.answer(old)
            except (OSError, Cut):
                return
            if r.status // 100 == 2 and self.safe == start:
                self.told(start + len(body), "the older writer")
                self.clip = r.headers["Location"] or r.headers["Doorward-Clip"] or self.clip
            elif r.status in (409, 404, 503):
                self.refusals += 1  # what it tells of the offset may be older than what was told since
            else:
                raise AssertionError(f"{self.name}: the older writer got {r.status}")
        finally:
            old.close()

    MOVES = ((cut, 12), (go_on, 2), (wrong_offset, 2), (past_the_end, 1), (two_writers, 2))

    def step(self):
        moves, weights = zip(*self.MOVES)
        try:
            self.dice.choices(moves, weights)[0](self)
        except (Cut, OSError):
            time.sleep(0.05)  # the server is being killed

    def finish(self, until):
        """Go on without mischief until it is a clip."""
        while self.clip is None:
            if time.monotonic() > until:
                raise AssertionError(f"{self.name}: not a clip; {self.safe} of {len(self.body)} bytes, last {self.last}")
            try:
                self.look()
                if self.clip is None:
                    self.go_on()
            except (Cut, OSError):
                time.sleep(0.1)


class Ranges(Sender):
    """PUT with Content-Range, under a name."""

    def path(self):
        return f"/ingest/{self.home.camera_id}/{self.name}"

    def append(self, at, body):
        return "PUT", self.path(), {"Content-Range": f"bytes {at}-{at + len(body) - 1}/{len(self.body)}"}

    def past_the_end(self):
        body = self.body[self.safe:] + b"more"
        total = len(self.body) + 4
        headers = {"Content-Range": f"bytes {self.safe}-{total - 1}/{total}"}
        if self.safe > 0:  # at 0 it is another file
            self.refused(self.exchange("PUT", self.path(), headers, body), 409, 503)

    def look(self):
        r = self.exchange("HEAD", self.path(), {})
        if r.status == 200:
            self.told(int(r.headers["Upload-Offset"]))
            self.clip = r.headers["Location"] or self.clip
        elif r.status == 404:
            self.told(0, "404")

    def replay(self):
        """The last part again, and all of it again: the same clip."""
        at = len(self.body) // 2
        return [self.exchange(*self.append(a, self.body[a:]), self.body[a:]).headers["Location"] for a in (at, 0)]


class Tus(Sender):
    checked = False
    url = None

    def headers(self, **more):
        return {"Tus-Resumable": "1.0.0", **{k.replace("_", "-"): v for k, v in more.items()}}

    def create(self):
        name = base64.b64encode(self.name.encode()).decode()
        r = self.exchange("POST", f"/ingest/{self.home.camera_id}/tus",
                          self.headers(Upload_Length=len(self.body), Upload_Metadata=f"filename {name}"))
        if r.status != 201:
            raise Cut
        self.url = r.headers["Location"]

    def append(self, at, body):
        if self.url is None:
            self.create()
        more = {"Upload_Checksum": "sha1 " + base64.b64encode(hashlib.sha1(body).digest()).decode()} if self.checked else {}
        return "PATCH", self.url, self.headers(Upload_Offset=at, Content_Type="application/offset+octet-stream", **more)

    def look(self):
        if self.url is None:
            return
        r = self.exchange("HEAD", self.url, self.headers())
        if r.status == 200:
            self.told(int(r.headers["Upload-Offset"]))
            self.clip = r.headers["Doorward-Clip"] or self.clip
        elif r.status != 503:
            raise AssertionError(f"{self.name}: HEAD {r.status}")

    def replay(self):
        """The last request again, and the whole file as another upload."""
        last = self.exchange(*self.append(len(self.body), b"")).headers["Doorward-Clip"]
        again = type(self)(self.home, self.name, self.body, self.dice)
        again.finish(time.monotonic() + 30)
        return [last, again.clip]


class CheckedTus(Tus):
    """With a checksum of each request: all of it counts or nothing."""
    checked = True

    def wrong_checksum(self):
        body = self.chunk()
        method, path, headers = self.append(self.safe, body)
        wrong = bytes([body[0] ^ 1]) + body[1:]
        self.refused(self.exchange(method, path, headers, wrong), 460, 409, 404, 503)

    MOVES = Sender.MOVES + ((wrong_checksum, 2),)


class Joined(Tus):
    """Two parts, then the final upload; without mischief."""
    parts = None

    def look(self):
        pass

    def go_on(self):
        if self.parts is None:
            middle = len(self.body) // 2
            self.parts = [self.part(self.body[:middle]), self.part(self.body[middle:])]
        name = base64.b64encode(self.name.encode()).decode()
        r = self.exchange("POST", f"/ingest/{self.home.camera_id}/tus",
                          self.headers(Upload_Concat="final;" + " ".join(self.parts), Upload_Metadata=f"filename {name}"))
        if r.status == 404:  # the parts are used up: the answer was lost, the same bytes once more find the clip
            self.parts = None
        self.clip = r.headers["Doorward-Clip"]

    def part(self, body):
        r = self.exchange("POST", f"/ingest/{self.home.camera_id}/tus", self.headers(Upload_Length=len(body), Upload_Concat="partial",
                          Content_Type="application/offset+octet-stream"), body)
        if r.status != 201:
            raise Cut
        return r.headers["Location"]


KINDS = (Ranges, Tus, CheckedTus)


def dice_of(seed=None):
    seed = int(os.environ.get("DOORWARD_SEED", "0")) or seed or random.randrange(1 << 32)
    return seed, random.Random(seed)
