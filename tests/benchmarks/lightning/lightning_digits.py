# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""examples/digits as a Lightning user writes it: lightning_digits.py SETTINGS.json; compare.py gives the settings."""
import json
import logging
import sys
import time
import warnings

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset


class Digits(pl.LightningModule):
    def __init__(self, hidden, lr):
        super().__init__()
        self.lr = lr
        self.net = torch.nn.Sequential(torch.nn.Linear(64, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10))

    def training_step(self, batch, _):
        pictures, labels = batch
        loss = cross_entropy(self.net(pictures), labels)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        pictures, labels = batch
        scores = self.net(pictures)
        self.log("val_loss", cross_entropy(scores, labels))
        self.log("val_acc", (scores.argmax(1) == labels).float().mean())

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.lr)


class FitClock(pl.Callback):
    def __init__(self, file):
        self.file = file

    def on_fit_start(self, trainer, module):
        self.start = time.perf_counter()

    def on_fit_end(self, trainer, module):
        seconds = time.perf_counter() - self.start
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(f"{seconds} {trainer.global_step}\n")


def split(csv, seed):
    with open(csv, encoding="utf-8") as lines:
        rows = torch.tensor([[int(n) for n in line.split(",")] for line in lines])
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]
    held_back = (len(rows) + 4) // 5
    pictures, labels = rows[:, :64].float() / 16, rows[:, 64]
    return (pictures[held_back:], labels[held_back:]), (pictures[:held_back], labels[:held_back])


def loader(data, batch_size, shuffle, whole_batches):
    data = TensorDataset(*data)
    if not whole_batches:
        return DataLoader(data, batch_size=batch_size, shuffle=shuffle)
    order = RandomSampler(data) if shuffle else range(len(data))
    return DataLoader(data, sampler=BatchSampler(order, batch_size, False), batch_size=None)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    pl.seed_everything(settings["seed"], verbose=False)
    training, validation = split(settings["csv"], settings["seed"])
    training = (training[0].repeat(settings["repeat"], 1), training[1].repeat(settings["repeat"]))
    trainer = pl.Trainer(
        accelerator="cpu", devices=1, max_epochs=settings["epochs"], log_every_n_steps=50,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=settings["folder"],
        logger=CSVLogger(settings["folder"]),
        callbacks=[
            EarlyStopping(monitor="val_loss", mode="min", patience=1_000_000),
            ModelCheckpoint(monitor="val_acc", mode="max", save_top_k=3, save_last=True, filename="{epoch:02d}-{val_acc:.4f}"),
            FitClock(settings["times"]),
        ])
    batch_size, whole = settings["batch_size"], settings["whole_batches"]
    trainer.fit(Digits(settings["hidden"], settings["lr"]),
                loader(training, batch_size, True, whole), loader(validation, batch_size, False, whole))


main()
