"""gunicorn's configuration, as the module-level names that gunicorn reads.

The master imports this, so nothing here may import onnxruntime: a process that was forked after
that import hangs or aborts when it exits.
"""

import sys

from ocr_server.keys import Keys
from ocr_server.server import (
    child_exit,
    connections_allowed,
    on_exit,
    on_reload,
    on_starting,
    post_fork,
    pre_exec,
    pre_fork,
    when_ready,
)
from ocr_server.settings import InvalidSettings, Settings

__all__ = [
    "accesslog",
    "bind",
    "child_exit",
    "control_socket_disable",
    "forwarder_headers",
    "graceful_timeout",
    "keepalive",
    "logger_class",
    "on_exit",
    "on_reload",
    "on_starting",
    "post_fork",
    "pre_exec",
    "pre_fork",
    "proc_name",
    "threads",
    "timeout",
    "when_ready",
    "worker_class",
    "worker_connections",
    "workers",
]

try:
    _settings = Settings.from_environment()
    Keys.of(_settings)
except InvalidSettings as error:
    sys.exit(f"ocr_server: {error}")

proc_name = "ocr_server"
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
workers = _settings.workers
# Threads, so that slow uploads and health checks never hold an engine; the slots bound the work.
worker_class = "ocr_server.worker.Worker"
threads = _settings.threads
# Longer than the 60 s for which nginx keeps idle connections, so that nginx closes them first
# and never sends a request into one that is being closed here.
worker_connections = connections_allowed(_settings.threads)
keepalive = 75
timeout = 60
graceful_timeout = 60
# gunicorn would take SCRIPT_NAME and PATH_INFO from the headers of whoever is on this machine.
forwarder_headers = ""
accesslog = "-"
logger_class = "ocr_server.log.Logger"
# The control socket lies at one fixed path in the home folder: two servers would fight for it.
control_socket_disable = True
