"""
Coming from mace_run_train
==========================

You know mace-torch's own command, ``mace_run_train``. This page has its options beside the words of mlffbench, with
both defaults: generated from its argument parser and from our class, so that none is left out. Options that do not
exist here stand in a list of their own, each with its reason. At the end the same training by both is compared, from
committed results. A few seconds.
"""

import inspect
import json
import os
import tempfile
import warnings
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pandas.io.formats.style import Styler
from torch.optim.optimizer import register_optimizer_step_post_hook

import mlffbench
from mlffbench.datasets.path import path as own_file
from mlffbench.estimators import MACE
from mlffbench.potentials.networks.training_settings import Settings as Loop

warnings.simplefilter("ignore")  # mace-torch's and e3nn's, of torch's newer versions
force = os.environ.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")  # importing mace-torch sets it
with redirect_stdout(StringIO()):
    import mace
    from mace.tools.arg_parser import build_default_arg_parser
    from mace.tools.scripts_utils import extract_config_mace_model

if force is None:
    os.environ.pop("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", None)
options = {a.dest: a for a in build_default_arg_parser()._actions if a.dest not in ("help", "config")}
print(f"mace-torch {mace.__version__}: mace_run_train has {len(options)} options besides --help and --config")


def table(rows, columns):
    """Show rows as a table with its texts to the left."""
    frame = pd.DataFrame(rows, columns=columns)
    left = {"selector": "th, td", "props": "text-align: left; vertical-align: top"}
    style = Styler(frame, uuid=f"options{len(frame)}", cell_ids=False)
    return style.hide(axis="index").set_table_styles([left])


# %%
# A model to ask
# --------------
#
# Some of what ``mace_run_train`` lets you set is fixed here. To be sure of the values, a model is fitted for two
# epochs, with a hook that sees the optimiser at work, and written as mace-torch's ``.model``; mace-torch's own function
# then reads the architecture from the file.

data = mlffbench.load_dataset("malonaldehyde")
train = np.flatnonzero(data.columns["group"] == "train_300K")[:60]
frames, labels = [data.frames[i] for i in train], data.labels[train]

optimizers = []
hook = register_optimizer_step_post_hook(lambda optimizer, *_: optimizers.append(optimizer))
model = MACE(num_channels=16, max_epochs=2, atomic_energies=data.atomic_energies).fit(frames, labels)
hook.remove()
optimizer = optimizers[-1]
with tempfile.TemporaryDirectory() as folder:
    model.export(Path(folder) / "x.model")
    config = extract_config_mace_model(torch.load(Path(folder) / "x.model", weights_only=False))

# %%
# Old word, our word
# ------------------
#
# First the options that are parameters of the estimator. *default here* is that of ``MACE()``, the preset ``small``;
# ``–`` stands for None. The presets differ: :doc:`/_gallery/mace_tutorial/plot_20_presets_and_budgets`.

parameters = {
    "model": "model",  # a preset decides
    "r_max": "cutoff",
    "num_radial_basis": "num_radial_basis",
    "max_ell": "max_ell",
    "correlation": "correlation",
    "num_interactions": "num_interactions",
    "num_channels": "num_channels",
    "max_L": "max_L",
    "E0s": "atomic_energies",
    "valid_fraction": "validation_fraction",
    "seed": "random_state",
    "device": "device",
    "default_dtype": "dtype",
    "batch_size": "batch_size",
    "lr": "learning_rate",
    "scheduler": "schedule",
    "weight_decay": "weight_decay",
    "ema_decay": "ema_decay",
    "max_num_epochs": "max_epochs",
    "patience": "patience",
    "energy_weight": "energy_weight",
    "forces_weight": "forces_weight",
    "stress_weight": "stress_weight",
    "start_swa": "stage_two",
    "swa_energy_weight": "stage_two_energy_weight",
    "swa_forces_weight": "stage_two_forces_weight",
    "swa_lr": "stage_two_learning_rate",
    "foundation_model": "foundation",
    "foundation_head": "foundation_head",
}
notes = {
    "model": "by preset: paper has the authors' MACE without a shift, the others ScaleShiftMACE",
    "scheduler": "plateau is ReduceLROnPlateau; cosine and constant; cooldown lowers the rate at the end",
    "E0s": "None: the dataset's, else least squares over the training frames, as E0s=average",
    "start_swa": "a fraction of the epochs or seconds, not an epoch; None: no stage two",
    "max_num_epochs": "max_seconds ends by the clock, whichever comes first",
    "patience": "None: training goes on to the end",
    "foundation_model": "a .model file or the name of packaged weights; naive fine-tuning",
}
ours = MACE().resolved_params()
shown = lambda value: "–" if value is None else str(value)
flag = lambda name: max(options[name].option_strings, key=lambda s: "swa" not in s)
rows = [
    [flag(old), new, shown(options[old].default), shown(ours[new]), notes.get(old, "")]
    for old, new in parameters.items()
]
assert all(new in MACE().get_params() or new == "model" for new in parameters.values())
assert all(options[word].default == ours[word] for word in ("energy_weight", "forces_weight"))
assert "stress" in options["loss"].choices
assert float(options["valid_fraction"].default) == ours["validation_fraction"]
table(rows, ["old word", "our word", "default there", "default here", "note"])

