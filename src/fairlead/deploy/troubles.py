"""What went wrong on several hosts at once, told as one."""

from collections.abc import Sequence

from fairlead.errors import HostError


def together(errors: Sequence[HostError]) -> HostError:
    """One error that tells of several hosts, each hint once, below the first that needs it."""
    if len(errors) == 1:
        return errors[0]
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else HostError
    told: dict[str, None] = {}
    for error in errors:
        told[error.message] = None
        if error.hint:
            told.setdefault(f"  {error.hint}")
    return kind("\n".join(told))
