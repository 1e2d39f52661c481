# SPDX-License-Identifier: Apache-2.0
"""One declarative register table and the bank made from it."""
