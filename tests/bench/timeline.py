#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long the statements behind a camera's timeline and playlists take out of many segments: a day (1,440 segments of a minute) of
one camera, at random, p50 and p99 as PostgreSQL tells them.

    tests/bench/timeline.py [--rows N] [--rounds N]

The rows are made by SQL in a throwaway cluster (about 0.6 GB for 10^6)."""
import argparse
import os
import random
import re
import statistics
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import pg  # noqa: E402

SQL = os.path.join(ROOT, "server", "db", "sql")
DAY_US, MINUTE_US, DAYS, FROM_US = 86400 * 10**6, 60 * 10**6, 60, 1790812800 * 10**6  # from 2026-10-01 on
FILL = """
set session_replication_role = replica;
select segment_partitions_make({begin}, 3);
insert into household select ('00000000-0000-7000-8000-000000000001')::uuid, 'home', decode(repeat('ab', 60), 'hex'), 1;
insert into account (id, email, email_key, password_hash, created_us)
    select ('00000000-0000-7000-8001-000000000001')::uuid, 'a@x.org', 'a@x.org', 'x', 1;
insert into membership select ('00000000-0000-7000-8000-000000000001')::uuid, ('00000000-0000-7000-8001-000000000001')::uuid, 127, null, 1;
insert into camera (id, household_id, name, created_us)
    select ('00000000-0000-7000-8002-' || lpad(to_hex(c), 12, '0'))::uuid, ('00000000-0000-7000-8000-000000000001')::uuid, 'door', 1
    from generate_series(1, {cameras}) c;
insert into recording (id, household_id, camera_id, start_us, created_us)
    select ('00000000-0000-7000-8003-' || lpad(to_hex(c), 12, '0'))::uuid, ('00000000-0000-7000-8000-000000000001')::uuid,
           ('00000000-0000-7000-8002-' || lpad(to_hex(c), 12, '0'))::uuid, {begin}, 1
    from generate_series(1, {cameras}) c;
insert into segment (id, start_us, household_id, camera_id, recording_id, sequence, zero_90k, duration_90k, plain_bytes, sealed_bytes,
                     sealed_digest, wrapped_key, sample_index, created_us)
select gen_random_uuid(), {begin} + n * 60000000::bigint, ('00000000-0000-7000-8000-000000000001')::uuid,
       ('00000000-0000-7000-8002-' || lpad(to_hex(c), 12, '0'))::uuid, ('00000000-0000-7000-8003-' || lpad(to_hex(c), 12, '0'))::uuid,
       n, n * 5400000::bigint, 5400000, 15000000, 15010000, sha256(''), decode(repeat('ab', 60), 'hex'), decode(repeat('cd', 200), 'hex'), 1
from generate_series(0, {each} - 1) n, generate_series(1, {cameras}) c;
analyze
"""
STATEMENTS = {  # name: arguments ({camera}, {begin}, {end} are filled in)
    "camera_access": ("'00000000-0000-7000-8001-000000000001'", "1", "'{camera}'"),
    "timeline_runs": ("'{camera}'", "{begin}", "{end}", "20000"),
    "timeline_gaps": ("'{camera}'", "{begin}", "{end}", "{end}"),
    "timeline_events": ("'{camera}'", "{begin}", "{end}", "20000"),
    "span_access": ("'00000000-0000-7000-8001-000000000001'", "1", "'{camera}'", "{begin}", "{end}"),
    "segment_rows": ("'{camera}'", "null", "{begin}", "{end}", "65537"),
    "thumbs_list": ("'{camera}'", "{begin} / 1000000000", "{end} / 1000000000"),
}


def migrate(cluster):
    for path in sorted(os.listdir(os.path.join(ROOT, "migrations"))):
        if path.endswith(".sql"):
            with open(os.path.join(ROOT, "migrations", path), encoding="utf-8") as f:
                cluster.psql(f.read())


def script(rounds, cameras):
    dice = random.Random(1)
    lines = ["\\timing on", "\\o /dev/null"]
    for name in STATEMENTS:
        with open(os.path.join(SQL, name + ".sql"), encoding="utf-8") as f:
            lines.append(f"prepare {name} as {f.read().rstrip().rstrip(';')};")
    lines.append("\\o")
    for _ in range(rounds):
        begin = FROM_US + dice.randrange(DAYS - 1) * DAY_US
        camera = "00000000-0000-7000-8002-%012x" % dice.randrange(1, cameras + 1)
        for name, arguments in STATEMENTS.items():
            given = ", ".join(arguments).format(camera=camera, begin=begin, end=begin + DAY_US)
            lines += [f"\\echo = {name}", "\\o /dev/null", f"execute {name}({given});", "\\o"]
    return "\n".join(lines)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rows", type=int, default=10**6)
    a.add_argument("--rounds", type=int, default=200)
    o = a.parse_args()
    each = DAYS * 1440
    cameras = max(1, o.rows // each)
    with pg.Cluster() as cluster, tempfile.NamedTemporaryFile("w", suffix=".sql") as f:
        migrate(cluster)
        cluster.psql(FILL.format(begin=FROM_US, cameras=cameras, each=each))
        f.write(script(o.rounds, cameras))
        f.flush()
        os.chmod(f.name, 0o644)
        out = cluster.run("psql", "-q", "-X", "-f", f.name, cluster.url(), stdout=-1, text=True).stdout
    times = {}
    for name, ms in re.findall(r"^= (\w+)\nTime: ([\d.]+) ms", out, re.M):
        times.setdefault(name, []).append(float(ms))
    print(f"{cameras * each} segments of {cameras} cameras, a day of one camera, {o.rounds} times")
    for name, list_ in times.items():
        list_.sort()
        print(f"{name:16} p50 {statistics.median(list_):7.2f} ms   p99 {list_[int(len(list_) * 0.99) - 1]:7.2f} ms")


if __name__ == "__main__":
    main()
