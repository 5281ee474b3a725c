"""Places for documents, in one process."""

import threading
import time
from contextlib import ExitStack

import pytest

from ocr_server.errors import ClientGone, ServerBusy
from ocr_server.places import Places
from tests.test_slots import thread, wait_until


def nothing() -> None:
    pass


def gone() -> None:
    raise ClientGone("It hung up.")


def test_a_free_place_is_held_at_once_and_given_back() -> None:
    places = Places(1)
    for _ in range(3):
        with places.hold(5, nothing) as left:
            assert left == pytest.approx(5, abs=1)


def test_who_waits_gets_the_place_and_what_is_left_of_the_wait() -> None:
    places = Places(1)
    found: list[float] = []

    def ask() -> None:
        with places.hold(20, nothing) as left:
            found.append(left)

    with ExitStack() as waiters, places.hold(1, nothing):
        waiters.enter_context(thread(ask))
        time.sleep(0.1)
        assert not found
    (left,) = found
    assert 0 < left < 19.95


def test_nobody_waits_longer_than_told() -> None:
    places = Places(1)
    start = time.monotonic()
    with places.hold(1, nothing), pytest.raises(ServerBusy), places.hold(0.1, nothing):
        pass
    assert time.monotonic() - start < 5
    with places.hold(0, nothing):
        pass


def test_only_a_few_wait_and_others_are_refused_at_once() -> None:
    places = Places(1)
    waiting = 0
    all_wait = threading.Event()

    def seen() -> None:
        nonlocal waiting
        waiting += 1
        if waiting >= 2:
            all_wait.set()

    def ask() -> None:
        with places.hold(20, seen):
            pass

    with ExitStack() as waiters, places.hold(1, nothing):
        for _ in range(2):
            waiters.enter_context(thread(ask))
        assert all_wait.wait(10)
        start = time.monotonic()
        with pytest.raises(ServerBusy), places.hold(20, nothing):
            pass
        assert time.monotonic() - start < 0.5


def test_who_hangs_up_waits_no_longer_and_leaves_room() -> None:
    places = Places(1)
    with places.hold(1, nothing):
        for _ in range(5):
            with pytest.raises(ClientGone), places.hold(20, gone):
                pass
    with places.hold(0, nothing):
        pass
    wait_until(lambda: places._free._value == 1)
