# SPDX-License-Identifier: Apache-2.0
"""Typed answers per fragment, and the camera of docs/examples that lives by them: after a thousand cut connections every picture is
there, once."""
import glob
import os
import random
import select
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import media  # noqa: E402
import pushed  # noqa: E402
from doorward import ROOT, shared  # noqa: E402
from pushed import Pushed, source  # noqa: E402

CUTS = int(os.environ.get("DOORWARD_FRAGMENT_CUTS", "1000"))


class CuttingProxy:
    """Passes bytes between a client and the server, and closes both ends after a random number of them, until it has cut enough."""

    def __init__(self, port, cuts, most, seed):
        self.target, self.left, self.most, self.rng = port, cuts, most, random.Random(seed)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.cuts = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, socket.create_connection(("127.0.0.1", self.target)) as server:
                self.relay(client, server)

    def relay(self, client, server):
        cutting = self.left > 0
        # Some lose the answer: the request is whole, what is cut are the bytes back.
        budget = {client: self.rng.randrange(self.most), server: self.rng.choice([1 << 30, 1 << 30, 1 << 30, 0, 40])}
        while True:
            readable, _, _ = select.select([client, server], [], [], 60)
            for end in readable:
                data = end.recv(4096)
                if not data:
                    return
                if cutting and len(data) >= budget[end]:
                    (server if end is client else client).sendall(data[:budget[end]])
                    self.left -= 1
                    self.cuts += 1
                    return
                budget[end] -= len(data)
                (server if end is client else client).sendall(data)
            if not readable:
                return

    def close(self):
        self.listener.close()


class Fragments(Pushed):
    env = {"DOORWARD_TLS": "false"}

    def fragments(self, sent, *options, ending="ts"):
        folder = os.path.join(self.work.name, f"made{len(os.listdir(self.work.name))}")
        os.mkdir(folder)
        self.ffmpeg("-i", sent, "-c", "copy", "-f", "segment", "-segment_time", "1", *options, f"{folder}/%04d.{ending}")
        return sorted(glob.glob(f"{folder}/*"))

    def send(self, number, data, stream="boot-1", query=""):
        return self.server.request("PUT", f"{self.path}/streams/{stream}/{number}" + (f"?{query}" if query else ""), body=data,
                                   basic=("cam", self.home.camera_secret))

    def state(self, stream="boot-1", query=""):
        return self.server.request("GET", f"{self.path}/streams/{stream}{query}", basic=("cam", self.home.camera_secret)).json

    def bodies(self, *args, **more):
        out = []
        for path in self.fragments(*args, **more):
            with open(path, "rb") as f:
                out.append(f.read())
        return out

    def test_each_is_answered_and_told(self):
        sent = source()
        bodies = self.bodies(sent)
        order = list(range(len(bodies)))
        random.Random(5).shuffle(order)
        for n in order:
            answer = self.send(n, bodies[n])
            self.assertEqual((answer.status, answer.json["errors"]), (201, []), answer)
            self.assertEqual([(a["type"], a["fragment"]) for a in answer.json["acks"]], [("persisted", n)])
        again = self.send(3, bodies[3])
        self.assertEqual((again.status, again.json["acks"][0]["type"]), (200, "persisted"))
        self.assertEqual(self.state(), {"stream": "boot-1", "persisted": [[0, len(bodies) - 1]], "received": []})
        self.assertEqual(self.state(query="?from=5")["persisted"], [[5, len(bodies) - 1]])
        self.assertEqual(self.state("boot-2"), {"stream": "boot-2", "persisted": [], "received": []})
        clip = self.check_whole(sent)
        self.assertEqual(again.json["acks"][0]["clip_id"], clip["id"])

    def test_matroska_and_mp4_too(self):
        sent = source()
        fragmented = ["-segment_format", "mp4", "-segment_format_options", "movflags=frag_keyframe+empty_moov+default_base_moof"]
        for stream, options in (("mkv", ["-segment_format", "matroska"]), ("mp4", [*fragmented, "-reset_timestamps", "0"])):
            with self.subTest(stream):
                bodies = self.bodies(sent, *options, ending=stream)
                answer = self.send(0, bodies[0], stream)
                self.assertEqual((answer.status, answer.json["acks"][0]["type"]), (201, "persisted"), answer)

    def test_every_error_has_its_number(self):
        bodies = self.bodies(source())

        def error(answer):
            self.assertEqual(answer.json["acks"], [], answer)
            e = answer.json["errors"][0]
            self.assertTrue(e["detail"])
            return answer.status, e["number"], e["name"], e["send_again"]
        self.assertEqual(self.send(2, bodies[2]).status, 201)
        self.assertEqual(error(self.send(1, bodies[5])), (409, 4004, "fragment_out_of_order", False))
        self.assertEqual(error(self.send(9, b"hello, world")), (415, 4006, "container_unreadable", False))
        self.assertEqual(error(self.send(9, bodies[3][:188])), (415, 4006, "container_unreadable", False))
        with open(shared("media", "encrypted.mp4"), "rb") as f:
            self.assertEqual(error(self.send(9, f.read()))[:2], (422, 4013))
        long = self.bodies(media.made("push-long", "mp4", ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=5:duration=70", *pushed.H264, "-g", "5"]),
                           "-segment_time", "100")
        self.assertEqual(error(self.send(9, long[0], "long")), (422, 4002, "fragment_too_long", False))
        self.assertEqual(error(self.send(9, b"\0" * (33 << 20))), (413, 4001, "fragment_too_large", False))
        self.assertEqual(self.send(9, bodies[3], "a%20b").problem, "invalid_field")
        self.assertEqual(self.send("x", bodies[3]).problem, "invalid_field")
        self.assertEqual(self.send(9, bodies[3], query="colour=red").problem, "bad_request")
        self.assertEqual(self.state()["persisted"], [[2, 2]])
        self.home.server.request("PATCH", f"/api/v1/cameras/{self.home.camera_id}", json_body={"enabled": False}, token=self.home.token)
        self.assertEqual(self.send(3, bodies[3]).status, 403)

    def test_the_example_camera_loses_nothing_over_a_line_that_breaks(self):
        camera = os.path.join(self.work.name, "camera")
        built = subprocess.run(["cc", "-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", "-o", camera, os.path.join(ROOT, "docs/examples/camera.c"),
                                "-lcurl"], capture_output=True, text=True)
        self.assertEqual(built.returncode, 0, built.stderr)
        sent = media.made("push-small", "mp4", ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=15:duration=80", "-f", "lavfi", "-i",
                                                "sine=frequency=440:sample_rate=48000:duration=80", *pushed.H264, "-g", "15", "-bf", "2",
                                                "-sc_threshold", "0", "-c:a", "aac"])
        files = self.fragments(sent)
        sizes = [os.path.getsize(f) for f in files]
        # Most connections break before a fragment is through, some at its very end, some after it and before the answer.
        proxy = CuttingProxy(self.server.port, CUTS, int(max(sizes) * 1.01), seed=7)
        self.addCleanup(proxy.close)
        r = subprocess.run([camera, f"http://127.0.0.1:{proxy.port}{self.path}/streams/boot-1", self.home.camera_secret, *files],
                           capture_output=True, text=True, timeout=1500)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(f"{len(files)} fragments are safe", r.stdout)
        print(f"cut {proxy.cuts} connections; {r.stdout.strip()}")
        self.assertEqual(proxy.cuts, CUTS)
        self.assertEqual(self.state()["persisted"], [[0, len(files) - 1]])
        self.check_whole(sent)


if __name__ == "__main__":
    pushed.main()
