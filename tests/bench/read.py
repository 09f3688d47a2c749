#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reading cost: CPU seconds per GB of the whole server (PostgreSQL included) for 200 KB ranges of a clip over HTTPS by a signed link,
against nginx serving the same bytes from a file behind secure_link. Same client, same ranges, interleaved rounds.

    tests/bench/read.py [--rounds 5] [--mb 600] [--readers 8] [--bytes 200000] [--loops N]
"""
import argparse
import base64
import hashlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cost  # noqa: E402
import doorward  # noqa: E402
import http.client  # noqa: E402
from ingest import make_clips  # noqa: E402

SECRET = "bench"


class SecureLink:
    """nginx, two workers, files behind secure_link."""

    def __init__(self, folder, cert, key, files):
        self.port = doorward.free_port()
        root = os.path.join(folder, "nginx")
        os.makedirs(os.path.join(root, "files"))
        for n, data in enumerate(files):
            with open(os.path.join(root, "files", f"{n}.mp4"), "wb") as f:
                f.write(data)
        conf = os.path.join(root, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"""daemon off; user root; worker_processes 2; pid {root}/nginx.pid; error_log {root}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000; types {{ video/mp4 mp4; }}
server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_session_cache shared:a:1m;
location / {{ root {root}/files; secure_link $arg_md5,$arg_expires; secure_link_md5 "$secure_link_expires$uri {SECRET}";
if ($secure_link = "") {{ return 403; }} if ($secure_link = "0") {{ return 410; }} }} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", conf, "-p", root])

    def path(self, n):
        expires = int(time.time()) + 3600
        digest = hashlib.md5(f"{expires}/{n}.mp4 {SECRET}".encode()).digest()
        return f"/{n}.mp4?expires={expires}&md5={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    def cpu(self):
        return cost.cpu_seconds(self.process.pid)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def read_all(port, context, paths, plays, readers, wholes):
    """Each reader has one connection and takes one play after another; every answer is compared with the clip."""
    queue, failures, lock = list(plays), [], threading.Lock()

    def run():
        c = http.client.HTTPSConnection("localhost", port, timeout=60, context=context)
        try:
            while not failures:
                with lock:
                    if not queue:
                        return
                    clip, spans = queue.pop()
                for first, last in spans:
                    c.request("GET", paths[clip], headers={"Range": f"bytes={first}-{last}"})
                    r = c.getresponse()
                    body = r.read()
                    if r.status != 206 or body != wholes[clip][first:last + 1]:
                        failures.append((r.status, first, last, body[:200]))
                        return
        except Exception as e:
            failures.append(e)
        finally:
            c.close()
    threads = [threading.Thread(target=run) for _ in range(readers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise SystemExit(f"reads failed: {failures[:3]}")


def make_plays(sizes, each, run, total, dice):
    """(clip, ranges one after another from a random place), as a player asks for them; run 1: no order at all."""
    plays, left = [], total
    while left > 0:
        clip = dice.randrange(len(sizes))
        at = dice.randrange(max(1, sizes[clip] - each * run))
        plays.append((clip, [(at + each * n, at + each * (n + 1) - 1) for n in range(run)]))
        left -= each * run
    return plays


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--mb", type=int, default=600)
    a.add_argument("--readers", type=int, default=8)
    a.add_argument("--bytes", type=int, default=200_000)
    a.add_argument("--loops", type=int, default=2)
    a.add_argument("--clips", type=int, default=6, help="read in turn, so that no cache but the kernel's holds them all")
    a.add_argument("--run", type=int, default=8, help="ranges one after another before a reader goes elsewhere")
    a.add_argument("--profile", help="write `perf record` data of our rounds here")
    args = a.parse_args()
    cache = os.path.join(tempfile.gettempdir(), "doorward-bench")
    os.makedirs(cache, exist_ok=True)
    source = make_clips(cache)["mp4"]
    work = tempfile.mkdtemp(prefix="bench-read-")
    server = doorward.Server({"DOORWARD_LOG_LEVEL": "warn", "DOORWARD_LOOPS": args.loops}).start()
    nginx = perf = None
    try:
        home = server.household()
        paths = []
        for n in range(args.clips):
            clip = server.upload(home, source, name=f"{n}.mp4").json["clip"]
            made = home.post(f"/api/v1/clips/{clip['id']}/links", {"ttl_s": 3600}).json["urls"]["mp4"]
            parts = urllib.parse.urlsplit(made)
            paths.append(f"{parts.path}?{parts.query}")
        wholes = [server.get(path).body for path in paths]
        nginx = SecureLink(work, os.path.join(server.data, "tls", "cert.pem"), os.path.join(server.data, "tls", "key.pem"), wholes)
        time.sleep(0.5)
        context = server.ssl_context()
        results = {}

        def measure(label, cpu, port, where, plays):
            before, t0 = cpu(), time.monotonic()
            read_all(port, context, where, plays, args.readers, wholes)
            gb = len(plays) * args.run * args.bytes / 1e9
            results.setdefault(label, []).append((cpu() - before) / gb)
            print(f"{label:8} {results[label][-1]:7.3f} CPU-s/GB   {time.monotonic() - t0:6.2f} s", flush=True)

        def plays(mb, seed):
            return make_plays([len(w) for w in wholes], args.bytes, args.run, mb * 1e6, random.Random(seed))

        ours = lambda: cost.cpu_seconds(server.process.pid)  # noqa: E731
        read_all(server.port, context, paths, plays(40, -1), args.readers, wholes)
        if args.profile:
            perf = subprocess.Popen(["perf", "record", "-q", "-F", "997", "-g", "-o", args.profile, "-p",
                                     ",".join(str(p) for p in cost.tree(server.process.pid))])
            time.sleep(1)
        for n in range(args.rounds):
            measure("nginx", nginx.cpu, nginx.port, [nginx.path(i) for i in range(args.clips)], plays(args.mb, n))
            measure("ours", ours, server.port, paths, plays(args.mb, n))
        print(f"\n{args.clips} clips of {len(wholes[0])} bytes, {args.run} ranges of {args.bytes} in a row, {args.readers} readers, "
              f"{args.rounds} rounds of {args.mb} MB")
        for label, values in results.items():
            print(f"{label:8} {cost.summary(values)} CPU-s/GB")
        print(f"ratio of medians: {statistics.median(results['ours']) / statistics.median(results['nginx']):.2f}")
    finally:
        if perf:
            perf.send_signal(signal.SIGINT)
            perf.wait()
        if nginx:
            nginx.close()
        server.close()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
