"""Limbeck: on-device inference for distilled Transformer encoders. Text in, answers out.

    import limbeck

    model = limbeck.Model("models/all-MiniLM-L6-v2")
    vectors = model.embed(["A man is eating.", "Someone has a meal."])

    limbeck.pack("models/all-MiniLM-L6-v2", "minilm.limbeck")  # a quarter of the size, open in a millisecond
"""

from ._calibration import Calibration, ExitPoint, calibrate
from ._distil import DistilPlan, DistilProgress, distil, distil_plan
from ._model import Model
from ._native import Status, library
from ._pack import pack, set_exit_default, verify
from ._results import Answer, Candidate, Classification, Error, ModelInfo, SessionInfo, Tag, Tokens
from ._tokenizer import Tokenizer

__all__ = [
    "Answer", "Calibration", "Candidate", "Classification", "DistilPlan", "DistilProgress", "Error", "ExitPoint", "Model", "ModelInfo",
    "SessionInfo", "Status", "Tag", "Tokenizer", "Tokens", "calibrate", "distil", "distil_plan", "pack", "set_exit_default", "verify",
]  # fmt: skip
__version__: str = library.limbeck_version_string().decode()
