"""The script that makes a host what it should be, and the files that go along with it."""

import io
import tarfile
from collections.abc import Iterable, Iterator

import msgspec

from fairlead.deploy.provision.probe import library, questions
from fairlead.deploy.provision.render import plain, quoted
from fairlead.deploy.provision.resources import (
    Absent,
    Ensure,
    File,
    Folder,
    Line,
    Link,
    Part,
    Placed,
)


class Application(msgspec.Struct, frozen=True):
    """A script and its input: an archive with the files by number. No text of one is in it."""

    script: str
    data: bytes


def application(
    app: str, parts: tuple[Part, ...], changed: Iterable[str], packages: Iterable[str]
) -> Application:
    """Everything of the parts named in ``changed``; at its end it says what there is then.

    Parts are made whole, not by their differences: what a package brings along when it is
    installed was not there to be compared.
    """
    names = set(changed)
    files: list[bytes] = []
    lines = [f"app={quoted(app)}", library(), plain("apply.sh")]
    if packages := list(dict.fromkeys(packages)):
        lines.append(f"packages {' '.join(map(quoted, packages))}")
    for part in parts:
        if part.name in names:
            lines += _part(part, files)
    return Application("\n".join([*lines, questions(app, parts)]), _archive(files))


def _part(part: Part, files: list[bytes]) -> Iterator[str]:
    yield f"begin {quoted(part.name)}"
    yield from map(_prepared, part.before)
    for placed in part.files:
        yield _placed(placed, files)
    yield f"finish {quoted(part.check)} {quoted(part.effect)}"
    yield from map(_prepared, part.after)


def _prepared(wanted: Folder | Ensure) -> str:
    if isinstance(wanted, Ensure):
        return _call("ensure", wanted.title, wanted.test, wanted.make)
    return _call("folder", wanted.path, f"{wanted.mode:o}", wanted.owner, wanted.group)


def _placed(wanted: Placed, files: list[bytes]) -> str:
    match wanted:
        case Absent():
            return _call("absent", wanted.path)
        case Link():
            return _call("link", wanted.path, wanted.target)
        case Line():
            return _call("line", wanted.path, wanted.line, f"{wanted.mode:o}", wanted.owner,
                         wanted.group)  # fmt: skip
        case File():
            files.append(wanted.text.encode())
            once = "once" if wanted.once else ""
            return _call("place", str(len(files)), wanted.path, f"{wanted.mode:o}", wanted.owner,
                         wanted.group, once, wanted.aside)  # fmt: skip


def _call(function: str, *words: str) -> str:
    return " ".join([function, *map(quoted, words)])


def _archive(files: list[bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for number, data in enumerate(files, 1):
            entry = tarfile.TarInfo(str(number))
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return made.getvalue()
