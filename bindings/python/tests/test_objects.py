"""Copies, pickles and the end of models and tokenizers, whichever thread is where."""

import copy
import gc
import os
import pickle
import threading
import time

import numpy as np
import pytest
from conftest import ANSWERS, run_program

import limbeck
from limbeck import Error, Status

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {n}": lambda value, n=n: pickle.loads(pickle.dumps(value, n)) for n in range(2, pickle.HIGHEST_PROTOCOL + 1)},
}


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_models(way):
    model = limbeck.Model(ANSWERS / "embed", threads=1, max_tokens=64, kernels="portable")
    other = COPIES[way](model)
    assert type(other) is limbeck.Model and other.session == model.session and other.info == model.info
    assert other._session._handle.value != model._session._handle.value
    expected = model.embed(["This is a small library."])
    model.close()
    np.testing.assert_array_equal(other.embed(["This is a small library."]), expected)
    again = COPIES[way](other)
    del other
    gc.collect()
    np.testing.assert_array_equal(again.embed(["This is a small library."]), expected)
    with pytest.raises(Error, match="closed"):
        COPIES[way](model)


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("options", [{"depth": 0.5}, {"layers": 2}, {"width": 0.5}])
def test_copies_run_the_same_layers(way, options):
    model = limbeck.Model(ANSWERS.parent / "adaptive" / "dynabert", threads=1, **options)
    other = COPIES[way](model)
    assert model.session.layers == other.session.layers == (6 if "width" in options else options.get("layers", 3))
    assert model.session.heads == other.session.heads == (2 if "width" in options else 4)
    ids = [[5, 7, 11, 13]]
    np.testing.assert_array_equal(other.forward(ids, output="logits")[0], model.forward(ids, output="logits")[0])


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_tokenizers(way):
    text = "This is a naïve café."
    for tokenizer in (limbeck.Tokenizer(ANSWERS / "embed" / "vocab.txt"), limbeck.Model(ANSWERS / "embed").tokenizer):
        other = COPIES[way](tokenizer)
        assert other._handle.value != tokenizer._handle.value
        expected = tokenizer.tokenize(text)
        del tokenizer
        gc.collect()
        assert other.tokenize(text) == expected


def test_a_list_of_one_model_stays_one():
    """deepcopy and pickle keep what is one object one."""
    model = limbeck.Model(ANSWERS / "embed")
    for again in (copy.deepcopy([model, model]), pickle.loads(pickle.dumps([model, model]))):
        assert again[0] is again[1] and again[0] is not model


class Prefixed(limbeck.Model):
    """A class of somebody else's, whose __init__ takes something else."""

    def __init__(self, prefix):
        super().__init__(ANSWERS / "embed", threads=1)
        self.prefix = prefix

    def embed_prefixed(self, text):
        return self.embed(self.prefix + text)


@pytest.mark.parametrize("way", COPIES)
def test_copies_of_derived_classes(way):
    model = Prefixed("This is ")
    other = COPIES[way](model)
    assert type(other) is Prefixed and other.prefix == "This is "
    np.testing.assert_array_equal(other.embed_prefixed("a library"), model.embed("This is a library"))


def test_a_pickle_opens_in_another_process(tmp_path, monkeypatch):
    """Also if the path was relative, and that process is elsewhere."""
    monkeypatch.chdir(ANSWERS)
    model, tokenizer = limbeck.Model("embed", threads=1), limbeck.Tokenizer("embed")
    (tmp_path / "both").write_bytes(pickle.dumps((model, tokenizer)))
    program = """
        import pickle
        model, tokenizer = pickle.load(open("both", "rb"))
        print(model.session.threads, model.embed("This").tolist(), tokenizer.tokenize("This").ids)
        """
    found = run_program(program, cwd=tmp_path).stdout
    assert found.split("\n")[0] == f"1 {model.embed('This').tolist()} {tokenizer.tokenize('This').ids}"


