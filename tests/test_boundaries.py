"""The direction of dependencies, held by reading the source."""

import ast
from pathlib import Path

import pytest

import ocr_server

PACKAGE = Path(ocr_server.__file__).parent
MODULES = {
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts): ast.parse(file.read_text("utf-8"))
    for file in PACKAGE.rglob("*.py")
}
WEB = {
    "__init__",
    "__main__",
    "access",
    "answer",
    "cli",
    "extension",
    "gunicorn_config",
    "intake",
    "malformed",
    "payload",
    "problem",
    "request_id",
    "security_headers",
    "server",
    "telemetry",
    "worker",
    *(module for module in MODULES if module.startswith("blueprints.")),
}
BELOW_THE_WEB = sorted(MODULES.keys() - WEB)


def imports(module: str) -> set[str]:
    """Return the dotted names that a module imports, anywhere in its source."""
    names: set[str] = set()
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} uses a relative import, which this test cannot read"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def importers_of(*packages: str) -> set[str]:
    """Return our modules that import one of these packages."""
    return {
        module
        for module in MODULES
        if any(name.partition(".")[0] in packages for name in imports(module))
    }


def own_imports(module: str) -> set[str]:
    """Return our modules that a module imports."""
    names = {name.removeprefix("ocr_server.") for name in imports(module)}
    return names & MODULES.keys()


def attributes(module: str) -> set[str]:
    """Return the attributes and names that a module uses."""
    nodes = list(ast.walk(MODULES[module]))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    named = {
        alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return used | named


@pytest.mark.parametrize("module", BELOW_THE_WEB)
def test_a_module_below_the_web_knows_no_flask(module: str) -> None:
    assert module not in importers_of("flask", "werkzeug")


@pytest.mark.parametrize("module", BELOW_THE_WEB)
def test_a_module_below_the_web_needs_only_its_like(module: str) -> None:
    assert not own_imports(module) & WEB


def test_only_the_engine_knows_rapidocr_and_onnxruntime() -> None:
    assert importers_of("rapidocr_onnxruntime") == {"engine"}
    assert importers_of("onnxruntime") == {"sessions"}


def test_only_the_settings_read_variables() -> None:
    assert importers_of("pydantic_settings") == {"settings"}
    touching = {
        module
        for module, source in MODULES.items()
        if any(f"os.{name}" in ast.unparse(source) for name in ("environ", "getenv"))
    }
    # The allocator's variable is glibc's, and is read before any setting can matter; create_app
    # and reading.local set OpenCV's, metrics sets Prometheus'; server sets what the master found
    # for its workers.
    setting = {"__init__", "cli", "metrics", "reading.local", "server"}
    assert touching == {*setting, "allocator", "settings"}


def test_the_command_line_writes_variables_and_reads_none_but_gunicorns() -> None:
    uses = [
        ast.unparse(node)
        for node in ast.walk(MODULES["cli"])
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("os.environ.")
    ]
    assert uses == ["os.environ.update"]
    source = ast.unparse(MODULES["cli"])
    assert "'GUNICORN_PID' in os.environ" in source
    assert source.count("environ") == 2 + source.count("from_environment")


def test_only_gunicorns_configuration_reads_settings_when_it_is_imported() -> None:
    reading = {
        module
        for module, source in MODULES.items()
        for statement in source.body
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef)
        and {"Settings()", "Settings.from_environment()"}
        & {ast.unparse(node) for node in ast.walk(statement) if isinstance(node, ast.Call)}
    }
    assert reading == {"gunicorn_config"}
