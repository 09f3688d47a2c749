#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone. Arguments: compiler, build folder."""
import concurrent.futures
import os
import subprocess
import sys
from sources import ROOT, files, finish

LIBRARIES = ["jansson", "libuv", "libpq", "gnutls", "libmicrohttpd", "libsodium", "libcrypto", "libavformat", "libavcodec", "libseccomp"]


def main():
    compiler, build = sys.argv[1].split(), sys.argv[2]
    flags = []
    for library in LIBRARIES:
        r = subprocess.run(["pkg-config", "--cflags", library], capture_output=True, text=True)
        flags += [f.replace("-I", "-isystem") for f in r.stdout.split()]
    includes = [f"-I{ROOT}/server", f"-I{ROOT}"]
    includes += [f"-I{at}" for at, _, names in os.walk(os.path.join(build, "server")) if any(n.endswith((".def", ".h")) for n in names)]

    def compile_alone(path):
        # included twice, so that a missing guard shows as well
        source = f'#include "{ROOT}/{path}"\n#include "{ROOT}/{path}"\n'
        r = subprocess.run(compiler + ["-std=gnu17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
                                       "-Wno-unused-function", *includes, *flags, "-x", "c", "-"], input=source, capture_output=True, text=True)
        return [f"{path}: does not compile alone\n{r.stderr}"] if r.returncode else []

    headers = files("server", "storage", "tests/support", ext=[".h"])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        complaints = [c for found in pool.map(compile_alone, headers) for c in found]
    finish("headers", complaints, len(headers))


main()
