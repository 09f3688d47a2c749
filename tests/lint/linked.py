#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server links no media library: only the jailed worker may. Arguments: the server, the worker."""
import os
import sys
from sources import finish, run


def main():
    server, worker = (run("ldd", os.path.abspath(p)).stdout.splitlines() for p in sys.argv[1:3])
    complaints = [f"doorward links {line.split()[0]}" for line in server if line.strip().startswith(("libav", "libsw"))]
    if not any("libavformat" in line for line in worker):
        complaints.append("doorward-remux does not link libavformat: is this the right program?")
    finish("linked", complaints, len(server))


main()
