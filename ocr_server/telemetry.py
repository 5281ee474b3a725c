"""Tells what happened to each request: to the client in Server-Timing, to Prometheus in numbers."""

import time

import flask

from ocr_server import extension, record

HEADER = "Server-Timing"  # W3C Server Timing; milliseconds


def register(app: flask.Flask) -> None:
    """Count every request of an application."""
    app.before_request(_begin)
    app.after_request(_answer)


def _begin() -> None:
    flask.g.began = time.perf_counter()
    extension.current().metrics.begin()


def _answer(response: flask.Response) -> flask.Response:
    told, began = record.of(flask.request.environ), flask.g.began
    metrics = extension.current().metrics
    # Only routes that exist: a client's own words would be counters without number.
    route = flask.request.url_rule.rule if flask.request.url_rule else "none"

    def count() -> None:
        metrics.answer(route, response.status_code, told, time.perf_counter() - began)
        metrics.end()

    # What is sent piece by piece is not made yet.
    response.call_on_close(count) if response.is_streamed else count()
    timings = {**told.stopwatch.seconds, "total": time.perf_counter() - began}
    response.headers[HEADER] = ", ".join(
        f"{stage};dur={spent * 1000:.1f}" for stage, spent in timings.items()
    )
    return response
