# SPDX-License-Identifier: Apache-2.0
"""Typed queues and register slices for streams between rooms."""
