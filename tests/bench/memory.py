#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory of uploads in progress and of idle TLS connections: proportional set size of the whole server, before and while they are
held open. Then a fresh upload and a fresh sign-in must still work.

    tests/bench/memory.py [--uploads 100] [--idle 10000]
"""
import argparse
import base64
import os
import resource
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cost  # noqa: E402
import doorward  # noqa: E402
import ingest  # noqa: E402


def slow_upload(server, home, data, n):
    """An upload that has sent half of its body and pauses."""
    s = server.ssl_context().wrap_socket(socket.create_connection(("localhost", server.port), 30), server_hostname="localhost")
    secret = base64.b64encode(f"cam:{home.camera_secret}".encode()).decode()
    s.sendall((f"PUT /ingest/{home.camera_id}/slow-{n}.mp4 HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n"
               f"Authorization: Basic {secret}\r\n\r\n").encode() + data[:len(data) // 2])
    return s


def measure(server, label, count, before):
    time.sleep(2)
    pss, private = cost.memory_kib(server.process.pid)
    print(f"{label}: {count} held, {(pss - before[0]) / count:.0f} KiB PSS each, {(private - before[1]) / count:.0f} KiB private dirty each")
    return pss, private


def prove_alive(server, home, label):
    t0 = time.monotonic()
    assert server.upload(home, doorward.sample(), f"fresh-{label}.mp4").status == 201
    t1 = time.monotonic()
    answer = server.post("/api/v1/session", {"email": home.email, "password": home.password})
    assert answer.status == 200, answer
    print(f"{label}: a fresh upload took {(t1 - t0) * 1000:.0f} ms, a fresh sign-in {(time.monotonic() - t1) * 1000:.0f} ms")


def idle_connections(server, n):
    context = ssl.create_default_context(cafile=server.ca_file)
    held = []
    for i in range(n):
        # one source address has some 28,000 ports; spread over loopback addresses all the same
        raw = socket.create_connection(("127.0.0.1", server.port), 30, source_address=(f"127.0.0.{2 + i % 20}", 0))
        s = context.wrap_socket(raw, server_hostname="localhost")
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        s.recv(4096)
        held.append(s)
    return held


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--uploads", type=int, default=100)
    a.add_argument("--idle", type=int, default=10000)
    args = a.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, args.idle + 1000), hard))
    cache = "/tmp/doorward-bench"
    os.makedirs(cache, exist_ok=True)
    data = open(ingest.make_clips(cache)["mp4"], "rb").read()
    server = doorward.Server({"DOORWARD_LOG_LEVEL": "warn", "DOORWARD_IDLE_TIMEOUT_S": "3600", "DOORWARD_UPLOADS_MAX": str(args.uploads + 50)}).start()
    try:
        home = server.household(cameras=args.uploads // 10 + 1)
        prove_alive(server, home, "at rest")
        before = cost.memory_kib(server.process.pid)
        uploads = []
        for n in range(args.uploads):
            home.camera_id, home.camera_secret = home.cameras[n // 10]
            uploads.append(slow_upload(server, home, data, n))
        measure(server, "uploads in progress", args.uploads, before)
        for s in uploads:
            s.close()
        doorward.wait_for("the uploads to end", lambda: len(home.clips("limit=200")) > args.uploads, 120)
        before = cost.memory_kib(server.process.pid)
        held = idle_connections(server, args.idle)
        measure(server, "idle TLS connections", args.idle, before)
        prove_alive(server, home, "beside them")
        for s in held:
            s.close()
    finally:
        server.close()


if __name__ == "__main__":
    main()
