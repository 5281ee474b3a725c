"""Work that takes too long ends its process; a real process for each test."""

import subprocess
import sys
import textwrap
import time

START = "import time; from ocr_server.watchdog import Watchdog; dog = Watchdog(0.5)\n"


def run(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", START + textwrap.dedent(script)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_work_that_takes_too_long_ends_the_process_with_a_traceback() -> None:
    ended = run("""
        def work_for_ever():
            time.sleep(60)

        with dog.watch():
            work_for_ever()
    """)
    assert ended.returncode == 1
    assert "Timeout" in ended.stderr
    assert "in work_for_ever" in ended.stderr


def test_a_library_that_never_comes_back_is_ended_too() -> None:
    start = time.monotonic()
    # One call into C that holds Python's lock, so that no Python thread could step in.
    ended = run("with dog.watch(): 7 ** 10_000_000 % 3")
    ended = run("with dog.watch(): str(7 ** 3_000_000)") if ended.returncode == 0 else ended
    assert ended.returncode == 1
    assert time.monotonic() - start < 30


def test_work_that_is_done_in_time_is_left_alone() -> None:
    ended = run("""
        for _ in range(4):
            with dog.watch():
                time.sleep(0.2)
        time.sleep(1)
        print("alive")
    """)
    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_work_that_failed_is_not_watched_any_more() -> None:
    ended = run("""
        try:
            with dog.watch():
                1 / 0
        except ZeroDivisionError:
            time.sleep(1)
            print("alive")
    """)
    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_each_of_several_pieces_of_work_has_its_own_limit() -> None:
    ended = run("""
        import threading

        def quick():
            for _ in range(20):
                with dog.watch():
                    time.sleep(0.05)

        def stuck_among_quick_ones():
            with dog.watch():
                time.sleep(60)

        threading.Thread(target=quick, daemon=True).start()
        stuck_among_quick_ones()
    """)
    assert ended.returncode == 1
    assert "stuck_among_quick_ones" in ended.stderr


def test_work_that_could_not_be_watched_leaves_no_limit_behind() -> None:
    ended = run("""
        import faulthandler

        start = faulthandler.dump_traceback_later

        def refuse(*_, **__):
            raise RuntimeError("unable to start watchdog thread")

        faulthandler.dump_traceback_later = refuse
        with dog.watch():
            pass
        faulthandler.dump_traceback_later = start
        time.sleep(0.7)
        with dog.watch():
            time.sleep(0.2)
        print("alive")
    """)
    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_time_in_which_work_is_paused_does_not_count() -> None:
    ended = run("""
        with dog.watch() as watch:
            time.sleep(0.3)
            with watch.paused():
                time.sleep(1)
            time.sleep(0.1)
        print("alive")
    """)
    assert (ended.returncode, ended.stdout) == (0, "alive\n")


def test_work_that_was_paused_has_only_what_was_left_of_its_time() -> None:
    ended = run("""
        def work_for_ever():
            time.sleep(60)

        with dog.watch() as watch:
            with watch.paused():
                pass
            work_for_ever()
    """)
    assert ended.returncode == 1
    assert "in work_for_ever" in ended.stderr
