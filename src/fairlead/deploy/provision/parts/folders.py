"""The application's folders, as ``layout`` names them."""

from fairlead.deploy.provision.render import quoted, render
from fairlead.deploy.provision.resources import Ensure, File, Folder, Link, Part
from fairlead.deploy.provision.target import Target

_INSIDE = ("releases", "environments", "slots", "slots/blue", "slots/green", "run", "shared")


def part(target: Target) -> Part:
    """Folders that belong to the application, and its log folder, which belongs to root.

    nginx, systemd and supervisord open logs as root: whoever could put links into that folder
    could have them write anywhere.
    """
    root, user, layout = target.layout.root, target.user, target.layout
    own = [Folder(path=root, mode=0o750, owner=user, group=user)]
    own += [Folder(path=f"{root}/{name}", mode=0o750, owner=user, group=user) for name in _INSIDE]
    own += [Folder(path=layout.maintenance, mode=0o750, owner=user, group=user)]
    logs = Folder(path=target.log, mode=0o750, group=user)
    return Part(
        name="folders",
        packages=("python3", "python3-venv", "ca-certificates", "curl"),
        before=(_parents(root), *own, logs),
        files=(
            Link(path=layout.log, target=target.log),
            File(
                path=f"{target.log}/cron.log",
                text="",
                mode=0o640,
                owner=user,
                group=user,
                once=True,
            ),
            File(
                path=f"{layout.maintenance}/page.html",
                text=render("page.html", paragraphs=_WORDS, until="", until_iso=""),
                owner=user,
                group=user,
                once=True,
            ),
        ),
    )


_WORDS = ("We are working on this site. Please try again in a few minutes.",)


def _parents(root: str) -> Ensure:
    above = quoted(root.rpartition("/")[0] or "/")
    return Ensure(title=f"create {above}", test=f"[ -d {above} ]", make=f"mkdir -p {above}")
