"""Machines of a cluster: network namespaces on one bridge, servers in them, nginx in front."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.deploy.nginx_server import MAIN, SHIPPED, SNIPPETS, binary
from tests.live.gunicorn_server import GUNICORN, ROOT, children, wait_until

PORT = 9003  # of the servers in the shipped file
URL = "http://127.0.0.1:80"  # of nginx, inside its namespace
_PROXY_ADDRESS = "10.0.0.254"
_START_SECONDS = 120
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET; Python has os.setns from 3.12 on
# A machine has a /dev/shm of its own, which goes with its last process.
_OWN_MEMORY = ["sh", "-c", 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', "sh"]


def _ip(*arguments: str) -> None:
    told = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert told.returncode == 0, f"ip {' '.join(arguments)}: {told.stderr}"


def _within(namespace: str) -> list[str]:
    return ["ip", "netns", "exec", namespace]


@contextmanager
def _namespace(name: str) -> Iterator[str]:
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        _ip("netns", "delete", name)


@contextmanager
def _network_of(namespace: str) -> Iterator[None]:
    """Let this thread's new sockets belong to a namespace."""
    kernel = ctypes.CDLL(None, use_errno=True)

    def enter(path: Path) -> None:
        with path.open() as place:
            if kernel.setns(place.fileno(), _NEW_NETWORK):
                raise OSError(ctypes.get_errno(), f"setns {path}")

    with Path("/proc/thread-self/ns/net").open() as before:
        enter(Path("/run/netns") / namespace)
        try:
            yield
        finally:
            enter(Path(f"/proc/self/fd/{before.fileno()}"))


@dataclass
class Machine:
    """A machine with one server: one worker, one slot."""

    namespace: str
    address: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.address}:{PORT}"

    def start(self) -> None:
        """Start the server; it takes requests when its engine is loaded."""
        assert self.process is None
        own = {"WORKERS": "1", "SLOTS": "1", "LOG_FORMAT": "json", **self.settings}
        command = [*_within(self.namespace), *_OWN_MEMORY, *GUNICORN, "-b", f"0.0.0.0:{PORT}"]
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **{f"OCR_SERVER_{k}": v for k, v in own.items()}},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def stop(self) -> None:
        """Stop the server in order: it answers what it has accepted, and refuses what comes."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self._log.read_text()
        self.process = None

    def kill(self) -> None:
        """End the server's processes at once, whatever they do."""
        assert self.process
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """Stop the server's processes where they are; the kernel goes on to accept for them."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the processes go on."""
        self._signal(signal.SIGCONT)

    def unplug(self) -> None:
        """Drop all packets from and to the machine, and tell nobody."""
        _ip("-n", self.namespace, "link", "set", "eth0", "down")

    def plug(self) -> None:
        """Connect the machine again."""
        _ip("-n", self.namespace, "link", "set", "eth0", "up")

    @property
    def answers(self) -> dict[str, list[int]]:
        """The statuses that the server has logged, of each request's id."""
        statuses = defaultdict(list)
        for line in self._log.read_text().splitlines():
            told = json.loads(line) if line.startswith("{") else {}
            if told.get("event") == "request" and told["path"] == "/ocr":
                statuses[told["id"]].append(told["status"])
        return statuses

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.address}.log"

    def _signal(self, number: signal.Signals) -> None:
        assert self.process
        for process in (self.process.pid, *children(self.process.pid)):
            os.kill(process, number)


