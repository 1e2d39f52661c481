# SPDX-License-Identifier: Apache-2.0
"""Requests and answers mean the same on both ends; what is no request says what it should be."""

import pytest

from tapetum_sim.client.protocol import (
    Answer,
    Command,
    Message,
    RequestError,
    Transfer,
    Wait,
    parse_answer,
    parse_request,
)

REQUESTS = [
    Transfer((Message(device=0x10, data=b"\x01\x00\xff"),)),
    Transfer((Message(device=0x10, data=b"\x00\x00"), Message(device=0x10, read_bytes=4))),
    Transfer((Message(device=0x37),)),
    Transfer((Message(device=0, read_bytes=65535), Message(device=0x7F, data=bytes(300)))),
    Wait(1), Wait(123_456_789), Wait(10**13),
    Command("pulse"), Command("pause"), Command("resume"), Command("info"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: str(request)[:20])
def test_a_request_that_is_written_is_read_again(request_):
    assert parse_request(str(request_)) == request_


def test_transfers_are_read_as_i2ctransfer_does():
    assert parse_request("w3@0x10 0x01 0 255 r2 W1@16 0X7f") == Transfer((
        Message(device=16, data=b"\x01\x00\xff"), Message(device=16, read_bytes=2),
        Message(device=16, data=b"\x7f")))


def test_a_decimal_may_begin_with_zeros():
    assert parse_request("r01@010 w2@016 010 0") == Transfer((
        Message(device=10, read_bytes=1), Message(device=16, data=b"\x0a\x00")))


@pytest.mark.parametrize("line, part", [
    ("", "empty"),
    ("   ", "empty"),
    ("hello", "'hello' is no request"),
    ("w2 0 0", "needs a device address"),
    ("r2@0x80", "seven bits"),
    ("w3@0x10 1 2", "needs 3 bytes"),
    ("w2@0x10 0x01 r4", "needs 2 bytes"),
    ("w1@0x10 0x100", "0x100 does not fit a byte"),
    ("w1@0x10 -1", "needs 1 bytes"),
    ("w1@0x10 1=", "needs 1 bytes"),
    ("w1@0x10 1 2", "'2' is no request"),
    ("w70000@0x10", "at most 65535"),
    ("r0@0x10", "at least one byte"),
    ("wait", "a time in seconds"),
    ("wait soon", "a time in seconds"),
    ("wait nan", "0 to 10 seconds"),
    ("wait -1", "0 to 10 seconds"),
    ("wait 11", "0 to 10 seconds"),
    ("pulse now", "stands alone"),
    (f"r{5000 * '1'}@0x10", "is no request"),
    (f"r1@{5000 * '1'}", "is no request"),
    (f"r1@0x{5000 * '1'}", "is no request"),
    (f"w1@0x10 {5000 * '1'}", "needs 1 bytes"),
    ("w1@0x10 ١", "is no request|needs 1 bytes"),
])
def test_what_is_no_request_is_refused_in_one_sentence(line, part):
    with pytest.raises(RequestError, match=part) as refused:
        parse_request(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("answer", [
    Answer(outcome="ok", time_ps=0),
    Answer(outcome="ok", time_ps=10**15, state="sbe", rest="0x00 0xff"),
    Answer(outcome="nak", time_ps=5, rest="1 0"),
    Answer(outcome="error", time_ps=5, state="i", rest="a sentence of  two spaces."),
])
def test_an_answer_that_is_written_is_read_again(answer):
    assert parse_answer(f"{answer}\n") == answer


def test_an_answer_gives_its_bytes_and_its_place():
    assert parse_answer("ok 1 - 0x00 0x1f\n").data == b"\x00\x1f"
    assert parse_answer("ok 1 -\n").data == b""
    assert parse_answer("nak 1 - 2 3\n").place == (2, 3)


@pytest.mark.parametrize("line", ["", "HTTP/1.1 400 Bad Request", "ok", "ok soon -"])
def test_what_is_no_answer_is_refused(line):
    with pytest.raises(ValueError):
        parse_answer(line)
