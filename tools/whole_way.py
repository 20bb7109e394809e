"""From nothing to a verdict: a server of its own, a hosted project, a push, the build watched."""

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from fairlead.errors import FairleadError
from fairlead.util.fs import remove_tree
from fairlead.util.serving import serving

CHECKOUT = Path(__file__).resolve().parent.parent
LONGEST = 60  # characters of a folder, so that PostgreSQL's socket below it has a short name
STARTING, STOPPING = 120, 60  # seconds after which a server hangs
DRAIN = "1"  # seconds for a build that runs when the server is stopped
INTERRUPTED = 130
NOT_COPIED = shutil.ignore_patterns(".git", ".fairlead", "__pycache__", ".*_cache", "_build")
SCOPES = ("push", "read", "build")


def go(app: Path, folder: Path, *, keep: bool) -> int:
    """Show it all; the verdict's exit code. Raises ``FairleadError`` where something is amiss.

    Without ``keep`` everything is in a temporary folder, and nothing is left behind.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if keep:
            return Demo(app, own(folder)).show(keep=True)
        with temporary() as place:
            return Demo(app, place).show(keep=False)
    except KeyboardInterrupt:
        return INTERRUPTED


def stop(folder: Path) -> int:
    """Stop the server that was kept, and remove what it held."""
    found = serving(folder / "data")
    if not found and not folder.exists():
        print("No server was kept.")
        return 0
    if found:
        os.kill(found.pid, signal.SIGINT)
        end = time.monotonic() + STOPPING
        while serving(folder / "data"):
            if time.monotonic() > end:
                raise FairleadError(f"process {found.pid} does not end", hint=f"see {folder}")
            time.sleep(0.1)
    remove_tree(folder)
    print("Stopped, and removed.")
    return 0


class Demo:
    """A server below ``folder``, and a repository of the application beside its data."""

    def __init__(self, app: Path, folder: Path) -> None:
        self._project = app.name
        self._app, self._folder = app, folder
        self._data, self._repository = folder / "data", folder / app.name
        self._server: subprocess.Popen[bytes] | None = None
        self._env = surroundings(os.environ, self._data)

    def show(self, *, keep: bool) -> int:
        """The whole way; the verdict's exit code."""
        pushed = False
        try:
            url = self._serve()
            token = self._prepare(url)
            pushed = self._push()
            code = self._watch(url, token)
            if not keep:
                print("\nTo look around in it: make demo KEEP=1")
        finally:
            if keep and pushed:
                self._tell(url)
            else:
                self._stop()
        return code

    def _serve(self) -> str:
        if found := serving(self._data):
            print(f"Fairlead is at {found.url}/ already")
            return found.url
        command = ("fairlead", "serve", "--listen", "127.0.0.1:0")
        told(*command)
        with (self._folder / "serve.log").open("wb") as log:
            self._server = subprocess.Popen(
                command, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + STARTING
        while "Fairlead is at" not in self._log() or not (found := serving(self._data)):
            if self._server.poll() is not None or time.monotonic() > end:
                raise FairleadError(f"the server did not start:\n{self._log()}")
            time.sleep(0.05)
        print(self._greeting(), flush=True)
        return found.url

    def _log(self) -> str:
        return (self._folder / "serve.log").read_text("utf-8", "replace")

    def _greeting(self) -> str:
        lines = self._log().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("Fairlead is at"))
        return "\n".join(lines[first:])

    def _prepare(self, url: str) -> str:
        """Make the project where it is not there yet, and a token for it."""
        if self._project not in self._admin("project", "list").split():
            told("fairlead", "admin", "project", "create", self._project)
            print(self._admin("project", "create", self._project), end="")
        scopes = [word for scope in SCOPES for word in ("--scope", scope)]
        command = ("token", "create", "demo", *scopes, "--project", self._project)
        told("fairlead", "admin", *command)
        token = self._admin(*command).strip()
        print("fl_…")
        self._make_repository(url, token)
        return token

    def _make_repository(self, url: str, token: str) -> None:
        """A repository that knows where to push to, and the token for it alone."""
        if not self._repository.exists():
            shutil.copytree(self._app, self._repository, ignore=NOT_COPIED)
            self._git("init", "--quiet", "--initial-branch", "main")
        self._git("config", "remote.ci.url", f"{url}/git/{self._project}.git")
        kept = self._repository / ".git" / "credentials"
        kept.touch(0o600)
        kept.write_text(url.replace("://", f"://demo:{token}@") + "\n")
        self._git("config", "--replace-all", "credential.helper", "")
        self._git("config", "--add", "credential.helper", f"store --file={shlex.quote(str(kept))}")
        who = ("-c", "user.name=Fairlead", "-c", "user.email=demo@example.org")
        self._git("add", "--all")
        self._git(*who, "commit", "--quiet", "--allow-empty", "--message", "Show Fairlead")

    def _push(self) -> bool:
        command = ("git", "push", "ci", "main")
        told(*command)
        done = subprocess.run(
            command, cwd=self._repository, env=self._env | GIT, stdin=subprocess.DEVNULL,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise FairleadError("the push failed")
        return True

    def _watch(self, url: str, token: str) -> int:
        told("fairlead", "watch")
        env = self._env | {"FAIRLEAD_URL": url, "FAIRLEAD_TOKEN": token}
        watch = subprocess.Popen(("fairlead", "watch"), cwd=self._repository, env=env)
        try:
            return watch.wait()
        except KeyboardInterrupt:  # it was interrupted with us
            with suppress(subprocess.TimeoutExpired):
                watch.wait(5)
            raise
        finally:
            if watch.poll() is None:
                watch.kill()
                watch.wait()

    def _tell(self, url: str) -> None:
        """How to go on with a server that is kept."""
        link = self._admin("user", "link", "admin").strip()
        print(f"\nThe server goes on: {url}/")
        print(f"This link signs you in, once:\n  {link}")
        print("The application is here, for another commit and `git push ci main`:")
        print(f"  {self._repository}")
        print("To stop it, and remove all of it: make demo DEMO=stop")

    def _stop(self) -> None:
        if self._server is None:
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(STOPPING)
        except subprocess.TimeoutExpired:
            self._server.kill()  # the kernel then ends its parts
            self._server.wait()
        print("The server is stopped.", flush=True)

    def _admin(self, *words: str) -> str:
        return output(("fairlead", "admin", *words), self._env, self._folder)

    def _git(self, *words: str) -> str:
        return output(("git", *words), self._env | GIT, self._repository)


GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}


