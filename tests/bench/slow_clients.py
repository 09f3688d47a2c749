# SPDX-License-Identifier: Apache-2.0
"""Good clients beside 1,000 slow ones (slowhttptest): slow headers, slow bodies, slow reading.

slow_clients.py [SECONDS]: prints share of good answers, p50 and p99, and how many slow connections were left at the end. First without slow
clients: what the machine does to good ones by itself.
"""
import http.client
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scenario"))
from test_http_edge import Server  # noqa: E402

ATTACKS = {
    "no slow clients": None,
    "slow headers (-H)": ["-H", "-i", "5", "-x", "24", "-u", "/hello"],
    "slow bodies (-B)": ["-B", "-i", "5", "-s", "1000000", "-x", "10", "-t", "PUT", "-u", "/sink/fast"],
    "slow reading (-X)": ["-X", "-w", "256", "-y", "512", "-n", "5", "-z", "32", "-k", "1", "-u", "/bytes/1000000"],
}


def good_clients(server, seconds):
    times, bad, end = [], 0, time.time() + seconds
    while time.time() < end:
        start = time.time()
        try:
            c = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=5, context=server.context())
            c.request("PUT", "/sink/fast", body=b"x" * 20000)
            bad += c.getresponse().status != 201
            c.close()
        except OSError:
            bad += 1
        times.append((time.time() - start) * 1000)
        time.sleep(0.02)
    times.sort()
    return len(times), bad, times[len(times) // 2], times[int(len(times) * 0.99)]


def attack_begin(server, args, seconds):
    if args is None:
        return None
    args = [f"https://127.0.0.1:{server.port}{a}" if a.startswith("/") else a for a in args]
    attack = subprocess.Popen(["slowhttptest", "-c", "1000", "-r", "300", "-l", str(seconds), *args],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(5)
    return attack


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 45
    for name, args in ATTACKS.items():
        server = Server(tls=True, QUIET=1)
        attack = attack_begin(server, args, seconds)
        most = server.stats()["connections"]
        n, bad, p50, p99 = good_clients(server, seconds - 8)
        left = server.stats()["connections"]
        print(f"{name}: {most} connections at first, {left} after {seconds} s; good clients {n - bad} of {n}, p50 {p50:.0f} ms, p99 {p99:.0f} ms; "
              f"server CPU {server.cpu_s():.1f} s")
        if attack is not None:
            attack.kill()
            attack.wait()
        server.stop()


if __name__ == "__main__":
    main()
