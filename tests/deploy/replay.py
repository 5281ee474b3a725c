"""Replays deploy/Dockerfile without a container engine, and tries what comes out.

    sudo .venv/bin/python -m tests.deploy.replay

Needs root, Debian's debootstrap and some 2 GB in the temporary folder. The base image is stood in
for by a fresh minimal Debian with its own Python. Every step and the server itself run in
namespaces of their own, with no network but their own loopback; so no process and no mount stays.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tests import pictures
from tests.deploy import dockerfile
from tests.deploy.dockerfile import ROOT, Stage, Step
from tests.live.gunicorn_server import wait_until

_START_SECONDS = 120
_STOP_SECONDS = 60
_WHEELS = "/mnt"  # where the steps find the packages
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
}
# Packages come from a folder; that they are the pinned ones pip checks by their hashes.
_PIP = {
    "PIP_NO_INDEX": "1",
    "PIP_FIND_LINKS": _WHEELS,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}
_NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--"]
# What a container engine mounts. $1 is the tree, $2 whether it may be written to, $3 the wheels.
_MOUNT = """
set -e
ip link set lo up
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount --bind /sys "$1/sys"
mount -o remount,bind,ro "$1/sys"
mount -t tmpfs -o mode=755 tmpfs "$1/dev"
for device in null zero full random urandom; do
    touch "$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
done
mkdir "$1/dev/shm"
mount -t tmpfs -o size=64m,mode=1777,nosuid,nodev,noexec tmpfs "$1/dev/shm"
if [ "$3" ]; then mount --bind "$3" "$1/mnt"; fi
mount -o "remount,bind,$2" "$1"
tree=$1
shift 3
exec chroot "$tree" "$@"
"""
_ASK = """
import sys, urllib.request
picture = sys.stdin.buffer.read()
request = urllib.request.Request(sys.argv[1], picture, {"Content-Type": "image/png"})
print(urllib.request.urlopen(request, timeout=60).read().decode())
"""


@dataclass
class Image:
    """A tree of files, and what a container starts with."""

    tree: Path
    environment: dict[str, str] = field(default_factory=lambda: {**_ENVIRONMENT})
    folder: str = "/"
    user: str = "0:0"


def main() -> None:
    """Build, run, try, stop; the exit status is 0 if all of that went well."""
    signal.signal(signal.SIGTERM, _leave)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ocr_server-container-") as folder:
        image, stage = build(Path(folder))
        try_out(image, stage, Path(folder) / "server.log")
    print(f"The container works; {time.monotonic() - started:.0f} s.")


def build(folder: Path) -> tuple[Image, Stage]:
    """Do what the Dockerfile says; return the last stage's image, and that stage."""
    stages = dockerfile.read()
    (base_name,) = {stage.base for stage in stages}
    found = re.fullmatch(r"python:(\d+\.\d+)-slim-(\w+)", base_name)
    assert found, f"{base_name} cannot be stood in for"
    version, suite = found[1], found[2]
    base, wheels = folder / "base", folder / "wheels"
    _say(f"A fresh {suite}")
    _bootstrap(base, suite)
    _run([*_entered(Image(base)), "python3", "-c", f"import sys; sys.exit({_other(version)})"])
    _say("The pinned packages")
    _download(wheels, version)
    images: dict[str, Image] = {}
    for number, stage in enumerate(stages):
        image = Image(folder / f"stage-{number}")
        _run(["cp", "--archive", str(base), str(image.tree)])
        for step in stage.steps:
            _say(f"{step.instruction} {step.text[:80]}")
            _replay(step, image, images, wheels)
        images[stage.name] = image
    return image, stage


def _other(version: str) -> str:
    major, minor = version.split(".")
    return f"sys.version_info[:2] != ({major}, {minor})"


def _bootstrap(tree: Path, suite: str) -> None:
    """Install a minimal Debian, from where this machine's own apt installs."""
    targets = ["apt-get", "indextargets", "--format", "$(RELEASE) $(SITE)", "Created-By: Packages"]
    known = subprocess.run(targets, check=True, capture_output=True, text=True).stdout
    mirrors = dict(line.split() for line in reversed(known.splitlines()))
    command = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv", suite]
    _run(["unshare", "--mount", "--", *command, str(tree), mirrors[suite]])


def _download(folder: Path, version: str) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    which = ["--python-version", version, "--only-binary", ":all:"]
    _run([*pip, *which, "-r", str(ROOT / "requirements.lock"), "-d", str(folder)])


