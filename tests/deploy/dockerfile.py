"""deploy/Dockerfile, read as stages of steps."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


@dataclass(frozen=True)
class Step:
    """An instruction, such as RUN, and what stands behind it, without its flags."""

    instruction: str
    text: str
    flags: dict[str, str]

    @property
    def words(self) -> list[str]:
        """The text as words: of the exec form, a JSON list, or of the shell form."""
        return list(map(str, json.loads(self.text))) if self.is_exec_form else self.text.split()

    @property
    def is_exec_form(self) -> bool:
        return self.text.startswith("[")

    def assignments(self, environment: dict[str, str]) -> dict[str, str]:
        """Return what an ENV sets, where variables stand for what they are in `environment`."""
        pairs = (word.partition("=") for word in shlex.split(self.text))
        return {name: expanded(value, environment) for name, _, value in pairs}


@dataclass(frozen=True)
class Stage:
    """What one FROM begins."""

    base: str
    name: str
    steps: list[Step]

    def last(self, instruction: str) -> Step:
        """Return the step that counts where the last one does."""
        return [step for step in self.steps if step.instruction == instruction][-1]

    def all(self, instruction: str) -> list[Step]:
        return [step for step in self.steps if step.instruction == instruction]


def read(path: Path = DOCKERFILE) -> list[Stage]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    stages: list[Stage] = []
    for line in filter(None, "\n".join(lines).replace("\\\n", " ").splitlines()):
        step = _step(line)
        if step.instruction == "FROM":
            base, *name = step.words
            stages.append(Stage(base, name[-1] if name else "", []))
        else:
            stages[-1].steps.append(step)
    return stages


def _step(line: str) -> Step:
    instruction, text = line.split(maxsplit=1)
    flags = {}
    while found := re.match(r"--([a-z-]+)=(\S+)\s+", text):
        flags[found[1]] = found[2]
        text = text[found.end() :]
    if instruction == "HEALTHCHECK":
        text = text.removeprefix("CMD").strip()
    return Step(instruction, text.strip(), flags)


def expanded(value: str, environment: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda found: environment.get(found[1], ""), value)
