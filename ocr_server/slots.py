"""The machine-wide bound on running inferences, shared by all workers and safe against crashes.

A slot is a file descriptor: the write end of a pipe whose read end the creator keeps. Free slots
lie in a socket ("free") that the workers inherit; whoever takes one out holds it. The kernel does
the bookkeeping: when a holder dies, even by SIGKILL, its descriptor is closed, the read end
reports it, and `restore` puts a new slot in place.

Who finds no free slot queues: it puts one end of a fresh socket pair into a second shared socket
("queue") and sleeps on the other end. Whoever releases a slot sends it straight to the head of
the queue, so waiting is first come, first served over all workers, and wakes nobody else. A
waiter that died is noticed as a broken pipe and passed over; a releaser that died with a waiter
in its hands closes the waiter's socket, which wakes it to queue again.

The queue is bounded. Who wants to join it takes its turn, under a lock that the kernel opens when
its holder dies, and is refused if the queue is full.
"""

import array
import fcntl
import math
import mmap
import os
import select
import signal
import socket
import struct
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ocr_server.errors import ServerBusy

# Room for some 500 entries a socket; the kernel cuts it down to its own limit.
_SEND_BUFFER_BYTES = 1024 * 1024
_SECONDS = struct.Struct("d")  # since the machine was started; the same for all processes
# Who sends pictures one after the other is back before that.
_QUIET_SECONDS = 0.5


class Slots:
    """A fixed number of slots; make it before forking, use it from any thread of any worker."""

    def __init__(self, count: int, max_waiting: int) -> None:
        """Make `count` slots, for which at most `max_waiting` threads of all workers may wait."""
        self.count = count
        self._max_waiting = max_waiting
        self._turn = threading.Lock()
        self._turn_of_processes = os.memfd_create("ocr_server-queue", os.MFD_CLOEXEC)
        self._last_request = mmap.mmap(-1, _SECONDS.size)  # shared with all workers
        self._last_request[:] = _SECONDS.pack(-math.inf)
        self._free_in, self._free_out = _shared_socket_pair()
        self._queue_in, self._queue_out = _shared_socket_pair()
        self._kept: list[int] = []
        self._keepers = [self._make_slot() for _ in range(count)]

    @contextmanager
    def hold(self, timeout: float | None = None, *, admitted: bool = False) -> Iterator["Hold"]:
        """Hold a slot for the length of a `with` block.

        Waits at most `timeout` seconds, without end if None. Raises ServerBusy if that was not
        enough, or if too many wait already; not the latter for work that was `admitted` before.
        """
        slot = self._take_free()
        held = Hold(self, self._wait(timeout, bounded=not admitted) if slot is None else slot)
        try:
            yield held
        finally:
            held.end()

    @contextmanager
    def hold_if_free(self) -> Iterator["Hold | None"]:
        """Hold a slot that is free and that nobody waits for; None if there is none."""
        slot = self.borrow()
        held = None if slot is None else Hold(self, slot)
        try:
            yield held
        finally:
            if held:
                held.end()

    def note_request(self) -> None:
        """Let all workers know that there is a request now which is not a part of a long work."""
        self._last_request[:] = _SECONDS.pack(time.monotonic())

    @property
    def quiet(self) -> bool:
        """Whether no such request was noted for a while, on the whole machine."""
        (last,) = _SECONDS.unpack(self._last_request)
        return bool(time.monotonic() - last > _QUIET_SECONDS)

    def take_again(self) -> int:
        """Wait for a slot, however many wait; for who had one, lent it, and must go on."""
        slot = self._take_free()
        return self._wait(None, bounded=False) if slot is None else slot

    def borrow(self) -> int | None:
        """Take a slot if one is free and nobody waits; to be given back with `give_back`."""
        return None if self.waiting else self._take_free()

    def give_back(self, slot: int) -> None:
        """Give a slot to the head of the queue or, if nobody waits, put it among the free ones."""
        offered: int | None = slot
        while offered is not None:
            waiter = _receive(self._queue_out, socket.MSG_DONTWAIT)
            if waiter is None:
                self._put_free(offered)
                # Somebody may have queued between our look at the queue and this; they saw no
                # free slot and would sleep beside one.
                offered = self._take_free() if self.waiting else None
            elif _hand_over(offered, waiter):
                offered = None

    @property
    def free(self) -> int:
        """Slots that nobody holds now."""
        return _entries(self._free_out)

    @property
    def waiting(self) -> int:
        """Requests in the queue now, on the whole machine."""
        return _entries(self._queue_out)

    def check_room(self) -> None:
        """Raise ServerBusy if a request would neither find a slot nor a place in the queue."""
        if self.waiting >= self._max_waiting and not self.free:
            raise ServerBusy(
                f"{self._max_waiting} requests are waiting already. Try again after the time in "
                "Retry-After."
            )

    def restore(self) -> int:
        """Put back the slots of dead holders; return how many. For the process that made them.

        Also those of its own that could not be put back before.
        """
        poller = select.poll()
        for keeper in self._keepers:
            poller.register(keeper)
        lost = [keeper for keeper, _ in poller.poll(0)]
        for keeper in lost:
            os.close(keeper)
            self._keepers[self._keepers.index(keeper)] = self._make_slot()
        for _ in range(len(self._kept)):
            self.give_back(self._kept.pop())
        return len(lost)

    def close(self) -> None:
        """Close this process's descriptors."""
        for end in (self._free_in, self._free_out, self._queue_in, self._queue_out):
            end.close()
        os.close(self._turn_of_processes)
        self._last_request.close()
        for descriptors in (self._kept, self._keepers):
            while descriptors:
                os.close(descriptors.pop())

    def _make_slot(self) -> int:
        keeper, slot = os.pipe()
        self.give_back(slot)
        return keeper

    def _take_free(self) -> int | None:
        try:
            return self._kept.pop()
        except IndexError:
            return _receive(self._free_out, socket.MSG_DONTWAIT)

    def _put_free(self, slot: int) -> None:
        try:
            _pass(self._free_in, slot)
        except OSError:
            # The kernel allows a user only so many descriptors under way, and other programs of
            # this user may have used them up. Until it takes or restores one, this process alone
            # has the slot.
            self._kept.append(slot)
        else:
            os.close(slot)

    def _wait(self, timeout: float | None, *, bounded: bool) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with closing(self._queue_up(bounded)) as place:
                slot = _receive_until(place, deadline)
            if slot is not None:
                return slot

    def _queue_up(self, bounded: bool) -> socket.socket:
        """Go to the end of the queue; return the socket on which a slot will come."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise ServerBusy("The server is out of file descriptors. Try again later.") from error
        with closing(theirs):
            try:
                with self._turn_to_queue():
                    if bounded:
                        self.check_room()
                    _pass(self._queue_in, theirs.fileno())
            except OSError as error:
                ours.close()
                raise ServerBusy("Too many requests are waiting. Try again later.") from error
            except ServerBusy:
                ours.close()
                raise
        # A slot may have come free between our first look and our queueing.
        slot = self._take_free()
        if slot is not None:
            self.give_back(slot)
        return ours

    @contextmanager
    def _turn_to_queue(self) -> Iterator[None]:
        """Let one thread of one process at a time into the `with` block."""
        with self._turn:
            fcntl.lockf(self._turn_of_processes, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._turn_of_processes, fcntl.LOCK_UN)


class Hold:
    """A slot that a thread holds."""

    def __init__(self, slots: Slots, slot: int) -> None:
        self._slots = slots
        self._slot: int | None = slot

    def __bool__(self) -> bool:
        """Tell whether it is held: not after its end, nor where taking it again failed."""
        return self._slot is not None

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let others have the slot for the length of a `with` block; then wait for one again.

        Raises ServerBusy if it cannot be had again.
        """
        self.end()
        try:
            yield
        finally:
            self._slot = self._slots.take_again()

    def end(self) -> None:
        """Give the slot back."""
        slot, self._slot = self._slot, None
        if slot is not None:
            self._slots.give_back(slot)


