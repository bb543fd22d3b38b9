"""A signal handler that raises, such as that of Ctrl-C, ends a call of any kind, soon; the model is as good as before."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from conftest import Stop, interrupted

import limbeck
from limbeck import Error, Status, _native
from limbeck._native import library

TEXT = "the man is in london and eats food"
MANY = [TEXT] * 60_000
SOON = 0.25


def calls(large):
    """Every long call there is."""
    def opened(head=None, **sizes):
        return limbeck.Model(large(head, **sizes), threads=1)

    long = opened(positions=8192)
    return {
        "embed": lambda model=opened(): model.embed(MANY),
        "encode": lambda model=opened(): model.encode(MANY, batch_size=8),
        "classify": lambda model=opened("classify"): model.classify(MANY),
        "pairs": lambda model=opened("classify"): model.classify(MANY, MANY),
        "rerank": lambda model=opened("classify"): model.rerank(TEXT, MANY),
        "tag": lambda model=opened("tag"): model.tag(MANY),
        "answer many": lambda model=opened("answer"): model.answer("who eats food?", MANY),
        "answer one": lambda model=opened("answer"): model.answer("who eats food?", " ".join(MANY)),
        "fill": lambda model=opened("fill"): model.fill(["the [MASK] is in london"] * 60_000),
        "forward many": lambda: long.forward([[5, 6, 7, 8]] * 100_000),
        # Of these, Python sees nothing until they end.
        "forward one": lambda: long.forward([[5] * 8192]),
        "embed one": lambda: long.embed(" ".join(["the"] * 9000)),
    }


NAMES = [
    "embed", "encode", "classify", "pairs", "rerank", "tag", "answer many", "answer one", "fill", "forward many", "forward one",
    "embed one",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_call_ends_soon(large, name):
    call = calls(large)[name]
    late = [interrupted(call, after) for after in (0.1, 0.3, 0.35)]
    assert min(late) < SOON, late  # of three, since the machine may have other things to do


def test_the_model_answers_as_before(large):
    for threads in (1, 2):
        model = limbeck.Model(large(), threads=threads)
        before = model.embed([TEXT] * 100)
        interrupted(lambda: model.embed(MANY), 0.2)
        np.testing.assert_array_equal(model.embed([TEXT] * 100), before)


def test_no_handler_is_lost(large, monkeypatch):
    """However a handler and the end of a call meet, what it raises comes out, once, and as it is."""
    lost, raised, returned = [], 0, 0
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    model = limbeck.Model(large(), threads=1)
    draw = np.random.default_rng(0)
    handled = []

    def handler(*_):
        handled.append(1)
        raise Stop(len(handled))

    begun = time.monotonic()
    model.embed([TEXT] * 80)
    each = (time.monotonic() - begun) / 80
    before = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(150):
            texts = [TEXT] * int(draw.integers(1, 80))
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005 + each * len(texts) * draw.uniform(0, 2))
                model.embed(texts)
                returned += 1
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Stop as stop:
                raised += 1
                assert stop.args == (len(handled),)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert raised == len(handled) and not lost
    assert raised > 10 and returned > 10
    assert model.embed(TEXT).shape == (1, 256)


def plain_forward(path, ids):
    """The states of one sequence from a session that cannot be interrupted."""
    model, session, count = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    path, length, values = os.fsencode(path), (ctypes.c_size_t * 1)(len(ids)), np.empty((len(ids), 128), np.float32)
    ids = np.array(ids, np.int32)
    options = _native.SessionOptions(threads=1, max_tokens=len(ids))
    assert library.limbeck_model_open(path, len(path), ctypes.byref(model), None, 0) == 0
    assert library.limbeck_session_new(model, ctypes.byref(options), ctypes.byref(session)) == 0
    assert 0 == library.limbeck_forward(
        session, ids.ctypes.data, None, length, 1, 1, -1, values.ctypes.data, values.size, ctypes.byref(count)
    )  # fmt: skip
    library.limbeck_session_free(session)
    library.limbeck_model_close(model)
    return values


@pytest.mark.parametrize("precision", ["f32", "int8"])
def test_being_interruptible_changes_no_bit(large, tmp_path, precision):
    """Long texts are cut into more pieces of work then."""
    path = tmp_path / "model.limbeck"
    limbeck.pack(large(hidden=128, layers=2, positions=8192), path, precision)
    ids = np.random.default_rng(0).integers(5, 16, 5000).tolist()
    (found,) = limbeck.Model(path, threads=1).forward([ids])
    np.testing.assert_array_equal(found, plain_forward(path, ids))


def test_ctrl_c(large):
    program = (
        # A job in the background has it ignored, and so would its children.
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import sys, time, limbeck\nmodel = limbeck.Model(sys.argv[1], threads=2)\nprint('ready', flush=True)\n"
        "try: model.embed(['the man is in london'] * 100_000)\n"
        "except KeyboardInterrupt: print(time.monotonic(), len(model.embed('the man')), flush=True)"
    )
    late = []
    for _ in range(3):
        child = subprocess.Popen([sys.executable, "-c", program, str(large())], stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.4)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        at, vectors = child.communicate(timeout=60)[0].split()
        assert child.returncode == 0 and vectors == "1"
        late.append(float(at) - sent)
    assert min(late) < SOON, late


def test_a_handler_that_returns_does_not_end_a_call(large):
    model, handled = limbeck.Model(large(), threads=1), []
    texts = [TEXT] * 300
    expected = model.embed(texts)
    before = signal.signal(signal.SIGALRM, lambda *_: handled.append(time.monotonic()))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        found = model.embed(texts)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_array_equal(found, expected)
    assert handled


def embed_and_handle(model, handler):
    """A call of many texts that signals certainly meet: the first comes when a part of the texts is done, others follow, since one
    may come between two of the library's calls that it consists of."""
    before, started = signal.signal(signal.SIGALRM, lambda *_: handler()), []

    def progress(*_):
        if not started:
            started.append(True)
            signal.setitimer(signal.ITIMER_REAL, 0.03, 0.03)

    try:
        model.embed(MANY, show_progress=progress)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_handler_cannot_begin_another_call(large):
    """It would have to wait for the one that it interrupts."""
    model = limbeck.Model(large(), threads=1)
    with pytest.raises(Error, match="signal handler cannot") as caught:
        embed_and_handle(model, lambda: model.embed(TEXT))
    assert caught.value.status == Status.INVALID_ARGUMENT
    assert model.embed(TEXT).shape == (1, 256)