# %%
# Some differ in more than the word. The weights of energies and forces in the loss have the same meaning and, in the
# preset ``small``, the same defaults. But mlffbench trains with running averages of the weights always (``ema_decay=0``
# for none, where ``mace_run_train`` asks for ``--ema``), and with stresses whenever the labels have them (where it asks
# for ``--loss stress --compute_stress``).
#
# Words outside of the estimator
# ------------------------------
#
# ``mace_run_train`` is one fit. In mlffbench data, tests and output belong to the suite or the command line.

outside = {
    "name": "as: NAME beside the method in a suite",
    "work_dir log_dir model_dir checkpoints_dir results_dir": "--out FOLDER of mlffbench run: documents, logs, models",
    "downloads_dir": "MLFFBENCH_CACHE",
    "train_file": "dataset: {path: FILE} in a suite; frames and labels of fit in Python",
    "test_file test_dir": "test groups of the split; dataset: {path: FILE, tests: {NAME: FILE}}",
    "energy_key forces_key stress_key": "dataset: {path: FILE, energy_key: ..., forces_key: ..., stress_key: ...}",
    "hidden_irreps": "num_channels and max_L: the same channels of each order",
    "error_table": "metrics: [rmse, mae] in a suite, always with intervals",
    "plot plot_frequency plot_interaction_e": "report.html of mlffbench run; history_ of the estimator",
    "dry_run": "mlffbench run SUITE --dry-run",
    "restart_latest keep_checkpoints save_all_checkpoints": "always: the same command goes on after a kill",
    "save_cpu": "always: a saved model loads where there is no GPU",
    "wandb wandb_dir wandb_project wandb_entity wandb_name wandb_log_hypers": "mlffbench results tensorboard or mlflow",
    "enable_cueq only_cueq": "kernels='cuequivariance'; kernels='auto' takes the fastest that agrees",
    "ema": "ema_decay=0 for none",
    "swa": "stage_two=0.75, say",
    "compute_forces compute_stress": "what the labels hold; energies alone will do",
    "log_level": "mlffbench run prints one line a fit; history_ has the rest",
}
keys = set(inspect.signature(own_file).parameters)
assert {"energy_key", "forces_key", "stress_key", "tests"} <= keys
table(
    [[", ".join(flag(name) for name in names.split()), here] for names, here in outside.items()],
    ["old word", "here"],
)

# %%
# Fixed here
# ----------
#
# These cannot be set. The value here was read from the fitted model, its optimiser and the training loop, and stands
# beside the default of ``mace_run_train``.

architecture = {
    "radial_type": "radial_type", "num_cutoff_basis": "num_polynomial_cutoff", "pair_repulsion": "pair_repulsion",
    "distance_transform": "distance_transform", "apply_cutoff": "apply_cutoff", "MLP_irreps": "MLP_irreps",
    "use_last_readout_only": "use_last_readout_only", "use_embedding_readout": "use_embedding_readout",
    "interaction": "interaction_cls", "interaction_first": "interaction_cls_first", "radial_MLP": "radial_MLP",
    "use_reduced_cg": "use_reduced_cg", "use_so3": "use_so3", "use_agnostic_product": "use_agnostic_product",
    "edge_irreps": "edge_irreps", "use_edge_irreps_first": "use_edge_irreps_first", "gate": "gate",
}  # fmt: skip
loop = Loop(max_epochs=1)
word = lambda value: getattr(value, "__name__", None) or str(value)
fixed = {old: word(config[key]) if key in config else "" for old, key in architecture.items()}
fixed |= {
    "optimizer": type(optimizer).__name__,
    "amsgrad": word(optimizer.defaults["amsgrad"]),
    "beta": word(optimizer.defaults["betas"][0]),
    "lr_factor": word(loop.plateau_factor),
    "scheduler_patience": word(loop.plateau_patience),
    "clip_grad": word(loop.max_grad_norm),
}
table(
    [[flag(old), shown(options[old].default), value] for old, value in fixed.items()],
    ["old word", "default there", "value here"],
)

# %%
# Computed or needless here
# -------------------------

