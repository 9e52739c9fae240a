# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Python's safetensors reads what Tenon writes, and Tenon reads what Python writes.

usage: safetensors_test.py PATH_OF_INTEROP_FILES
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy
import safetensors
from safetensors.numpy import load_file, save, save_file

PROGRAM = None
ODD_NAME = 'layers.0."quoted" 模型/é\n'


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


class Tenon(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)

    def check_values(self, read, expected):
        self.assertEqual(sorted(read), sorted(expected))
        for name, (dtype, values) in expected.items():
            wanted = numpy.array(values, dtype=dtype)
            self.assertEqual(read[name].dtype, wanted.dtype, name)
            self.assertEqual(read[name].shape, wanted.shape, name)
            self.assertEqual(read[name].tobytes(), wanted.tobytes(), name)


class PythonReadsTenon(Tenon):
    def setUp(self):
        super().setUp()
        run("write", self.folder)
        self.checkpoint = self.folder / "sample.ckpt"

    def test_names_shapes_dtypes_and_values_of_the_model(self):
        expected = {
            "f32": ("float32", [[0.0, 1.5, -2.25], [1e-38, 3e38, -0.0]]),
            "f16": ("float16", [1, -2, 65504, 2**-24]),
            "f64": ("float64", [0.1, -1e300]),
            "i64": ("int64", [0, -(2**63), 2**63 - 1]),
            "bool": ("bool", [True, False, True]),
            "u8": ("uint8", [0, 1, 2, 254, 255]),
            "scalar": ("int64", 1234567890123),
            "empty": ("float32", numpy.zeros((0, 4))),
            ODD_NAME: ("int8", [[-128], [0], [127]]),
        }
        with safetensors.safe_open(self.checkpoint / "model.safetensors", framework="numpy") as file:
            self.assertEqual(file.metadata(), {"format": "pt", "note": "é\n"})
            self.assertEqual(set(file.keys()), set(expected) | {"bf16"})
            self.check_values({name: file.get_tensor(name) for name in expected}, expected)

    def test_values_of_the_training_state(self):
        self.check_values(
            load_file(self.checkpoint / "training.safetensors"),
            {
                "i32": ("int32", [-(2**31), 7]),
                "i16": ("int16", [-(2**15), 7]),
                "u16": ("uint16", [1, 65535]),
                "u32": ("uint32", [1, 2**32 - 1]),
                "u64": ("uint64", [1, 2**64 - 1]),
                "c64": ("complex64", [1 + 2j, -0.5]),
            },
        )

    def test_bf16_which_numpy_lacks(self):
        raw = dict(safetensors.deserialize((self.checkpoint / "model.safetensors").read_bytes()))["bf16"]
        self.assertEqual((raw["dtype"], list(raw["shape"])), ("BF16", [2, 2]))
        widened = numpy.frombuffer(bytes(raw["data"]), "<u2").astype("<u4") << 16
        self.assertEqual(widened.view("<f4").tolist(), [1.0, -2.0, float.fromhex("0x1.fep127"), 2.0**-126])

    def test_the_document_is_json_and_lists_every_file_with_its_size(self):
        document = json.loads((self.checkpoint / "checkpoint.json").read_text("utf-8"))
        for name, facts in document["files"].items():
            self.assertEqual((self.checkpoint / name).stat().st_size, facts["bytes"])
        self.assertEqual(sorted(document["files"]), ["model.safetensors", "training.safetensors"])


class TenonReadsPython(Tenon):
    ARRAYS = {
        "f32": numpy.linspace(-1, 1, 24, dtype="float32").reshape(2, 3, 4),
        "f16": numpy.array([1, -2, 65504], "float16"),
        "f64": numpy.array([[0.1]], "float64"),
        "i64": numpy.array([-(2**63), 2**63 - 1], "int64"),
        "i32": numpy.array([-1], "int32"),
        "u8": numpy.arange(255, dtype="uint8"),
        "bool": numpy.array([[True, False]]),
        "scalar": numpy.array(7, "int64"),
        "empty": numpy.zeros((3, 0), "float32"),
        ODD_NAME: numpy.array([1, 2], "int16"),
    }

    def check_dump(self, path, expected, metadata):
        found = json.loads(run("dump", path))
        self.assertEqual(found["metadata"], metadata)
        self.assertEqual(set(found["tensors"]), set(expected))
        for name, (dtype, shape, data) in expected.items():
            wanted = {"dtype": dtype, "shape": list(shape), "data": data.hex()}
            self.assertEqual(found["tensors"][name], wanted, name)

    def test_names_shapes_dtypes_and_bytes(self):
        names = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64", "int32": "I32", "int16": "I16"}
        names |= {"uint8": "U8", "bool": "BOOL"}
        path = self.folder / "python.safetensors"
        save_file(self.ARRAYS, path, metadata={"format": "np", "é": ""})
        expected = {name: (names[str(a.dtype)], a.shape, a.tobytes()) for name, a in self.ARRAYS.items()}
        self.check_dump(path, expected, {"format": "np", "é": ""})

    def test_bf16(self):
        path = self.folder / "python.safetensors"
        bits = numpy.array([0x3F80, 0xC000], "uint16")
        spec = safetensors.TensorSpec(dtype="bfloat16", shape=[2], data_ptr=bits.ctypes.data, data_len=bits.nbytes)
        path.write_bytes(safetensors.serialize({"b": spec}, None))
        self.check_dump(path, {"b": ("BF16", [2], bits.tobytes())}, {})

    def test_tenon_writes_the_same_bytes_as_the_reference(self):
        source, copy = self.folder / "python.safetensors", self.folder / "tenon.safetensors"
        source.write_bytes(save(self.ARRAYS, metadata={"format": "np"}))
        run("rewrite", source, copy)
        self.assertEqual(copy.read_bytes(), source.read_bytes())


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    PROGRAM = sys.argv.pop(1)
    unittest.main()
