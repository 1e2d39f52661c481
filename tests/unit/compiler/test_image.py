# SPDX-License-Identifier: Apache-2.0
"""A program survives its file; a damaged file is refused with a sentence."""

from dataclasses import fields

import numpy as np
import pytest
from typer.testing import CliRunner

from tapetum_compiler.backend.compile import compile_network
from tapetum_compiler.backend.image import load_program, program_bytes, program_of, save_program
from tapetum_compiler.errors import CompileError
from tapetum_compiler.network import Add, Padding
from tapetum_sim.cli import app

from .networks import convolution, network_of, tensor
from .tflite_models import data_file

RING = Padding(1, 1, 1, 1)


@pytest.fixture
def program(seed):
    rng = np.random.default_rng(seed)
    image = tensor("image", (5, 6, 3), zero_point=4)
    stem = convolution(rng, image, "stem", channels=9, window=(3, 3), padding=RING)
    deep = convolution(rng, stem.output, "deep", channels=9)
    total = Add.of(name="total", inputs=(stem.output, deep.output),
                   output=tensor("total", (5, 6, 9)))
    return compile_network(network_of(stem, deep, total), model_id=0xFEDCBA98).program


def assert_equal(made, wanted):
    for member in fields(wanted):
        first, second = getattr(made, member.name), getattr(wanted, member.name)
        if isinstance(second, np.ndarray):
            assert first.dtype == second.dtype, member.name
            np.testing.assert_array_equal(first, second, err_msg=member.name)
        else:
            assert first == second, member.name


def test_a_program_survives_its_file(program, tmp_path):
    path = tmp_path / "folder" / "net.tapetum"
    save_program(program, path)
    assert_equal(load_program(path), program)
    with pytest.raises(CompileError, match=r"other\.tapetum' cannot be read"):
        load_program(tmp_path / "other.tapetum")


def test_every_cut_and_every_changed_byte_is_noticed(program, seed):
    content = program_bytes(program)
    rng = np.random.default_rng(seed)
    for length in (0, 5, 12, *rng.integers(0, len(content), 60).tolist()):
        with pytest.raises(CompileError, match=r"; (give|get|compile) "):
            program_of(content[:length])
    for place in (*range(100), *rng.integers(0, len(content), 200).tolist()):
        damaged = bytearray(content)
        damaged[place] ^= int(rng.integers(1, 256))
        with pytest.raises(CompileError, match=r"; (give|get|compile) "):
            program_of(bytes(damaged))
    with pytest.raises(CompileError, match="followed by 3 bytes"):
        program_of(content + b"abc")


def run(*arguments):
    return CliRunner().invoke(app, ["compile", *map(str, arguments)])


def test_the_command_writes_the_program_and_says_what_it_costs(tmp_path):
    path = tmp_path / "vww.tapetum"
    result = run(data_file("models/vww_96_int8.tflite"), "-o", path)
    assert result.exit_code == 0, result.output
    assert "3,727,313 multiplications; 3,762,351 more are the same in every image" in result.output
    assert len([line for line in result.output.splitlines() if "pointwise" in line]) == 14
    assert load_program(path).input_shape == (96, 96, 3)
    dense = run(data_file("models/vww_96_int8.tflite"), "--dense", "--pixels", 2)
    assert "7,489,664 multiplications\n" in dense.output


def test_the_command_refuses_in_one_sentence(tmp_path):
    result = run(tmp_path / "missing.tflite")
    assert result.exit_code == 2
    assert "cannot be read" in result.output
    assert "Traceback" not in result.output
