# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""A tiny module, its data, and a callback that writes down every event, all as a case of cases.py says."""
import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers.logger import Logger
from torch.utils.data import DataLoader, Dataset, IterableDataset

HOOKS = {
    "setup": "up",
    "teardown": "td",
    "on_fit_start": "fs",
    "on_fit_end": "fe",
    "on_sanity_check_start": "ss",
    "on_sanity_check_end": "se",
    "on_train_start": "ts",
    "on_train_end": "te",
    "on_train_epoch_start": "es",
    "on_train_epoch_end": "ee",
    "on_train_batch_start": "bs",
    "on_train_batch_end": "be",
    "on_before_backward": "bb",
    "on_after_backward": "ab",
    "on_before_optimizer_step": "os",
    "on_before_zero_grad": "zg",
    "on_exception": "ex",
}
for stage, letter in (("validation", "v"), ("test", "x"), ("predict", "p")):
    for hook, code in (("start", "s"), ("end", "e"), ("epoch_start", "es"), ("epoch_end", "ee"), ("batch_start", "bs"), ("batch_end", "be")):
        HOOKS[f"on_{stage}_{hook}"] = letter + code


class Samples(Dataset):
    def __init__(self, batches):
        self.size = batches

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return torch.ones(1)


class Stream(IterableDataset):
    def __init__(self, batches):
        self.size = batches

    def __iter__(self):
        return iter(torch.ones(self.size, 1))


class FakeTime:
    """Stands in for the module `time` inside Lightning's Timer: a second passes in each training step."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


class Module(pl.LightningModule):
    def __init__(self, case, clock):
        super().__init__()
        self.case, self.clock = case, clock
        self.layers = torch.nn.ModuleList(torch.nn.Linear(1, 1) for _ in range(case["model"].get("optimizers", 1)))
        self.automatic_optimization = not case["model"].get("manual", False)
        self.training_steps = self.evaluation_steps = self.optimizer_steps = 0

    def loss(self, batch):
        return sum(layer(batch).pow(2).mean() for layer in self.layers)

    def training_step(self, batch, batch_idx):
        self.training_steps += 1
        self.clock.now += 1.0
        self.fail("training_step", batch_idx)
        loss = self.loss(batch)
        if self.case["log"]:
            self.log("x", 1.0, on_step=True, on_epoch=False)
            self.log("x_mean", 1.0, on_step=False, on_epoch=True)
        if self.automatic_optimization:
            return loss
        every = self.case["model"].get("steps_each", [1] * len(self.layers))
        for optimizer, n in zip(self.every_optimizer(), every):
            if (batch_idx + 1) % n == 0:
                optimizer.zero_grad()
                self.manual_backward(self.loss(batch))
                optimizer.step()
        return None

    def every_optimizer(self):
        made = self.optimizers()
        return made if isinstance(made, list) else [made]

    def evaluate(self, name, batch, batch_idx, dataloader_idx):
        self.evaluation_steps += 1
        self.fail(name, batch_idx)
        if self.case["log"] and name == "validation_step":
            self.log("v", float(self.trainer.global_step), add_dataloader_idx=False)
        return self.loss(batch)

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        self.evaluate("validation_step", batch, batch_idx, dataloader_idx)

    def test_step(self, batch, batch_idx, dataloader_idx=0):
        self.evaluate("test_step", batch, batch_idx, dataloader_idx)

    def predict_step(self, batch, batch_idx, dataloader_idx=0):
        return self.evaluate("predict_step", batch, batch_idx, dataloader_idx)

    def fail(self, where, batch_idx):
        if self.case["script"].get("raise") == [where, self.current_epoch, batch_idx]:
            raise RuntimeError("as scripted")

    def configure_optimizers(self):
        made = [torch.optim.SGD(layer.parameters(), lr=1.0) for layer in self.layers]
        for optimizer in made:
            optimizer.register_step_post_hook(lambda *_: setattr(self, "optimizer_steps", self.optimizer_steps + 1))
        schedule = self.case["model"].get("schedule")
        if not schedule:
            return made
        config = {k: v for k, v in schedule.items() if k != "kind"}
        if schedule["kind"] == "plateau":
            config["scheduler"] = torch.optim.lr_scheduler.ReduceLROnPlateau(made[0], factor=0.5, patience=0)
        else:
            config["scheduler"] = torch.optim.lr_scheduler.ExponentialLR(made[0], gamma=0.5)
        return {"optimizer": made[0], "lr_scheduler": config}

    def loaders(self, stage):
        made = Stream if self.case["data"].get("stream") else Samples
        sizes = self.case["data"].get(stage)
        if stage == "train":
            return DataLoader(made(sizes), batch_size=1)
        return [DataLoader(made(n) if stage == "val" else Samples(n), batch_size=1) for n in sizes or []]


class Recorder(pl.Callback):
    """Writes each event down as "code:epoch.batch.step", evaluation batches as "code:epoch.batch.step.index.loader":
    the training epoch, its batches that are done, trainer.global_step, the evaluation batch and its loader. What
    happens inside the sanity check begins with '~'."""

    def __init__(self, case):
        self.case, self.events, self.lr = case, [], {}

    def note(self, hook, trainer, arguments):
        code = HOOKS[hook]
        done = 0 if hook == "on_train_epoch_start" else trainer.fit_loop.epoch_loop.batch_progress.current.processed
        position = [trainer.current_epoch, done, trainer.global_step]
        if "_batch_" in hook and not hook.startswith("on_train"):
            index = arguments[2 if hook.endswith("_end") else 1 :]
            position += index if len(index) == 2 else [*index, 0]
        mark = "~" if trainer.sanity_checking and not hook.startswith("on_sanity") else ""
        self.events.append(f"{mark}{code}:" + ".".join(map(str, position)))
        if self.case["model"].get("schedule") and code in ("bs", "be", "ee", "ve") and not mark:
            self.lr.setdefault(code, []).append(trainer.optimizers[0].param_groups[0]["lr"])
        if [hook, trainer.current_epoch, done] in self.case["script"].get("stop", []):
            trainer.should_stop = True
        if self.case["script"].get("raise") == [hook, trainer.current_epoch, done]:
            raise RuntimeError("as scripted")


def recording(hook):
    def call(self, trainer, module, *arguments, **named):
        self.note(hook, trainer, [*arguments, *named.values()])

    return call


for name in HOOKS:
    setattr(Recorder, name, recording(name))


class StepLogger(Logger):
    """Which step each metric reached a logger with."""

    def __init__(self):
        super().__init__()
        self.logged = {}

    name = "steps"
    version = 0

    def log_hyperparams(self, *_, **__):
        pass

    def log_metrics(self, metrics, step):
        for metric in metrics:
            if metric != "epoch":
                self.logged.setdefault(metric, []).append(step)
