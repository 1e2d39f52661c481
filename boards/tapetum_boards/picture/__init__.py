# SPDX-License-Identifier: Apache-2.0
"""What a monitor shows: raster, picture, DVI symbols."""