def _replay(step: Step, image: Image, images: Mapping[str, Image], wheels: Path) -> None:
    match step.instruction:
        case "RUN":
            _run([*_entered(image, wheels=str(wheels), variables=_PIP), "/bin/sh", "-c", step.text])
        case "COPY":
            origin = images[step.flags["from"]].tree if "from" in step.flags else ROOT
            _copy(step, origin, image)
        case "ENV":
            image.environment |= step.assignments(image.environment)
        case "WORKDIR":
            image.folder = step.text
            _inside(image, step.text).mkdir(parents=True, exist_ok=True)
        case "USER":
            image.user = step.text
        case "EXPOSE" | "STOPSIGNAL" | "HEALTHCHECK" | "ENTRYPOINT":
            pass  # said of the running container
        case _:
            raise ValueError(f"{step.instruction} cannot be replayed")


def _copy(step: Step, origin: Path, image: Image) -> None:
    *sources, target = step.words
    for source in sources:
        place = _inside(image, target)
        path = origin / source.lstrip("/")
        if path.is_dir():
            ignore = shutil.ignore_patterns("__pycache__") if origin == ROOT else None
            shutil.copytree(path, place, symlinks=True, dirs_exist_ok=True, ignore=ignore)
        else:
            shutil.copy2(path, place)


def _inside(image: Image, path: str) -> Path:
    """Return where a path of the image lies on this machine."""
    return image.tree / os.path.join(image.folder, path).lstrip("/")  # noqa: PTH118


def _entered(
    image: Image, wheels: str = "", mode: str = "rw", variables: Mapping[str, str] | None = None
) -> list[str]:
    """Return how to begin a command that runs in an image, in namespaces of its own."""
    mounted = ["sh", "-c", _MOUNT, "sh", str(image.tree), mode, wheels]
    return [*_NAMESPACES, *mounted, *_as_user(image, variables or {})]


def _as_user(image: Image, variables: Mapping[str, str]) -> list[str]:
    user, _, group = image.user.partition(":")
    rights = ["--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"]
    if user != "0":
        rights += ["--bounding-set=-all", "--inh-caps=-all"]
    assigned = [f"{name}={value}" for name, value in {**image.environment, **variables}.items()]
    return ["setpriv", *rights, "env", "--ignore-environment", f"--chdir={image.folder}", *assigned]


def try_out(image: Image, stage: Stage, log: Path) -> None:
    """Run the image, ask it, stop it. Raises AssertionError if something is not as it should be."""
    assert not list(image.tree.rglob("libGL*")), "libGL is there"
    image.environment["HOME"] = "/nonexistent"
    with _running(image, stage.last("ENTRYPOINT").words, log) as server:
        enter = ["nsenter", "--all", "--root", "--wd=/", f"--target={server}", "--"]
        inside = [*enter, *_as_user(image, {})]
        port = stage.last("EXPOSE").text
        _say("It reads a picture")
        url = f"http://127.0.0.1:{port}/ocr"
        answer = _run([*inside, "python3", "-c", _ASK, url], pictures.read("small.png"))
        assert b"Harvest" in answer, answer
        _say("Its HEALTHCHECK succeeds")
        _run([*inside, *stage.last("HEALTHCHECK").words])
        _say("OpenCV can be imported, without libGL")
        _run([*inside, "python3", "-c", "import cv2"])
        _say("Its models come from the image")
        assert "onnx_cpp2py" not in _mapped_by_workers(server), log.read_text()
        _say("It is not root, and cannot become root")
        status = Path(f"/proc/{server}/status").read_text()
        assert re.search(r"^Uid:\t[1-9]", status, re.MULTILINE), status
        assert "CapBnd:\t0000000000000000" in status, status
        _say("It stops in order")
        os.kill(server, getattr(signal, stage.last("STOPSIGNAL").text))


def _mapped_by_workers(server: int) -> str:
    workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    assert workers
    return "".join(Path(f"/proc/{worker}/maps").read_text() for worker in workers)


@contextmanager
def _running(image: Image, command: Sequence[str], log: Path) -> Iterator[int]:
    """Run a command on a file system that cannot be written to; it must end well when told to.

    Yields its process id; in its own namespace it is 1, as in a container.
    """
    with log.open("wb") as output:
        outer = subprocess.Popen(
            [*_entered(image, mode="ro"), *command], stdout=output, stderr=subprocess.STDOUT
        )

    def is_loaded() -> bool:
        assert outer.poll() is None, log.read_text()
        return "Engine loaded" in log.read_text()

    try:
        wait_until(is_loaded, _START_SECONDS)
        (child,) = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        yield int(child)
        assert outer.wait(_STOP_SECONDS) == 0, log.read_text()
    except BaseException:
        print(log.read_text(), file=sys.stderr)
        raise
    finally:
        outer.kill()  # and with it, by --kill-child, all that is inside
        outer.wait()


def _run(command: Sequence[str], standard_input: bytes = b"") -> bytes:
    done = subprocess.run(
        command, input=standard_input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        print(done.stdout.decode(errors="replace"), file=sys.stderr)
        sys.exit(f"Failed with {done.returncode}: {command[-1]}")
    return done.stdout


def _say(text: str) -> None:
    print(f"- {text}", flush=True)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit("Stopped.")


if __name__ == "__main__":
    main()
