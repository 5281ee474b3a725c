"""The worker's loop, where a live server would need luck to show it."""

import selectors
import socket
from types import SimpleNamespace
from typing import cast

from gunicorn.arbiter import Arbiter

from ocr_server import server
from ocr_server.settings import Settings
from ocr_server.succession import Succession
from ocr_server.worker import Worker


def test_a_worker_that_drains_is_not_woken_again_and_again_by_its_successor() -> None:
    worker = Worker.__new__(Worker)
    worker.alive = False
    worker.succession = Succession()
    worker.poller = selectors.DefaultSelector()
    worker._waits_for_successor = False
    worker._wait_for_successor()
    worker.succession.announce()
    for key, _ in worker.poller.select(0):
        key.data(key.fileobj)
    assert not worker.poller.select(0)
    worker.succession.close()


def test_the_kernel_ends_connections_on_which_answers_are_not_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listeners = [SimpleNamespace(sock=listener)]
        master = SimpleNamespace(LISTENERS=listeners, ocr_settings=Settings(), log=None)
        server.when_ready(cast("server.Master", cast(Arbiter, master)))
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"x")
            accepted, _ = listener.accept()
            with accepted:
                option = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                assert option == 60_000  # milliseconds
