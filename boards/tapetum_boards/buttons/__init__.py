# SPDX-License-Identifier: Apache-2.0
"""The board's buttons, which do what a host could do as well."""
