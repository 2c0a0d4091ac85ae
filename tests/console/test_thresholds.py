"""From which age keys and passwords are pointed at (S16, S17)."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ostiary.cli.account import app
from ostiary.services.console.thresholds import BadThresholds, Thresholds, checked, present, properties
from tests.world import ACCOUNT, World


def test_the_boundaries_are_89_90_364_and_365_days() -> None:
    assert [Thresholds().of_days(days) for days in (0, 89, 90, 364, 365)] == ["good", "good", "care", "care", "bad"]
    assert [Thresholds(60, 90).of_days(days) for days in (59, 60, 89, 90)] == ["good", "care", "care", "bad"]


def test_they_are_properties_of_the_account(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.house.store.read() as tx:
        assert present(tx, ACCOUNT) == Thresholds(90, 365)
    world.call("iam:PutAccountProperties", Properties=properties("60", "90"))
    with world.house.store.read() as tx:
        assert present(tx, ACCOUNT) == Thresholds(60, 90)
    world.call("iam:PutAccountProperties", Properties={"CredentialAge/CautionDays": "soon"})
    with world.house.store.read() as tx:
        assert present(tx, ACCOUNT) == Thresholds(90, 365)
    world.house.store.close()


@pytest.mark.parametrize(
    "written", [("0", "1"), ("91", "90"), ("1.5", "9"), ("", "9"), ("٣", "9"), ("9", "99999999999")]
)
def test_what_makes_no_sense_is_refused(written: tuple[str, str]) -> None:
    with pytest.raises(BadThresholds):
        checked(*written)


def test_a_command_shows_and_sets_them(tmp_path: Path) -> None:
    World(tmp_path).house.store.close()
    runner = CliRunner()
    told = runner.invoke(app, ["thresholds", ACCOUNT, "--data", str(tmp_path)])
    assert told.exit_code == 0, told.output
    assert told.output.split() == ["caution", "90", "days", "warning", "365", "days"]
    told = runner.invoke(app, ["thresholds", ACCOUNT, "60", "--data", str(tmp_path), "--json"])
    assert told.output.strip() == '{"caution": 60, "warning": 365}'
    told = runner.invoke(app, ["thresholds", ACCOUNT, "60", "59", "--data", str(tmp_path)])
    assert told.exit_code == 1 and "must not come before" in told.output
