"""Stages are timed, and add up to what passed."""

import threading
import time

import pytest

from ocr_server.stopwatch import Stopwatch


def spend(seconds: float) -> None:
    """Be busy for so long."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_a_stage_that_comes_twice_is_added_up() -> None:
    stopwatch = Stopwatch()
    for _ in range(2):
        with stopwatch.time("decode"):
            spend(0.01)
    assert stopwatch.seconds["decode"] >= 0.02


def test_a_stage_that_fails_is_timed_too() -> None:
    stopwatch = Stopwatch()
    with pytest.raises(KeyError), stopwatch.time("decode"):
        raise KeyError
    assert stopwatch.seconds["decode"] > 0


def test_what_threads_do_side_by_side_adds_up_to_the_time_that_passed() -> None:
    stopwatch = Stopwatch()
    start = time.perf_counter()
    with stopwatch.share() as inner:

        def work() -> None:
            with inner.time("classify"):
                time.sleep(0.02)
            with inner.time("recognize"):
                time.sleep(0.06)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    passed = time.perf_counter() - start
    assert sum(inner.seconds.values()) > 2 * passed
    assert sum(stopwatch.seconds.values()) == pytest.approx(passed, rel=0.05)
    assert stopwatch.seconds["recognize"] > 2 * stopwatch.seconds["classify"]


def test_nothing_to_share_is_no_stage() -> None:
    stopwatch = Stopwatch()
    with stopwatch.share():
        pass
    assert stopwatch.seconds == {}
