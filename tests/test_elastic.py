"""Borrowing cores."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ocr_server.elastic import ElasticCores, OneCore, PoliteCores
from ocr_server.slots import Slots
from tests.test_slots import thread, wait_until


@pytest.fixture
def three() -> Iterator[Slots]:
    made = Slots(3, max_waiting=16)
    yield made
    made.close()


def test_one_core_does_everything_in_order() -> None:
    assert OneCore().map(str, [3, 1, 2]) == ["3", "1", "2"]


def test_a_lone_request_gathers_all_cores_and_gives_them_back(three: Slots) -> None:
    with three.hold():
        with ElasticCores(three).gather([1, 2, 3]) as count:
            assert (count, three.free) == (3, 0)
        assert three.free == 2


def test_a_core_that_could_not_be_used_is_left_to_others(three: Slots) -> None:
    with three.hold(), ElasticCores(three).gather([1, 2, 4]) as count:
        assert (count, three.free) == (2, 1)
    assert three.free == 3


def test_no_slot_is_lost_when_the_system_allows_no_more_threads(
    three: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    cores = ElasticCores(three)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(3):
            with three.hold():
                assert cores.map(str, range(4)) == ["0", "1", "2", "3"]
    with three.hold():
        assert cores.map(str, range(4)) == ["0", "1", "2", "3"]
    wait_until(lambda: three.free == 3)


def test_nothing_is_borrowed_while_somebody_waits(slots: Slots) -> None:
    def ask() -> None:
        with slots.hold(timeout=10):
            pass

    with slots.hold(), ExitStack() as waiters, slots.hold():
        waiters.enter_context(thread(ask))
        wait_until(lambda: slots.waiting == 1)
        with ElasticCores(slots).gather([1, 2]) as count:
            assert count == 1


def test_results_are_in_the_items_order_however_they_were_worked_out(three: Slots) -> None:
    meeting = threading.Barrier(3, timeout=10)

    def together(number: int) -> int:
        meeting.wait()  # Ends only when three items are being worked on at once.
        return number * 10

    with three.hold():
        assert ElasticCores(three).map(together, range(9)) == list(range(0, 90, 10))
    assert three.free == 3


def test_a_borrowed_slot_goes_to_who_waits_after_one_piece_of_work(slots: Slots) -> None:
    served = threading.Event()
    waiters = ExitStack()
    done_by: list[str] = []

    def ask() -> None:
        with slots.hold(timeout=10):
            served.set()

    def work(number: int) -> None:
        if number == 0:
            # The helper is at work on the next item; somebody comes.
            wait_until(lambda: slots.free == 0)
            waiters.enter_context(thread(ask))
            assert served.wait(10)
        else:
            wait_until(lambda: slots.waiting > 0 or served.is_set())
        done_by.append(threading.current_thread().name)

    with waiters, slots.hold():
        ElasticCores(slots).map(work, range(20))
    assert served.is_set()
    assert len(done_by) == 20
    assert slots.free == 2


def test_an_error_of_a_helper_reaches_the_caller_and_loses_no_slot(three: Slots) -> None:
    def fail_elsewhere(number: int) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise ZeroDivisionError

    for _ in range(20):
        with three.hold():
            try:
                ElasticCores(three).map(fail_elsewhere, range(50))
            except ZeroDivisionError:
                break
    else:
        pytest.fail("no helper was ever at work")
    assert three.free == 3


def test_an_error_of_the_caller_stops_the_rest(three: Slots) -> None:
    with three.hold(), pytest.raises(ZeroDivisionError):
        OneCore().map(lambda number: 1 // number, [1, 0])
    with three.hold(), pytest.raises(ZeroDivisionError):
        ElasticCores(three).map(lambda number: 1 // number, [0] * 50)
    assert three.free == 3


def test_long_work_borrows_nothing_while_others_send_pictures(three: Slots) -> None:
    three.note_request()
    with three.hold() as slot:
        polite = PoliteCores(ElasticCores(three), three, slot.lent)
        with polite.gather([1, 2]) as count:
            assert (count, three.free) == (1, 2)


def test_long_work_borrows_while_nobody_else_is_there(three: Slots) -> None:
    with three.hold() as slot:
        polite = PoliteCores(ElasticCores(three), three, slot.lent)
        with polite.gather([1, 2]) as count:
            assert (count, three.free) == (2, 1)
        assert polite.map(str, range(5)) == ["0", "1", "2", "3", "4"]


def test_long_work_lends_its_slot_to_who_waits_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocr_server.elastic._TURN_SECONDS", 0)
    one = Slots(1, max_waiting=16)
    order: list[str] = []

    def other() -> None:
        with one.hold(timeout=10):
            order.append("other")

    with ExitStack() as waiters, one.hold() as slot:

        def work(number: int) -> None:
            order.append(str(number))
            if number == 1:
                waiters.enter_context(thread(other))
                wait_until(lambda: one.waiting == 1)

        PoliteCores(OneCore(), one, slot.lent).map(work, range(4))
    assert order == ["0", "1", "other", "2", "3"]
    assert one.free == 1
    one.close()


def test_long_work_keeps_its_slot_for_a_while_before_it_lends_it(slots: Slots) -> None:
    def other() -> None:
        with slots.hold(timeout=10):
            pass

    with ExitStack() as waiters, slots.hold() as slot, slots.hold():
        waiters.enter_context(thread(other))
        wait_until(lambda: slots.waiting == 1)
        PoliteCores(OneCore(), slots, slot.lent).map(str, range(4))
        assert slots.waiting == 1
