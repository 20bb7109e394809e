"""Where a job could run: its system, its language, its version of Python."""

import re

from fairlead.pipeline.document import Mapping
from fairlead.pipeline.travis.nodes import Keys, Problems, keys, text, truth

DEFAULT_PYTHON = "3.10"
_WITHOUT_LANGUAGE = frozenset({"generic", "minimal", "shell", "bash", "sh"})
_SITE = "_with_system_site_packages"


def language(config: Keys) -> str:
    """The language of a job; Travis itself would take ruby where none is named."""
    return (text(config.get("language")) or "python").lower()


def unsupported(config: Keys) -> str:
    """Why a job cannot run here, or empty."""
    system = (text(config.get("os")) or "linux").lower()
    if system not in ("linux", "linux-ppc64le"):
        return f"os {system} is not run here, only linux"
    if (arch := (text(config.get("arch")) or "amd64").lower()) not in ("amd64", "x86_64"):
        return f"arch {arch} is not run here, only amd64"
    if language(config) not in {"python", *_WITHOUT_LANGUAGE}:
        return f"language {language(config)} is not run here, only python and generic"
    return ""


def asked_python(config: Keys) -> str | None:
    """The version as the file says it, ``None`` for a job in no language."""
    if language(config) != "python":
        return None
    return text(config.get("python")) or DEFAULT_PYTHON


def interpreter(config: Keys, problems: Problems) -> str | None:
    """The version to look for: ``3.9-dev`` is ``3.9``, ``nightly`` and ``pypy3`` stay.

    An interpreter that is not on the machine makes the job errored, which counts unless its
    failure is allowed: a matrix that leaves a version out in silence would be a lie.
    """
    asked = asked_python(config)
    if asked is None:
        return None
    version = asked.removesuffix(_SITE)
    if match := re.fullmatch(r"(\d+\.\d+)-dev", version):
        message = f"Python {version} is taken to be the {match[1]} on this machine"
        problems.warn(config["python"].location, message)
        version = match[1]
    return version


def report_unused(config: Keys, problems: Problems) -> None:
    """Warn of keys that change Travis' machines and have no meaning here."""
    for key in ("dist", "sudo", "group", "virt", "vm", "vault", "workspaces", "import"):
        node = config.get(key)
        if node is not None and not (key == "sudo" and not truth(node)):
            problems.warn(node.location, f"{key} is not run here", "jobs run on this machine")
    addons = config.get("addons")
    if isinstance(addons, Mapping):
        for key, node in keys(addons).items():
            if key != "postgresql":
                problems.warn(node.location, f"addons.{key} is not run here", _addon_hint(key))
    virtualenv = config.get("virtualenv")
    site = isinstance(virtualenv, Mapping) and truth(virtualenv.get("system_site_packages"))
    if virtualenv is not None and site:
        problems.warn(virtualenv.location, "environments here never see the system's packages")


def _addon_hint(key: str) -> str:
    return "install the packages on this machine" if key in ("apt", "apt_packages") else ""
