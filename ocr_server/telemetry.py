"""Tells what happened to each request: to the client in Server-Timing, to Prometheus in numbers."""

import time

import flask

from ocr_server import extension, record

HEADER = "Server-Timing"  # W3C Server Timing; milliseconds


def register(app: flask.Flask) -> None:
    """Count every request of an application."""
    app.before_request(_begin)
    app.after_request(_answer)
    app.teardown_request(_end)


def _begin() -> None:
    flask.g.began = time.perf_counter()
    extension.current().metrics.begin()


def _answer(response: flask.Response) -> flask.Response:
    told = record.of(flask.request.environ)
    # Only routes that exist: a client's own words would be counters without number.
    route = flask.request.url_rule.rule if flask.request.url_rule else "none"
    seconds = time.perf_counter() - flask.g.began
    extension.current().metrics.answer(route, response.status_code, told, seconds)
    timings = {**told.stopwatch.seconds, "total": seconds}
    response.headers[HEADER] = ", ".join(
        f"{stage};dur={spent * 1000:.1f}" for stage, spent in timings.items()
    )
    return response


def _end(_: BaseException | None) -> None:
    extension.current().metrics.end()
