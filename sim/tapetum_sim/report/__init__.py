# SPDX-License-Identifier: Apache-2.0
"""What a run leaves behind for people and for programs: pictures, a page, numbers."""
