"""The switch that ends a run, thrown at bad moments."""

import threading

from fairlead.runner.cancel import Cancel


class Interrupted(list):
    """Where a signal arrives just when a child is noted."""

    def __init__(self, handler):
        super().__init__()
        self._handler = handler

    def append(self, child):
        super().append(child)
        self._handler()


def test_a_signal_handler_may_throw_it_while_its_own_thread_holds_it():
    cancel = Cancel()
    cancel._children = Interrupted(lambda: cancel.throw("interrupted"))
    made = []
    thread = threading.Thread(target=lambda: made.append(cancel.child()), daemon=True)
    thread.start()
    thread.join(30)
    assert made, "the handler waits for its own thread"
    assert (cancel.reason, made[0].reason) == ("interrupted", "interrupted")
    cancel.close()
