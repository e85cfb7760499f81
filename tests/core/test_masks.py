"""MT4 group masks."""

from __future__ import annotations

import pytest

from panel.access.masks import matches


@pytest.mark.parametrize(
    ("masks", "group", "inside"),
    [
        ("*", "real-std-usd", True),
        ("", "real-std-usd", False),
        ("real-*", "real-std-usd", True),
        ("real-*", "demo-std", False),
        ("real-*,!real-vip*", "real-vip-eur", False),
        ("!real-vip*,real-*", "real-vip-eur", False),
        ("*-eur", "real-vip-eur", True),
        ("Real-*", "real-std-usd", False),
        ("real-std-usd", "real-std-usd2", False),
        ("a.c", "abc", False),
    ],
)
def test_a_group_lies_within_its_masks(masks: str, group: str, inside: bool) -> None:
    assert matches(masks, group) is inside
