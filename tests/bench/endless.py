#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hours of a camera in one body, faster than real time: memory of the server and its workers while they go by, and every picture is
there afterwards.

    tests/bench/endless.py [--hours 25] [--container ts mp4 mkv]
"""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import doorward  # noqa: E402
import longfilm  # noqa: E402
import nal  # noqa: E402


def run(hours, container):
    with doorward.Server() as server:
        home = server.household()
        seen, begin = [], time.monotonic()

        def each(sent):
            if not seen or time.monotonic() - seen[-1][0] > 0.02:
                seen.append((time.monotonic(), sent, longfilm.resident(server)))
        answer = longfilm.film(server, home, int(hours * 60), container, each, "started_at=2026-03-01T00:00:00Z")
        assert answer.status == 201, answer
        took, total = time.monotonic() - begin, seen[-1][1]
        early = [kib for _, sent, kib in seen if total / 10 < sent < total * 3 / 10]
        late = [kib for _, sent, kib in seen if sent > total * 8 / 10]
        print(f"{container}: {hours} h, {total / 1e6:.0f} MB in {took:.0f} s, {len(home.clips())} clips; private memory of server and workers: "
              f"max of the 2nd and 3rd tenth {max(early) / 1024:.1f} MiB, of the last two {max(late) / 1024:.1f} MiB")
        with longfilm.filming(int(hours * 60), container) as camera:
            sent = nal.each(["-i", "pipe:0"], "h264", stdin=camera.stdout)
            count = 0
            for count, (a, b) in enumerate(zip(sent, longfilm.pictures(server, home), strict=True), 1):
                assert a == b, f"picture {count} differs"
        print(f"{container}: all {count} pictures and SEI messages are there, in order")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--hours", type=float, default=25)
    p.add_argument("--container", nargs="+", default=["ts", "mp4", "mkv"])
    args = p.parse_args()
    for container in args.container:
        run(args.hours, container)


if __name__ == "__main__":
    main()
