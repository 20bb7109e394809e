"""The keys of hosts, and of what is wanted on them."""

from typing import Any

from fairlead.model.environment import ROLES, Host, Wanted
from fairlead.model.plan import Location
from fairlead.pipeline.environments import words
from fairlead.pipeline.environments.words import MANAGERS
from fairlead.pipeline.native.kinds import Choice, Key, Keys, Kind, ListOf, OneOf, unplaced
from fairlead.pipeline.native.words import FLAG, number


def _host(location: Location, address: str = "", **values: Any) -> Host:
    del location
    return Host(address=address, **values)


HOST: Kind[Host] = OneOf(
    "a host such as `deploy@web1.example.org`, or a mapping with `address`",
    scalar=words.HOST,
    mapping=Keys(
        "host",
        (
            Key("address", words.ADDRESS, "Its name or address.", required=True),
            Key("user", words.USER, "Who signs in.", default="what SSH's own settings say"),
            Key("port", number(1, 65535), "SSH's port.", default="22"),
            Key(
                "roles",
                ListOf(Choice(*ROLES), "a list of web, worker and cron", single=True),
                "`web` serves requests, `worker` runs the other processes, `cron` what is due by "
                "the clock.",
                default="all three",
            ),
            Key(
                "manager",
                Choice(*MANAGERS),
                "What starts the application there and keeps it up.",
                default="the app's",
            ),
        ),
        _host,
        familiar={"role": "write `roles`", "host": "write `address`", "name": "write `address`"},
    ),
)
HOSTS = ListOf(HOST, "a host or a list of hosts", single=True)
_NETWORKS = ListOf(words.NETWORK, "an address or a list of them", single=True)

WANTED: Kind[Wanted] = Keys(
    "provision",
    (
        Key(
            "packages",
            ListOf(words.PACKAGE, "a list of Debian packages", single=True),
            "Packages beside those that Fairlead needs.",
        ),
        Key(
            "keys",
            ListOf(words.PUBLIC_KEY, "a list of public keys", single=True),
            "Public keys that may sign in as the deploying user.",
        ),
        Key("timezone", words.ZONE, "The time zone of the hosts.", default="Etc/UTC"),
        Key("ntp", FLAG, "Whether the clock is kept right over the network.", default="true"),
        Key("firewall", FLAG, "Whether nftables closes all other ports.", default="true"),
        Key(
            "ports",
            ListOf(number(1, 65535), "a list of ports", single=True),
            "Ports that stay open beside SSH's and the site's.",
        ),
        Key(
            "databases",
            ListOf(
                Choice("postgres", "mysql", "redis"),
                "a list of postgres, mysql, redis",
                single=True,
            ),
            "Databases on the hosts themselves.",
        ),
        Key("upgrades", FLAG, "Whether security upgrades come by themselves.", default="true"),
        Key("backup", words.CRON, "When databases and shared files are saved.", default="never"),
        Key("backups", number(1, 1000), "How many backups stay.", default="7"),
        Key("body_limit", words.LIMIT, "The largest request.", default="10m"),
        Key("rate", words.RATE, "Requests that one address may make.", default="any number"),
        Key("office", _NETWORKS, "Addresses that maintenance lets through."),
        Key(
            "proxies",
            _NETWORKS,
            "Load balancers in front, whose X-Forwarded-For is believed; nobody else's is.",
        ),
    ),
    unplaced(Wanted),
)
