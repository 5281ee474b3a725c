"""One server for all live tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.live.gunicorn_server import Server, serve


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two workers and two slots, whatever the machine has."""
    folder = tmp_path_factory.mktemp("server")
    with serve(folder, ["-w", "2"], slots="2") as running:
        yield running
