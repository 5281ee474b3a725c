"""gunicorn's hooks: the master makes the slots, each worker loads its engine after the fork."""

import resource
import signal
from typing import TYPE_CHECKING, cast

from ocr_server import allocator, extension
from ocr_server.settings import Settings
from ocr_server.slots import Slots

if TYPE_CHECKING:
    import flask
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

    class Master(Arbiter):
        """gunicorn's master process, with what these hooks keep on it."""

        ocr_slots: Slots


_DESCRIPTORS_WANTED = 8192
_MOST_CONNECTIONS = 1000
_SIGNALS_TO_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def connections_allowed(threads: int) -> int:
    """Raise the limit on open descriptors; return how many connections a worker may hold.

    A connection takes two descriptors, a thread that waits for a slot two more. A worker whose
    table is full could not even accept, nor receive a slot.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = (
        min(hard, _DESCRIPTORS_WANTED) if hard != resource.RLIM_INFINITY else _DESCRIPTORS_WANTED
    )
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(threads + 1, min(_MOST_CONNECTIONS, (limit - 4 * threads - 100) // 2))


def on_starting(master: "Master") -> None:
    """Make the machine's slots; every worker inherits them."""
    if master.cfg.preload_app:
        raise RuntimeError("--preload cannot be used: engines do not survive a fork.")
    # A daemon has left the process that was started, and cannot start that one again.
    tunables = [] if master.cfg.daemon else allocator.missing_tunables()
    if tunables:
        if master.log:
            master.log.info("Starting again with %s", ":".join(tunables))
        if master.pidfile:
            master.pidfile.unlink()  # Written a second time it would not be removed at the end.
        allocator.start_again(tunables)
    master.ocr_slots = Slots(Settings.from_environment().slots)


def post_fork(master: "Master", worker: "Worker") -> None:
    """Load the engine and read a warm-up picture; only then does the worker accept requests."""
    # Until gunicorn sets up the worker's own handlers, the master's would swallow these signals
    # and a worker could not be stopped while it loads its models.
    for number in _SIGNALS_TO_STOP:
        signal.signal(number, signal.SIG_DFL)
    # gunicorn keeps what this returns as the worker's application.
    app = cast("flask.Flask", worker.app.wsgi())
    extension.of(app).share(master.ocr_slots)


def child_exit(master: "Master", worker: "Worker") -> None:
    """Take back the slots that a dead worker held."""
    restored = master.ocr_slots.restore()
    if restored and master.log:
        master.log.warning("Worker %s died holding %d slot(s); restored.", worker.pid, restored)


def on_exit(master: "Master") -> None:
    """Close the slots."""
    master.ocr_slots.close()
