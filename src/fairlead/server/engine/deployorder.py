"""A deployment's row as an order for the process that carries it out."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fairlead.errors import FairleadError
from fairlead.model.release import Release as Value
from fairlead.server.logs.storage import Storage
from fairlead.server.secrets.reading import DEPLOY_KEY, for_deployment
from fairlead.server.store.models import Deployment, Release

if TYPE_CHECKING:
    from fairlead.server.engine.apart.orders import Deploy, RollBack
    from fairlead.server.engine.deploying import Means

_PIECE = 1 << 20


def make_order(deployment: Deployment, folder: Path, means: "Means") -> "Deploy | RollBack":
    """With the release file brought here, the secrets that the environment names, and its key.

    Raises ``FairleadError`` where either cannot be had.
    """
    from fairlead.deploy.order import DeployOrder, RollbackOrder
    from fairlead.server.engine.apart.folder import RELEASE
    from fairlead.server.engine.apart.orders import Deploy, RollBack

    environment = deployment.environment.read()
    row = deployment.release
    if row is None:
        raise FairleadError("its release is not there any more")
    if deployment.environment.closing:
        raise FairleadError(f"pull request {deployment.environment.pull_request} was closed")
    if not row.trusted:
        environment = msgspec.structs.replace(environment, secrets=())
    if environment.provider == "script" and not means.told.deploy_scripts:
        raise FairleadError(
            "this server runs no commands of projects outside of builds",
            hint="FAIRLEAD_DEPLOY_SCRIPTS=true allows provider: script, as the worker's own user",
        )
    bring(row, folder / RELEASE, means.storage)
    wanted = environment.secrets
    known = for_deployment(means.told, deployment, alone=means.alone)
    if missing := [name for name in wanted if name not in known]:
        raise FairleadError(
            f"{deployment.project} has no secret {missing[0]}, which {environment.name} names",
            hint=f"fairlead secrets set {missing[0]}, or the project's settings",
        )
    common = {
        "environment": environment,
        "release": value_of(row, folder / RELEASE, deployment),
        "secrets": tuple((name, known[name]) for name in wanted),
        "by": deployment.by,
        "forced": deployment.forced,
        "hosts": tuple(deployment.only),
    }
    place, key = str(folder), known.get(DEPLOY_KEY, "")
    if deployment.kind == "rollback":
        back = RollbackOrder(to=row.version, **common)  # type: ignore[arg-type]
        return RollBack(folder=place, key=key, trusted=row.public_key, order=back)
    return Deploy(
        folder=place,
        key=key,
        trusted=row.public_key,
        order=DeployOrder(**common),  # type: ignore[arg-type]
        review=bool(deployment.environment.pull_request),
    )


def value_of(row: Release, file: Path, deployment: Deployment) -> Value:
    """The release; its branch is that for which it was let through here."""
    manifest = row.read_manifest()
    if manifest is None:
        raise FairleadError(f"{row} says nothing of itself")
    named = {"branch": deployment.branch} if deployment.branch else {}
    return Value(
        number=row.number,
        manifest=msgspec.structs.replace(manifest, **named),
        file=str(file),
        sha256=row.sha256,
        size=row.size,
        created=row.created.timestamp(),
        by=row.by,
        tag=row.tag,
    )


def bring(row: Release, file: Path, storage: Storage) -> None:
    """The file out of storage, whole."""
    with file.open("wb") as out:
        offset = 0
        while offset < row.size:
            piece = storage.read(row.key, offset, min(_PIECE, row.size - offset))
            if not piece:
                raise FairleadError(f"the file of {row} ends before its end")
            out.write(piece)
            offset += len(piece)
