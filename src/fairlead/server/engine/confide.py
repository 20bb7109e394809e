"""What a worker may tell its builds."""

from fairlead.runner.secrets import Secrets
from fairlead.server.configuration import Configuration
from fairlead.server.engine.order import Confide
from fairlead.server.secrets.reading import for_worker
from fairlead.server.store.models import Build


def make_confide(told: Configuration, *, alone: bool) -> Confide:
    """The secrets of a build's project; ``alone`` is a worker that may have to ask for them."""

    def confide(build: Build) -> Secrets:
        return Secrets(named=for_worker(told, build, alone=alone))

    return confide
