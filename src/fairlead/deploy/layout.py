"""Where everything of an application lies on its hosts. Provisioning and deploying agree here.

/srv/bank/                     belongs to the application's user
  releases/7/                  a release, unpacked once: source/ site/ manifest.json
  environments/<digest>/       what releases with the same locks share
  slots/blue/                  release -> ../../releases/7, env, about.json, and what is started:
    web  worker-1  run         one executable each; `run COMMAND...` is for people and cron
    sock -> ../../run/blue.sock
  slots/live -> blue           which slot is live: the one link that a switch moves
  slots/.green.before          what the slot held before the deployment that is under way
  run/blue.sock                what a slot's web server listens on
  run/live.sock -> ../slots/live/sock    nginx asks this one; it never changes
  shared/                      survives releases: uploads, databases in files
  maintenance/                 page.html; on.html -> page.html closes the site for a deployment
  log/                         access.log (see ACCESS_FORMAT), error.log, web-blue.log ...
  history.jsonl                one line a deployment
  lock                         held by flock while somebody deploys; lock.json says who
  under-way                    a deployment's journal: there while one is under way, or died
  .work  .processes            held by each script that changes something, to its end
"""

from typing import Final

import msgspec

from fairlead.model.environment import Environment, Host

SLOTS: Final = ("blue", "green")

ACCESS_FORMAT: Final = (
    '$msec $status $request_time "$request_method $uri" $remote_addr $upstream_status'
)
"""nginx's ``log_format``: watching reads the first two words of each line."""

RELEASE_HEADER: Final = "X-Fairlead-Release"
"""Which release answered; put into each answer by the slot's own wrapper."""


def other(slot: str) -> str:
    """The slot that is not this one; blue where there was none."""
    return "green" if slot == "blue" else "blue"


class Layout(msgspec.Struct, frozen=True):
    """Absolute paths on a host."""

    root: str

    @property
    def releases(self) -> str:
        """Unpacked releases by number, or by version where they have none."""
        return f"{self.root}/releases"

    @property
    def environments(self) -> str:
        """Virtual environments by digest."""
        return f"{self.root}/environments"

    @property
    def shared(self) -> str:
        """What outlives releases."""
        return f"{self.root}/shared"

    @property
    def run(self) -> str:
        """Sockets."""
        return f"{self.root}/run"

    @property
    def live(self) -> str:
        """The socket nginx asks: a link to a slot's."""
        return f"{self.run}/live.sock"

    @property
    def maintenance(self) -> str:
        """The page that stands for the site while it is closed, and its switch."""
        return f"{self.root}/maintenance"

    @property
    def log(self) -> str:
        """Logs of nginx and of the application."""
        return f"{self.root}/log"

    @property
    def access_log(self) -> str:
        """One line a request."""
        return f"{self.log}/access.log"

    @property
    def history(self) -> str:
        """One JSON line a deployment."""
        return f"{self.root}/history.jsonl"

    @property
    def lock(self) -> str:
        """The file whose lock is one deployment at a time."""
        return f"{self.root}/lock"

    @property
    def slots(self) -> str:
        """Both slots, and the link to the live one."""
        return f"{self.root}/slots"

    def slot(self, name: str) -> str:
        """The folder of a slot."""
        return f"{self.root}/slots/{name}"

    def socket(self, slot: str) -> str:
        """The socket a slot's web server listens on."""
        return f"{self.run}/{slot}.sock"


def layout_of(environment: Environment) -> Layout:
    """Where the application of an environment lies on its hosts."""
    name = environment.app.name if environment.app else environment.name
    return Layout(environment.root or f"/srv/{name}")


def user_of(environment: Environment) -> str:
    """Whom the application runs as."""
    return environment.user or (environment.app.name if environment.app else environment.name)


def manager_of(environment: Environment, host: Host) -> str:
    """What starts and stops the application's processes on a host."""
    return host.manager or (environment.app.manager if environment.app else "systemd")


def release_name(number: int, version: str) -> str:
    """The folder of a release on its hosts: its number, or its version where it has none."""
    return str(number) if number else version


def processes_of(environment: Environment, roles: tuple[str, ...]) -> tuple[str, ...]:
    """The processes a host with these roles runs in each slot: ``web``, ``worker-1`` ..."""
    found = ["web"] if "web" in roles else []
    if "worker" in roles and environment.app:
        for process in environment.app.workers:
            found += [f"{process.name}-{number}" for number in range(1, process.count + 1)]
    return tuple(found)
