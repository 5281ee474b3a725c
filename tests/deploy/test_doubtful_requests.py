"""nginx and the server cut what clients send into the same requests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path

import pytest

from tests.deploy import nginx_server, raw
from tests.deploy.doubtful_requests import FIRST, HIDDEN, LAST, Doubtful, doubtful_requests
from tests.deploy.nginx_server import Nginx
from tests.live.gunicorn_server import Server, wait_until

CASES = doubtful_requests()
# One line a request; lines about what cannot be parsed have neither.
_LOGGED = re.compile(r'(?:"[A-Z]+ |path=")[^" ]*?(/first|/hidden|/last)\b')


@dataclass
class Pair:
    """The server on its socket, nginx in front, and how much of the server's log was looked at."""

    nginx: Nginx
    server: Server
    socket: Path
    looked_at: int = 0

    def reached(self, count: int) -> list[bytes]:
        """Return the paths of the requests that the server logged since it was last asked.

        Waits for so many. What is logged later is in the next test's way, and fails it.
        """
        wait_until(lambda: len(self._logged()) >= count)
        found = self._logged()
        self.looked_at += len(found)
        # Two threads of the server may log in another order than they answered.
        return sorted(path.encode() for path in found)

    def _logged(self) -> list[str]:
        return _LOGGED.findall(self.server.log.read_text())[self.looked_at :]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("doubtful")
    path = folder / "s.sock"
    with (
        nginx_server.ocr_server(folder, path) as server,
        nginx_server.serve(folder / "nginx", path) as nginx,
    ):
        yield Pair(nginx, server, path)


def ids(case: Doubtful) -> str:
    return case.name


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_the_doubtful_is_refused_or_passed_on_as_one_request(case: Doubtful, pair: Pair) -> None:
    answers = raw.ask(("127.0.0.1", pair.nginx.port), case.sent)
    assert tuple(answer.status for answer in answers) == case.statuses
    final = [status for status in case.statuses if status != 100]
    paths = [path for path, status in zip((FIRST, LAST), final, strict=False) if status == 404]
    assert pair.reached(len(paths)) == paths


@pytest.mark.parametrize("case", [case for case in CASES if case.straight], ids=ids)
def test_the_server_alone_takes_nothing_hidden_for_a_request(case: Doubtful, pair: Pair) -> None:
    answers = raw.ask(pair.socket, case.sent)
    statuses = [answer.status for answer in answers]
    assert {*statuses} <= {100, 400, 404, 414, 431}
    reached = pair.reached(statuses.count(404))
    assert len(reached) == statuses.count(404)
    assert HIDDEN not in reached
    # Nothing behind a refused request is read.
    assert 404 not in dropwhile(lambda status: status != 400, statuses)


def test_a_request_of_http_0_9_gets_one_answer(pair: Pair) -> None:
    with raw.connect(("127.0.0.1", pair.nginx.port)) as connection:
        connection.sendall(b"GET %s\r\nHost: x\r\n\r\nGET %s\r\n" % (FIRST, HIDDEN))
        assert raw.received(connection).count(b'"code": "not_found"') == 1
    assert pair.reached(1) == [FIRST]


def test_the_corpus_is_as_large_as_it_was() -> None:
    assert len(CASES) > 140
    assert len({case.name for case in CASES}) == len(CASES)
