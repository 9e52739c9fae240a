# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the state_dict of a .pt file into safetensors, for --weights: pt_to_safetensors.py WEIGHTS.pt WEIGHTS.safetensors"""
import sys

try:
    import torch
    from safetensors.torch import save_file
except ImportError as missing:
    sys.exit(f"{missing}: pip install torch safetensors (in a virtual environment: python3 -m venv)")

state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
state = state.get("state_dict", state)  # where Lightning keeps it
save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, sys.argv[2], {"format": "pt"})
