# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""What is recorded. `trainer`: the Trainer's arguments (where silent: num_sanity_val_steps 0, log_every_n_steps 1);
`data`: batches of the loaders, `stream` without a length; `script`: where a callback asks for a stop or an error is
raised ([hook or step, epoch, batches done]); `model`: optimizers and schedule; `log`: metrics reach a logger."""


def case(name, train=4, val=(2,), command="fit", script=None, model=None, log=False, stream=False, test=(), predict=(), **trainer):
    data = {"train": train, "val": list(val)}
    if stream:
        data["stream"] = True
    if command in ("test", "predict"):
        data[command] = list(test or predict)
    return {"id": name, "command": command, "data": data, "trainer": trainer, "script": script or {},
            "model": model or {}, "log": log}


def stop(*at):
    return {"stop": [list(where) for where in at]}


def counts():
    yield case("one_epoch", max_epochs=1, num_sanity_val_steps=2)
    yield case("one_epoch_without_validation", val=(), max_epochs=1)
    yield case("two_epochs", train=2, val=(1,), max_epochs=2)
    yield case("stream", train=3, val=(2,), stream=True, max_epochs=2)
    yield case("several_validation_loaders", train=2, val=(2, 3), max_epochs=2, num_sanity_val_steps=1)
    for n in (2, 3):
        yield case(f"accumulate_{n}_remainder", train=5 if n == 2 else 8, max_epochs=2, accumulate_grad_batches=n)
    yield case("accumulate_2_even", train=4, max_epochs=1, accumulate_grad_batches=2)
    yield case("accumulate_more_than_an_epoch", train=3, max_epochs=2, accumulate_grad_batches=5)
    for name, limit in (("count", 3), ("share", 0.5), ("share_rounded_down", 0.35), ("above", 20), ("one", 1), ("whole", 1.0)):
        yield case(f"limit_train_{name}", train=7, max_epochs=2, limit_train_batches=limit)
    yield case("limit_train_zero", max_epochs=2, limit_train_batches=0)
    yield case("limit_train_zero_share", max_epochs=2, limit_train_batches=0.0)
    yield case("limit_train_share_below_one_batch", max_epochs=1, limit_train_batches=0.1)
    yield case("limit_train_share_of_a_stream", stream=True, max_epochs=1, limit_train_batches=0.5)
    yield case("limit_val_share_of_a_stream", stream=True, max_epochs=1, limit_val_batches=0.5)
    yield case("limit_val_of_a_stream", train=2, val=(4,), stream=True, max_epochs=1, limit_val_batches=3)
    yield case("limit_train_stream", train=6, stream=True, max_epochs=2, limit_train_batches=4)
    yield case("limit_train_with_accumulation", train=9, max_epochs=1, limit_train_batches=5, accumulate_grad_batches=2)
    for name, limit in (("count", 2), ("share", 0.5), ("zero", 0), ("zero_share", 0.0), ("above", 20)):
        yield case(f"limit_val_{name}", train=2, val=(5, 3), max_epochs=1, limit_val_batches=limit, num_sanity_val_steps=1)
    yield case("limit_val_below_sanity", train=1, val=(5,), max_epochs=1, limit_val_batches=1, num_sanity_val_steps=3)
    yield case("limit_val_share_below_one_batch", train=1, val=(2,), max_epochs=1, limit_val_batches=0.2)


def validation():
    for name, interval in (("count", 2), ("count_odd", 3), ("count_one", 1), ("count_whole", 7), ("share", 0.5), ("share_quarter", 0.25),
                           ("share_rounded_down", 0.45)):
        yield case(f"val_check_interval_{name}", train=7, val=(1,), max_epochs=2, val_check_interval=interval)
    yield case("val_check_interval_share_below_one_batch", train=4, val=(1,), max_epochs=1, val_check_interval=0.1)
    yield case("val_check_interval_above_the_epoch", train=4, max_epochs=2, val_check_interval=5)
    yield case("val_check_interval_with_limit_train", train=9, val=(1,), max_epochs=1, val_check_interval=0.5, limit_train_batches=6)
    yield case("val_check_interval_with_accumulation", train=7, val=(1,), max_epochs=2, val_check_interval=3, accumulate_grad_batches=2)
    yield case("val_check_interval_stream", train=5, val=(1,), stream=True, max_epochs=2, val_check_interval=2)
    yield case("val_check_interval_share_stream", train=5, val=(1,), stream=True, max_epochs=1, val_check_interval=0.5)
    for n in (3, 6, 10):
        yield case(f"val_across_epochs_{n}", train=4, val=(1,), max_epochs=6 if n > 3 else 3, val_check_interval=n, check_val_every_n_epoch=None)
    for n in (2, 3):
        yield case(f"check_val_every_n_epoch_{n}", train=2, val=(1,), max_epochs=7, check_val_every_n_epoch=n)
    yield case("check_val_every_2_epochs_and_half", train=4, val=(1,), max_epochs=4, check_val_every_n_epoch=2, val_check_interval=0.5)
    yield case("check_val_every_n_epoch_above_the_run", train=2, val=(1,), max_epochs=2, check_val_every_n_epoch=3)
    for n in (0, 1, 3, 9, -1):
        yield case(f"num_sanity_val_steps_{n}".replace("-1", "all"), train=1, val=(4, 2), max_epochs=1, num_sanity_val_steps=n)


def ends():
    yield case("max_steps_inside_an_epoch", max_steps=6)
    yield case("max_steps_at_the_end_of_an_epoch", max_steps=8)
    yield case("max_steps_below_an_epoch", max_steps=2, max_epochs=3)
    yield case("max_steps_zero", max_steps=0)
    yield case("max_steps_and_fewer_epochs", max_steps=20, max_epochs=2)
    yield case("max_steps_with_accumulation", train=5, max_steps=4, accumulate_grad_batches=2)
    yield case("max_steps_at_a_validation_inside", train=6, val=(1,), max_steps=4, val_check_interval=2)
    yield case("max_epochs_zero", max_epochs=0)
    yield case("max_epochs_unlimited_with_max_steps", max_epochs=-1, max_steps=9)
    yield case("max_epochs_unlimited_and_a_stop", max_epochs=-1, script=stop(("on_train_epoch_end", 1, 4)))
    for hook, epoch, batch in (("on_train_batch_end", 1, 2), ("on_train_batch_end", 1, 4), ("on_validation_end", 1, 4),
                               ("on_train_epoch_end", 1, 4), ("on_train_epoch_start", 1, 0), ("on_train_batch_start", 1, 1),
                               ("on_train_start", 0, 0)):
        yield case(f"stop_in_{hook}_{epoch}_{batch}", max_epochs=4, script=stop((hook, epoch, batch)))
    yield case("stop_inside_without_validation", val=(), max_epochs=4, script=stop(("on_train_batch_end", 1, 2)))
    yield case("stop_inside_accumulation", train=6, max_epochs=2, accumulate_grad_batches=3, script=stop(("on_train_batch_end", 0, 1)))
    yield case("stop_in_a_validation_inside", train=6, val=(1,), max_epochs=3, val_check_interval=2, script=stop(("on_validation_end", 1, 2)))
    yield case("min_epochs_delays_a_stop", max_epochs=5, min_epochs=3, script=stop(("on_train_batch_end", 0, 2)))
    yield case("min_epochs_delays_a_stop_at_an_end", max_epochs=5, min_epochs=3, script=stop(("on_train_epoch_end", 0, 4)))
    yield case("min_steps_delays_a_stop", max_epochs=5, min_steps=6, script=stop(("on_train_batch_end", 0, 2)))
    yield case("min_steps_at_the_end_of_an_epoch", max_epochs=5, min_steps=8, script=stop(("on_train_batch_end", 0, 2)))
    yield case("min_steps_already_reached", max_epochs=5, min_steps=3, script=stop(("on_train_batch_end", 1, 2)))
    yield case("min_steps_and_min_epochs", max_epochs=6, min_steps=6, min_epochs=3, script=stop(("on_train_batch_end", 0, 2)))
    yield case("min_epochs_and_more_min_steps", max_epochs=6, min_steps=14, min_epochs=2, script=stop(("on_train_batch_end", 0, 2)))
    yield case("min_steps_above_max_epochs", max_epochs=2, min_steps=20)
    yield case("min_epochs_above_max_steps", max_steps=5, min_epochs=3)
    yield case("max_time_inside_an_epoch", max_epochs=5, max_time={"seconds": 6})
    yield case("max_time_at_the_end_of_an_epoch", max_epochs=5, max_time={"seconds": 8})
    yield case("max_time_and_min_epochs", max_epochs=5, min_epochs=3, max_time={"seconds": 6})
    yield case("max_time_not_reached", max_epochs=1, max_time={"seconds": 60})


def trying():
    yield case("fast_dev_run", fast_dev_run=True, num_sanity_val_steps=2)
    yield case("fast_dev_run_3", train=5, val=(4,), fast_dev_run=3)
    yield case("fast_dev_run_beats_limits", train=5, val=(4,), fast_dev_run=2, max_epochs=3, max_steps=9, limit_train_batches=4, val_check_interval=3)
    yield case("fast_dev_run_test", command="test", test=(4,), fast_dev_run=True)
    yield case("overfit_batches_count", train=6, val=(5,), max_epochs=2, overfit_batches=2, num_sanity_val_steps=2)
    yield case("overfit_batches_share", train=6, val=(4,), max_epochs=2, overfit_batches=0.5)
    yield case("overfit_batches_zero", train=3, max_epochs=1, overfit_batches=0)
    yield case("overfit_batches_with_limit_val", train=6, val=(5,), max_epochs=1, overfit_batches=2, limit_val_batches=4)
    for n in (1, 2, 3, 50):
        yield case(f"log_every_n_steps_{n}", train=5, val=(2,), max_epochs=2, log_every_n_steps=n, log=True)
    yield case("log_every_2_with_accumulation", train=8, val=(1,), max_epochs=1, accumulate_grad_batches=2, log_every_n_steps=2, log=True)
    yield case("log_with_validation_inside", train=6, val=(1,), max_epochs=1, val_check_interval=3, log_every_n_steps=2, log=True)


def optimizers():
    yield case("manual_one", val=(1,), max_epochs=2, model={"manual": True})
    yield case("manual_two", val=(1,), max_epochs=2, model={"manual": True, "optimizers": 2})
    yield case("manual_two_second_each_2", val=(1,), max_epochs=1, model={"manual": True, "optimizers": 2, "steps_each": [1, 2]})
    yield case("manual_none_in_some_batches", train=6, val=(1,), max_epochs=1, model={"manual": True, "steps_each": [3]})
    yield case("manual_two_max_steps", max_steps=6, model={"manual": True, "optimizers": 2})
    for interval, frequency in (("step", 1), ("step", 2), ("step", 3), ("epoch", 1), ("epoch", 2)):
        yield case(f"schedule_{interval}_{frequency}", val=(1,), max_epochs=5 if interval == "epoch" else 2,
                   model={"schedule": {"kind": "exponential", "interval": interval, "frequency": frequency}})
    yield case("schedule_step_with_accumulation", train=5, val=(1,), max_epochs=2, accumulate_grad_batches=2,
               model={"schedule": {"kind": "exponential", "interval": "step", "frequency": 1}})
    yield case("schedule_step_2_with_accumulation", train=5, val=(1,), max_epochs=2, accumulate_grad_batches=2,
               model={"schedule": {"kind": "exponential", "interval": "step", "frequency": 2}})
    yield case("schedule_epoch_and_max_steps_inside", max_steps=6,
               model={"schedule": {"kind": "exponential", "interval": "epoch", "frequency": 1}})
    yield case("schedule_epoch_and_a_stop_inside", max_epochs=3, script=stop(("on_train_batch_end", 1, 2)),
               model={"schedule": {"kind": "exponential", "interval": "epoch", "frequency": 1}})
    for name, more in (("", {}), ("_every_2_epochs", {"check_val_every_n_epoch": 2}), ("_validated_inside", {"val_check_interval": 2})):
        yield case(f"plateau{name}", val=(1,), max_epochs=4, log=True,
                   model={"schedule": {"kind": "plateau", "monitor": "v", "strict": False}}, **more)
    yield case("plateau_frequency_2", val=(1,), max_epochs=5, log=True,
               model={"schedule": {"kind": "plateau", "monitor": "v", "frequency": 2}})
    yield case("plateau_on_train_metric", val=(), max_epochs=4, log=True,
               model={"schedule": {"kind": "plateau", "monitor": "x_mean"}})
    yield case("plateau_interval_step", val=(1,), max_epochs=2, log=True, val_check_interval=2,
               model={"schedule": {"kind": "plateau", "monitor": "v", "interval": "step", "frequency": 2, "strict": False}})


def commands():
    yield case("validate", command="validate", val=(2,), num_sanity_val_steps=2)
    yield case("validate_two_loaders", command="validate", val=(2, 1))
    yield case("test", command="test", test=(2,))
    yield case("test_two_loaders", command="test", test=(2, 1))
    yield case("predict", command="predict", predict=(2,))
    yield case("predict_two_loaders", command="predict", predict=(2, 1))
    for name, limit in (("count", 2), ("share", 0.5), ("zero", 0)):
        yield case(f"limit_test_{name}", command="test", test=(5,), limit_test_batches=limit)
        yield case(f"limit_predict_{name}", command="predict", predict=(5,), limit_predict_batches=limit)
        yield case(f"limit_validate_{name}", command="validate", val=(5,), limit_val_batches=limit)
    for where, epoch, batch in (("training_step", 1, 2), ("validation_step", 0, 1), ("on_train_batch_start", 0, 1), ("on_train_batch_end", 0, 2),
                                ("on_after_backward", 0, 1), ("on_validation_end", 0, 4), ("on_train_epoch_end", 0, 4),
                                ("on_fit_start", 0, 0), ("on_train_start", 0, 0)):
        yield case(f"error_in_{where}", max_epochs=3, script={"raise": [where, epoch, batch]})
    yield case("error_in_sanity", max_epochs=1, num_sanity_val_steps=2, script={"raise": ["validation_step", 0, 0]})
    yield case("error_in_test_step", command="test", test=(3,), script={"raise": ["test_step", 0, 1]})


def cases():
    for group in (counts, validation, ends, trying, optimizers, commands):
        yield from group()
