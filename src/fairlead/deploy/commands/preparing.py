"""Scripts that make a release ready in the slot that is not live; nothing of it takes traffic."""

import msgspec

from fairlead.deploy.commands.base import (
    GENTLY,
    WRONG,
    alone_with_processes,
    changing,
    opening,
    quote,
    words,
)
from fairlead.deploy.commands.facts import Journal
from fairlead.deploy.layout import Layout
from fairlead.deploy.slots import identity
from fairlead.model.release import Manifest


def journal(entry: Journal) -> str:
    """Write down what is under way, whole or not at all."""
    text = msgspec.json.encode(entry).decode()
    return f"printf '%s\\n' {quote(text)} >.under-way.new && mv .under-way.new under-way\n"


def upload(layout: Layout, name: str, manifest: Manifest, entry: Journal) -> str:
    """Read a release file from standard input and unpack it as ``releases/<name>``.

    It is checked here once more: what arrives cut off or altered never becomes a release.
    """
    return (
        f"{GENTLY}{changing(layout)}{journal(entry)}"
        f"new={quote(f'{layout.releases}/.{name}.new')}\n"
        "trap 'rm -rf \"$new\"' EXIT\n"
        'rm -rf "$new"; mkdir "$new"\n'
        'tar -xf - -C "$new"; cd "$new"\n'
        f"echo {quote(f'{manifest.payload}  payload.tar.gz')} | sha256sum -c --quiet >&2\n"
        "tar -xzf payload.tar.gz --no-same-owner; rm payload.tar.gz\n"
        f"echo {quote(identity(manifest))} >identity; cd ../..\n"
        f"rm -rf {quote(f'releases/{name}')}\n"
        f'mv -T "$new" {quote(f"releases/{name}")}\n'
        "trap - EXIT\n"
    )


def clean(layout: Layout, name: str, entry: Journal) -> str:
    """Clear what the release brought that must not be there, and what dead deployments left.

    Compiled files of another commit would be run in place of its sources.
    """
    return (
        f"{changing(layout)}{journal(entry)}"
        f"find {quote(f'releases/{name}')} -name '*.py[co]' ! -path '*/__pycache__/*' -delete\n"
        f"rm -rf slots/.[!.]*.new slots/.back\n{_HALF}"
    )


_HALF = r"""rm -rf releases/.[!.]*
for e in environments/*/; do
  [ ! -d "$e" ] || [ -f "$e/ready" ] || rm -rf "$e"
done
"""
"""Removes what never became a release or an environment: a full disk needs the room."""

_FIND = r"""
right() {
  command -v "$1" >/dev/null 2>&1 &&
    "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" 2>/dev/null
}
python=
for p in python$wanted /usr/bin/python$wanted /usr/local/bin/python$wanted \
  /opt/python*/bin/python$wanted "${HOME:-/}"/.pyenv/versions/"$wanted".*/bin/python$wanted python3
do
  if right "$p"; then python=$(command -v "$p"); break; fi
done
[ "$python" ] || { echo "there is no Python $wanted on this host" >&2; exit 69; }
"""

_MAKE = r"""
"$python" -m venv --without-pip "$made"
pip=$("$python" - <<'FAIRLEAD'
import glob, os, sys
import ensurepip
places = [os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"), "/usr/share/python-wheels"]
print(([w for p in places for w in sorted(glob.glob(os.path.join(p, "pip-*.whl")))] or [""])[-1])
FAIRLEAD
) || pip=
[ "$pip" ] || { echo "pip's wheel is missing on this host: install python3-venv" >&2; exit 69; }
set -- "$release"/wheels/*.whl
if [ -f "$1" ]; then
  PYTHONPATH="$pip" PYTHONDONTWRITEBYTECODE= "$made/bin/python" -m pip --quiet \
    --disable-pip-version-check --no-cache-dir --isolated install --no-index --no-deps \
    --no-warn-script-location "$@"
fi
: >"$made/ready"
trap - EXIT
"""


def install(layout: Layout, name: str, manifest: Manifest) -> str:
    """Make the environment of a release from its own wheels, without any network.

    It is made where it stays, as paths are written into it, and counts once ``ready`` is there.
    """
    made = f"{layout.environments}/{manifest.environment}"
    return (
        f"{GENTLY}{changing(layout)}"
        f"wanted={quote(manifest.python)}; made={quote(made)}\n"
        f"release={quote(f'{layout.releases}/{name}')}\n"
        '[ ! -f "$made/ready" ] || exit 0\n'
        f'rm -rf "$made"\ntrap \'rm -rf "$made"\' EXIT\n{_FIND}{_MAKE}'
    )


