"""What a host has: one script that asks for everything, and its answer as values."""

from base64 import b64decode
from collections.abc import Iterator

import msgspec

from fairlead.deploy.provision.render import plain, quoted
from fairlead.deploy.provision.resources import Ensure, Facts, File, Folder, Part
from fairlead.errors import HostFailed

MARK = "-- what there is --"
"""The line in front of the answer, where something else was written before."""


class Found(msgspec.Struct, frozen=True):
    """Something at a path: ``text``, ``secret``, ``link``, ``folder`` or ``other``.

    ``data`` is a file's bytes, a secret one's SHA-256 in hexadecimal, or a link's target.
    """

    kind: str
    mode: int
    owner: str
    group: str
    data: bytes = b""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a host said of itself. ``so`` are the titles of what is as it should be.

    ``packages`` are those that are installed, and the names that these provide.
    """

    facts: Facts
    at: dict[str, Found]
    packages: frozenset[str]
    so: frozenset[str]
    unfinished: tuple[str, ...] = ()


def library() -> str:
    """Functions that probing and applying share."""
    return plain("library.sh") + plain("probe.sh")


def questions(app: str, parts: tuple[Part, ...]) -> str:
    """The calls that ask for all that ``parts`` are about; needs ``library``."""
    lines = [f"echo {quoted(MARK)}", f"probe {quoted(app)}"]
    for part in parts:
        for resource in (*part.before, *part.files, *part.after):
            if isinstance(resource, Ensure):
                lines.append(f"ask {quoted(resource.title)} {quoted(resource.test)}")
            else:
                secret = isinstance(resource, File) and resource.secret
                lines.append(f"look {quoted(resource.path)} {'secret' if secret else 'text'}")
    return "\n".join([*dict.fromkeys(lines), "echo end", ""])


def probe_script(app: str, parts: tuple[Part, ...]) -> str:
    """The script that asks; it changes nothing."""
    return library() + questions(app, parts)


def read_state(answer: bytes) -> State:
    """The answer of ``questions``. Raises ``HostFailed`` where it is not whole."""
    lines = answer.decode("utf-8", "surrogateescape").splitlines()
    if MARK not in lines or not lines or lines[-1] != "end":
        raise HostFailed("the host's answer to what it has ends in the middle")
    rows = [line.split("\t") for line in lines[lines.index(MARK) + 1 : -1]]
    return State(
        facts=_facts([(row[1], row[2]) for row in rows if row[0] == "fact"]),
        at={row[1]: _found(row) for row in rows if row[0] == "at"},
        packages=frozenset(
            name.split()[0]
            for row in rows
            if row[0] == "package"
            for name in row[1].split(",")
            if name.strip()
        ),
        so=frozenset(row[1] for row in rows if row[0] == "ensure" and row[2] == "yes"),
        unfinished=tuple(row[1] for row in rows if row[0] == "unfinished"),
    )


def _found(row: list[str]) -> Found:
    _, _, kind, mode, owner, group, data = row
    raw = data.encode() if kind == "secret" else b64decode(data)
    return Found(
        kind, int(mode, 8), owner, group, raw.removesuffix(b"\n") if kind == "link" else raw
    )


def _facts(rows: list[tuple[str, str]]) -> Facts:
    last = dict(rows)
    return Facts(
        system=last.get("system", ""),
        signed_in=last.get("signed_in", "root"),
        home=last.get("home", "") or "/root",
        ssh_ports=tuple(dict.fromkeys(_numbers(rows, "ssh_port"))) or (22,),
        listening=tuple(_numbers(rows, "listening")),
        systemd=last.get("systemd") == "yes",
        ipv6=last.get("ipv6") == "yes",
        clock=last.get("clock", ""),
        ufw=last.get("ufw") == "yes",
    )


def _numbers(rows: list[tuple[str, str]], kind: str) -> Iterator[int]:
    return (int(value) for name, value in rows if name == kind and value.isdecimal())


def folder_is(found: Found | None, folder: Folder) -> bool:
    """Whether a folder is as it should be."""
    return found is not None and found.kind == "folder" and not misowned(found, folder)


def misowned(found: Found, wanted: File | Folder) -> str:
    """What is wrong with mode and owners, in words; empty where nothing is."""
    wrong = []
    if found.mode != wanted.mode:
        wrong.append(f"mode {found.mode:04o} -> {wanted.mode:04o}")
    if found.owner != wanted.owner:
        wrong.append(f"owner {found.owner} -> {wanted.owner}")
    if wanted.group and found.group != wanted.group:
        wrong.append(f"group {found.group} -> {wanted.group}")
    return ", ".join(wrong)
