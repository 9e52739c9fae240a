# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Writes assigned_buffer.pt, a scripted model that puts a new tensor in a buffer's place; written with torch 2.15."""

import io
import pathlib
import sys

import torch

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parents[1] / "examples" / "torchscript"))
from make_model import without_source_positions  # noqa: E402


class Inner(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, x):
        self.seen = self.seen + 1
        return x


class Counting(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scores = torch.nn.Linear(64, 10)
        self.counter = Inner()

    def forward(self, x):
        return self.counter(self.scores(x))


written = io.BytesIO()
torch.jit.save(torch.jit.script(Counting()), written)
(here / "assigned_buffer.pt").write_bytes(without_source_positions(written.getvalue()))
