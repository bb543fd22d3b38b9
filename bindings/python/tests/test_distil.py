"""Training by a recipe: one of the golden cases, whose student and losses are known."""

import json
import subprocess
import sys
import threading

import pytest
from conftest import REPOSITORY, Stop, interrupted, run_program

import limbeck
from limbeck import Error, Status, _native_distil

CASE = REPOSITORY / "Tests" / "golden" / "losses" / "hinton"


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hinton")
    subprocess.run([sys.executable, str(REPOSITORY / "scripts" / "loss-case.py"), str(CASE), str(folder)], check=True)
    return folder / "recipe.json"


def changes(output, **more):
    return {"output": output, "record_gradients": [], "stages.0.optimizer.learning_rate": 0.001, **more}


def tensors(folder):
    return (folder / "model.safetensors").read_bytes()


def test_a_student(recipe, tmp_path):
    seen = []
    limbeck.distil(recipe, {"output": tmp_path / "out", "record_gradients": []}, progress=seen.append)
    assert [step.step for step in seen] == [1, 2, 3]
    first = seen[0]
    assert (first.stage, first.stage_count, first.stage_name, first.step_count) == (0, 1, "hinton", 3)
    assert first.loss == pytest.approx(json.loads((CASE / "recipe.json").read_text())["losses"]["loss"], rel=1e-5)
    assert first.learning_rate == 1 and first.tokens_per_second > 0 and seen[-1].seconds_left == 0
    assert limbeck.Model(tmp_path / "out").info.parameters == 17821


def test_the_same_bits_with_other_threads_and_kernels(recipe, tmp_path):
    for name, options in {"a": {"threads": 1}, "b": {"threads": 2}, "c": {"kernels": "portable"}}.items():
        limbeck.distil(str(recipe), changes(tmp_path / name), **options)
    assert tensors(tmp_path / "a") == tensors(tmp_path / "b") == tensors(tmp_path / "c")


def test_plan(recipe, tmp_path):
    plan = limbeck.distil_plan(recipe, changes(tmp_path / "out", **{"stages.0.steps": 7}))
    assert (plan.stage_count, plan.parameters, plan.trained_parameters, plan.step_count) == (1, 17821, 17821, 7)
    assert plan.tokens_per_batch == 60 and plan.memory_bytes > 4 * 17821
    assert not (tmp_path / "out" / "model.safetensors").exists()


def test_mistakes(recipe, tmp_path):
    def refused(overrides, **options):
        with pytest.raises(Error) as caught:
            limbeck.distil(recipe, changes(tmp_path / "out", **overrides), **options)
        return caught.value

    error = refused({"stages.0.epoch": 2})
    assert error.status == Status.FILE_MALFORMED and "'stages.0.epoch' is unknown, expected one of name" in str(error)
    assert "'data.tokens' is 5, expected a string" in str(refused({"data.tokens": 5}))
    assert refused({"data.tokens": "nowhere"}).status == Status.FILE_NOT_FOUND
    assert "threads is 300" in str(refused({}, threads=300))
    assert "fast" in str(refused({}, kernels="fast"))
    with pytest.raises(Error) as caught:
        limbeck.distil_plan(tmp_path / "none.json")
    assert caught.value.status == Status.FILE_NOT_FOUND
    with pytest.raises(TypeError, match="overrides is a list, and must be a dict"):
        limbeck.distil(recipe, ["a=1"])
    with pytest.raises(ValueError, match="JSON"):
        limbeck.distil(recipe, {"seed": float("nan")})


def test_strings_are_strings(recipe, tmp_path):
    """A name that reads as a number, or has a quote, an equals sign or a letter of another script."""
    for name in ["12", 'a"b', "a=b", "é"]:
        limbeck.distil(recipe, changes(str(tmp_path / name), **{"stages.0.name": name}), progress=(seen := []).append)
        assert seen[0].stage_name == name and (tmp_path / name / "model.safetensors").exists()


def test_an_interrupted_run_goes_on_to_the_same_bits(recipe, tmp_path):
    def overrides(name):
        return changes(tmp_path / name, **{"stages.0.steps": 1000})

    limbeck.distil(recipe, overrides("whole"))

    def stop(progress):
        if progress.step == 7:
            raise Stop

    with pytest.raises(Stop):
        limbeck.distil(recipe, overrides("cut"), progress=stop)
    assert (tmp_path / "cut" / "checkpoint.safetensors").exists()
    seen = []
    limbeck.distil(recipe, overrides("cut"), progress=seen.append)
    assert 8 <= seen[0].step <= 1000
    assert tensors(tmp_path / "cut") == tensors(tmp_path / "whole")
    with pytest.raises(Stop):
        limbeck.distil(recipe, overrides("cut"), progress=stop)
    limbeck.distil(recipe, overrides("cut"), progress=(again := []).append, restart=True)
    assert again[0].step == 1


def test_ctrl_c(recipe, tmp_path):
    long = changes(tmp_path / "out", **{"stages.0.steps": 1_000_000, "stages.0.optimizer.learning_rate": 1e-4})
    assert interrupted(lambda: limbeck.distil(recipe, long), 0.3) < 1
    assert (tmp_path / "out" / "checkpoint.safetensors").exists()


def test_other_threads_run_meanwhile(recipe, tmp_path):
    stopped, counted = threading.Event(), []

    def count():
        while not stopped.wait(0.001):
            counted.append(1)

    worker = threading.Thread(target=count)
    worker.start()
    try:
        limbeck.distil(recipe, changes(tmp_path / "out", **{"stages.0.steps": 300}))
    finally:
        stopped.set()
        worker.join()
    assert len(counted) > 20


def test_a_missing_library_is_named(tmp_path):
    program = """
        import os, sys
        os.environ["LIMBECK_DISTIL_LIBRARY"] = sys.argv[1]
        import limbeck
        try:
            limbeck.distil("recipe.json")
        except ImportError as error:
            assert sys.argv[1] in str(error), error
        else:
            raise SystemExit("not refused")
    """
    run_program(program, tmp_path / "none.so")
    assert _native_distil.find().name.startswith("liblimbeck-distil.so")