computed = {
    "scaling": "the root mean square force of the training frames, as rms_forces_scaling",
    "mean std statistics_file": "computed from the training frames by mace-torch's own functions",
    "avg_num_neighbors compute_avg_num_neighbors": "always computed from the training frames",
    "atomic_numbers": "the elements of the frames",
    "loss": "the weighted loss, with stresses where there are labels",
    "eval_interval": "validation after every epoch",
    "valid_batch_size": "as many frames as the memory takes",
    "num_workers pin_memory multi_processed_test": "graphs are built once and stay in memory: there is nothing to load",
    "foundation_model_readout foundation_filter_elements": "always: the readout is kept, other elements are dropped",
}
table(
    [[", ".join(flag(name) for name in names.split()), here] for names, here in computed.items()],
    ["old word", "here"],
)

# %%
# Not offered, because
# --------------------

polar = [
    name for name, option in options.items() if "PolarMACE" in str(option.help) or "Polar" in str(option.help)
]
missing = {
    " ".join(
        [*polar, "return_electrostatic_potentials fixedpoint_update_config field_readout_config"]
    ): "PolarMACE: electrostatics with charges of its own, another model",
    "les_arguments": "latent Ewald summation: another model",
    "dipole_key dipole_weight swa_dipole_weight compute_atomic_dipole polarizability_key polarizability_weight "
    "swa_polarizability_weight compute_polarizability": "mlffbench compares energies, forces and stresses",
    "charges_key total_charge_key total_spin_key elec_temp_key embedding_specs": "frames have no charge or spin here",
    "virials_key virials_weight swa_virials_weight": "virials of a file become stresses when it is read",
    "heads head_key multiheads_finetuning weight_pt_head real_pt_data_ratio_threshold num_samples_pt force_mh_ft_lr "
    "subselect_pt filter_type_pt allow_random_padding_pt pt_train_file pt_valid_file pseudolabel_replay "
    "pseudolabel_replay_compute_stress skip_evaluate_heads": "one head: naive fine-tuning, without replay",
    "lora lora_rank lora_alpha freeze lr_params_factors": "all weights are trained, at one learning rate",
    "foundation_model_elements foundation_model_kwargs keep_isolated_atoms": "a fit knows the elements of its frames",
    "valid_file": "validation frames are drawn from the training frames, for every method alike",
    "config_type_weights": "all frames weigh alike, for every method",
    "huber_delta": "the loss is quadratic",
    "beta1_schedulefree beta2_schedulefree lr_scheduler_gamma lbfgs": "one optimiser, and the schedules named above",
    "swa_stress_weight": "stage two keeps stress_weight",
    "distributed launcher": "a fit runs on one device; executors run many fits side by side",
    "enable_oeq": "openequivariance was not tried",
}
rows = [
    [", ".join(flag(name) for name in dict.fromkeys(names.split())), why] for names, why in missing.items()
]
table(rows, ["old word", "not offered, because"])

# %%
# No option is left out, and none stands in two tables:

split = lambda groups: [name for names in groups for name in dict.fromkeys(names.split())]
listed = [*parameters, *split(outside), *fixed, *split(computed), *split(missing)]
print("in no table:", sorted(set(options) - set(listed)), " unknown:", sorted(set(listed) - set(options)))
print("in two tables:", sorted({name for name in listed if listed.count(name) > 1}))
assert sorted(listed) == sorted(options)

# %%
# The same training by both
# -------------------------
#
# ``benchmarks/peers/against_mace.py`` trains the same architecture with the same optimiser, loss, batches, precision,
# atomic energies and validation frames by both programs, one after the other on the same machine. Its committed output:

root = next(p for p in (Path.cwd(), *Path.cwd().parents) if (p / "results" / "peers").is_dir())
peer = json.loads((root / "results" / "peers" / "mace.json").read_text())["numbers"]
size = ["num_channels", "max_L", "correlation", "cutoff", "batch_size", "training_frames", "epochs"]
print({name: peer[name] for name in size})
rows = []
for seed, fit in zip(peer["seeds"], peer["fits"], strict=True):
    for side, program in (("theirs", "mace_run_train"), ("ours", "mlffbench")):
        later = fit[side]["epoch_seconds"][1:]  # in the first, TorchScript compiles
        error = fit[side]["validation_forces_rmse_mev_per_angstrom"]
        memory = fit[side]["peak_memory_mb"]
        rows.append([seed, program, f"{error:.1f}", f"{np.mean(later):.1f}", f"{memory:.0f}"])
columns = ["seed", "program", "validation forces RMSE, meV/Å", "an epoch, s", "peak memory, MB"]
table(rows, columns)

# %%
# The initial weights differ, and with them the errors of two seeds of one program differ as much as those of the two
# programs. The times are those of a CPU; :doc:`/_gallery/mace_tutorial/plot_80_speed` has the same comparison on a GPU.