def place(layout: Layout, slot: str) -> str:
    """Read the files of a slot from standard input and lay them aside as ``.<slot>.new``."""
    new = f"slots/.{slot}.new"
    return (
        f"{changing(layout)}"
        f"rm -rf {new}; mkdir -m 750 {new}\n"
        f"tar -xpf - --no-same-owner -C {new}\n"
        '[ -L run/live.sock ] && [ "$(readlink run/live.sock)" = ../slots/live/sock ] || {\n'
        "  ln -sfn ../slots/live/sock run/.live.sock.new; mv -T run/.live.sock.new run/live.sock\n"
        "}\n"
    )


def in_release(layout: Layout, folder: str, command: str) -> str:
    """Run a shell line in the release of ``slots/<folder>``, with its variables."""
    return f"exec {quote(f'{layout.slots}/{folder}/run')} sh -c {quote(command)}\n"


def cool(layout: Layout, slot: str, processes: tuple[str, ...], functions: str) -> str:
    """Stop what the idle slot still runs. Web servers take a second for that: it is done early."""
    return (
        f"{opening(layout)}{alone_with_processes()}{functions}\n"
        f'[ "$(readlink slots/live || :)" != {slot} ] || exit {WRONG}\n'
        f"finish {slot} {words(processes)}\n"
    )


def start(layout: Layout, slot: str, processes: tuple[str, ...], functions: str) -> str:
    """Put the new files of a slot in place and start its web server, if the host has one.

    What the slot held stays aside until the deployment is over, also that it was not there.
    Nothing of it runs any more. Prints how long the slot's log is by then.
    """
    before = f"slots/.{slot}.before"
    return (
        f"{changing(layout)}{alone_with_processes()}{functions}\n"
        # What an earlier, dead deployment left there is not what was before.
        f"if [ -e {before} ]; then rm -rf slots/{slot}\n"
        f"elif [ -e slots/{slot} ]; then mv -T slots/{slot} {before}\n"
        f"else mkdir {before}; : >{before}/.absent; fi\n"
        f"mv -T slots/.{slot}.new slots/{slot}\n" + begin_web(layout, slot, processes, functions="")
    )


def begin_web(layout: Layout, slot: str, processes: tuple[str, ...], functions: str) -> str:
    """Start the web server of what a slot holds, where the host has one."""
    alone = f"{changing(layout)}{alone_with_processes()}{functions}\n"
    head = alone if functions else ""
    began = f"wc -c <log/{slot}.log 2>/dev/null || echo 0\n"
    return head + began + (f"begin {slot} web\n" if "web" in processes else "")


def put_back(
    layout: Layout,
    slot: str,
    *,
    processes: tuple[str, ...],
    functions: str,
    warm: bool = False,
    stop: bool = False,
    remove: str = "",
) -> str:
    """Leave the idle slot as it was before: what it held, and with ``warm`` running.

    ``stop`` is for one whose contents were not changed but which was started, and ``remove`` the
    folder of the release that came with this deployment.
    """
    before, all_of_it = f"slots/.{slot}.before", words(processes)
    return (
        f"{changing(layout)}{alone_with_processes()}{functions}\n"
        f'[ "$(readlink slots/live || :)" != {slot} ] || exit {WRONG}\n'
        f"if [ -e {before} ]; then\n"
        f"  finish {slot} {all_of_it} || :\n"
        f"  rm -rf slots/{slot}\n"
        f"  if [ -e {before}/.absent ]; then rm -rf {before}\n"
        f"  else mv -T {before} slots/{slot}; fi\n"
        "fi\n"
        + (f"finish {slot} {all_of_it} || :\n" if stop else "")
        + f"rm -rf slots/.{slot}.new slots/.back\n"
        + (f"rm -rf {quote(f'releases/{remove}')}\n" if remove else "")
        + (f"[ ! -e slots/{slot}/web ] || begin {slot} web\n" if warm else "")
        + f"{_HALF}rm -f under-way\n"
    )


def log_tail(layout: Layout, slot: str, offset: int) -> str:
    """The end of what a slot wrote since its log was ``offset`` bytes long."""
    log = quote(f"{layout.log}/{slot}.log")
    return f"tail -c +{offset + 1} {log} 2>/dev/null | tail -n 25\n"
