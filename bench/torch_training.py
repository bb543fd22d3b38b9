"""Training by PyTorch and transformers, for bench/training.py.

    torch_training.py students WORK FOLDER      writes the students' folders, and their projections, with random weights
    torch_training.py run FOLDER TEACHER THREADS DATA
                                                trains the student on DATA, lines of JSON with input_ids, in order and over again;
                                                requests: {"sequences": in a batch, "steps": how many}

One line of JSON a request, one a reply, {} when ready. A step is the teacher's forward pass, the student's, its backward pass, clipping
and AdamW. Its settings are those that are fastest here: attention by scaled_dot_product_attention, the fused optimiser.
"""
import json
import os
import sys
import time

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional as F
from transformers import AutoModel, BertConfig, BertModel

from training_cases import CLIP, DECAY, LEARNING_RATE, NO_DECAY, PROJECTION, STUDENTS
from worker import peak_bytes


def write_students(work, folder):
    teacher = AutoModel.from_pretrained(os.path.join(work, "minilm")).config
    for name, (layers, hidden, heads, intermediate) in STUDENTS.items():
        path = os.path.join(folder, name)
        if os.path.exists(path):
            continue
        torch.manual_seed(1)
        config = BertConfig(vocab_size=teacher.vocab_size, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
                            intermediate_size=intermediate, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        partial = f"{path}.partial"
        BertModel(config).save_pretrained(partial)
        if hidden != teacher.hidden_size:
            linear = torch.nn.Linear(hidden, teacher.hidden_size)
            save_file({"projection.weight": linear.weight.data, "projection.bias": linear.bias.data}, os.path.join(partial, PROJECTION))
        os.replace(partial, path)


def vectors(model, ids, mask):
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    mask = mask.unsqueeze(-1).to(hidden.dtype)
    return F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)


class Training:
    def __init__(self, folder, teacher, threads, data):
        torch.set_num_threads(threads)
        with open(data, encoding="utf-8") as file:
            self.rows = [json.loads(line)["input_ids"] for line in file]
        self.teacher = AutoModel.from_pretrained(teacher, attn_implementation="sdpa").eval()
        self.student = AutoModel.from_pretrained(folder, attn_implementation="sdpa").train()
        named = list(self.student.named_parameters())
        path, self.projection = os.path.join(folder, PROJECTION), None
        if os.path.exists(path):
            tensors = load_file(path)
            self.projection = torch.nn.Linear(*tensors["projection.weight"].shape[::-1])
            self.projection.load_state_dict({name.partition(".")[2]: tensor for name, tensor in tensors.items()})
            named += [(f"projection.{name}", value) for name, value in self.projection.named_parameters()]
        self.parameters = [value for _, value in named]
        free = [value for name, value in named if any(part in name for part in NO_DECAY)]
        decaying = [value for name, value in named if not any(part in name for part in NO_DECAY)]
        self.optimizer = torch.optim.AdamW([{"params": decaying, "weight_decay": DECAY}, {"params": free, "weight_decay": 0.0}],
                                           lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, fused=True)
        self.row = 0

    def batch(self, sequences):
        rows = [self.rows[(self.row + i) % len(self.rows)] for i in range(sequences)]
        self.row = (self.row + sequences) % len(self.rows)
        ids = np.zeros((sequences, max(map(len, rows))), np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, :len(row)], mask[place, :len(row)] = row, 1
        return torch.from_numpy(ids), torch.from_numpy(mask)

    def step(self, sequences):
        ids, mask = self.batch(sequences)
        with torch.inference_mode():
            wanted = vectors(self.teacher, ids, mask)
        found = vectors(self.student, ids, mask)
        loss = F.mse_loss(found if self.projection is None else self.projection(found), wanted.clone())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, CLIP)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()

    def answer(self, request):
        times, losses = [], []
        for _ in range(request["steps"]):
            start = time.perf_counter()
            losses.append(self.step(request["sequences"]))
            times.append(time.perf_counter() - start)
        return {"times": times, "losses": losses, "peak": peak_bytes()}


def main():
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    mode, *arguments = sys.argv[1:]
    if mode == "students":
        write_students(*arguments)
        return
    folder, teacher, threads, data = arguments
    training = Training(folder, teacher, int(threads), data)
    print("{}", file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(training.answer(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
