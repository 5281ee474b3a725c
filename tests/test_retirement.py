"""The permit to retire: one at a time, over processes."""

import os
from collections.abc import Callable

from ocr_server.retirement import RetirementPermit


def answer_of_a_worker(work: Callable[[], bool]) -> bool:
    """Return what something returns in a forked process."""
    process = os.fork()
    if process == 0:
        os._exit(int(work()))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 1


def test_one_worker_may_retire_until_the_permit_is_back() -> None:
    permit = RetirementPermit()
    assert answer_of_a_worker(permit.take)
    assert not answer_of_a_worker(permit.take)
    assert not permit.take()
    permit.put_back()
    assert permit.take()
    assert not answer_of_a_worker(permit.take)
    permit.close()
