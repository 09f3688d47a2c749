#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Live ingest: CPU seconds per GB of media of the whole server (server, workers, PostgreSQL) while cameras push in real time, against
nginx-rtmp that writes the same streams as HLS to disk. Same media, interleaved rounds. Ours takes them over HTTPS, nginx-rtmp without TLS.

    tests/bench/live_ingest.py [--rounds 3] [--cameras 16] [--seconds 30]
"""
import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cost  # noqa: E402
import doorward  # noqa: E402
import ingest  # noqa: E402

FRAGMENTED = ["-f", "mp4", "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-method", "PUT"]
MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"


class NginxRtmp:
    def __init__(self, folder):
        self.port = doorward.free_port()
        self.root = os.path.join(folder, "rtmp")
        os.makedirs(os.path.join(self.root, "hls"))
        conf = os.path.join(self.root, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"""load_module {MODULE};
daemon off; user root; worker_processes 1; pid {self.root}/nginx.pid; error_log {self.root}/error.log;
events {{ worker_connections 1024; }}
rtmp {{ server {{ listen 127.0.0.1:{self.port}; application live {{ live on; hls on; hls_path {self.root}/hls; hls_fragment 2s;
hls_cleanup off; hls_playlist_length 10m; }} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", conf, "-p", self.root])

    def url(self, name):
        return f"rtmp://127.0.0.1:{self.port}/live/{name}"

    def cpu(self):
        return cost.cpu_seconds(self.process.pid)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def push(clip, seconds, outputs):
    """One camera (an ffmpeg) for each output, all at once; the media's bytes."""
    cameras = [subprocess.Popen(["ffmpeg", "-nostdin", "-v", "error", "-re", "-stream_loop", "-1", "-i", clip, "-t", str(seconds), "-c", "copy",
                                 *out]) for out in outputs]
    for c in cameras:
        if c.wait() != 0:
            raise SystemExit("a camera failed")
    return len(outputs) * os.path.getsize(clip) * seconds / ingest.SECONDS


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--cameras", type=int, default=16)
    a.add_argument("--seconds", type=int, default=30)
    args = a.parse_args()
    if not os.path.exists(MODULE):
        raise SystemExit("needs Debian's libnginx-mod-rtmp")
    cache = os.path.join(tempfile.gettempdir(), "doorward-bench")
    os.makedirs(cache, exist_ok=True)
    clip = ingest.make_clips(cache)["mp4"]
    work = tempfile.mkdtemp(prefix="bench-live-")
    server = doorward.Server({"DOORWARD_LOG_LEVEL": "warn"}).start()
    rtmp = None
    try:
        homes = [server.household(f"Street {n}") for n in range(args.cameras)]
        rtmp = NginxRtmp(work)
        results = {}

        def measure(label, cpu, outputs):
            before = cpu()
            gb = push(clip, args.seconds, outputs) / 1e9
            time.sleep(1)  # the last segments are written, the last workers reaped
            results.setdefault(label, []).append((cpu() - before) / gb)
            print(f"{label:12} {results[label][-1]:7.3f} CPU-s/GB", flush=True)

        def ours(n, r):
            credentials = f"cam:{homes[n].camera_secret}"
            return [*FRAGMENTED, f"https://{credentials}@localhost:{server.port}/ingest/{homes[n].camera_id}/live-{r}.mp4"]
        for r in range(args.rounds):
            measure("nginx-rtmp", rtmp.cpu, [["-f", "flv", rtmp.url(f"c{n}-{r}")] for n in range(args.cameras)])
            measure("ours", lambda: cost.cpu_seconds(server.process.pid), [ours(n, r) for n in range(args.cameras)])
        peer = statistics.median(results["nginx-rtmp"])
        for label, values in results.items():
            print(f"{label:12} {cost.summary(values)} CPU-s/GB   ratio {statistics.median(values) / peer:.3f}")
    finally:
        if rtmp:
            rtmp.close()
        server.close()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
