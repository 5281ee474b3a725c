"""gunicorn's hooks: the master makes the slots, each worker loads its engine after the fork."""

import fcntl
import ipaddress
import mmap
import os
import resource
import signal
import socket
import sys
import time
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gunicorn.errors import AppImportError
from gunicorn.systemd import SD_LISTEN_FDS_START

from ocr_server import allocator, extension, metrics
from ocr_server.keys import Keys
from ocr_server.log import Logger
from ocr_server.retirement import RetirementPermit
from ocr_server.settings import InvalidSettings, Settings, unknown_variables
from ocr_server.slots import Slots
from ocr_server.succession import Succession
from ocr_server.watchdog import Watchdog
from ocr_server.worker import Worker

if TYPE_CHECKING:
    import flask
    from gunicorn.arbiter import Arbiter
    from gunicorn.glogging import Logger as GunicornLogger
    from gunicorn.sock import BaseSocket

    class Master(Arbiter):
        """gunicorn's master process, with what these hooks keep on it."""

        ocr_settings: Settings
        ocr_slots: Slots
        ocr_permit: RetirementPermit
        ocr_succession: Succession
        ocr_failed_loads: int
        ocr_metrics: Path
        ocr_keys: Keys


_DESCRIPTORS_WANTED = 8192
_MOST_CONNECTIONS = 1000
_LONGEST_LOAD_DELAY = 60.0  # seconds
_LOAD_FAILED = 1  # Not 3, at which gunicorn's master would give up.
_TRIES_ON_RELOAD = 3  # to load in place of a worker; after that it stays
_SILENCE_SECONDS = 60  # for which the kernel keeps connections on which nothing was sent
_UNREAD_MILLISECONDS = 60_000  # for which a client may leave an answer unread
# For how long (seconds) a thread may go on in Python while another waits to; Python's default is 5
# ms. A thread that comes back from a model waits behind those that talk to clients, and its core
# with it: shorter turns give 1 % more pictures.
_SWITCH_INTERVAL = 0.0005
# Accepted connections inherit them.
_TCP_OPTIONS = {
    socket.TCP_DEFER_ACCEPT: _SILENCE_SECONDS,
    socket.TCP_USER_TIMEOUT: _UNREAD_MILLISECONDS,
}
_BEYOND_THEM = 100  # a number of a descriptor that is none of systemd's
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
    """Make what the workers share; every worker inherits it."""
    _refuse_what_cannot_be_used(master)
    _start_again_once(master)
    settings = Settings.from_environment()
    master.ocr_settings = settings
    master.ocr_slots = Slots(settings.slots, settings.max_waiting)
    master.ocr_permit = RetirementPermit()
    master.ocr_succession = Succession()
    master.ocr_failed_loads = 0
    master.ocr_keys = Keys.of(settings)
    master.ocr_metrics = metrics.make_folder(master.cfg.uid, master.cfg.gid)
    log = _log_of(master)
    log.info("API keys: %d", len(master.ocr_keys))
    for name in unknown_variables():
        if name != allocator.MARK:
            log.warning("%s is not a setting of this server: ignored.", name)


def _refuse_what_cannot_be_used(master: "Master") -> None:
    if master.cfg.preload_app:
        raise RuntimeError("--preload cannot be used: engines do not survive a fork.")
    if not issubclass(master.worker_class, Worker):
        raise RuntimeError("--worker-class cannot be used: ocr_server has its own.")
    if master.cfg.reuse_port:
        raise RuntimeError("--reuse-port cannot be used: reloads would lose connections.")
    if master.cfg.is_ssl:
        raise RuntimeError("--certfile cannot be used: let a proxy speak TLS.")


def _start_again_once(master: "Master") -> None:
    # A daemon has left the process that was started, and cannot start that one again.
    tunables = [] if master.cfg.daemon else allocator.missing_tunables()
    if tunables:
        _log_of(master).info("Starting again with %s", ":".join(tunables))
        if master.pidfile:
            master.pidfile.unlink()  # Written a second time it would not be removed at the end.
        allocator.start_again(tunables)


def _log_of(master: "Master") -> "GunicornLogger":
    assert master.log
    return master.log


def when_ready(master: "Master") -> None:
    """Let the kernel keep silent connections and end unread ones; warn if strangers are let in."""
    for listener in master.LISTENERS:
        if listener.sock.family in (socket.AF_INET, socket.AF_INET6):
            for option, value in _TCP_OPTIONS.items():
                listener.sock.setsockopt(socket.IPPROTO_TCP, option, value)
    _warn_of_strangers(master)


def _warn_of_strangers(master: "Master") -> None:
    beyond = [str(listener) for listener in master.LISTENERS if _is_beyond_loopback(listener)]
    if beyond and not master.ocr_keys:
        _log_of(master).warning(
            "ANYBODY WHO REACHES %s CAN USE THIS SERVER: it has no API keys. Set "
            "OCR_SERVER_API_KEYS, or listen on 127.0.0.1 behind a proxy.",
            ", ".join(beyond),
        )


def _is_beyond_loopback(listener: "BaseSocket") -> bool:
    if listener.sock.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    return not ipaddress.ip_address(listener.sock.getsockname()[0]).is_loopback


