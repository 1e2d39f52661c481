# SPDX-License-Identifier: Apache-2.0
"""`expect_rejected` passes only for a refusal with a reason that names the culprit."""

import pytest

from support import expect_rejected


def test_accepts_a_reason_that_names_the_culprit():
    with expect_rejected("lanes", "3"):
        raise ValueError("lanes must be 1, 2 or 4, not 3")


def test_fails_when_nothing_was_refused():
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), expect_rejected():
        pass


def test_fails_when_the_culprit_is_not_named():
    with pytest.raises(AssertionError, match="names none of \\['lanes'\\]"), \
            expect_rejected("lanes"):
        raise ValueError("this configuration is no good at all")


def test_fails_on_a_label_without_a_reason():
    with pytest.raises(AssertionError, match="gives no reason"), expect_rejected("lanes"):
        raise ValueError("bad lanes")


def test_passes_other_exceptions_on():
    with pytest.raises(TypeError), expect_rejected():
        raise TypeError("lanes must be a whole number, not a string")
