# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Runs Lightning's real Trainer through every case of cases.py and writes what it did: record.py OUT.json [CASE...]"""
import json
import logging
import sys
import tempfile
import warnings

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import timer

from cases import cases
from scripted import HOOKS, FakeTime, Module, Recorder, StepLogger


def record(case, folder):
    pl.seed_everything(1, verbose=False)
    timer.time = clock = FakeTime()
    module, recorder, logger = Module(case, clock), Recorder(case), StepLogger()
    quiet = dict(accelerator="cpu", devices=1, enable_progress_bar=False, enable_model_summary=False,
                 enable_checkpointing=False, default_root_dir=folder)
    options = {"num_sanity_val_steps": 0, "log_every_n_steps": 1} | case["trainer"]
    trainer = pl.Trainer(**options, **quiet, callbacks=[recorder], logger=logger if case["log"] else False)
    error = None
    try:
        if case["command"] == "fit":
            trainer.fit(module, module.loaders("train"), module.loaders("val") or None)
        elif case["command"] == "predict":
            trainer.predict(module, module.loaders("predict"))
        else:
            run = trainer.validate if case["command"] == "validate" else trainer.test
            run(module, module.loaders("val" if case["command"] == "validate" else "test"), verbose=False)
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    result = {
        "events": lines(recorder.events),
        "final": {"epoch": trainer.current_epoch, "step": trainer.global_step, "training_steps": module.training_steps,
                  "evaluation_steps": module.evaluation_steps, "optimizer_steps": module.optimizer_steps},
    }
    if error:
        result["error"] = error.splitlines()[0]
    if recorder.lr:
        result["lr"] = recorder.lr
    if case["log"]:
        result["logged"] = logger.logged
    return result


def lines(events):
    """One text for each training epoch, so that a change shows where it is."""
    out = [[]]
    for event in events:
        if event.startswith("es:") or event.startswith("te:"):
            out.append([])
        out[-1].append(event)
    return [" ".join(part) for part in out if part]


def main():
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "lightning"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    wanted = set(sys.argv[2:])
    recorded = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            if not wanted or case["id"] in wanted:
                recorded.append({k: v for k, v in case.items() if v or k == "trainer"} | record(case, folder))
    head = {"lightning": pl.__version__, "torch": torch.__version__.split("+")[0],
            "hooks": {code: hook for hook, code in HOOKS.items()}}
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(json.dumps(head)[:-1] + ', "cases": [\n')
        out.write(",\n".join(json.dumps(case) for case in recorded))
        out.write("\n]}\n")
    print(f"{len(recorded)} cases in {sys.argv[1]}")


main()
