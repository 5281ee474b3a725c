"""The permit to retire: one at a time, over processes."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from ocr_server.retirement import RetirementPermit


@pytest.fixture
def permit() -> Iterator[RetirementPermit]:
    made = RetirementPermit()
    yield made
    made.close()


def answer_of_a_worker(work: Callable[[], bool]) -> bool:
    """Return what something returns in a forked process, which ends."""
    process = os.fork()
    if process == 0:
        os._exit(int(work()))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 1


def test_one_worker_may_retire_until_the_permit_is_back(permit: RetirementPermit) -> None:
    assert answer_of_a_worker(permit.take)
    assert not answer_of_a_worker(permit.take)
    assert not permit.take()
    permit.put_back()
    assert permit.take()
    assert not answer_of_a_worker(permit.take)


def test_the_permit_of_the_dead_comes_back(permit: RetirementPermit) -> None:
    assert answer_of_a_worker(permit.take)
    permit.put_back_of_the_dead()
    assert permit.take()


def test_the_permit_of_the_living_does_not_come_back(permit: RetirementPermit) -> None:
    told, tell = os.pipe()
    process = os.fork()
    if process == 0:
        os.write(tell, bytes([permit.take()]))
        signal.pause()
    assert os.read(told, 1) == b"\1"
    permit.put_back_of_the_dead()
    assert permit.holder == process
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(told)
    os.close(tell)
