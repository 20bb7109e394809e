"""The releases of a project on this machine, numbered from 1: ``.fairlead/releases/<number>/``.

Each folder holds the file and ``release.json``, and appears with both. ``last`` is the highest
number that was given, so that none is given twice; ``live.json`` says what is live where, as far
as it was deployed from here.
"""

import os
import time
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec

from fairlead.errors import NotFound, StoreError
from fairlead.model import Location, encode
from fairlead.model.release import Manifest, Release
from fairlead.release.archive import chunks
from fairlead.util.decoding import from_json
from fairlead.util.fs import locked, remove_tree, unusable, write_atomic

SUFFIX = ".release"
_NEW = ".new-"


def shelf_of(root: Path) -> "Shelf":
    """Where the releases of the project at ``root`` are kept."""
    return Shelf(root / ".fairlead" / "releases")


def file_name(manifest: Manifest) -> str:
    """What the file of a release is called."""
    return f"{manifest.project}-{manifest.version}{SUFFIX}"


class Shelf:
    """Keeps releases in ``folder``. All methods raise ``StoreError`` where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self, file: Path, manifest: Manifest, *, by: str = "", tag: str = "", least: int = 1
    ) -> Release:
        """Move a release file here and give it the next number, ``least`` or higher.

        The same bytes are one release: they keep the number they have.
        """
        digest, size = _digest(file)
        try:
            self._prepare()
            with locked(self.folder / "lock"):
                same = [one for one in self.list() if one.sha256 == digest]
                if same:
                    file.unlink()
                    return same[-1]
                number = max(0, *self.numbers(), self._last(), least - 1) + 1
                release = Release(
                    number=number,
                    manifest=manifest,
                    file=str(self.folder / str(number) / file_name(manifest)),
                    sha256=digest,
                    size=size,
                    created=time.time(),
                    by=by,
                    tag=tag,
                )
                self._added(file, release)
                return release
        except OSError as error:
            raise unusable(self.folder, error) from error

    def get(self, number: int) -> Release:
        """One release; its ``file`` is an absolute path. Raises ``NotFound``."""
        found = self._read(number)
        if found is None:
            known = ", ".join(str(one) for one in self.numbers()[-10:])
            hint = f"releases: {known}" if known else "make one: fairlead package"
            raise NotFound(f"there is no release {number}", hint=hint)
        return found

    def find(self, wanted: str) -> Release:
        """The release that a number, a version, a commit, a tag or ``latest`` names.

        Raises ``NotFound``.
        """
        text = wanted.removeprefix("#")
        if text.isascii() and text.isdecimal() and int(text) in self.numbers():
            return self.get(int(text))
        if text == "latest" and (newest := self.latest()):
            return newest
        tagged = [one for one in self.list() if one.tag and one.tag == wanted]
        found = tagged[-1] if tagged else self.by_commit(text)
        if found is None:
            known = ", ".join(str(one) for one in self.numbers()[-10:])
            hint = f"releases: {known}, or latest" if known else "make one: fairlead package"
            raise NotFound(f"there is no release {wanted!r}", hint=hint)
        return found

    def numbers(self) -> tuple[int, ...]:
        """The numbers of all releases, ascending."""
        try:
            names = os.listdir(self.folder)
        except OSError:
            return ()
        return tuple(sorted(int(name) for name in names if name.isdecimal()))

    def list(self) -> tuple[Release, ...]:
        """All releases, oldest first."""
        return tuple(found for n in self.numbers() if (found := self._read(n)) is not None)

    def latest(self) -> Release | None:
        """The newest release."""
        numbers = self.numbers()
        return self.get(numbers[-1]) if numbers else None

    def by_commit(self, commit: str) -> Release | None:
        """The newest release of a commit, given in full or by its first 7 digits or more."""
        if len(commit) < 7:  # noqa: PLR2004 — what git shows at least
            return None
        fitting = [one for one in self.list() if one.manifest.commit.startswith(commit)]
        return fitting[-1] if fitting else None

    def note_tag(self, number: int, tag: str) -> Release:
        """Remember the git tag that a release got."""
        with locked(self.folder / "lock"):
            release = msgspec.structs.replace(self.get(number), tag=tag)
            self._write(self.folder / str(number), release)
        return release

    def live(self) -> Mapping[str, tuple[int, ...]]:
        """Numbers by the environment they are live or warm in."""
        try:
            data = (self.folder / "live.json").read_bytes()
            return from_json(data, dict[str, tuple[int, ...]])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            where = Location(file=str(self.folder / "live.json"))
            raise StoreError(f"cannot be read: {error}", location=where) from error

    def note_live(self, environment: str, numbers: Collection[int]) -> None:
        """Remember what an environment serves now or may go back to: it is not pruned."""
        with locked(self.folder / "lock"):
            kept = {**self.live(), environment: tuple(sorted(n for n in numbers if n))}
            write_atomic(self.folder / "live.json", msgspec.json.encode(kept) + b"\n")

    def prune(
        self, keep: int, live: Collection[int] = (), *, dry_run: bool = False
    ) -> tuple[Release, ...]:
        """Remove all but the newest ``keep`` releases and those that are ``live`` somewhere.

        What ``note_live`` was told counts as live too. Returns what was (or would be) removed.
        """
        if not self.numbers():
            return ()
        with locked(self.folder / "lock"):
            spared = set(live).union(*self.live().values())
            old = self.list()[:-keep] if keep else self.list()
            gone = tuple(one for one in old if one.number not in spared)
            for one in gone if not dry_run else ():
                aside = self.folder / f"{_NEW}{uuid4().hex[:8]}"
                os.rename(self.folder / str(one.number), aside)
                remove_tree(aside)
        return gone

    def _added(self, file: Path, release: Release) -> None:
        aside = self.folder / f"{_NEW}{uuid4().hex[:8]}"
        aside.mkdir()
        try:
            _move(file, aside / os.path.basename(release.file))
            self._write(aside, release)
            write_atomic(self.folder / "last", f"{release.number}\n".encode())
            os.rename(aside, self.folder / str(release.number))
        except BaseException:
            remove_tree(aside)
            raise

    def _prepare(self) -> None:
        """Make the folder, kept out of git, and clear what a killed process left in it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder.parent / ".gitignore"
        if self.folder.parent.name == ".fairlead" and not ignore.exists():
            write_atomic(ignore, b"# Made by Fairlead; never committed.\n*\n")
        with locked(self.folder / "lock"):
            for name in os.listdir(self.folder):
                if name.startswith(_NEW):
                    remove_tree(self.folder / name)

    def _last(self) -> int:
        try:
            return int((self.folder / "last").read_text("ascii"))
        except (OSError, ValueError):
            return 0

    def _write(self, folder: Path, release: Release) -> None:
        # A project may be moved: where the file is follows from where it was found.
        named = msgspec.structs.replace(release, file=os.path.basename(release.file))
        write_atomic(folder / "release.json", encode(named))

    def _read(self, number: int) -> Release | None:
        folder = self.folder / str(number)
        try:
            found = from_json((folder / "release.json").read_bytes(), Release)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, msgspec.MsgspecError) as error:
            where = Location(file=str(folder / "release.json"))
            raise StoreError(
                f"this release cannot be read: {error}",
                location=where,
                hint="remove its folder; `fairlead package` makes it anew",
            ) from error
        return msgspec.structs.replace(found, file=str(folder / found.file))


def _digest(file: Path) -> tuple[str, int]:
    digest, size = sha256(), 0
    with file.open("rb") as stream:
        for data in chunks(stream, file.stat().st_size):
            digest.update(data)
            size += len(data)
    return digest.hexdigest(), size


def _move(file: Path, target: Path) -> None:
    """Rename, or copy where that is another file system."""
    import errno
    import shutil

    try:
        os.rename(file, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(file, target)
        file.unlink()
