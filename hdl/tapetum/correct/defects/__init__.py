# SPDX-License-Identifier: Apache-2.0
"""Finds pixels that do not work and puts their neighbours' value in their place."""
