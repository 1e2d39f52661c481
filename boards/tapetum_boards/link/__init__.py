# SPDX-License-Identifier: Apache-2.0
"""The host's serial line, and what it can reach."""
