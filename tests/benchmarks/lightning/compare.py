# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the digits with Lightning and with Tenon, turn by turn: compare.py BUILD [--rounds N] [--folder DIR] [--json]"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# Epochs and how often one goes through the 1 437 pictures: 23 steps an epoch as in the example, or 450.
LENGTHS = {"": {"epochs": 5, "repeat": 20}, "_short_epochs": {"epochs": 60, "repeat": 1}}
MODEL = {"hidden": 64, "lr": 0.003, "batch_size": 64}  # the task's defaults, as in bench_loop
SEED = 7


def timed(command, times):
    start = time.perf_counter()
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    command_seconds = time.perf_counter() - start
    if ended.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {ended.stderr}")
    seconds, steps = times.read_text(encoding="utf-8").split()
    return {"seconds": float(seconds), "steps": int(steps), "command_seconds": command_seconds}


def lightning(folder, length, whole_batches):
    settings = {**MODEL, **length, "seed": SEED, "folder": str(folder), "times": str(folder / "times"),
                "csv": str(HERE.parents[2] / "examples/digits/digits.csv"), "whole_batches": whole_batches}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    return timed([sys.executable, str(HERE / "lightning_digits.py"), str(folder / "settings.json")], folder / "times")


def tenon(folder, length, build):
    manifest = {
        "task": {"library": "digits", "config": {**MODEL, "repeat": length["repeat"]}},
        "trainer": {"max_epochs": length["epochs"], "seed": SEED, "threads": 1, "log_every_n_steps": 50},
        "plugins": {"paths": [str(build / "benchmarks/plugins")]},
        "callbacks": [
            {"plugin": "csv_logger"},
            {"plugin": "early_stopping", "config": {"monitor": "val_loss", "patience": 1000000}},
            {"plugin": "checkpoint",
             "config": {"monitor": "val_acc", "save_top_k": 3, "save_last": True, "filename": "{epoch:02d}-{val_acc:.4f}"}},
            {"plugin": "fit_clock", "config": {"file": str(folder / "times")}},
        ],
    }
    (folder / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    return timed([str(build / "bin/tenon"), "train", str(folder / "run.json"), "--out", str(folder / "run")], folder / "times")


def measure(build, rounds, parent):
    runs = {"tenon": lambda folder, length: tenon(folder, length, build),
            "lightning": lambda folder, length: lightning(folder, length, False),
            "lightning_whole_batches": lambda folder, length: lightning(folder, length, True)}
    results = {}
    for name, length in LENGTHS.items():
        taken = {who: [] for who in runs}
        for _ in range(rounds):
            for who, run in runs.items():
                folder = pathlib.Path(tempfile.mkdtemp(prefix="digits-", dir=parent))
                taken[who].append(run(folder, length))
                shutil.rmtree(folder)
        steps = {run["steps"] for each in taken.values() for run in each}
        if len(steps) != 1:
            sys.exit(f"they did not train the same number of steps: {steps}")
        speed = {who: statistics.median(run["steps"] / run["seconds"] for run in each) for who, each in taken.items()}
        command = {who: statistics.median(run["command_seconds"] for run in each) for who, each in taken.items()}
        results[f"tenon_over_lightning{name}"] = speed["tenon"] / speed["lightning"]
        results[f"tenon_over_lightning_whole_batches{name}"] = speed["tenon"] / speed["lightning_whole_batches"]
        results[f"command_over_lightning{name}"] = command["lightning"] / command["tenon"]
        for who in runs:
            results[f"{who}_steps_per_s{name}"] = speed[who]
        results[f"steps{name}"] = steps.pop()
    return results


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=pathlib.Path, help="the build folder")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--folder", help="where the runs are written, instead of the folder for temporary files")
    arguments.add_argument("--json", action="store_true", help="one flat object of numbers")
    given = arguments.parse_args()
    results = measure(given.build.resolve(), given.rounds, given.folder)
    if given.json:
        print(json.dumps(results))
    else:
        for name, value in results.items():
            print(f"{name:45} {value:12.2f}")


main()
