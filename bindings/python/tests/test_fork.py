"""Processes that fork() after a model was opened: the child answers with the same bits, and never hangs."""

import multiprocessing
import os

import pytest
from conftest import run_program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork()")

# Every program gets a folder; `model` was opened before the fork, with two threads, which have worked.
START = """
import os, sys, threading, time, warnings
import numpy as np, limbeck
warnings.simplefilter("ignore", DeprecationWarning)  # of newer versions, about forks where there are threads
TEXTS = ["the man is in london", "who eats food?", "the man and food"] * 40
model = limbeck.Model(sys.argv[1], threads=2)
expected = model.embed(TEXTS)

def right(_=None):
    return bool(np.array_equal(model.embed(TEXTS), expected))

def child(body):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if body() else 2
        finally:
            os._exit(code)
    return pid

def ended(pid):
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == 0, code
"""


def run(program, folder):
    # As wide as START; a run that hangs is ended.
    run_program(START + program, folder, timeout=100)


def test_fork(large):
    run(
        """
for _ in range(5):
    ended(child(right))
def twice():
    ended(child(right))
    return right()
ended(child(twice))
def closes():
    model.close()
    return True
ended(child(closes))
def dies():
    global model
    del model
    return True
ended(child(dies))
def opens():
    return bool(np.array_equal(limbeck.Model(sys.argv[1], threads=3).embed(TEXTS), expected)) and right()
ended(child(opens))
assert right()
""",
        large(),
    )


def test_a_fork_while_another_thread_calls(large):
    run(
        """
stop = threading.Event()
def work():
    while not stop.is_set():
        model.embed(TEXTS * 5)
thread = threading.Thread(target=work)
thread.start()
for number in range(12):
    time.sleep(0.002 + number * 0.006)
    ended(child(right))
stop.set()
thread.join()
assert right()
""",
        large(),
    )


def test_threads_in_the_child(large):
    run(
        """
def serve():
    found = []
    threads = [threading.Thread(target=lambda: found.append(right())) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return found == [True] * 4
ended(child(serve))
""",
        large(),
    )


@pytest.mark.parametrize("kind", ["Pool", "ProcessPoolExecutor"])
def test_pools(large, kind):
    run(
        f"""
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
fork = multiprocessing.get_context("fork")
if "{kind}" == "Pool":
    with fork.Pool(3) as pool:
        assert pool.map(right, range(12)) == [True] * 12
else:
    with ProcessPoolExecutor(3, mp_context=fork) as pool:
        assert list(pool.map(right, range(12))) == [True] * 12
assert right()
""",
        large(),
    )


def test_a_server_that_loads_before_it_forks(large):
    """As gunicorn does with --preload: workers that live long, come and go, and each answer in several threads; one opened its own."""
    run(
        """
import signal, socket
from concurrent.futures import ThreadPoolExecutor

def worker(end):
    with ThreadPoolExecutor(3) as pool:
        while True:
            asked = end.recv(1)
            if not asked: return True
            found = list(pool.map(right, range(3)))
            end.sendall(b"y" if all(found) else b"n")

def start():
    ours, theirs = socket.socketpair()
    def body():
        ours.close()
        return worker(theirs)
    pid = child(body)
    theirs.close()
    return pid, ours

workers = [start() for _ in range(3)]
for round in range(3):
    for pid, end in workers:
        end.sendall(b"?")
    assert right()
    for pid, end in workers:
        assert end.recv(1) == b"y"
    pid, end = workers.pop(0)
    end.close()
    workers_after = workers
    workers = workers_after + [start()]
    # The other children have this end, too, and so this one is ended by hand.
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
for pid, end in workers:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
""",
        large(),
    )


def test_a_fork_in_a_signal_handler(large):
    """In the middle of a call: the child's ends with what the handler raises there, and its model is as good as any."""
    run(
        """
import signal
class Child(BaseException): pass
pids = []
def handler(*_):
    pids.append(os.fork())
    if pids[0] == 0: raise Child
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.15)
code = 1
try:
    many = model.embed(TEXTS * 40)
    while not pids: many = model.embed(TEXTS * 40)
    code = 0
except Child:
    code = 0 if right() else 2
finally:
    if pids and pids[0] == 0: os._exit(code)
assert code == 0 and np.array_equal(many[-120:], expected)
ended(pids[0])
""",
        large(),
    )


def _embed(model):
    return model.embed(["the man is in london"]).tolist()


def test_spawned_processes_open_it_again(large):
    """`spawn` pickles what it is given."""
    import limbeck

    model = limbeck.Model(large(), threads=1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_embed, (model,)) == _embed(model)
