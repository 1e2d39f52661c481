# SPDX-License-Identifier: Apache-2.0
#
# A thin index: each line says what can be done, `tapetum --help` says how.
# Every command makes .venv on first use (scripts/bootstrap.sh) and then does its work with it.

PRESET ?= vga
BOARD  ?= ulx3s_85f
SCENE  ?=
ARGS   ?=
TESTS  ?= tests

export PYTHON
BIN    := .venv/bin
TAPETUM = $(BIN)/tapetum
PYTEST  = $(BIN)/python -m pytest --numprocesses=auto --junit-xml=build/tests/junit.xml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## list everything
	@echo "make ..."
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' Makefile
	@echo "Settings: PRESET=$(PRESET)  BOARD=$(BOARD)  SCENE=file-or-name  ARGS='more options'  TESTS=$(TESTS)  PYTHON=python3.x"

venv: ## make or renew .venv; every other command does so by itself
	@sh scripts/bootstrap.sh

sim: venv ## a scene through pixel die, ADC, HDR and CSI-2, with report: build/sim/report.html
	@$(TAPETUM) sim --preset $(PRESET) $(if $(SCENE),--scene "$(SCENE)") $(ARGS)

test: venv ## every fast test, on all cores
	@mkdir -p build/tests
	@$(PYTEST) -m "not slow" $(TESTS) $(ARGS)

test-full: venv ## all tests, the slow ones as well
	@mkdir -p build/tests
	@$(PYTEST) $(TESTS) $(ARGS)

characterise: venv ## range, noise, flicker and corrections against their targets: build/characterise/report.html
	@$(TAPETUM) characterise --preset $(PRESET) $(if $(SCENE),--scene "$(SCENE)") $(ARGS)

faults: venv ## wrong bits into the RTL: which do harm, which are noticed: build/faults/report.html
	@$(TAPETUM) faults $(ARGS)

bench: venv ## speed of the simulation, a table and build/bench/report.json
	@$(TAPETUM) bench $(ARGS)

bench-fpga: venv ## frequency and area of each room on an ECP5; slow
	@$(TAPETUM) bench --fpga $(ARGS)

bench-npu: venv ## cycles of published networks on the array: build/bench/npu.json
	@$(TAPETUM) bench --npu $(ARGS)

verilog: venv ## one self-contained Verilog file of the die
	@$(TAPETUM) verilog --preset $(PRESET) $(ARGS)

bitstream: venv ## a board's bitstream, timing met: build/BOARD/report.json
	@$(TAPETUM) board build $(BOARD) $(ARGS)

flash: venv ## that bitstream onto the board
	@$(TAPETUM) board flash $(BOARD) $(ARGS)

lint: venv ## ruff and pyright
	@$(BIN)/ruff check
	@$(BIN)/pyright

clean: ## remove what was built; .venv stays
	@rm -rf build .pytest_cache .ruff_cache

.PHONY: help venv sim test test-full characterise faults bench bench-fpga bench-npu verilog bitstream flash lint clean
