#!/usr/bin/env python3
"""Holds every #include below src/ against the floors of docs/architecture.md, and every folder against its README."""
import pathlib
import re
import sys

# A room may include itself and what stands here beside it.
USES = {
    "base": [],
    "net": ["base"],
    "mime": ["base"],
    "dns": ["base"],
    "store": ["base"],
    "directory": ["store", "base"],
    "mailbox": ["store", "base"],
    "files": ["base"],
    "delivery": ["mailbox", "directory", "store", "mime", "base"],
    "trust": ["dns", "store", "base"],
    "sasl": ["base"],
    "smtp/wire": ["base"],
    "smtp/client": ["smtp/wire", "sasl", "base"],
    "smtp/session": ["smtp/wire", "delivery", "mailbox", "directory", "store", "base"],
    "relay": ["trust", "smtp/client", "smtp/wire", "delivery", "directory", "dns", "net", "sasl", "mime", "base"],
    "pop3/wire": ["base"],
    "pop3/client": ["pop3/wire", "sasl", "base"],
    "pop3/session": ["pop3/wire", "mailbox", "directory", "store", "base"],
    "agent": ["smtp/client", "smtp/wire", "pop3/client", "pop3/wire", "mime", "net", "base"],
    "server": None,  # all
    "cli": None,
}
# What a room's tests may include beside that.
TESTS_USE = {
    "relay": ["store"],
    "trust": ["net"],
}
# Library headers that only these rooms may include.
LIBRARIES = {
    r"sys/epoll": ["net"],
    r"unbound": ["dns"],
    r"rocksdb/": ["store"],
    r"sodium": ["directory"],
    r"idn2": ["base"],
    r"unicode/": ["mime", "agent"],
    r"gmime/": ["mime"],
    r"toml\+\+/": ["server", "agent"],
    r"CLI/": ["cli"],
    r"curl/": ["trust"],
    r"zlib": ["files"],
    r"linux/openat2": ["files"],
}

root = pathlib.Path(__file__).resolve().parent.parent
source = root / "src"


def room_of(path):
    parts = path.split("/")
    return "/".join(parts[:2]) if "/".join(parts[:2]) in USES else parts[0]


problems = []
for file in sorted(source.rglob("*")):
    if file.suffix not in (".h", ".cc"):
        continue
    name = str(file.relative_to(source))
    room = room_of(name)
    test = re.search(r"_(test|fuzz|bench)\.cc$|/testing/", name)
    if room not in USES:
        problems.append(f"src/{name}: the folder is not a room of tools/check_layers.py")
        continue
    for number, line in enumerate(file.read_text().splitlines(), 1):
        include = re.match(r'#include\s+(["<])([^">]+)', line)
        if not include:
            continue
        target = include.group(2)
        if include.group(1) == '"':
            used = room_of(target)
            if used == room or USES[room] is None or used in USES[room] or (test and used in ["base", *TESTS_USE.get(room, [])]):
                continue
            problems.append(f"src/{name}:{number}: {room}/ may not use {used}/")
        elif not test:
            for library, rooms in LIBRARIES.items():
                if re.match(library, target) and room not in rooms:
                    problems.append(f"src/{name}:{number}: only {', '.join(rooms)} may include <{target}>")

# Rooms, and the folders above them.
for folder in sorted({parent for room in USES for parent in (room, *(str(p) for p in pathlib.PurePath(room).parents)) if parent != "."}):
    readme = source / folder / "README.md"
    if not readme.exists():
        problems.append(f"src/{folder}/README.md is missing: purpose, what will never be in it, one dialogue")

print("\n".join(problems) if problems else "layers: every include goes down")
sys.exit(1 if problems else 0)
