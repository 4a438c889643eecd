"""The command line: what it trains can be checked by hand, and what it refuses is one line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from backprop_studio import assets, cli, data, project
from backprop_studio.errors import ExportError
from backprop_studio.network import Network, Node, TrainingSetup, Wire, edits
from backprop_studio.nn import nodes, optimizers
from tests.networks import chain

EXAMPLE = assets.path("examples", "digits.bps")
MOONS = assets.path("examples", "moons.bps")
ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., tuple[int, str, str]]


def one_line(text: str) -> str:
    assert re.fullmatch(r"backprop-studio: error: [^\n]+\n", text), text
    return text


def small(**changes: Any) -> Network:
    """Return a regression on the sine data that trains in a moment."""
    kinds = nodes()
    network = Network(
        (
            Node("input_1", "input", kinds["input"]()),
            Node("dense_1", "line", kinds["dense"].from_config({"units": 1})),
            Node("loss_1", "loss", kinds["mse"]()),
        ),
        (Wire("input_1", "dense_1"), Wire("dense_1", "loss_1")),
        TrainingSetup(dataset="sine"),
    )
    return replace(network, **changes)


def saved(folder: Path, network: Network) -> Path:
    path = folder / "net.bps"
    project.save(project.Project(network), path)
    return path


# --- Training


def test_that_exported_weights_predict_what_the_last_line_says(run: Run, tmp_path: Path) -> None:
    npz, tensors, bps = (tmp_path / n for n in ("w.npz", "w.safetensors", "trained.bps"))
    code, out, err = run(
        "train", EXAMPLE, "--epochs", 2, "--export", npz, tensors, "--save", bps, "--quiet"
    )
    assert code == 0
    assert err == ""
    lines = out.splitlines()
    told = re.fullmatch(
        r"digits: 2 epochs, loss [\d.]+, held-out loss ([\d.]+), "
        r"held-out accuracy ([\d.]+) \((\d+) rows\)",
        lines[0],
    )
    assert told is not None
    assert lines[1:] == [f"wrote {p} (4 tensors, 4,810 numbers)" for p in (npz, tensors, bps)]

    with np.load(npz) as arrays:
        w = dict(arrays)
    assert list(w.pop("classes")) == list("0123456789") and len(w.pop("features")) == 64
    found = load_file(tensors)
    kept = project.load(bps)
    named = project.tensor_names(kept.network, kept.weights)
    for name, array in w.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(named[name], array)

    setup = project.load(EXAMPLE).network.setup
    digits = data.load("digits")
    rows = data.split(digits, validation_fraction=setup.validation, seed=setup.seed).validation
    x, y = digits.x[rows].astype(np.float64), digits.y[rows]
    hidden = np.maximum(x @ w["hidden/weight"] + w["hidden/bias"], 0.0)
    scores = hidden @ w["output/weight"] + w["output/bias"]
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    assert int(told[3]) == len(rows)
    assert float(told[1]) == pytest.approx(-logs[np.arange(len(y)), y].mean(), rel=1e-3)
    assert float(told[2]) == pytest.approx((scores.argmax(axis=1) == y).mean(), abs=1e-4)


def test_that_a_saved_project_is_trained_on_from_its_weights(run: Run, tmp_path: Path) -> None:
    path, again = saved(tmp_path, small()), tmp_path / "again.bps"
    assert run("train", path, "--epochs", 30, "--save", again)[0] == 0
    code, on, err = run("train", again, "--epochs", 1)
    assert code == 0
    assert err == "backprop-studio: training on from the weights in the project\n"
    _, anew, err = run("train", again, "--epochs", 1, "--seed", 1)
    _, fresh, _ = run("train", path, "--epochs", 1)
    assert err == ""
    assert anew.replace("again:", "net:") == fresh
    assert on.replace("again:", "net:") != fresh


def test_that_training_starts_from_weights_in_a_file(run: Run, tmp_path: Path) -> None:
    path, weights = saved(tmp_path, small()), tmp_path / "w.npz"
    assert run("train", path, "--epochs", 3, "--export", weights)[0] == 0
    code, whole, _ = run("train", path, "--epochs", 1, "--weights", weights)
    assert code == 0
    _, anew, _ = run("train", path, "--epochs", 1)
    assert whole != anew, "it starts elsewhere"
    code, _, said = run("train", path, "--epochs", 1, "--weights", weights, "--seed", 5)
    assert code == 0 and "starting from 2 of 2 weights in the file" in said
    np.savez(weights, **{"line/weight": np.ones((1, 1)), "other": np.ones(2)})
    code, _, said = run("train", path, "--epochs", 1, "--weights", weights)
    assert code == 0 and "line/bias: not in the file" in said
    assert "other: no layer of this name" in said
    np.savez(weights, **{"line/weight": np.ones((7, 1))})
    code, _, said = run("train", path, "--epochs", 1, "--weights", weights)
    assert code == 1 and "fits" in one_line(said) and "line/weight: another shape" in said


def test_that_a_regression_has_no_accuracy(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("train", saved(tmp_path, small()), "--epochs", 1)
    assert code == 0
    assert re.fullmatch(r"net: 1 epoch, loss [\d.]+, held-out loss [\d.]+ \(\d+ rows\)\n", out)


def test_that_the_same_arguments_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    path, files = saved(tmp_path, small()), [tmp_path / "1.npz", tmp_path / "2.npz"]
    for file in files:
        assert run("train", path, "--epochs", 2, "--seed", 5, "--export", file)[0] == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_that_options_replace_the_set_up_and_are_saved_with_it(run: Run, tmp_path: Path) -> None:
    path = saved(tmp_path, small())
    options = ("--seed", 9, "--learning-rate", "0.5", "--batch-size", 11, "--epochs", 1)
    assert run("train", path, *options, "--save", path)[0] == 0
    setup = project.load(path).network.setup
    assert (setup.seed, setup.batch_size) == (9, 11)
    assert setup.optimizer == optimizers()["adam"].from_config({"learning_rate": 0.5})


def test_that_the_learning_rate_is_that_of_the_optimizer_whatever_it_calls_it(
    run: Run, tmp_path: Path
) -> None:
    search = optimizers()["random_search"]()
    path = saved(tmp_path, small(setup=TrainingSetup(dataset="sine", optimizer=search)))
    assert run("train", path, "--learning-rate", "0.5", "--epochs", 1, "--save", path)[0] == 0
    assert project.load(path).network.setup.optimizer.rate == 0.5


def test_that_a_loss_that_blows_up_names_the_op_and_writes_nothing(
    run: Run, tmp_path: Path
) -> None:
    sgd = optimizers()["sgd"].from_config({"learning_rate": 1e6})
    network = small(setup=TrainingSetup(dataset="sine", optimizer=sgd))
    weights = tmp_path / "w.npz"
    code, out, err = run("train", saved(tmp_path, network), "--export", weights)
    assert (code, out) == (1, "")
    assert re.search(r"stopped at iteration \d+: .+ of (line|loss) gave ", one_line(err))
    assert not weights.exists()


def test_that_ctrl_c_is_one_line_and_130(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backprop_studio.training import Session

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "run_epoch", interrupt)
    weights = tmp_path / "w.npz"
    code, out, err = run("train", saved(tmp_path, small()), "--export", weights)
    assert (code, out, err.strip()) == (130, "", "backprop-studio: interrupted")
    assert not weights.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_that_a_real_ctrl_c_ends_a_long_training(tmp_path: Path) -> None:
    weights = tmp_path / "w.npz"
    # What starts the tests may ignore SIGINT, and children inherit that.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from backprop_studio.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "train", str(EXAMPLE)]
    with subprocess.Popen(
        [*command, "--epochs", "1000000", "--export", str(weights)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1.5)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert err.strip() == "backprop-studio: interrupted"
    assert list(tmp_path.iterdir()) == []


def test_that_one_failing_export_does_not_lose_the_others(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = project.export

    def fail_for_npz(path: str, *arguments: Any, **options: Any) -> None:
        if path.endswith(".npz"):
            raise ExportError("file-unwritable", path=path, reason="the disk is full")
        export(path, *arguments, **options)

    monkeypatch.setattr(project, "export", fail_for_npz)
    kept = tmp_path / "w.safetensors"
    path = saved(tmp_path, small())
    code, out, err = run("train", path, "--epochs", 1, "--export", tmp_path / "w.npz", kept)
    assert code == 1
    assert "the disk is full" in one_line(err)
    assert kept.exists()
    assert f"wrote {kept}" in out


# --- What is refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train",), "PROJECT"),
        (("train", "a.bps", "b.bps"), "b.bps"),
        (("train", "a.bps", "--epoch", "3"), "--epoch"),
        (("train", "a.bps", "--epochs"), "--epochs"),
        (("train", "a.bps", "--epochs", "0"), "--epochs is '0'; it must be a whole number from 1"),
        (("train", "a.bps", "--epochs", "2.5"), "--epochs is '2.5'"),
        (("train", "a.bps", "--epochs", "9" * 9_000), "--epochs is '999"),
        (("train", EXAMPLE, "--seed", "-1"), "--seed is '-1'; it must be a whole number from 0"),
        (("train", EXAMPLE, "--batch-size", "x\ny"), r"--batch-size is 'x\ny'"),
        (("train", EXAMPLE, "--learning-rate", "0"), "--learning-rate is '0'; it must be a number"),
        (("train", EXAMPLE, "--learning-rate", "nan"), "--learning-rate is 'nan'"),
        (("train", EXAMPLE, "--export"), "--export"),
        (("train", EXAMPLE, "--export", "w.pkl"), ".npz, .safetensors"),
        (("train", EXAMPLE, "--save", "w.npz"), ".bps"),
        (
            ("train", EXAMPLE, "--dataset", "gone"),
            "--dataset is 'gone'; it must be one of digits, ",
        ),
        (("train", EXAMPLE, "--dataset", "iris", "--data", "x.csv"), "left out where --data is"),
        (("train", EXAMPLE, "--option", "count=3"), "nothing to set of 'Handwritten digits'"),
        (("train", MOONS, "--option", "rows=3"), "it must be of count=…, noise=…, seed=…"),
        (("train", MOONS, "--option", "count=1"), "--option count is '1'; it must be a whole"),
        (("train", MOONS, "--validation", "1.5"), "--validation is '1.5'"),
        (("train", MOONS, "--scaling", "big"), "it must be one of none, standard, range"),
        (("train", MOONS, "--shuffle", "1"), "--shuffle is '1'; it must be yes or no"),
        (("train", MOONS, "--corrupt", "rust"), "it must be one of none, label_noise, "),
        (("train", MOONS, "--corrupt", "label_noise,share=7"), "--corrupt share is '7'"),
        (("train", MOONS, "--corrupt", "label_noise,much"), "it must be of share=…, rows=…"),
        (("check",), "PROJECT"),
        (("check", "a.bps", "--quiet"), "--quiet"),
        (("a.bps", "b.bps"), "b.bps"),
        (("--verson",), "--verson"),
        (("a.bps", "--style"), "--style"),
    ],
)
def test_that_wrong_arguments_are_one_line_and_2(
    arguments: tuple[str, ...], words: str, run: Run
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in one_line(err)
    assert len(err) < 2_000


@pytest.mark.parametrize("command", ["train", "check"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no file"),
        (b"hello", "is not a sound project file: it is no zip archive"),
        (b'{"format": 99}', "was made by a newer Backprop Studio (format 99"),
    ],
)
def test_that_a_bad_file_is_one_line_and_1(
    command: str, content: bytes | None, words: str, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "net.bps"
    if content is not None and content.startswith(b"{"):
        with zipfile.ZipFile(path, "w") as made:
            made.writestr("project.json", content)
    elif content is not None:
        path.write_bytes(content)
    code, out, err = run(command, path)
    assert (code, out) == (1, "")
    assert words in one_line(err)
    assert str(path) in err


@pytest.mark.parametrize("option", ["--export", "--save"])
@pytest.mark.parametrize("folder", ["none", "file"])
def test_that_a_place_that_cannot_be_written_is_told_before_the_training(
    option: str, folder: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_run", lambda *_, **__: pytest.fail("it began to train"))
    (tmp_path / "file").touch()
    name = "w.npz" if option == "--export" else "w.bps"
    code, out, err = run("train", EXAMPLE, option, tmp_path / folder / name)
    assert (code, out) == (1, "")
    assert "cannot be written: " in one_line(err)


def test_that_a_network_with_errors_is_not_trained(run: Run, tmp_path: Path) -> None:
    code, out, err = run("train", saved(tmp_path, small(wires=())))
    assert (code, out) == (1, "")
    assert "cannot be trained yet: 'loss' has nothing wired" in one_line(err)


# --- Checking


def test_that_a_sound_project_is_ready_to_train(run: Run) -> None:
    code, out, err = run("check", EXAMPLE)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"digits: ready to train; 4,810 parameters, \d+ instructions a step\n", out)


def test_that_problems_are_listed_by_how_bad_they_are(run: Run, tmp_path: Path) -> None:
    network = small()
    spare = Node("dense_2", "spare", nodes()["dense"]())
    warned = replace(network, nodes=(*network.nodes, spare))
    code, out, err = run("check", saved(tmp_path, warned))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == (
        "warning: 'spare' has nothing wired into it. Drag a wire to its left port."
    )
    code, out, err = run("check", saved(tmp_path, replace(warned, wires=warned.wires[1:])))
    assert code == 1
    assert "warning: 'spare' has nothing wired" in out
    assert err.startswith("error: 'line' has nothing wired")


def formula(derivative: str) -> Network:
    network = chain(
        [
            ("input", {}),
            ("dense", {"units": 3}),
            ("custom", {"expression": "x**2", "derivative": derivative}),
            ("dense", {"units": 1}),
            ("mse", {}),
        ],
        dataset="sine",
    )
    return edits.set_setup(network, replace(network.setup, optimizer=optimizers()["sign"]()))


@pytest.mark.parametrize(("derivative", "right"), [("", True), ("2*x", True), ("3*x", False)])
def test_that_a_gradient_check_finds_the_layers_behind_a_wrong_derivative(
    run: Run, tmp_path: Path, derivative: str, right: bool
) -> None:
    path = tmp_path / "formula.bps"
    project.save(project.Project(formula(derivative)), path)
    code, out, err = run("check", path, "--gradients")
    verdicts = dict(re.findall(r"^(\S+/\S+) .* (\w+)$", out, flags=re.M))
    assert (code, err) == (0 if right else 1, "")
    behind, before = verdicts["dense_1/weight"], verdicts["dense_2/weight"]
    assert (behind, before) == ("right" if right else "WRONG", "right")


def test_that_gradients_are_checked_whatever_the_optimizer_asks_for(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "search.bps"
    network = formula("")
    search = replace(network.setup, optimizer=optimizers()["random_search"]())
    project.save(project.Project(edits.set_setup(network, search)), path)
    code, out, _ = run("check", path, "--gradients")
    assert code == 0 and "WRONG" not in out and "right" in out


def test_that_a_project_trains_on_a_file_of_ones_own(
    tmp_path: Path, run: Callable[..., tuple[int, str, str]]
) -> None:
    path = tmp_path / "own.csv"
    rows = [f"{'uv'[i % 2]};{i % 2},5;{i % 5}\n" for i in range(60)]
    path.write_text("label;a;b\n" + "".join(rows))
    moons, saved = MOONS, tmp_path / "net.bps"
    told = ("train", moons, "--data", path, "--seed", 1, "--epochs", 30, "--quiet")
    code, out, err = run(*told, "--save", saved)
    assert (code, err) == (0, "") and "accuracy 1.0000 (12 rows)" in out
    data.own.release()
    assert data.own.is_own(project.load(saved).network.setup.dataset)
    assert run("check", saved)[0] == 0
    code, _, err = run(*told, "--target", "nothing")
    assert code == 1 and "it has no column 'nothing'; there are 'label', 'a', 'b'." in err
    code, _, err = run("train", moons, "--target", "label")
    assert code == 2 and "--target is 'label'; it must be given together with --data" in err


def test_that_what_is_done_to_the_data_is_said_by_options_and_saved(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "net.bps"
    code, out, err = run(
        "train", MOONS, "--epochs", 1, "--quiet", "--save", path,
        "--option", "count=400", "--option", "noise=0.3", "--validation", "0.25",
        "--stratified", "no", "--shuffle", "no", "--scaling", "range",
        "--corrupt", "label_noise,share=0.3", "--corrupt", "feature_noise,rows=all",
    )  # fmt: skip
    assert (code, err) == (0, "") and "(100 rows)" in out
    setup = project.load(path).network.setup
    settings = setup.data
    assert settings.options is not None
    assert settings.options.config() == {"count": 400, "noise": 0.3, "seed": 0}
    assert setup.validation == 0.25
    assert (settings.stratified, settings.shuffle, settings.scaling) == (False, False, "range")
    noise, blur = settings.corruptions
    assert (noise.info.id, noise.config()["share"]) == ("label_noise", 0.3)
    assert (blur.info.id, blur.config()["rows"]) == ("feature_noise", "all")
    again = run("train", path, "--epochs", 1, "--corrupt", "none", "--save", path, "--quiet")
    assert again[0] == 0
    assert project.load(path).network.setup.data.corruptions == ()


def test_that_a_network_is_fitted_to_other_data_and_told_how(run: Run, tmp_path: Path) -> None:
    code, _, err = run("train", MOONS, "--epochs", 1, "--dataset", "wine")
    assert code == 1 and "compares with targets of shape N×3" in one_line(err)
    code, out, err = run("train", MOONS, "--epochs", 3, "--dataset", "wine", "--fit", "--seed", 1)
    assert code == 0 and "(36 rows)" in out
    assert err == "backprop-studio: fitted: Give 'output' 3 units\n"
