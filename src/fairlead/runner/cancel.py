"""One switch that ends a run, seen by every thread and by every ``poll``."""

import os
import threading


class Cancel:
    """Thrown once, with a reason; ``fd`` becomes and stays readable then.

    A child switch is thrown with its parent, and can be thrown alone (one job of a run).
    """

    def __init__(self) -> None:
        self.fd, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # Signal handlers throw it, in the very thread that may hold the lock just then.
        self._lock = threading.RLock()
        self._children: list[Cancel] = []
        self.reason = ""

    @property
    def thrown(self) -> bool:
        """Whether the switch was thrown."""
        return bool(self.reason)

    def throw(self, reason: str) -> None:
        """End what watches this switch; the first reason stays."""
        with self._lock:
            if self.reason:
                return
            self.reason = reason
            os.write(self._write, b"x")
            children = tuple(self._children)
        for child in children:
            child.throw(reason)

    def child(self) -> "Cancel":
        """A switch of its own below this one."""
        made = Cancel()
        with self._lock:
            self._children.append(made)
            reason = self.reason
        if reason:
            made.throw(reason)
        return made

    def close(self) -> None:
        """Free the descriptors; only after nothing polls them any more."""
        for child in self._children:
            child.close()
        os.close(self.fd)
        os.close(self._write)
