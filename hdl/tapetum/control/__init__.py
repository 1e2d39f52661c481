# SPDX-License-Identifier: Apache-2.0
"""Settings that belong to a frame, faults, and the registers through which a host sees both."""
