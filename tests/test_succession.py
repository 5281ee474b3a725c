"""Succession: each worker that leaves has a successor of its own."""

import os
import select
from collections.abc import Callable, Iterator

import pytest

from ocr_server.succession import Succession


@pytest.fixture
def succession() -> Iterator[Succession]:
    made = Succession()
    yield made
    made.close()


def in_a_worker(work: Callable[[], object]) -> None:
    """Run something in a forked process and wait for its end."""
    process = os.fork()
    if process == 0:
        work()
        os._exit(0)
    os.waitpid(process, 0)


def test_one_successor_is_for_one_worker(succession: Succession) -> None:
    assert not succession.take()
    in_a_worker(succession.announce)
    assert select.select([succession], [], [], 0)[0] == [succession]
    assert succession.take()
    assert not succession.take()


def test_workers_see_reloads(succession: Succession) -> None:
    seen, tell = os.pipe()
    succession.reload()
    succession.reload()
    in_a_worker(lambda: os.write(tell, bytes([succession.reloads])))
    assert os.read(seen, 1) == b"\2"
    os.close(seen)
    os.close(tell)


def test_who_was_ready_before_a_reload_takes_over_from_nobody(succession: Succession) -> None:
    succession.announce()
    succession.reload()
    assert not succession.take()


def test_announcing_to_nobody_holds_nobody_up(succession: Succession) -> None:
    for _ in range(100_000):
        succession.announce()
    assert succession.take()
