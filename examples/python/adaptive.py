"""How much of a model does each text need? In a model with exits, such as FastBERT, a text leaves as soon as the model is certain enough; of
another, such as DynaBERT, a session runs a part.

    python examples/python/adaptive.py MODEL TEXT...
"""

import sys

import limbeck


def main(path: str, *texts: str) -> None:
    with limbeck.Model(path) as model:
        has_exits = model.info.exits > 0
    with limbeck.Model(path, width=1 if has_exits else 0.5) as model:
        print(f"{model.session.layers} layers of {model.session.heads} heads, {model.session.exits} exits")
        for text, answer in zip(texts, model.classify(texts, exit_threshold=0.5 if has_exits else None)):
            print(f"  {answer.label} {answer.score:.4f}  after {answer.layers} layers  {text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