def pre_exec(master: "Master") -> None:
    """Put listeners that systemd gave back at the numbers where a second master looks for them.

    gunicorn names their count to it, but has moved them.
    """
    if not master.systemd:
        return
    copies = [
        fcntl.fcntl(listener.fileno(), fcntl.F_DUPFD, _BEYOND_THEM) for listener in master.LISTENERS
    ]
    for number, copy in enumerate(copies, SD_LISTEN_FDS_START):
        os.dup2(copy, number)
        os.close(copy)


def on_reload(master: "Master") -> None:
    """Let the present workers wait for those that come now, which have the keys of now."""
    try:
        master.ocr_keys = Keys.of(master.ocr_settings)
        _log_of(master).info("API keys: %d", len(master.ocr_keys))
    except InvalidSettings as error:
        _log_of(master).error("The API keys stay as they were: %s", error)
    master.ocr_succession.reload()
    for _ in range(len(master.WORKERS) - master.num_workers):
        master.ocr_succession.announce()  # There are more than will come.


def pre_fork(master: "Master", worker: Worker) -> None:
    """Give the worker what it shares; slow it down if others failed to load."""
    worker.settings = master.ocr_settings
    worker.permit = master.ocr_permit
    worker.succession = master.ocr_succession
    worker.reloads_seen = master.ocr_succession.reloads
    worker.loaded = mmap.mmap(-1, 1)
    worker.metrics_folder = master.ocr_metrics
    worker.keys = master.ocr_keys
    rounds = master.ocr_failed_loads // max(1, master.num_workers)
    others = cast("dict[int, Worker]", master.WORKERS).values()
    taken = {other.number for other in others}
    worker.number = next(number for number in count() if number not in taken)
    if any(other.loaded[0] and other.reloads_seen == worker.reloads_seen for other in others):
        rounds = min(rounds, 1)  # Loading works, whatever went wrong before.
    worker.load_delay = min(_LONGEST_LOAD_DELAY, 2.0 ** (rounds - 1)) if rounds else 0.0


def post_fork(master: "Master", worker: Worker) -> None:
    """Load the engine and read a warm-up picture; only then does the worker accept requests."""
    # Until gunicorn sets up the worker's own handlers, the master's would swallow these signals
    # and a worker could not be stopped while it loads its models.
    for number in _SIGNALS_TO_STOP:
        signal.signal(number, signal.SIG_DFL)
    time.sleep(worker.load_delay)
    app = _load(worker)
    extension.of(app).share(master.ocr_slots)
    worker.extension = extension.of(app)
    worker.extension.metrics.started()
    cast("Logger", worker.log).worker = worker.number
    sys.setswitchinterval(_SWITCH_INTERVAL)
    worker.loaded[0] = 1
    worker.log.info("Engine loaded by worker %s", worker.pid)
    worker.permit.put_back_of_the_dead()
    if worker.reloads_seen == worker.succession.reloads:
        worker.succession.announce()


def _load(worker: Worker) -> "flask.Flask":
    """Make the application; if that fails, end this process for the master to start another."""
    try:
        with Watchdog(worker.settings.max_load_seconds).watch():
            if not metrics.join(worker.metrics_folder, worker.number):
                worker.log.error("No room for metrics: worker %d counts for itself.", worker.number)
            # The keys that the master found good; the file may be half written just now.
            os.environ.update(worker.keys.as_settings())
            os.environ.pop("OCR_SERVER_API_KEYS_FILE", None)
            # gunicorn keeps what this returns as the worker's application.
            return cast("flask.Flask", worker.app.wsgi())
    except (AppImportError, ImportError):
        raise  # What cannot be imported will not be there next time: gunicorn stops and says so.
    except Exception:
        worker.log.exception("The engine could not be loaded; another worker will try again.")
        os._exit(_LOAD_FAILED)


def child_exit(master: "Master", worker: Worker) -> None:
    """Take back what a dead worker held; start another where gunicorn would not."""
    loaded = worker.loaded[0]
    worker.loaded.close()
    metrics.leave(master.ocr_metrics, worker.number)
    master.ocr_failed_loads = 0 if loaded else master.ocr_failed_loads + 1
    others = cast("dict[int, Worker]", master.WORKERS).values()
    if int(worker.pid) == master.ocr_permit.holder and len(others) >= master.num_workers:
        master.ocr_permit.put_back()  # Nobody comes in its place.
    restored = master.ocr_slots.restore()
    if restored:
        _log_of(master).warning(
            "Worker %s died holding %d slot(s); restored.", worker.pid, restored
        )
    # On a reload gunicorn counts those that wait for a successor too, and would start none.
    awaited = any(other.reloads_seen < master.ocr_succession.reloads for other in others)
    is_stopping = not master.LISTENERS
    if awaited and not loaded and not is_stopping and master.ocr_failed_loads <= _TRIES_ON_RELOAD:
        master.spawn_worker()


def on_exit(master: "Master") -> None:
    """Close and remove what the workers shared."""
    metrics.remove_folder(master.ocr_metrics)
    master.ocr_slots.close()
    master.ocr_permit.close()
    master.ocr_succession.close()
