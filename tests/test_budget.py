"""Amounts held at once stay within the whole, and everybody's turn comes."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NoReturn

from ocr_server.budget import Budget


def hold_in_thread(budget: Budget, amount: int) -> tuple[threading.Event, threading.Event]:
    """Hold an amount until told to stop; return the events of having it and of the end."""
    has, end = threading.Event(), threading.Event()

    def hold() -> None:
        with budget.hold(amount):
            has.set()
            assert end.wait(10)

    threading.Thread(target=hold, daemon=True).start()
    return has, end


def test_what_fits_is_held_at_once() -> None:
    budget = Budget(10)
    with budget.hold(4), budget.hold(6):
        pass


def test_what_does_not_fit_waits_for_room() -> None:
    budget = Budget(10)
    with budget.hold(5):
        has, end = hold_in_thread(budget, 6)
        assert not has.wait(0.1)
    assert has.wait(10)
    end.set()


def test_more_than_the_whole_is_held_alone() -> None:
    budget = Budget(10)
    with budget.hold(1):
        has, end = hold_in_thread(budget, 11)
        assert not has.wait(0.1)
    assert has.wait(10)
    small_has, small_end = hold_in_thread(budget, 1)
    assert not small_has.wait(0.1)
    end.set()
    assert small_has.wait(10)
    small_end.set()


def test_small_amounts_do_not_overtake_a_large_one() -> None:
    budget = Budget(10)
    with budget.hold(5):
        large_has, large_end = hold_in_thread(budget, 10)
        assert not large_has.wait(0.1)
        small_has, small_end = hold_in_thread(budget, 1)
        assert not small_has.wait(0.1)
    assert large_has.wait(10)
    large_end.set()
    assert small_has.wait(10)
    small_end.set()


def test_an_error_gives_the_amount_back() -> None:
    budget = Budget(10)
    try:
        with budget.hold(10):
            raise KeyError
    except KeyError:
        pass
    with budget.hold(10):
        pass


def test_many_threads_never_hold_more_than_the_whole() -> None:
    budget = Budget(10)
    lock = threading.Lock()
    held = 0
    most = 0

    def hold(amount: int) -> None:
        nonlocal held, most
        with budget.hold(amount):
            with lock:
                held += amount
                most = max(most, held)
            with lock:
                held -= amount

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(hold, [1, 2, 3, 5, 8] * 200))
    assert held == 0
    assert most <= 10


def test_who_waits_does_so_in_the_block_it_gives() -> None:
    budget = Budget(10)
    waiting, done = threading.Event(), threading.Event()

    @contextmanager
    def aside() -> Iterator[None]:
        waiting.set()
        yield
        done.set()

    def hold() -> bool:
        with budget.hold(6, aside):
            return done.is_set()

    with ThreadPoolExecutor(1) as threads:
        with budget.hold(6):
            later = threads.submit(hold)
            assert waiting.wait(10)
            assert not done.is_set()
        assert later.result(10)


def test_who_need_not_wait_enters_no_block() -> None:
    budget = Budget(10)
    with budget.hold(6, aside_never), budget.hold(4, aside_never):
        pass


def aside_never() -> NoReturn:
    raise AssertionError


def test_who_fails_while_waiting_holds_nothing() -> None:
    waits = threading.Event()

    @contextmanager
    def failing() -> Iterator[None]:
        waits.set()
        yield
        raise InterruptedError

    budget = Budget(10)
    with ThreadPoolExecutor() as pool:
        with budget.hold(5):
            failed = pool.submit(lambda: budget.hold(10, failing).__enter__())
            assert waits.wait(10)
        assert isinstance(failed.exception(10), InterruptedError)
    has, end = hold_in_thread(budget, 10)
    assert has.wait(10)
    end.set()
