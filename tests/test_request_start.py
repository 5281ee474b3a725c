"""The time at which a proxy says that a request came."""

import time

import pytest

from ocr_server.errors import ServerBusy
from ocr_server.request_start import seconds_left


def stamp(age: float) -> str:
    return f"t={time.time() - age:.3f}"


def test_a_request_without_the_header_may_wait_as_long_as_allowed() -> None:
    assert seconds_left(30, "") == 30


def test_what_it_has_waited_already_is_taken_off() -> None:
    assert seconds_left(30, stamp(age=10)) == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("age", [30.1, 31, 10**6])
def test_a_request_that_is_too_old_is_refused(age: float) -> None:
    with pytest.raises(ServerBusy, match="more than 30 seconds"):
        seconds_left(30, stamp(age))


@pytest.mark.parametrize("value", ["", "t=", "yesterday", "t=nan", "t=inf", "t=99999999999999"])
def test_what_makes_no_sense_or_lies_in_the_future_counts_as_none(value: str) -> None:
    assert seconds_left(30, value) == 30


def test_the_seconds_may_stand_alone() -> None:
    assert seconds_left(30, stamp(age=10).removeprefix("t=")) < 21
