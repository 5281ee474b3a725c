"""What README tells a person to type, typed."""

import ast

from tests import pictures
from tests.live.examples import Example, check, examples, run
from tests.live.gunicorn_server import ROOT, Server

EXAMPLES = examples(ROOT / "README.md")


def example(language: str, containing: str) -> Example:
    (found,) = (each for each in EXAMPLES if each.language == language and containing in each.code)
    return found


def test_the_curl_call_gives_the_answer_shown(server: Server) -> None:
    call = example("bash", "curl")
    assert call.shown
    check(call, run(call, ROOT, server.url))


def test_both_requests_calls_work(server: Server) -> None:
    output = run(example("python", "requests"), ROOT, server.url)
    answers = [ast.literal_eval(line) for line in output.splitlines()]
    texts = [[entry["rec_txt"] for entry in answer.values()] for answer in answers]
    assert texts == [pictures.LINES["small.png"]] * 2
