# SPDX-License-Identifier: Apache-2.0
"""Mechanisms that find faults of the die itself, and the self-test that finds theirs."""
