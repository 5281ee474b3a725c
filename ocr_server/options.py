"""What a request asks the engine to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Which of the engine's three models run: detector, classifier, recognizer."""

    use_det: bool = True
    use_cls: bool = True
    use_rec: bool = True
