#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the table of files the server carries: embed.py OUT.c DEPFILE OPENAPI.yaml (--bundle BUILD.mjs MODULES DIR | --off OFF.html)

--bundle runs the bundler into DIR first and takes everything there; --off carries one page that says the app was not built.
The API description is carried as JSON in both cases. DEPFILE tells ninja which sources were read.
"""
import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import yaml

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}


def read(path):
    return path.read_bytes() if path.exists() else b""


def bundled(build, modules, out):
    subprocess.run(["node", build, modules, out], check=True, stdin=subprocess.DEVNULL)
    root = Path(out)
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix not in (".gz", ".br"):
            name = "/" + path.relative_to(root).as_posix()
            yield name, path.read_bytes(), read(Path(f"{path}.gz")), read(Path(f"{path}.br"))


def array(name, data):
    if not data:
        return ""
    rows = (",".join(str(b) for b in data[i : i + 40]) for i in range(0, len(data), 40))
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(rows) + "};\n"


def main():
    out, depfile, openapi, mode, *rest = sys.argv[1:]
    sources = [openapi, rest[0]]
    doc = json.dumps(yaml.safe_load(Path(openapi).read_text()), separators=(",", ":")).encode()
    files = [("/api/openapi.json", doc, gzip.compress(doc, 9, mtime=0), b"")]
    if mode == "--bundle":
        files += bundled(*rest)
        sources += [str(p) for p in sorted((Path(rest[0]).parent / "src").rglob("*")) if p.is_file()]
    else:
        files.append(("/index.html", Path(rest[0]).read_bytes(), b"", b""))
    files.sort()
    text = ['/* Made by embed.py. */\n#include "web/files.h"\n']
    rows = []
    for i, (path, plain, gz, br) in enumerate(files):
        forms = [plain, gz, br]
        text += [array(f"f{i}_{j}", form) for j, form in enumerate(forms)]
        cells = ", ".join(f"{{ f{i}_{j}, {len(form)} }}" if form else "{ 0, 0 }" for j, form in enumerate(forms))
        kind = TYPES[Path(path).suffix]
        rows.append(f'    {{ "{path}", "{kind}", "{hashlib.sha256(plain).hexdigest()[:24]}", {{ {cells} }} }},\n')
    text.append("const struct web_file web_files[] = {\n" + "".join(rows) + "};\n")
    text.append(f"const size_t web_files_n = {len(rows)};\n")
    Path(out).write_text("".join(text))
    Path(depfile).write_text(f"{out}: " + " ".join(s.replace(" ", "\\ ") for s in sources) + "\n")


if __name__ == "__main__":
    main()
