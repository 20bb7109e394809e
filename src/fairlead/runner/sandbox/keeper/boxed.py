"""A bubblewrap box: its warden outside, and its agent inside, which starts commands.

``bwrap`` makes the namespaces once, with a shell in it that waits for its input to close. The agent
joins them and makes a process namespace of its own for each command, so that ending one ends all it
started and the box's other commands go on.
"""

from __future__ import annotations

import fcntl
import os
import select

from . import calls, wire
from .channel import tell
from .command import be_expendable, failure
from .furnish import furnish
from .groups import enter_groups, remove_groups
from .leader import Inner, stand_by
from .light import TYPE_CHECKING, Socket, signal, socketpair, suppress
from .tally import tally

if TYPE_CHECKING:
    from typing import Any, NoReturn

_NAMESPACES = ("cgroup", "ipc", "uts", "net", "pid")


class Holder:
    """The running ``bwrap``.

    ``first`` is process 1 of the box as seen from here; ``hold`` keeps the box's shell waiting,
    ``alive`` reads as ended when the box has.
    """

    def __init__(self, first: int, hold: int, alive: int) -> None:
        self.first = first
        self.hold = hold
        self.alive = alive


def keep(link: Socket, order: dict[str, Any]) -> NoReturn:
    """Be a box's warden: set it up, answer with what went wrong (mostly nothing), wait for its end.

    The order holds ``argv`` of bubblewrap, ``files`` to copy into the box (pairs of a source and a
    place), ``texts`` for more files (pairs of a text and a place), and ``root``: whether the kernel
    takes the box's user for root. The groups that the box's commands are to be in (see
    ``enter_groups``) are heard of later: Fairlead makes them while ``bwrap`` is at work. Last comes
    what to show in the box (see ``furnish``).
    """
    # The agent loses its parent while it enters the box. Were it left to the system's first process
    # to reap, the box could not end before that does.
    calls.adopt_orphans()
    problem, holder = _start_holder(order["argv"], order["files"], order["texts"])
    groups = wire.receive(link)
    if holder is not None:
        problem = _start_agent(holder, link, groups, shield=order["root"])
    if problem:
        wire.send(link, {"error": problem})
    if holder is not None:
        if not problem:
            _wait(link, holder.alive)
        _end(holder)
    remove_groups(groups)
    os._exit(0)


def _start_holder(
    argv: list[str], files: list[tuple[str, str]], texts: list[tuple[str, str]]
) -> tuple[str, Holder | None]:
    stdin, hold = os.pipe()
    alive, stdout = os.pipe()
    complaints, stderr = os.pipe()
    info, write = os.pipe()
    monitor = os.fork()
    if monitor == 0:
        try:
            for target, source in enumerate((stdin, stdout, stderr)):
                os.dup2(source, target)
            os.set_inheritable(write, True)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            head = [argv[0], "--info-fd", str(write), *_copying(files), *_writing(texts)]
            os.execve(argv[0], head + argv[1:], {"PATH": os.defpath})  # noqa: S606
        finally:
            os._exit(127)
    for handle in (stdin, stdout, stderr, write):
        os.close(handle)
    ready = os.read(alive, 16)
    told = os.read(info, 4096)
    os.close(info)
    if ready:
        os.close(complaints)
        return "", Holder(_first_process(told), hold, alive)
    reason = os.read(complaints, 4096).decode("utf-8", "replace").strip()
    os.waitpid(monitor, 0)
    return reason or "bubblewrap ended without a word", None


def _copying(files: list[tuple[str, str]]) -> list[str]:
    """Arguments that have ``bwrap`` copy files, for a process that is about to become it."""
    arguments = []
    for source, place in files:
        with suppress(OSError):  # what we may not read, the job may not either
            arguments += _filling(os.open(source, os.O_RDONLY), place)
    return arguments


def _writing(texts: list[tuple[str, str]]) -> list[str]:
    """The same for files whose text we know."""
    arguments = []
    for text, place in texts:
        handle = os.memfd_create("text")
        os.write(handle, text.encode())
        os.lseek(handle, 0, os.SEEK_SET)
        arguments += _filling(handle, place)
    return arguments


def _filling(handle: int, place: str) -> list[str]:
    os.set_inheritable(handle, True)
    return ["--perms", "0644", "--file", str(handle), place]


def _first_process(told: bytes) -> int:
    """The process id in ``{"child-pid": 123, …}``; a JSON parser would cost every fork its time."""
    return int(told.partition(b'"child-pid":')[2].split(b",")[0].strip(b" \n}"))


