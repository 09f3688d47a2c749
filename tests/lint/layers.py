#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Arrows point down only: which folder may include which, and which outside library each may include. No exceptions."""
import re
from sources import files, finish, read, without_comments

SERVICES = ["base", "metrics", "config", "jail", "crypto", "fetch"]
OWNERS = ["storage", "remux", "db"]  # each owns one outside library or place; http is the fourth
SHARED = ["ledger", "auth", "account", "recording"]  # within the row: leftward only
DOMAINS = ["ingest", "live", "playback", "events", "feed", "share", "request", "order", "retention"]

ALLOWED = {
    "base": [], "metrics": ["base"], "config": ["base"], "jail": ["base"], "crypto": ["base"],
    "fetch": ["base", "crypto", "metrics"],
    "storage": ["base", "fetch", "crypto", "metrics"],
    "http": SERVICES, "db": SERVICES, "remux": SERVICES,
    "remux/worker": ["base", "jail", "crypto", "remux"],
}
for i, f in enumerate(SHARED):
    ALLOWED[f] = SERVICES + OWNERS + SHARED[:i]
for f in DOMAINS:
    ALLOWED[f] = SERVICES + OWNERS + SHARED
ALLOWED["web"] = SERVICES + ["http"]
ALLOWED["api"] = SERVICES + OWNERS + ["http"] + SHARED + DOMAINS + ["web"]
ALLOWED["app"] = ALLOWED["api"] + ["api"]
ALLOWED["cmd"] = ALLOWED["app"] + ["app"]
ALLOWED["main"] = ALLOWED["cmd"] + ["cmd"]

# Outside headers and the only folders that may name them.
LIBRARIES = {
    r"microhttpd\.h|gnutls/.*": ["http"],
    r"libpq-fe\.h|postgres.*": ["db"],
    r"libav.*|libsw.*": ["remux/worker"],
    r"curl/.*": ["fetch"],
    r"openssl/.*|sodium.*": ["crypto"],
    r"jansson\.h": ["http", "api", "config"],
    r"seccomp\.h|linux/(seccomp|landlock|filter|audit)\.h": ["jail"],
    r"uv\.h": ["base"],
}
SYSTEM = re.compile(r"(sys|linux|net|netinet|arpa|asm)/\w+\.h|(assert|ctype|dirent|dlfcn|endian|errno|fcntl|float|ftw|getopt|grp|iconv|"
                    r"ifaddrs|inttypes|libgen|limits|link|locale|malloc|math|netdb|poll|pthread|pwd|sched|semaphore|signal|spawn|stdalign|stdarg|"
                    r"stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|termios|threads|time|unistd|wchar)\.h")


def folder_of(path):
    parts = path.split("/")
    if parts[0] == "storage":
        return "storage"
    if len(parts) == 2:
        return "main"
    return "remux/worker" if parts[1:3] == ["remux", "worker"] else parts[1]


def target_of(name):
    parts = name.split("/")
    if len(parts) == 1:
        return None  # generated, beside the including file
    return "remux/worker" if parts[:2] == ["remux", "worker"] else parts[0]


def check_own(path, folder, line, name):
    to = target_of(name)
    if to is None or to == folder:
        return []
    if to not in ALLOWED:
        return [f"{path}:{line}: includes \"{name}\" of an unknown folder"]
    return [] if to in ALLOWED[folder] else [f"{path}:{line}: {folder} may not include {to} (\"{name}\")"]


def check_outside(path, folder, line, name):
    for pattern, folders in LIBRARIES.items():
        if re.fullmatch(pattern, name):
            return [] if folder in folders else [f"{path}:{line}: <{name}> belongs to {', '.join(folders)} only"]
    return [] if SYSTEM.fullmatch(name) else [f"{path}:{line}: <{name}> is not a known outside header"]


def main():
    complaints, sources = [], files("server", "storage", ext=[".c", ".h"])
    for path in sources:
        folder = folder_of(path)
        if folder not in ALLOWED:
            complaints.append(f"{path}: folder {folder} has no place in the layers")
            continue
        for n, text in enumerate(without_comments(read(path), strings=True).splitlines(), 1):
            own = re.match(r'\s*#\s*include\s+"([^"]+)"', text)
            outside = re.match(r"\s*#\s*include\s+<([^>]+)>", text)
            if own:
                complaints += check_own(path, folder, n, own.group(1))
            if outside:
                complaints += check_outside(path, folder, n, outside.group(1))
    finish("layers", complaints, len(sources))


main()
