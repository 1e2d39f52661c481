# SPDX-License-Identifier: Apache-2.0
"""Row sequencer and capture schedule."""
