# SPDX-License-Identifier: Apache-2.0
"""The pixel die, as gateware: light on a scene in, comparator edges out."""
