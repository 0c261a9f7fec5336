"""The folders that deployments were made of are remembered, not for ever."""

from __future__ import annotations

from pathlib import Path

from appwrite_emulator.services.origins import Origins


def test_the_last_folder_of_a_deployment_is_remembered(tmp_path: Path) -> None:
    origins = Origins()

    origins.note("d1", tmp_path / "old")
    origins.note("d1", tmp_path / "new")
    origins.note("", tmp_path)

    assert origins.of("d1") == tmp_path / "new"
    assert origins.of("d2") is None
    assert origins.of("") is None


def test_of_very_many_deployments_the_oldest_are_forgotten(tmp_path: Path) -> None:
    origins = Origins()

    for number in range(10_001):
        origins.note(f"d{number}", tmp_path)

    assert origins.of("d0") is None
    assert origins.of("d1") == tmp_path
    assert origins.of("d10000") == tmp_path
