"""Users: the application's own, who signs in to deploy, and the keys that may."""

from fairlead.deploy.provision.render import quoted
from fairlead.deploy.provision.resources import Ensure, Folder, Line, Part
from fairlead.deploy.provision.target import SUPERVISOR_GROUP, Target


def part(target: Target) -> Part:
    """Users and groups. Whoever signs in now is never made or changed, beside their keys."""
    user, deployer = target.user, target.deployer
    before: list[Ensure | Folder] = [_application(user, target.layout.root)]
    if target.manager == "supervisor":
        before += [_group(SUPERVISOR_GROUP), member(user, SUPERVISOR_GROUP)]
    if deployer not in {"root", target.facts.signed_in, user}:
        before.append(_person(deployer))
    home = _home(target)
    keys = f"{home}/.ssh"
    if target.wanted.keys:
        before.append(Folder(path=keys, mode=0o700, owner=deployer, group=""))
    return Part(
        name="accounts",
        packages=("sudo",),
        before=tuple(before),
        files=tuple(
            Line(
                path=f"{keys}/authorized_keys",
                line=key.strip(),
                mode=0o600,
                owner=deployer,
                group="",
            )
            for key in target.wanted.keys
        ),
    )


def _home(target: Target) -> str:
    if target.deployer == target.facts.signed_in:
        return target.facts.home
    if target.deployer == target.user:
        return target.layout.root
    return "/root" if target.deployer == "root" else f"/home/{target.deployer}"


def _application(user: str, root: str) -> Ensure:
    return Ensure(
        title=f"create user {user}, whom the application runs as",
        test=f"id -u {user} >/dev/null 2>&1",
        make=f"useradd --system --user-group --no-create-home --home-dir {quoted(root)} "
        f"--shell /bin/bash {user}",
    )


def _person(user: str) -> Ensure:
    return Ensure(
        title=f"create user {user}, who signs in to deploy",
        test=f"id -u {quoted(user)} >/dev/null 2>&1",
        # '*' is no password that anything matches, and not a locked account, which sshd refuses.
        make=f"useradd --create-home --user-group --shell /bin/bash --password '*' {quoted(user)}",
    )


def _group(group: str) -> Ensure:
    return Ensure(
        title=f"create group {group}",
        test=f"getent group {group} >/dev/null",
        make=f"groupadd --system {group}",
    )


def member(user: str, group: str) -> Ensure:
    """A user in a group."""
    return Ensure(
        title=f"add {user} to group {group}",
        test=f"id -nG {user} 2>/dev/null | tr ' ' '\\n' | grep -qx {group}",
        make=f"usermod -a -G {group} {user}",
    )