def _start_agent(
    holder: Holder, link: Socket, groups: list[tuple[str, str]], *, shield: bool
) -> str:
    """Bring the agent into the box; returns what went wrong."""
    read, write = os.pipe()
    middle = os.fork()
    if middle == 0:
        try:
            os.close(read)
            os.close(holder.hold)
            os.close(holder.alive)
            enter_groups(groups)
            _join(holder.first, link, write, shield=shield)
        except OSError as error:
            os.write(write, str(error.strerror).encode())
        finally:
            os._exit(1)
    os.close(write)
    os.waitpid(middle, 0)
    reason = os.read(read, 4096).decode("utf-8", "replace")
    os.close(read)
    return reason


def _join(first: int, link: Socket, trouble: int, *, shield: bool) -> NoReturn:
    """Enter the box's namespaces, as the user who may change them, and serve."""
    be_expendable()
    namespaces = {name: _namespace(first, name) for name in ("user", "mnt", *_NAMESPACES)}
    user, mounts = namespaces["user"], namespaces["mnt"]
    # Bubblewrap makes two user namespaces: an outer one that owns all the others, and the one
    # commands live in, which owns nothing.
    owner = fcntl.ioctl(mounts, calls.OWNER_OF_NAMESPACE)
    calls.join(owner, "user")
    for name in _NAMESPACES:
        if not _is_ours(namespaces[name], name):  # what the box shares with us is not to join
            calls.join(namespaces[name], name)
    if os.fork():
        os._exit(0)
    calls.join(mounts, "mnt")
    os.chdir("/")
    nested = os.fstat(owner).st_ino != os.fstat(user).st_ino
    shielded = _not_theirs() if shield else ()
    for handle in (owner, mounts, *(namespaces[name] for name in _NAMESPACES)):
        os.close(handle)
    os.close(trouble)
    _serve(link, Inner(user if nested else None, shielded))


def _namespace(process: int, name: str) -> int:
    return os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY)


def _is_ours(namespace: int, name: str) -> bool:
    return os.fstat(namespace).st_ino == os.stat(f"/proc/self/ns/{name}").st_ino


def _not_theirs() -> tuple[str, ...]:
    """What of ``/proc`` to show read-only where the kernel takes the box's user for root.

    The kernel asks for no more than root's user id to change most of ``/proc/sys``.
    """
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() or entry.is_symlink():
            continue
        if entry.is_dir() or os.stat(entry.path).st_mode & 0o222:
            found.append(entry.path)
    return tuple(found)


def _serve(link: Socket, inner: Inner) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    wire.send(link, {"error": ""})
    _furnish(link)
    # A box's first command is sure to come: its leader gets ready while Fairlead does.
    spare: Socket | None = None
    with suppress(OSError):
        spare = _leader(link, inner)
    while True:
        mark, handles = wire.receive_mark(link)
        if mark == wire.START:
            _start(link, spare, handles, inner)
            spare = None
        elif mark == wire.SOCKET:
            with Socket() as made:
                wire.send_mark(link, mark, [made.fileno()])
        elif mark == wire.COUNT:
            wire.send(link, tally(_inside()))
        else:
            os._exit(0)


def _furnish(link: Socket) -> None:
    """Have the order for the box's files carried out; without one the box is not wanted."""
    try:
        order = wire.receive(link)
    except EOFError:
        os._exit(0)
    problem = ""
    try:
        furnish(order)
    except OSError as error:
        named = f": {os.fsdecode(error.filename)}" if error.filename else ""
        problem = f"{error.strerror}{named}"
    wire.send(link, {"error": problem})


def _leader(link: Socket, inner: Inner) -> Socket:
    """Fork a leader that gets ready for a command; returns the socket that takes it to there."""
    ours, theirs = socketpair()
    with theirs:
        if os.fork() == 0:
            link.close()
            ours.close()
            stand_by(theirs, inner)
    return ours


def _start(link: Socket, spare: Socket | None, handles: list[int], inner: Inner) -> None:
    """Have a leader run the command whose channel and streams these are."""
    try:
        if spare is None or not _hand_over(spare, handles):
            _hand_over(_leader(link, inner), handles)
    except OSError as error:
        with Socket(fileno=os.dup(handles[0])) as channel:
            tell(channel, failure(error))
    finally:
        for handle in handles:
            os.close(handle)


def _hand_over(leader: Socket, handles: list[int]) -> bool:
    """Whether it took the command: one that the kernel ended for want of memory does not."""
    with leader, suppress(BrokenPipeError, ConnectionResetError):
        wire.send_mark(leader, wire.START, handles)
        return True
    return False


def _inside() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _wait(link: Socket, alive: int) -> None:
    """Until Fairlead has closed the box, or the box has died."""
    poll = select.poll()
    poll.register(link, select.POLLRDHUP)
    poll.register(alive, 0)
    poll.poll()


def _end(holder: Holder) -> None:
    with suppress(ProcessLookupError):
        os.kill(holder.first, signal.SIGKILL)
    os.close(holder.hold)
    with suppress(ChildProcessError):
        while True:
            os.wait()
