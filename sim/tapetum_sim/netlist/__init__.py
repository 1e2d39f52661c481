# SPDX-License-Identifier: Apache-2.0
"""What synthesis for an ECP5 makes of a component, in simulation in its place."""
