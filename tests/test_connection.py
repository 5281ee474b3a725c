"""The connection under a request, over a real socket pair."""

import socket
import time
from collections.abc import Iterator

import pytest

from ocr_server.connection import check_still_there, send_within, upload_within
from ocr_server.deadlines import Deadlines
from ocr_server.errors import ClientGone, UploadTimeout


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    server, client = socket.socketpair()
    with server, client:
        yield server, client


@pytest.fixture
def deadlines() -> Deadlines:
    return Deadlines()


def test_a_client_that_waits_is_still_there(ends: tuple[socket.socket, socket.socket]) -> None:
    check_still_there({"gunicorn.socket": ends[0]})


def test_a_client_that_sends_its_next_request_is_still_there(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[1].sendall(b"GET / HTTP/1.1\r\n")
    check_still_there({"gunicorn.socket": ends[0]})


def test_a_client_that_hung_up_is_gone(ends: tuple[socket.socket, socket.socket]) -> None:
    ends[1].close()
    with pytest.raises(ClientGone):
        check_still_there({"gunicorn.socket": ends[0]})


def test_a_body_that_does_not_arrive_in_time_is_an_upload_timeout(
    ends: tuple[socket.socket, socket.socket], deadlines: Deadlines
) -> None:
    def read() -> None:
        with upload_within(0.01, {"gunicorn.socket": ends[0]}, deadlines):
            time.sleep(0.02)
            deadlines.enforce()
            assert ends[0].recv(100) == b""

    with pytest.raises(UploadTimeout, match=r"within 0\.01 seconds"):
        read()


def test_a_late_body_is_an_upload_timeout_whatever_its_reader_makes_of_the_end(
    ends: tuple[socket.socket, socket.socket], deadlines: Deadlines
) -> None:
    def read_a_form() -> None:
        with upload_within(-1, {"gunicorn.socket": ends[0]}, deadlines):
            deadlines.enforce()
            ends[0].recv(100)
            raise ValueError("a form cut short")

    with pytest.raises(UploadTimeout):
        read_a_form()


def test_a_body_that_arrives_in_time_leaves_the_connection_open(
    ends: tuple[socket.socket, socket.socket], deadlines: Deadlines
) -> None:
    with upload_within(0.01, {"gunicorn.socket": ends[0]}, deadlines):
        ends[1].sendall(b"body")
        deadlines.enforce()
        assert ends[0].recv(100) == b"body"
    time.sleep(0.02)
    deadlines.enforce()
    ends[0].setblocking(False)
    with pytest.raises(BlockingIOError):
        ends[0].recv(100)


def test_an_error_of_the_reader_is_passed_on(
    ends: tuple[socket.socket, socket.socket], deadlines: Deadlines
) -> None:
    with (
        pytest.raises(ValueError, match="broken"),
        upload_within(10, {"gunicorn.socket": ends[0]}, deadlines),
    ):
        raise ValueError("broken")


def test_servers_that_hand_over_no_connection_are_served_without_these_checks(
    deadlines: Deadlines,
) -> None:
    check_still_there({})
    with upload_within(-1, {}, deadlines):
        deadlines.enforce()


def test_a_piece_of_an_answer_that_is_not_taken_in_time_is_given_up(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    send_within(0.05, {"gunicorn.socket": ends[0]})
    with pytest.raises(TimeoutError):
        ends[0].sendall(bytes(2**24))
