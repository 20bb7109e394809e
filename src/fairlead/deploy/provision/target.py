"""The application on one host: what all parts want to know."""

import msgspec

from fairlead.deploy.layout import Layout, layout_of, manager_of, processes_of, user_of
from fairlead.deploy.provision.render import name
from fairlead.deploy.provision.resources import Facts
from fairlead.errors import UsageError
from fairlead.model.environment import App, Environment, Host, Wanted

SUPERVISOR_GROUP = "supervisor"
"""Its members may speak to supervisord."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """An environment, one of its hosts, and what that says of itself.

    ``first`` is the host that databases live on.
    """

    environment: Environment
    host: Host
    facts: Facts = Facts()
    first: bool = True

    @property
    def app(self) -> App:
        """The application; raises ``UsageError`` where the environment names none."""
        if self.environment.app is None:
            raise UsageError(
                f"{self.environment.name} names no application to make its hosts ready for",
                hint=f"say what runs there: environments: {self.environment.name}: app: ...",
            )
        return self.environment.app

    @property
    def name(self) -> str:
        """The application's name, which units, files and logs are called by."""
        return name(self.app.name)

    @property
    def user(self) -> str:
        """Whom the application runs as."""
        return name(user_of(self.environment))

    @property
    def deployer(self) -> str:
        """Who signs in to deploy."""
        return self.host.user or self.facts.signed_in

    @property
    def manager(self) -> str:
        """What starts and stops processes on this host."""
        return manager_of(self.environment, self.host)

    @property
    def layout(self) -> Layout:
        """Where things lie."""
        return layout_of(self.environment)

    @property
    def wanted(self) -> Wanted:
        """What is asked for beside the application."""
        return self.environment.wanted

    @property
    def log(self) -> str:
        """The folder that ``layout.log`` leads to. It is root's: who writes there is root."""
        return f"/var/log/{self.name}"

    @property
    def processes(self) -> tuple[str, ...]:
        """What runs in a slot of this host."""
        return processes_of(self.environment, self.host.roles)

    @property
    def web(self) -> bool:
        """Whether it serves requests."""
        return "web" in self.host.roles

    @property
    def boot(self) -> str:
        """The program that starts the live slot."""
        return f"/usr/local/sbin/{self.name}-boot"

    @property
    def said(self) -> dict[str, str]:
        """What every template names."""
        return {
            "app": self.name,
            "environment": self.environment.name,
            "user": self.user,
            "root": self.layout.root,
            "log": self.log,
        }
