# SPDX-License-Identifier: Apache-2.0
"""The command line lists what works, starts quickly, and explains mistakes in one sentence."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version as installed_version

import pytest
import typer
from typer.testing import CliRunner

from tapetum.config import ConfigError
from tapetum.presets import PRESETS
from tapetum_sim.cli import COMMANDS, app
from tapetum_sim.commands.options import PresetName
from tapetum_sim.errors import UserError

# before any verb is run: what would make the help slow
HEAVY = ("amaranth", "numpy", "cocotb", "matplotlib", "jinja2", "OpenEXR", "scipy")


def run(*arguments, of=app):
    return CliRunner().invoke(of, arguments, terminal_width=200)


def test_no_verb_shows_the_help():
    assert "presets" in run().output


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_a_help_with_an_example(verb):
    result = run(verb, "--help")
    assert result.exit_code == 0, result.output
    assert f"tapetum {verb}" in result.output
    assert import_module(COMMANDS[verb]).__all__ == [verb]


def test_the_help_imports_nothing_heavy():
    code = f"import sys, tapetum_sim.cli; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                            timeout=60, check=True)
    assert loaded.stdout.split() == []


def test_presets_lists_all_of_them():
    result = run("presets")
    assert result.exit_code == 0
    for name, config in PRESETS.items():
        line = next(line for line in result.output.splitlines() if line.strip().startswith(name))
        assert f"{config.array.columns}x{config.array.rows}" in line
        assert f"{1 / config.frame_time_s:.1f}" in line


def test_version_names_the_tools():
    result = run("version")
    assert result.exit_code == 0
    assert f"amaranth {installed_version('amaranth')}" in result.output
    assert "revision " in result.output


@pytest.fixture
def verbs():
    """A command line of two verbs, made as the real one is."""
    other = typer.Typer(cls=app.info.cls)

    @other.command()
    def show(preset: PresetName = "vga"):
        typer.echo(f"preset is {preset}")

    @other.command()
    def refuse(kind: str):
        if kind == "user":
            raise UserError("scene x.exr is empty; give another file.")
        if kind == "config":
            raise ConfigError("lanes must be 1, 2 or 4, not 3.")
        raise RuntimeError("a bug")

    return other


def test_a_preset_is_accepted_by_name(verbs):
    assert "preset is tiny" in run("show", "--preset", "tiny", of=verbs).output


@pytest.mark.parametrize("name, advice", [
    ("tinny", "did you mean tiny? There are tiny, qvga, vga"),
    ("8k", "choose one of tiny, qvga, vga"),
])
def test_an_unknown_preset_is_refused_with_the_ones_there_are(verbs, name, advice):
    result = run("show", "--preset", name, of=verbs)
    assert result.exit_code == 2
    assert f"tapetum: there is no preset {name!r}; {advice}" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("kind, sentence", [
    ("user", "tapetum: scene x.exr is empty; give another file."),
    ("config", "tapetum: lanes must be 1, 2 or 4, not 3."),
])
def test_what_the_user_can_put_right_is_one_sentence(verbs, kind, sentence):
    result = run("refuse", kind, of=verbs)
    assert (result.exit_code, result.stderr, result.stdout) == (2, sentence + "\n", "")


def test_a_bug_keeps_its_traceback(verbs):
    assert isinstance(run("refuse", "bug", of=verbs).exception, RuntimeError)


@pytest.mark.parametrize("arguments", [
    ("registers", "--out", "{file}/registers.md"), ("verilog", "--out", "{file}"),
    ("characterise", "--out", "{file}"), ("faults", "--out", "{file}"),
    ("bench", "--out", "{file}"), ("sim", "--preset", "tiny", "--out", "{file}"),
    ("compile", "model.tflite", "--out", "{file}/model.tapetum"),
    ("board", "capture", "--out", "{file}"), ("board", "rows", "--out", "{file}"),
])
def test_a_folder_that_cannot_be_written_is_refused_at_once(arguments, tmp_path):
    file = tmp_path / "file"
    file.touch()
    result = run(*(argument.format(file=file) for argument in arguments))
    assert result.exit_code == 2
    assert f"tapetum: cannot write to {file} (" in result.stderr
    assert "choose another folder with --out." in result.stderr


def test_a_folder_is_not_taken_for_a_file(tmp_path):
    result = run("registers", "--out", str(tmp_path))
    assert (result.exit_code, result.stderr) == (
        2, f"tapetum: {tmp_path} is a folder; give a file with --out.\n")


@pytest.mark.parametrize("arguments, sentence", [
    (("--fpga", "--npu"), "--fpga and --npu measure different things; give one of them."),
    (("--room", "hdr"), "--room and --lanes are for rooms on an FPGA; add --fpga."),
    (("--lanes", "4"), "--room and --lanes are for rooms on an FPGA; add --fpga."),
    (("--npu", "--preset", "tiny"),
     "--npu measures networks on arrays of its own; leave out --preset."),
])
def test_bench_refuses_options_that_would_have_no_effect(arguments, sentence, tmp_path):
    result = run("bench", "--out", str(tmp_path), *arguments)
    assert (result.exit_code, result.stderr) == (2, f"tapetum: {sentence}\n")


def test_characterise_refuses_a_scene_before_anything_is_built(tmp_path):
    result = run("characterise", "--scene", "nowhere.exr", "--out", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nowhere.exr" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_the_extra_of_train_keeps_its_brackets():
    assert 'pip install -e ".[train]"' in run("train", "--help").output


@pytest.mark.parametrize("verb", ["sim", "serve"])
@pytest.mark.parametrize("scale", ["-5", "0", "nan", "inf"])
def test_a_scale_of_light_that_is_none_is_refused(verb, scale, tmp_path):
    result = run(verb, "--electrons-per-second", scale, "--out", str(tmp_path))
    assert result.exit_code == 2
    assert result.stderr == (f"tapetum: --electrons-per-second must be finite and above 0, not "
                             f"{scale}; leave it out and the scene fills the range.\n")