def test_a_handler_may_close_the_model(large):
    model = limbeck.Model(large(), threads=1)
    with pytest.raises(Error, match="the model (is|was) closed"):
        embed_and_handle(model, model.close)
    with pytest.raises(Error, match="the model is closed"):
        model.embed(TEXT)


def test_who_waits_has_a_turn(large):
    """A thread with one text does not wait for the end of another's list."""
    model = limbeck.Model(large(), threads=1)
    expected, ended, done = model.embed([TEXT]), threading.Event(), []

    def work():
        model.embed([TEXT] * 2500, show_progress=lambda count, _: done.append(count))
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done:
        time.sleep(0.001)
    turns = 0
    while not ended.is_set() and turns < 3:
        np.testing.assert_array_equal(model.embed([TEXT]), expected)
        turns += not ended.is_set()
    thread.join()
    assert turns == 3


def test_a_waiting_call_can_be_interrupted(large):
    """The main thread waits for another's call, of one long text."""
    model = limbeck.Model(large(positions=8192), threads=1)
    begun = threading.Event()

    def work():
        begun.set()
        try:
            model.forward([[5] * 8192] * 3)
        except Error:
            pass

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    time.sleep(0.1)
    assert interrupted(lambda: model.embed(TEXT), 0.1) < SOON
    model.close()
    thread.join()


def test_packing_ends_soon(large, tmp_path):
    source, out = large(hidden=512, layers=8), tmp_path / "model.limbeck"
    late = [interrupted(lambda: limbeck.pack(source, out, "int8"), after) for after in (0.3, 0.6)]
    assert min(late) < SOON, late
    assert list(tmp_path.iterdir()) == []


def test_what_progress_raises_ends_packing(large, tmp_path):
    seen = []

    def progress(stage, fraction):
        seen.append(threading.current_thread())
        if stage == "quantizing" and fraction > 0:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        limbeck.pack(large(), tmp_path / "model.limbeck", "int8", progress=progress)
    assert list(tmp_path.iterdir()) == [] and set(seen) == {threading.main_thread()}
