# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Records what PyTorch's schedules and optimizers do, for the tests beside Tenon's own.

  python3 -m venv venv && venv/bin/pip install torch==2.15.0 numpy
  venv/bin/python record.py            writes schedules.json and optimizers.json beside this file

Needed only to add a case or to follow a newer PyTorch: the files are kept in the repository.
"""
import json
import pathlib

import torch
from torch.optim import lr_scheduler

HERE = pathlib.Path(__file__).parent

# By name, so that the test can have the same ones.
FUNCTIONS = {
    "inverse": lambda epoch: 1.0 / (1 + epoch),
    "halves": lambda epoch: 0.5 if epoch % 5 == 0 else 1.0,
}


def schedule(kind, **options):
    return {"kind": kind, "options": options}


def sequential(milestones, *children):
    return {"kind": "SequentialLR", "options": {"milestones": milestones}, "schedulers": list(children)}


def chained(*children):
    return {"kind": "ChainedScheduler", "options": {}, "schedulers": list(children)}


def build(spec, optimizer):
    options = dict(spec["options"])
    if "lr_lambda" in options:
        options["lr_lambda"] = [FUNCTIONS[name] for name in options["lr_lambda"]]
    children = [build(child, optimizer) for child in spec.get("schedulers", [])]
    if spec["kind"] == "SequentialLR":
        return lr_scheduler.SequentialLR(optimizer, children, **options)
    if spec["kind"] == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(children, optimizer)
    return getattr(lr_scheduler, spec["kind"])(optimizer, **options)


# A loss that improves, stands still, gets worse and is not a number for a while.
LOSSES = [2.0, 1.5, 1.4, 1.4, 1.39995, 1.41, 1.3, 1.3, 1.3, 1.31, 1.32, float("nan"), 1.2, 1.25, 1.26, 1.27, 1.28, 1.29, 1.1,
          1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]

CASES = [
    ("constant", schedule("ConstantLR"), {}),
    ("constant_half", schedule("ConstantLR", factor=0.7, total_iters=9), {"lr": [0.3, 0.05]}),
    ("linear", schedule("LinearLR"), {}),
    ("linear_down", schedule("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=30), {"lr": [0.3, 0.05]}),
    ("linear_to_zero", schedule("LinearLR", start_factor=0.9, end_factor=0.0, total_iters=20), {}),
    ("step", schedule("StepLR", step_size=7), {}),
    ("step_one", schedule("StepLR", step_size=1, gamma=0.93), {"lr": [0.3, 0.05]}),
    ("multi_step", schedule("MultiStepLR", milestones=[3, 10, 10, 31], gamma=0.4), {}),
    ("exponential", schedule("ExponentialLR", gamma=0.97), {"lr": [0.3, 0.05]}),
    ("polynomial", schedule("PolynomialLR", total_iters=30), {}),
    ("polynomial_power", schedule("PolynomialLR", total_iters=25, power=2.5), {"lr": [0.3, 0.05]}),
    ("cosine", schedule("CosineAnnealingLR", T_max=40), {}),
    ("cosine_again", schedule("CosineAnnealingLR", T_max=7, eta_min=0.002), {"lr": [0.3, 0.05]}),
    ("cosine_one", schedule("CosineAnnealingLR", T_max=1, eta_min=0.002), {"steps": 8}),
    ("warm_restarts", schedule("CosineAnnealingWarmRestarts", T_0=6), {}),
    ("warm_restarts_longer", schedule("CosineAnnealingWarmRestarts", T_0=4, T_mult=2, eta_min=0.01), {"lr": [0.3, 0.05]}),
    ("lambda", schedule("LambdaLR", lr_lambda=["inverse", "halves"]), {"lr": [0.3, 0.05]}),
    ("multiplicative", schedule("MultiplicativeLR", lr_lambda=["halves"]), {}),
    ("one_cycle", schedule("OneCycleLR", max_lr=0.1, total_steps=40), {"momentum": 0.9}),
    ("one_cycle_beta1", schedule("OneCycleLR", max_lr=[0.1, 0.4], epochs=4, steps_per_epoch=10, pct_start=0.25,
                                 anneal_strategy="linear", base_momentum=0.8, max_momentum=[0.9, 0.99]),
     {"lr": [0.3, 0.05], "betas": [0.9, 0.999]}),
    ("one_cycle_three_phases", schedule("OneCycleLR", max_lr=0.1, total_steps=40, three_phase=True, div_factor=10.0,
                                        final_div_factor=100.0), {"momentum": 0.9}),
    ("one_cycle_lr_alone", schedule("OneCycleLR", max_lr=0.1, total_steps=20, cycle_momentum=False), {"steps": 20}),
    ("chained", chained(schedule("ConstantLR", factor=0.1, total_iters=4), schedule("ExponentialLR", gamma=0.9)), {}),
    ("chained_three", chained(schedule("LinearLR", start_factor=0.25, total_iters=8), schedule("StepLR", step_size=5, gamma=0.5),
                              schedule("CosineAnnealingLR", T_max=30)), {"lr": [0.3, 0.05]}),
    ("warm_up_cosine", sequential([10], schedule("LinearLR", start_factor=0.01, total_iters=10),
                                  schedule("CosineAnnealingLR", T_max=30, eta_min=0.001)), {"lr": [0.3, 0.05]}),
    ("sequential_four", sequential([5, 12, 26], schedule("ConstantLR", factor=0.5, total_iters=50),
                                   schedule("PolynomialLR", total_iters=7, power=2.0),
                                   schedule("CosineAnnealingWarmRestarts", T_0=3, T_mult=2),
                                   schedule("ExponentialLR", gamma=0.8)), {}),
    ("sequential_others", sequential([4, 9, 15, 21, 28], schedule("StepLR", step_size=2, gamma=0.5),
                                     schedule("MultiStepLR", milestones=[0, 2], gamma=0.5),
                                     schedule("LambdaLR", lr_lambda=["inverse"]),
                                     schedule("MultiplicativeLR", lr_lambda=["halves"]),
                                     schedule("ConstantLR", factor=0.5, total_iters=3),
                                     schedule("LinearLR", start_factor=0.5, total_iters=3)), {}),
    ("sequential_one_cycle", sequential([6], schedule("ConstantLR", factor=0.5, total_iters=20),
                                        schedule("OneCycleLR", max_lr=0.2, total_steps=40, cycle_momentum=False)), {}),
    ("sequential_of_chained", sequential([8], chained(schedule("ConstantLR", factor=0.5, total_iters=4),
                                                      schedule("ExponentialLR", gamma=0.9)),
                                         schedule("StepLR", step_size=3)), {}),
    ("sequential_of_sequential", sequential([14], sequential([5], schedule("LinearLR", total_iters=5),
                                                             schedule("ExponentialLR", gamma=0.9)),
                                            schedule("StepLR", step_size=3)), {}),
    ("chained_of_sequential", chained(sequential([5], schedule("LinearLR", total_iters=5), schedule("ExponentialLR", gamma=0.9)),
                                      schedule("StepLR", step_size=3)), {}),
    ("plateau", schedule("ReduceLROnPlateau", patience=2), {"metric": LOSSES}),
    ("plateau_absolute", schedule("ReduceLROnPlateau", factor=0.5, patience=1, threshold=0.05, threshold_mode="abs", cooldown=3,
                                  min_lr=[0.02, 0.001]), {"lr": [0.3, 0.05], "metric": LOSSES}),
    ("plateau_maximum", schedule("ReduceLROnPlateau", mode="max", factor=0.3, patience=3, threshold=0.01, eps=1e-3),
     {"metric": LOSSES}),
    ("plateau_maximum_absolute", schedule("ReduceLROnPlateau", mode="max", factor=0.3, patience=0, threshold=0.01,
                                          threshold_mode="abs"), {"metric": LOSSES}),
]

# Somebody else sets another learning rate in the middle.
CHANGED = ["constant", "linear_down", "step", "multi_step", "exponential", "polynomial_power", "cosine", "cosine_again",
           "warm_restarts", "lambda", "one_cycle", "chained_three", "warm_up_cosine", "plateau"]


def record_schedule(name, spec, given, change=None):
    lrs = given.get("lr", [0.05])
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in lrs]
    if "betas" in given:
        optimizer = torch.optim.Adam(groups, betas=tuple(given["betas"]))
    elif "momentum" in given:
        optimizer = torch.optim.SGD(groups, lr=0.1, momentum=given["momentum"])
    else:
        optimizer = torch.optim.SGD(groups, lr=0.1)
    scheduler = build(spec, optimizer)
    metric = given.get("metric")
    steps = len(metric) if metric else given.get("steps", 40)
    momentum = "momentum" in given or "betas" in given
    rows = []

    def note():
        row = [group["lr"] for group in optimizer.param_groups]
        if momentum:
            row += [group["betas"][0] if "betas" in group else group["momentum"] for group in optimizer.param_groups]
        rows.append(row)

    note()
    for step in range(steps):
        optimizer.step()
        if change and step == change["before"]:
            for group, lr in zip(optimizer.param_groups, change["lr"]):
                group["lr"] = lr
        if metric:
            scheduler.step(metric[step])
        else:
            scheduler.step()
        note()
    case = {"name": name, "lr": lrs, "momentum": momentum, "scheduler": spec, "rows": rows}
    if metric:
        case["metric"] = ["nan" if m != m else m for m in metric]
    if change:
        case["change"] = change
    return case


def record_schedules():
    cases = [record_schedule(*case) for case in CASES]
    for name, spec, given in CASES:
        if name in CHANGED:
            change = {"before": 17, "lr": [0.2, 0.07][: len(given.get("lr", [0.05]))]}
            cases.append(record_schedule(name + "_changed", spec, given, change))
    return cases


# Two layers with a tanh between them, in float64; the numbers are round ones, the same on every machine.
def problem():
    def numbers(count, scale, shift):
        return (torch.arange(count, dtype=torch.float64) * scale + shift).sin()

    weights = [numbers(12, 0.7, 0.1).reshape(4, 3), numbers(4, 1.3, 0.2) * 0.1, numbers(8, 0.9, 0.3).reshape(2, 4),
               numbers(2, 1.1, 0.4) * 0.1]
    inputs = numbers(18, 0.37, 0.5).reshape(6, 3)
    targets = numbers(12, 0.53, 0.6).reshape(6, 2)
    return weights, inputs, targets


OPTIMIZERS = [
    ("sgd", "SGD", {"lr": 0.05}, {}),
    ("sgd_momentum", "SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}, {"lr": 0.02}),
    ("sgd_nesterov", "SGD", {"lr": 0.05, "momentum": 0.8, "nesterov": True}, {"lr": 0.02, "weight_decay": 0.1}),
    ("adam", "Adam", {"lr": 0.05}, {}),
    ("adam_amsgrad", "Adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.02, "amsgrad": True},
     {"lr": 0.01}),
    ("adamw", "AdamW", {"lr": 0.05}, {}),
    ("adamw_amsgrad", "AdamW", {"lr": 0.05, "betas": [0.7, 0.9], "weight_decay": 0.2, "amsgrad": True},
     {"lr": 0.01, "weight_decay": 0.3}),
    ("rmsprop", "RMSprop", {"lr": 0.02}, {}),
    ("rmsprop_centered", "RMSprop", {"lr": 0.02, "alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.01},
     {"lr": 0.005}),
    ("adagrad", "Adagrad", {"lr": 0.1}, {}),
    ("adagrad_decay", "Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.02, "initial_accumulator_value": 0.1},
     {"lr": 0.03}),
    ("lbfgs", "LBFGS", {"lr": 0.5, "max_iter": 4, "history_size": 3}, None),
    ("lbfgs_wolfe", "LBFGS", {"lr": 1.0, "max_iter": 6, "history_size": 5, "line_search_fn": "strong_wolfe"}, None),
]


def record_optimizer(name, kind, options, second):
    numbers, inputs, targets = problem()
    weights = [torch.nn.Parameter(w.clone()) for w in numbers]
    as_python = {key: tuple(value) if key == "betas" else value for key, value in options.items()}
    if kind == "LBFGS":
        optimizer = torch.optim.LBFGS(weights, **as_python)
    else:
        groups = [{"params": weights[:2]}, {"params": weights[2:], **second}]
        optimizer = getattr(torch.optim, kind)(groups, **as_python)
    losses = []

    def closure():
        optimizer.zero_grad()
        hidden = torch.tanh(inputs @ weights[0].T + weights[1])
        loss = ((hidden @ weights[2].T + weights[3] - targets) ** 2).mean()
        loss.backward()
        return loss

    for _ in range(10):
        losses.append(optimizer.step(closure).item())
    return {"name": name, "kind": kind, "options": options, "second_group": second, "losses": losses,
            "weights": [w.detach().flatten().tolist() for w in weights]}


def write(name, cases, about):
    lines = ",\n".join(json.dumps(case) for case in cases)
    text = '{"about": %s, "torch": "%s", "cases": [\n%s\n]}\n' % (json.dumps(about), torch.__version__.split("+")[0], lines)
    (HERE / name).write_text(text)
    print(name, len(cases), "cases,", len(text), "bytes")


def main():
    torch.set_num_threads(1)
    write("schedules.json", record_schedules(),
          "Learning rates of the groups (then their momentum or first beta) before the first step and after each one.")
    write("optimizers.json", [record_optimizer(*case) for case in OPTIMIZERS],
          "The loss before each of ten steps, and the weights after them.")


if __name__ == "__main__":
    main()
