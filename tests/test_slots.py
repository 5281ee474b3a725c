"""Slots over threads and processes."""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from ocr_server.errors import ServerBusy
from ocr_server.slots import Slots


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.001)


@contextmanager
def child(work: Callable[[], None]) -> Iterator[int]:
    """Run something in a forked process, as a worker is; kill it at the end."""
    process = os.fork()
    if process == 0:
        work()
        os._exit(0)
    try:
        yield process
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


@contextmanager
def thread(work: Callable[[], None]) -> Iterator[threading.Thread]:
    started = threading.Thread(target=work)
    started.start()
    try:
        yield started
    finally:
        started.join(10)
        assert not started.is_alive()


def hold_forever(slots: Slots) -> None:
    with slots.hold():
        signal.pause()


def queue_has(slots: Slots, length: int) -> bool:
    return slots.waiting == length


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_slot_is_free_again_after_its_block(slots: Slots) -> None:
    with slots.hold():
        assert slots.free == 1
    assert slots.free == 2


def test_a_slot_is_free_again_after_an_exception(slots: Slots) -> None:
    with pytest.raises(ZeroDivisionError), slots.hold():
        raise ZeroDivisionError
    assert slots.free == 2


def test_no_more_slots_are_held_than_there_are(slots: Slots) -> None:
    with slots.hold(), slots.hold(), pytest.raises(ServerBusy), slots.hold(timeout=0.01):
        pass
    assert slots.free == 2


def test_who_gave_up_waiting_takes_no_slot(slots: Slots) -> None:
    with slots.hold(), slots.hold(), pytest.raises(ServerBusy), slots.hold(timeout=0):
        pass
    with slots.hold(timeout=1), slots.hold(timeout=1):
        assert slots.free == 0
    assert (slots.free, slots.waiting) == (2, 0)


def test_waiting_is_first_come_first_served(slots: Slots) -> None:
    order: list[int] = []

    def wait(number: int) -> None:
        with slots.hold():
            order.append(number)

    with slots.hold(), ExitStack() as waiters, slots.hold():
        for number in range(5):
            waiters.enter_context(thread(partial(wait, number)))
            wait_until(partial(queue_has, slots, number + 1))
    assert order == [0, 1, 2, 3, 4]


def test_a_slot_released_in_one_process_wakes_a_waiter_in_another(slots: Slots) -> None:
    told, tell = os.pipe()

    def wait_and_tell() -> None:
        with slots.hold():
            os.write(tell, b"got it")

    with slots.hold(), ExitStack() as children:
        with slots.hold():
            children.enter_context(child(wait_and_tell))
            wait_until(lambda: slots.waiting == 1)
        assert os.read(told, 6) == b"got it"
    os.close(told)
    os.close(tell)


def test_a_waiter_that_was_killed_is_passed_over(slots: Slots) -> None:
    with slots.hold(), slots.hold(), child(lambda: hold_forever(slots)):
        wait_until(lambda: slots.waiting == 1)
    with slots.hold(timeout=1), slots.hold(timeout=1):
        assert slots.free == 0


def test_the_slot_of_a_killed_holder_is_restored(slots: Slots) -> None:
    with child(lambda: hold_forever(slots)):
        wait_until(lambda: slots.free == 1)
        assert slots.restore() == 0, "the holder lives"
    assert slots.restore() == 1
    assert slots.free == 2
    assert slots.restore() == 0


def test_a_restored_slot_goes_to_who_waits(slots: Slots) -> None:
    answers: list[str] = []

    def wait() -> None:
        with slots.hold():
            answers.append("served")

    with slots.hold(), child(lambda: hold_forever(slots)) as holder:
        wait_until(lambda: slots.free == 0)
        with thread(wait):
            wait_until(lambda: slots.waiting == 1)
            os.kill(holder, signal.SIGKILL)
            wait_until(lambda: slots.restore() == 1)
    assert answers == ["served"]


def test_a_slot_sent_to_a_waiter_that_is_killed_before_it_wakes_is_restored(slots: Slots) -> None:
    def wait() -> None:
        with slots.hold():
            signal.pause()

    with child(wait), child(wait):
        wait_until(lambda: slots.free == 0)
        with child(wait) as waiter:
            wait_until(lambda: slots.waiting == 1)
            os.kill(waiter, signal.SIGSTOP)
    assert slots.restore() == 2
    with slots.hold(timeout=1):
        assert slots.free == 1


def test_a_process_that_can_open_no_descriptor_ends_and_its_slot_is_restored(slots: Slots) -> None:
    process = os.fork()
    if process == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # The coverage tool has a handler.
        lowest_free = os.dup(0)
        os.close(lowest_free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, lowest_free))
        with suppress(ServerBusy), slots.hold():
            pass
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.WTERMSIG(status) == signal.SIGTERM
    assert slots.restore() == 1
    assert slots.free == 2


def test_nothing_is_lost_when_workers_are_killed_at_random(slots: Slots) -> None:
    def work() -> None:
        def loop() -> None:
            while True:
                with slots.hold():
                    time.sleep(0.0001)

        for _ in range(4):
            threading.Thread(target=loop, daemon=True).start()
        signal.pause()

    before = open_descriptors()
    with child(work):
        for lifetime in range(40):
            with child(work):
                time.sleep(lifetime * 0.0005)
            slots.restore()
    slots.restore()
    with slots.hold(timeout=1), slots.hold(timeout=1):
        pass
    assert (slots.free, slots.waiting) == (2, 0)
    assert open_descriptors() == before


