"""The arithmetic of fairness."""

from __future__ import annotations

from uuid import UUID

from paygate.workers.lanes import ALL_REQUESTS, NEW, QUICK_REQUESTS, REMEMBERED, SLOW_AFTER_S, WIDEST, Lanes

A, B = UUID(int=1), UUID(int=2)


def test_a_lane_starts_narrow_and_widens_with_every_success() -> None:
    lanes = Lanes()
    widths = []
    for _ in range(4):
        lanes.enter(A, 0.0)
        lanes.leave(A, 0.0, delivered=True)
        widths.append(lanes.rooms()[A])
    assert widths == [2 * NEW, WIDEST, WIDEST, WIDEST]


def test_a_failure_narrows_a_lane_to_one() -> None:
    lanes = Lanes()
    for began_s in (0.0, 1.0):
        lanes.enter(A, began_s)
    lanes.leave(A, 0.0, delivered=True)
    lanes.leave(A, 1.0, delivered=False)
    assert lanes.rooms() == {A: 1}


def test_what_is_under_way_takes_room_and_a_lane_overfull_after_a_failure_has_none() -> None:
    lanes = Lanes()
    for began_s in (0.0, 1.0, 2.0):
        lanes.enter(A, began_s)
    lanes.enter(B, 0.0)
    assert lanes.rooms() == {A: 0, B: 1}
    lanes.leave(A, 1.0, delivered=False)
    assert lanes.rooms()[A] == 0


def test_a_request_that_waits_long_gives_its_place_to_a_quick_one_but_connections_stay_bounded() -> None:
    lanes = Lanes()
    for number in range(QUICK_REQUESTS):
        lanes.enter(UUID(int=number), 0.0)
    assert lanes.room(SLOW_AFTER_S / 2) == 0
    assert lanes.room(SLOW_AFTER_S) == QUICK_REQUESTS
    for number in range(QUICK_REQUESTS, ALL_REQUESTS - 3):
        lanes.enter(UUID(int=number), 0.0)
    assert lanes.room(SLOW_AFTER_S) == 3


def test_lanes_of_long_ago_are_forgotten_but_not_those_in_use() -> None:
    lanes = Lanes()
    lanes.enter(A, 0.0)
    for number in range(REMEMBERED + 10):
        endpoint = UUID(int=1_000 + number)
        lanes.enter(endpoint, 1.0)
        lanes.leave(endpoint, 1.0, delivered=True)
    assert len(lanes.rooms()) <= REMEMBERED + 11
    lanes.leave(A, 0.0, delivered=True)
    assert A in lanes.rooms()
