# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""What `tenon checkpoint export` writes as .pt is what torch.load(weights_only=True) takes, and the example's script goes
the other way.

usage: pt_test.py TENON INTEROP_FILES PT_TO_SAFETENSORS

Without torch, the file is read by torch.load's own rules, its list of permitted names included: a pickle in a zip. What only
torch itself can prove is left out then, and said so.
"""
import collections
import io
import json
import pathlib
import pickle
import subprocess
import sys
import tempfile
import unittest
import zipfile

import numpy

try:
    import torch
except ImportError:
    torch = None

TENON = INTEROP_FILES = SCRIPT = None
NEEDS_TORCH = unittest.skipIf(torch is None, "this Python has no torch; set TENON_PYTHON to one that has it")
STORAGES = {"FloatStorage": "<f4", "HalfStorage": "<f2", "BFloat16Storage": "<u2", "DoubleStorage": "<f8",
            "LongStorage": "<i8", "BoolStorage": "?", "ByteStorage": "u1", "CharStorage": "i1"}
EXPECTED = {
    "f32": ("<f4", [[0.0, 1.5, -2.25], [1e-38, 3e38, -0.0]]),
    "f16": ("<f2", [1, -2, 65504, 2**-24]),
    "bf16": ("<u2", [[0x3F80, 0xC000], [None, None]]),
    "f64": ("<f8", [0.1, -1e300]),
    "i64": ("<i8", [0, -(2**63), 2**63 - 1]),
    "bool": ("?", [True, False, True]),
    "u8": ("u1", [0, 1, 2, 254, 255]),
    "scalar": ("<i8", 1234567890123),
    "empty": ("<f4", numpy.zeros((0, 4))),
    'layers.0."quoted" 模型/é\n': ("i1", [[-128], [0], [127]]),
}


def run(*command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command} exits {done.returncode}: {done.stderr}")
    return done.stdout


class PermittedNamesOnly(pickle.Unpickler):
    """As torch.load(weights_only=True): nothing else may be named in the file."""

    def __init__(self, archive):
        super().__init__(io.BytesIO(archive.read("archive/data.pkl")))
        self.archive = archive
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self.rebuild
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not permitted")

    def persistent_load(self, saved):
        kind, dtype, key, location, count = saved
        assert (kind, location) == ("storage", "cpu"), saved
        array = numpy.frombuffer(self.archive.read(f"archive/data/{key}"), dtype)
        assert len(array) == count, saved
        return key, array

    def rebuild(self, storage, offset, size, stride, requires_grad, hooks):
        key, array = storage
        assert not requires_grad and not hooks and offset == 0
        step = 1
        for extent, given in zip(reversed(size), reversed(stride)):
            assert extent <= 1 or given == step, (size, stride)
            step *= extent
        return key, array[:step].reshape(size)


class Exported(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        run(INTEROP_FILES, "write", self.folder)
        self.pt = self.folder / "weights.pt"
        run(TENON, "checkpoint", "export", self.folder / "sample.ckpt", self.pt)

    def test_every_name_type_shape_and_number_by_the_rules_of_torch_load(self):
        with zipfile.ZipFile(self.pt) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual(archive.read("archive/byteorder"), b"little")
            state = PermittedNamesOnly(archive).load()
        self.assertIs(type(state), dict)
        self.assertEqual(sorted(state), sorted(EXPECTED))
        for name, (dtype, values) in EXPECTED.items():
            array = state[name][1]
            self.assertEqual(array.dtype, numpy.dtype(dtype), name)
            if name == "bf16":
                self.assertEqual(array[0].tolist(), values[0])
            else:
                self.assertEqual(array.tobytes(), numpy.array(values, dtype).tobytes(), name)
                self.assertEqual(array.shape, numpy.array(values, dtype).shape, name)

    def test_the_same_weights_give_the_same_bytes(self):
        again = self.folder / "again.pt"
        run(TENON, "checkpoint", "export", self.folder / "sample.ckpt/model.safetensors", again)
        self.assertEqual(again.read_bytes(), self.pt.read_bytes())

    @NEEDS_TORCH
    def test_torch_loads_it(self):
        state = torch.load(self.pt, weights_only=True)
        self.assertEqual(sorted(state), sorted(EXPECTED))
        self.assertEqual(state["bf16"].dtype, torch.bfloat16)
        for name, (dtype, values) in EXPECTED.items():
            if name != "bf16":
                self.assertEqual(state[name].numpy().tobytes(), numpy.array(values, dtype).tobytes(), name)

    @NEEDS_TORCH
    def test_the_script_turns_a_state_dict_into_what_tenon_reads(self):
        weight = torch.arange(6.0).reshape(2, 3)
        state = {"weight": weight, "tied": weight, "turned": weight.t(), "half": weight.bfloat16(), "steps": torch.tensor(7)}
        source, made = self.folder / "state.pt", self.folder / "state.safetensors"
        torch.save({"state_dict": state}, source)
        run(sys.executable, SCRIPT, source, made)
        run(TENON, "checkpoint", "verify", made)
        tensors = json.loads(run(INTEROP_FILES, "dump", made))["tensors"]
        self.assertEqual(sorted(tensors), sorted(state))
        for name in ("weight", "tied"):
            self.assertEqual(tensors[name]["data"], weight.numpy().tobytes().hex())
        self.assertEqual(tensors["turned"]["data"], weight.numpy().T.tobytes().hex())
        self.assertEqual((tensors["half"]["dtype"], tensors["steps"]["shape"]), ("BF16", []))
        back = self.folder / "back.pt"
        run(TENON, "checkpoint", "export", made, back)
        loaded = torch.load(back, weights_only=True)
        for name, tensor in state.items():
            self.assertTrue(torch.equal(loaded[name], tensor), name)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    TENON, INTEROP_FILES, SCRIPT = sys.argv[1:4]
    del sys.argv[1:4]
    unittest.main(verbosity=2)
