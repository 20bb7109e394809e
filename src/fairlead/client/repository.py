"""What the repository around a folder tells of a server: its remotes, the branch, a commit."""

from pathlib import Path

from fairlead.util.git import try_git


def remotes(folder: Path) -> tuple[str, ...]:
    """Addresses of the remotes, ``origin`` first; nothing outside of a repository."""
    done = try_git("remote", "-v", cwd=folder)
    rows = [row.split("\t", 1) for row in done.text.splitlines() if "\t" in row]
    rows.sort(key=lambda row: row[0] != "origin")
    return tuple(dict.fromkeys(row[1].rpartition(" (")[0] for row in rows))


def branch(folder: Path) -> str | None:
    """The branch that is checked out; ``None`` without one."""
    done = try_git("symbolic-ref", "--quiet", "--short", "HEAD", cwd=folder)
    return done.text.strip() or None if not done.code else None


def top(folder: Path) -> Path | None:
    """The root of the work tree around ``folder``; ``None`` outside of one."""
    done = try_git("rev-parse", "--show-toplevel", cwd=folder)
    return Path(done.text.rstrip("\n")) if not done.code and done.text.strip() else None


def commit_of(folder: Path, revision: str) -> str | None:
    """The commit that a revision names here; ``None`` where there is none."""
    if revision.startswith("-"):
        return None
    done = try_git("rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}", cwd=folder)
    return done.text.strip() or None if not done.code else None


def has_commit(folder: Path, commit: str) -> bool:
    """Whether a commit is there, with its files."""
    return not try_git("rev-parse", "--quiet", "--verify", f"{commit}^{{tree}}", cwd=folder).code