@dataclass
class Cluster:
    """Two machines and nginx; clients are where nginx is."""

    machines: list[Machine]
    namespace: str
    folder: Path
    url: str = URL

    @contextmanager
    def network(self) -> Iterator[None]:
        """Let this thread's new connections come from where nginx is."""
        with _network_of(self.namespace):
            yield

    @property
    def passed_on(self) -> int:
        """How many requests nginx has sent to a second machine, which read the picture."""
        lines = (self.folder / "ocr_server.access.log").read_text().splitlines()
        return sum(json.loads(line)["upstream_status"].endswith(", 200") for line in lines)

    def is_serving(self, machine: Machine) -> bool:
        """Whether a machine answers to nginx's address."""
        try:
            with self.network():
                return requests.get(f"{machine.url}/healthz", timeout=1).ok
        except requests.RequestException:
            return False


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """Start two machines and nginx with the shipped file; leave nothing behind."""
    name = f"ocr-{os.getpid()}"
    with ExitStack() as stack:
        proxy = stack.enter_context(_namespace(f"{name}-proxy"))
        _make_bridge(proxy)
        machines = []
        for number in (1, 2):
            namespace = stack.enter_context(_namespace(f"{name}-{number}"))
            machine = Machine(namespace, f"10.0.0.{number}", folder, settings)
            _plug_in(namespace, f"port{number}", machine.address, proxy)
            stack.callback(_end, machine)
            machine.start()
            machines.append(machine)
        stack.enter_context(_nginx(proxy, folder))
        made = Cluster(machines, proxy, folder)
        for machine in machines:
            wait_until(lambda machine=machine: made.is_serving(machine), _START_SECONDS)  # type: ignore[misc]
        yield made


def _make_bridge(proxy: str) -> None:
    _ip("-n", proxy, "link", "add", "bridge", "type", "bridge")
    _ip("-n", proxy, "address", "add", f"{_PROXY_ADDRESS}/24", "dev", "bridge")
    _ip("-n", proxy, "link", "set", "bridge", "up")


def _plug_in(namespace: str, port: str, address: str, proxy: str) -> None:
    hardware = f"02:00:00:00:00:{address.rpartition('.')[2]:0>2}"
    peer = ["peer", "name", "eth0", "address", hardware, "netns", namespace]
    _ip("-n", proxy, "link", "add", port, "type", "veth", *peer)
    # As if there were a router between: nginx's own kernel never finds out that nobody is there.
    _ip("-n", proxy, "neighbour", "add", address, "lladdr", hardware, "dev", "bridge")
    _ip("-n", proxy, "link", "set", port, "master", "bridge", "up")
    _ip("-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
    _ip("-n", namespace, "link", "set", "eth0", "up")


def _end(machine: Machine) -> None:
    if machine.process:
        machine.kill()


@contextmanager
def _nginx(namespace: str, folder: Path) -> Iterator[None]:
    _install(folder)
    _look_for_silent_machines_sooner(namespace)
    nginx = [binary(), "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "error.log")]
    process = subprocess.Popen([*_within(namespace), *nginx, "-g", "daemon off;"])
    try:
        wait_until(lambda: process.poll() is not None or (folder / "nginx.pid").exists())
        assert process.poll() is None, (folder / "error.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(30)


def _install(folder: Path) -> None:
    """Lay the shipped files out as they say, with another folder for logs."""
    (folder / "snippets").mkdir()
    (folder / "conf.d").mkdir()
    for name in SNIPPETS:
        text = (SHIPPED / name).read_text("utf-8").replace("/var/log/nginx", str(folder))
        (folder / "snippets" / name).write_text(text, "utf-8")
    shutil.copy(SHIPPED / "ocr_server-cluster.conf", folder / "conf.d")
    (folder / "nginx.conf").write_text(MAIN.format(user="user root;", folder=folder), "utf-8")


def _look_for_silent_machines_sooner(namespace: str) -> None:
    # docs/scaling.md says 10, 5 and 3; a test should not wait so long.
    times = {"tcp_keepalive_time": 1, "tcp_keepalive_intvl": 1, "tcp_keepalive_probes": 2}
    settings = [f"net.ipv4.{name}={value}" for name, value in times.items()]
    subprocess.run(
        [*_within(namespace), "sysctl", "-q", "-w", *settings], check=True, capture_output=True
    )
