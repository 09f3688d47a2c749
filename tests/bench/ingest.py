#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ingest cost: CPU seconds per GB of media of the whole server (server, workers, PostgreSQL), against what one would build today:
nginx taking HTTPS PUTs and one `ffmpeg -c copy -f hls` per clip. Same clips, same uploaders, interleaved rounds.

    tests/bench/ingest.py [--rounds 3] [--clips 24] [--uploaders 8] [--formats mp4,fmp4,ts,mkv]
"""
import argparse
import base64
import http.client
import os
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cost  # noqa: E402
import doorward  # noqa: E402

SECONDS, RATE_BITS = 30, 1_850_000


def make_clips(folder):
    """One 30 s 1080p15 H.264 + AAC clip of 7 to 8 MB in four containers."""
    base = os.path.join(folder, "clip.mp4")
    if not os.path.exists(base):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=15", "-f", "lavfi", "-i",
                        "sine=frequency=440:sample_rate=48000", "-f", "lavfi", "-i", "anoisesrc=amplitude=0.1", "-filter_complex",
                        "[0:v]noise=alls=12:allf=t[v];[1:a][2:a]amix[a]", "-map", "[v]", "-map", "[a]", "-t", str(SECONDS), "-c:v", "libx264",
                        "-preset", "ultrafast", "-b:v", str(RATE_BITS), "-maxrate", str(RATE_BITS), "-bufsize", str(RATE_BITS), "-g", "30",
                        "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", base + ".part.mp4"], check=True)
        os.rename(base + ".part.mp4", base)
    made = {"mp4": base}
    for name, ext, options in (("fmp4", "fmp4.mp4", ["-movflags", "frag_keyframe+empty_moov+default_base_moof"]),
                               ("ts", "ts", []), ("mkv", "mkv", [])):
        path = os.path.join(folder, f"clip.{ext}")
        if not os.path.exists(path):
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", base, "-c", "copy", *options, path], check=True)
        made[name] = path
    return made


class Nginx:
    """HTTPS PUT into a folder; after each PUT the client's harness runs ffmpeg on the file, as a hook would."""

    def __init__(self, folder, cert, key):
        self.port = doorward.free_port()
        self.root = os.path.join(folder, "nginx")
        os.makedirs(os.path.join(self.root, "put"), exist_ok=True)
        os.makedirs(os.path.join(self.root, "hls"), exist_ok=True)
        conf = os.path.join(self.root, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"""daemon off; user root; worker_processes 2; pid {self.root}/nginx.pid; error_log {self.root}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {self.root}/tmp; client_max_body_size 1g; keepalive_requests 100000;
server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {cert}; ssl_certificate_key {key}; ssl_session_cache shared:a:1m;
location / {{ root {self.root}/put; dav_methods PUT; create_full_put_path on; }} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", conf, "-p", self.root])
        self.ffmpeg_cpu = 0.0
        self.lock = threading.Lock()

    def after_put(self, name):
        out = os.path.join(self.root, "hls", name)
        os.makedirs(out)
        p = subprocess.Popen(["ffmpeg", "-v", "error", "-nostdin", "-i", os.path.join(self.root, "put", name), "-c", "copy", "-f", "hls",
                              os.path.join(out, "index.m3u8")])
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = 0
        assert status == 0, "ffmpeg failed"
        with self.lock:
            self.ffmpeg_cpu += used.ru_utime + used.ru_stime

    def cpu(self):
        return cost.cpu_seconds(self.process.pid) + self.ffmpeg_cpu

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def upload_all(port, context, jobs, uploaders, after=None, keep_alive=True):
    """jobs: (path on the server, headers, body). Each uploader has one connection."""
    queue, failures = list(jobs), []
    lock = threading.Lock()

    def run():
        c = None
        try:
            while True:
                with lock:
                    if not queue:
                        return
                    path, headers, body = queue.pop()
                if c is None:
                    c = http.client.HTTPSConnection("localhost", port, timeout=120, context=context)
                c.request("PUT", path, body=body, headers=headers)
                r = c.getresponse()
                text = r.read()
                if r.status not in (200, 201, 204):
                    failures.append((r.status, text[:300]))
                    return
                if after:
                    after(os.path.basename(path))
                if not keep_alive:
                    c.close()
                    c = None
        except Exception as e:
            failures.append(e)
    threads = [threading.Thread(target=run) for _ in range(uploaders)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise SystemExit(f"uploads failed: {failures[:3]}")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--clips", type=int, default=24)
    a.add_argument("--uploaders", type=int, default=8)
    a.add_argument("--formats", default="mp4,fmp4,ts,mkv")
    args = a.parse_args()
    cache = os.path.join(tempfile.gettempdir(), "doorward-bench")
    os.makedirs(cache, exist_ok=True)
    clips = make_clips(cache)
    bodies = {f: open(p, "rb").read() for f, p in clips.items()}
    print("clip bytes:", {f: len(b) for f, b in bodies.items()})
    work = tempfile.mkdtemp(prefix="bench-ingest-")
    server = doorward.Server({"DOORWARD_LOG_LEVEL": "warn"}).start()
    nginx = None
    try:
        home = server.household()
        nginx = Nginx(work, os.path.join(server.data, "tls", "cert.pem"), os.path.join(server.data, "tls", "key.pem"))
        time.sleep(0.5)
        context = server.ssl_context()
        headers = {"Authorization": "Basic " + base64.b64encode(f"cam:{home.camera_secret}".encode()).decode()}
        results = {}

        def measure(label, cpu, port, prefix, fmt, hdrs, after=None, keep_alive=True, uploaders=args.uploaders):
            jobs = [(f"{prefix}{label.replace(chr(32), chr(45))}-{n}-{time.monotonic_ns()}.bin", hdrs, bodies[fmt]) for n in range(args.clips)]
            before, t0 = cpu(), time.monotonic()
            upload_all(port, context, jobs, uploaders, after, keep_alive)
            time.sleep(0.3)  # the last workers are reaped
            gb = args.clips * len(bodies[fmt]) / 1e9
            results.setdefault(label, []).append((cpu() - before) / gb)
            print(f"{label:18} {results[label][-1]:7.3f} CPU-s/GB   {time.monotonic() - t0:6.2f} s", flush=True)

        ours = lambda: cost.cpu_seconds(server.process.pid)  # noqa: E731
        path = f"/ingest/{home.camera_id}/"
        upload_all(server.port, context, [(f"{path}warm-{n}.mp4", headers, bodies["mp4"]) for n in range(8)], 8)
        for _ in range(args.rounds):
            measure("nginx+ffmpeg", nginx.cpu, nginx.port, "/", "mp4", {}, nginx.after_put)
            for fmt in args.formats.split(","):
                measure(f"ours {fmt}", ours, server.port, path, fmt, headers)
            measure("ours new conn", ours, server.port, path, "mp4", headers, keep_alive=False)
        peer = statistics.median(results["nginx+ffmpeg"])
        print()
        for label, values in results.items():
            print(f"{label:18} {cost.summary(values)} CPU-s/GB   ratio {statistics.median(values) / peer:.3f}")
        if "ours mp4" in results:
            print(f"new connection / keep-alive: {statistics.median(results['ours new conn']) / statistics.median(results['ours mp4']):.3f}")
    finally:
        if nginx:
            nginx.close()
        server.close()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