def _shared_socket_pair() -> tuple[socket.socket, socket.socket]:
    into, out_of = socket.socketpair()
    into.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    return into, out_of


def _entries(end: socket.socket) -> int:
    """Return how many descriptors lie in a shared socket: each was sent with one byte."""
    answer = fcntl.ioctl(end.fileno(), termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


def _pass(end: socket.socket, descriptor: int) -> None:
    # Not socket.send_fds and recv_fds: Python 3.11's ignore their flags.
    rights = array.array("i", [descriptor])
    end.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], socket.MSG_DONTWAIT)


def _receive(end: socket.socket, flags: int = 0) -> int | None:
    """Take a descriptor out of a socket; None if there is none, or the other end is closed."""
    rights = array.array("i")
    room = socket.CMSG_LEN(rights.itemsize)
    try:
        _, messages, told, _ = end.recvmsg(1, room, flags | socket.MSG_CMSG_CLOEXEC)
    except BlockingIOError:
        return None
    for _, _, data in messages:
        rights.frombytes(data)
    if told & socket.MSG_CTRUNC:
        # This process may open no more descriptors, and the kernel dropped what was in the
        # message. It can serve nobody; when it ends, its master restores the slot.
        os.kill(os.getpid(), signal.SIGTERM)
        raise ServerBusy("The server is out of file descriptors. Try again later.")
    return rights[0] if rights else None


def _receive_until(end: socket.socket, deadline: float | None) -> int | None:
    if deadline is not None:
        poller = select.poll()
        poller.register(end, select.POLLIN)
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            # From here on nobody can send us a slot; one that was sent just before is ours.
            end.shutdown(socket.SHUT_RD)
            slot = _receive(end, socket.MSG_DONTWAIT)
            if slot is None:
                raise ServerBusy("No slot came free in time. Try again later.")
            return slot
    return _receive(end)


def _hand_over(slot: int, waiter: int) -> bool:
    """Send a slot to a waiter; False, with the slot still ours, if the waiter is gone."""
    with socket.socket(fileno=waiter) as end:
        try:
            _pass(end, slot)
        except OSError:
            return False
    os.close(slot)
    return True
