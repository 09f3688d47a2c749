#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a document or a comment names exists; nothing names the machine it was written on."""
import glob
import os
import re
from sources import ROOT, files, finish, read

TOP = "server|storage|migrations|tests|docs|deploy"
PATH = re.compile(r"(?<![\w/.-])((?:%s)/[\w./*{},<>\[\]-]+)" % TOP)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
MACHINE = re.compile(r"(?<![\w.])(/work/|/home/\w+/)")
NEIGHBOUR = re.compile(r"\.\./shared\b")


def exists(path):
    path = path.rstrip(".,:;")
    path = path if path.endswith("[ch]") else path.rstrip("]*")
    if "NNNN" in path or any(c in path for c in "<{"):
        return True  # a pattern for people
    return any(glob.glob(os.path.join(ROOT, path + end)) for end in ("", "*", ".c"))  # .c: a program made from it


def main():
    complaints = []
    documents = files(".", ext=[".md"])
    sources = files("server", "storage", "tests", "deploy", ext=[".c", ".h", ".def", ".py", ".sql", ".ts", ".tsx", ".build", ".sh", ".yaml"])
    for path in documents + sources:
        text = read(path)
        for n, line in enumerate(text.splitlines(), 1):
            where = f"{path}:{n}"
            if MACHINE.search(line) and path != "tests/lint/doclinks.py":
                complaints.append(f"{where}: names a place on one machine: {MACHINE.search(line).group(0)}")
            if NEIGHBOUR.search(line) and not path.startswith("tests/"):
                complaints.append(f"{where}: names a folder outside the project")
            if path.endswith(".md"):
                for m in LINK.finditer(line):
                    target = m.group(1)
                    if "://" not in target and not target.startswith(("mailto:", "/")) and \
                            not os.path.exists(os.path.join(ROOT, os.path.dirname(path), target)):
                        complaints.append(f"{where}: link to {target}, which is not there")
            comment = path.endswith((".md", ".c", ".h", ".def", ".sql"))
            for m in PATH.finditer(line) if comment and "#include" not in line else []:
                if not exists(m.group(1)):
                    complaints.append(f"{where}: names {m.group(1)}, which is not there")
    finish("doclinks", complaints, len(documents) + len(sources))


main()
