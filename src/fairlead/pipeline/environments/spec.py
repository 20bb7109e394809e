"""Every key of ``environments`` and of ``release``, declared once."""

from typing import Final

from fairlead.model.environment import Packaging, Tls
from fairlead.model.plan import Location, Pairs
from fairlead.pipeline.document import Node, Scalar
from fairlead.pipeline.environments import words
from fairlead.pipeline.environments.app import APP, Written, written
from fairlead.pipeline.environments.hosts import HOSTS, WANTED
from fairlead.pipeline.environments.safety import HEALTH, HOOKS, MIGRATIONS, WATCH
from fairlead.pipeline.native.kinds import (
    Choice,
    Key,
    Keys,
    Kind,
    ListOf,
    MapOf,
    Mapped,
    unplaced,
)
from fairlead.pipeline.native.parts import GLOBS, PATTERNS
from fairlead.pipeline.native.reader import Reader
from fairlead.pipeline.native.words import FLAG, GLOB, PYTHON, VARIABLE, VARIABLE_NAME, number

PROVIDERS: Final = ("ssh", "heroku", "script")
_COMMANDS = ListOf(words.LINE, "a command or a list of commands", single=True)


def _texts(pairs: tuple[tuple[Scalar, str], ...]) -> Pairs:
    return tuple((name.text, value) for name, value in pairs)


class _Variables(MapOf[str]):
    """Variables of the application, without those that Fairlead sets itself."""

    def entry(self, key: Scalar, node: Node, reader: Reader) -> str | None:
        if key.text in words.RESERVED:
            reader.error(key.location, f"{key.text} is set by Fairlead itself")
            return None
        return super().entry(key, node, reader)


def _tls(location: Location, certificate: str = "", key: str = "") -> Tls:
    del location
    return Tls(certificate=certificate, key=key)


ENVIRONMENT: Kind[Written] = Keys(
    "environment",
    (
        Key("provider", Choice(*PROVIDERS), "How it is deployed to.", default="ssh"),
        Key("hosts", HOSTS, "The machines, for `ssh`; `[user@]address[:port]` or a mapping each."),
        Key("branch", PATTERNS, "Branches that may go there.", default="any"),
        Key("tag", PATTERNS, "Tags that may go there.", default="any, where there is no `branch`"),
        Key("automatic", FLAG, "Whether a green build goes there by itself.", default="false"),
        Key("approval", FLAG, "Whether a second person must agree, on a server.", default="false"),
        Key("confirm", FLAG, "Whether the terminal asks for the name first.", default="false"),
        Key(
            "env",
            Mapped(
                _Variables(
                    words.VARIABLE_VALUE,
                    "a mapping of variables",
                    key="a variable's name",
                    pattern=VARIABLE,
                ),
                _texts,
            ),
            "Variables of the application.",
            default="none",
        ),
        Key(
            "secrets",
            ListOf(VARIABLE_NAME, "a list of names", single=True),
            "Names of stored secrets that the application gets as variables.",
        ),
        Key("app", APP, "What is run: its keys go before those of `app` at the top of the file."),
        Key("root", words.FOLDER, "Its folder on the hosts.", default="/srv/ and the app's name"),
        Key("user", words.USER, "Whom it runs as.", default="the app's name"),
        Key(
            "domain",
            ListOf(words.DOMAIN, "a domain or a list of domains", single=True),
            "What it is reached as. For `review` one of them holds `{number}`.",
        ),
        Key(
            "tls",
            Keys(
                "tls",
                (
                    Key(
                        "certificate",
                        words.PLACE,
                        "The certificate with its chain, a file on the hosts.",
                        required=True,
                    ),
                    Key("key", words.PLACE, "Its key, a file on the hosts.", required=True),
                ),
                _tls,
                familiar={"cert": "write `certificate`"},
            ),
            "What nginx proves the domain with.",
            default="plain HTTP",
        ),
        Key("health", HEALTH, "When a release is well.", default="/health answers 200"),
        Key("watch", WATCH, "How long a new release is looked at.", default="30 s"),
        Key("migrations", MIGRATIONS, "How the database follows.", default="told from the files"),
        Key(
            "build_static",
            words.LINE,
            "Makes static files on the hosts, where the release did not bring them.",
            default="told from the files",
        ),
        Key("flush", words.LINE, "Empties caches after the switch.", default="none"),
        Key(
            "maintenance",
            FLAG,
            "Whether every deployment closes the site while it migrates and switches.",
            default="false",
        ),
        Key("hooks", HOOKS, "Commands by `before` or `after` and a phase.", default="none"),
        Key("keep", number(1, 100), "Releases that stay on the hosts.", default="5"),
        Key(
            "warm",
            FLAG,
            "Whether the old release keeps running, to go back to within a second.",
            default="true",
        ),
        Key(
            "notify",
            ListOf(words.RECIPIENT, "a list of mail addresses and URLs", single=True),
            "Who is to be told what became of a deployment; nothing is sent yet.",
        ),
        Key("provision", WANTED, "What `fairlead provision` brings the hosts to."),
        Key(
            "review", FLAG, "Whether each pull request gets one of its own.", default="false"
        ),
        Key(
            "options",
            Mapped(
                MapOf(
                    words.VARIABLE_VALUE,
                    "a mapping of the provider's own options",
                    key="an option's name",
                    pattern=r"[a-z][a-z0-9_]*",
                ),
                lambda pairs: pairs,
            ),
            "What `heroku` or `script` need to know: see their pages.",
        ),
    ),
    written,
    familiar={
        "host": "write `hosts`",
        "servers": "write `hosts`",
        "branches": "write `branch`",
        "tags": "write `tag`",
        "domains": "write `domain`",
        "when": "write `branch` or `tag`",
        "variables": "write `env`",
        "environment": "write `env`",
        "port": "give it with a host, as in `web1.example.org:2222`",
        "roles": "give them with a host",
        "migrate": "write `migrations`",
        "packages": "write them under `provision`",
        "script": "write `provider: script`, and `deploy` under `options`",
    },
)  # fmt: skip

ENVIRONMENTS = MapOf(
    ENVIRONMENT,
    "a mapping of environments",
    key="an environment's name, of small letters, digits, - and _",
    pattern=words.ENVIRONMENT_NAME,
)

RELEASE: Kind[Packaging] = Keys(
    "release",
    (
        Key(
            "python",
            words.matching("a Python version such as `3.12`", PYTHON),
            "The version the hosts have.",
            default="`.python-version`, else any Python 3",
        ),
        Key(
            "lock",
            GLOB,
            "The requirements file with hashes, `uv.lock` or `pylock.toml` whose wheels go along.",
            default="told from the files",
        ),
        Key(
            "extras",
            ListOf(words.FOUND, "a name or a list of names", single=True),
            "Extras of the project that go along.",
        ),
        Key("build", _COMMANDS, "Commands that make what is not committed, such as static files."),
        Key("include", GLOBS, "What `build` makes and the release takes along."),
        Key("exclude", GLOBS, "Committed files that it leaves out, such as tests."),
        Key(
            "tag",
            words.RELEASE_TAG,
            "The git tag each release gets, such as `release-{number}`.",
            default="none",
        ),
        Key("keep", number(1, 10_000), "Releases that are kept.", default="20"),
    ),
    unplaced(Packaging),
    familiar={"requirements": "write `lock`", "files": "write `include`"},
)