def surroundings(environ: Mapping[str, str], data: Path) -> dict[str, str]:
    """Variables for a server of its own, whatever another one here is told."""
    kept = ("FAIRLEAD_HOME", "FAIRLEAD_CONFIG")
    dropped = ("FAIRLEAD_", "GIT_", "DJANGO_")
    env = {k: v for k, v in environ.items() if k in kept or not k.startswith(dropped)}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["FAIRLEAD_DATA"] = str(data)
    env["FAIRLEAD_DRAIN_TIMEOUT"] = DRAIN
    away = ",".join(filter(None, (environ.get("no_proxy"), "127.0.0.1")))
    return env | {"no_proxy": away, "NO_PROXY": away}


def told(*command: str) -> None:
    """Show a command as it would be typed."""
    print(f"\n$ {shlex.join(command)}", flush=True)


def output(command: tuple[str, ...], env: Mapping[str, str], folder: Path) -> str:
    """What a command prints. Raises ``FairleadError`` with what it complained of."""
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FairleadError(f"{shlex.join(command)}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for as long as it is needed, which PostgreSQL's user may pass through."""
    usual = Path(tempfile.gettempdir())
    other = None if fits(usual / "any") else "/tmp"  # noqa: S108 — mkdtemp's names are nobody else's
    place = Path(tempfile.mkdtemp(prefix="fairlead-demo-", dir=other))
    try:
        yield own(place)
    finally:
        remove_tree(place)


def kept_folder() -> Path:
    """Where a server that goes on has its data: in our environment, unless PostgreSQL cannot."""
    near = Path(sys.prefix) / "demo"
    if fits(near):
        return near
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    return Path(f"/var/tmp/fairlead-demo-{os.geteuid()}-{name}")  # noqa: S108 — see `own`


def fits(folder: Path) -> bool:
    """Whether PostgreSQL can work below it; as root it runs as another user."""
    if len(str(folder)) > LONGEST:
        return False
    open_to_all = (path.stat().st_mode & 0o001 for path in folder.parents if path.exists())
    return os.geteuid() != 0 or all(open_to_all)


def own(folder: Path) -> Path:
    """The folder, made where it is not there. Raises ``FairleadError`` where it is another's."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    folder.mkdir(mode=mode, exist_ok=True, parents=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise FairleadError(f"{folder} belongs to somebody else", hint="remove it")
    folder.chmod(mode)
    return folder
