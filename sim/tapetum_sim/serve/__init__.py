# SPDX-License-Identifier: Apache-2.0
"""`tapetum serve`: the simulated die behind two sockets, its I2C and its frames."""
