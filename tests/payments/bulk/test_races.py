"""Two people with the same payments at the same moment."""

from __future__ import annotations

import pytest

from panel.commands.base import Invalid
from panel.models import ChangeRequest, Platform
from tests.core.conftest import Cast
from tests.core.money import new_account
from tests.harness.at_once import at_once
from tests.payments.bulk.bulk import checked, submitted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.mark.parametrize("again", range(3))
def test_of_two_files_with_the_same_line_asked_for_at_once_one_is_refused(
    platform: Platform, cast: Cast, again: int
) -> None:
    line = f"{new_account(platform)},deposit,10,USD,a,"
    first, second = checked(cast.olga, line), checked(cast.olga, line, name="again.csv")
    answers = at_once(lambda: submitted(cast.olga, first), lambda: submitted(cast.olga, second))
    refused = [answer for answer in answers if isinstance(answer, Invalid)]
    assert len(refused) == 1, answers
    assert "the same was asked for elsewhere" in str(refused[0])
    assert ChangeRequest.objects.count() == 1