def test_a_pickle_of_what_is_gone(tmp_path):
    (tmp_path / "folder").symlink_to(ANSWERS / "embed")
    pickled = pickle.dumps(limbeck.Model(tmp_path / "folder"))
    (tmp_path / "folder").unlink()
    with pytest.raises(Error, match="folder") as caught:
        pickle.loads(pickled)
    assert caught.value.status == Status.FILE_NOT_FOUND


def test_paths_of_any_kind(tmp_path):
    path = ANSWERS / "embed"
    expected = limbeck.Model(path).embed("This")
    for same in (str(path), os.fsencode(path), path):
        assert np.array_equal(limbeck.Model(same).embed("This"), expected)
        assert limbeck.Tokenizer(same).tokenize("This").ids
        assert np.array_equal(copy.copy(limbeck.Model(same)).embed("This"), expected)
    limbeck.pack(os.fsencode(path), os.fsencode(tmp_path / "ä.limbeck"), "f32")
    limbeck.verify(os.fsencode(tmp_path / "ä.limbeck"))
    assert np.array_equal(limbeck.Model(os.fsencode(tmp_path / "ä.limbeck")).embed("This"), expected)
    for wrong in (1, None, ["x"]):
        with pytest.raises(TypeError):
            limbeck.Model(wrong)


def test_closing_ends_the_call_of_another_thread(large):
    model, raised, done = limbeck.Model(large(), threads=2), [], []

    def work():
        try:
            model.embed(["the man is in london"] * 100_000, show_progress=lambda count, _: done.append(count))
        except Error as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not done:
        time.sleep(0.001)
    time.sleep(0.1)
    begun = time.monotonic()
    model.close()
    assert time.monotonic() - begun < 1
    thread.join()
    assert "closed" in str(raised[0])
    for call in (lambda: model.embed("x"), lambda: model.embed([]), lambda: model.forward([[1]]), lambda: copy.copy(model)):
        with pytest.raises(Error, match="closed"):
            call()
    model.close()


def test_closing_under_many_threads(large):
    """Freed memory is overwritten, and that of a session given back: a use after it ends the process."""
    run_program(
        """
        import random, sys, threading, time, limbeck
        random.seed(0)
        folder = sys.argv[1]
        wrong = []
        for round in range(40):
            model = limbeck.Model(folder, threads=1 + round % 3)
            expected = model.embed("the man").tolist()
            stop = threading.Event()
            def work():
                while True:
                    try:
                        found = model.embed(["the man"] * random.choice([1, 3, 50]))
                        if found[0].tolist() != expected[0]: wrong.append("numbers")
                    except limbeck.Error as error:
                        if "closed" not in str(error): wrong.append(str(error))
                        return
            threads = [threading.Thread(target=work) for _ in range(6)]
            for thread in threads: thread.start()
            time.sleep(random.random() * 0.05)
            closers = [threading.Thread(target=model.close) for _ in range(2)]
            for thread in closers: thread.start()
            for thread in closers + threads: thread.join(60)
            assert not any(thread.is_alive() for thread in closers + threads)
        assert not wrong, wrong
        """,
        large(hidden=64, layers=2),
    )


def test_a_model_goes_with_its_last_reference(large):
    """No cycle keeps it: its memory is not left to the garbage collector."""
    gc.collect()
    gc.disable()
    try:
        model = limbeck.Model(large(hidden=64, layers=2), threads=2)
        free = model._session._free
        model.embed("the man")
        del model
        assert not free.alive
    finally:
        gc.enable()


def test_the_process_may_end_in_a_call(large):
    """A daemon thread is in a call when the interpreter ends."""
    run_program(
        """
        import sys, threading, time, limbeck
        model = limbeck.Model(sys.argv[1], threads=2)
        threading.Thread(target=lambda: model.embed(["the man is in london"] * 100_000), daemon=True).start()
        time.sleep(0.2)
        """,
        large(),
    )