def test_nothing_is_lost_when_waits_end_just_as_slots_come_free(slots: Slots) -> None:
    def race() -> None:
        for step in range(500):
            try:
                with slots.hold(timeout=step % 8 * 0.0001):
                    time.sleep(0.0002)
            except ServerBusy:
                pass

    before = open_descriptors()
    racers = [threading.Thread(target=race) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(30)
    with slots.hold(timeout=1), slots.hold(timeout=1):
        pass
    assert (slots.free, slots.waiting) == (2, 0)
    assert open_descriptors() == before


def test_a_queue_too_long_for_the_kernel_answers_busy() -> None:
    slots = Slots(2, max_waiting=10_000)
    abandoned = 0
    with slots.hold(), slots.hold():
        for abandoned in range(5000):  # noqa: B007
            try:
                with slots.hold(timeout=0):
                    pass
            except ServerBusy as error:
                if "Too many" in str(error):
                    break
    assert 100 < abandoned < 4999
    with slots.hold(timeout=1):
        pass
    slots.close()


def test_a_full_queue_refuses_at_once() -> None:
    slots = Slots(1, max_waiting=2)
    with slots.hold(), ExitStack() as waiters:
        for number in range(2):
            waiters.enter_context(child(lambda: hold_forever(slots)))
            wait_until(partial(queue_has, slots, number + 1))
        start = time.monotonic()
        with pytest.raises(ServerBusy, match="2 requests are waiting"), slots.hold():
            pass
        with pytest.raises(ServerBusy):
            slots.check_room()
        assert time.monotonic() - start < 1
    slots.restore()
    with slots.hold(timeout=1):
        pass
    slots.close()


def test_there_is_room_while_a_slot_is_free_or_the_queue_is_not_full() -> None:
    slots = Slots(1, max_waiting=1)
    slots.check_room()
    with slots.hold():
        slots.check_room()
    slots.close()


def test_no_more_wait_than_may_however_many_come_at_once() -> None:
    slots = Slots(1, max_waiting=3)
    refused = threading.Semaphore(0)
    served: list[int] = []

    def ask(number: int) -> None:
        try:
            with slots.hold(timeout=10):
                served.append(number)
        except ServerBusy:
            refused.release()

    with ExitStack() as askers, slots.hold():
        for number in range(40):
            askers.enter_context(thread(partial(ask, number)))
        for _ in range(37):
            assert refused.acquire(timeout=10)
        assert slots.waiting == 3
        assert served == []
    assert len(served) == 3
    slots.close()


def test_a_process_killed_on_its_way_into_the_queue_does_not_block_it() -> None:
    slots = Slots(1, max_waiting=100)

    def come_and_go() -> None:
        while True:
            with suppress(ServerBusy), slots.hold(timeout=0):
                pass

    with slots.hold():
        for lifetime in range(30):
            with child(come_and_go):
                time.sleep(lifetime * 0.0003)
    slots.restore()
    with slots.hold(timeout=5):
        pass
    slots.close()


def test_closing_leaves_no_descriptor_open() -> None:
    before = open_descriptors()
    Slots(3, max_waiting=1).close()
    assert open_descriptors() == before


def test_a_slot_that_is_lent_is_there_for_others_and_comes_back() -> None:
    slots = Slots(1, max_waiting=1)
    with slots.hold() as held:
        with held.lent():
            with slots.hold(timeout=1):
                pass
            assert slots.free == 1
        assert slots.free == 0
    assert slots.free == 1
    slots.close()


def test_who_lent_a_slot_gets_one_again_though_the_queue_is_full() -> None:
    slots = Slots(1, max_waiting=1)
    with ThreadPoolExecutor(2) as threads:
        taken, go_on = threading.Event(), threading.Event()

        def take() -> None:
            with slots.hold():
                taken.set()
                assert go_on.wait(10)

        def wait() -> None:
            with slots.hold():
                pass

        with slots.hold() as held, held.lent():
            first = threads.submit(take)
            assert taken.wait(10)
            second = threads.submit(wait)
            while not slots.waiting:
                assert not second.done()
            threading.Timer(0.1, go_on.set).start()
        first.result(10)
        second.result(10)
    assert slots.free == 1
    slots.close()


def test_admitted_work_waits_however_many_wait() -> None:
    one = Slots(1, max_waiting=1)

    def ask(admitted: bool) -> None:
        with one.hold(timeout=10, admitted=admitted):
            pass

    with ExitStack() as waiters, one.hold():
        waiters.enter_context(thread(partial(ask, False)))
        wait_until(partial(queue_has, one, 1))
        with pytest.raises(ServerBusy):
            ask(False)
        waiters.enter_context(thread(partial(ask, True)))
        wait_until(partial(queue_has, one, 2))
    assert one.free == 1
    one.close()


def test_a_free_slot_is_held_without_waiting(slots: Slots) -> None:
    with slots.hold_if_free() as first, slots.hold_if_free() as second:
        assert first
        assert second
        with slots.hold_if_free() as third:
            assert third is None
    assert slots.free == 2


def test_it_is_quiet_until_a_request_is_noted_in_any_process(slots: Slots) -> None:
    assert slots.quiet
    with child(slots.note_request):
        wait_until(lambda: not slots.quiet)


def test_it_is_quiet_again_when_nobody_has_come_for_a_while(
    slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots.note_request()
    assert not slots.quiet
    monkeypatch.setattr("ocr_server.slots._QUIET_SECONDS", 0.0)
    assert slots.quiet
