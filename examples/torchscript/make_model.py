# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Scripts the model of this example and writes it as TorchScript: make_model.py [FILE]

The file that comes with the example was written by it, with torch 2.15.
"""

import io
import pathlib
import sys
import zipfile

import torch


class Digits(torch.nn.Module):
    """64 numbers from 0 to 16 to 10 scores."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU())
        self.scores = torch.nn.Linear(16, 10)

    def forward(self, pixels):
        return self.scores(self.features(pixels / 16.0))


def without_source_positions(script: bytes) -> bytes:
    """Leaves out what serves error messages alone: it names folders of the machine that the file was written on."""
    to = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(script)) as given, zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as kept:
        for name in sorted(given.namelist()):
            if not name.endswith(".debug_pkl"):
                kept.writestr(zipfile.ZipInfo(name), given.read(name))
    return to.getvalue()


def main() -> None:
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("digits.pt"))
    torch.manual_seed(7)
    model = torch.jit.script(Digits())
    written = io.BytesIO()
    torch.jit.save(model, written)
    target.write_bytes(without_source_positions(written.getvalue()))
    print(f"{target}: {target.stat().st_size} bytes")
    for name, tensor in torch.jit.load(target).state_dict().items():
        print(f"  {name} {list(tensor.shape)}")


if __name__ == "__main__":
    main()
