"""Where an error lies, found in what runtimes and compilers say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator.places import place


@pytest.mark.parametrize(
    "text",
    [
        "src/greet.ts(3,47): error TS2322: Type 'string' is not assignable to type 'number'.",
        "./src/greet.ts:3:47 - error TS2322: Type 'string' is not assignable.",
        "[07:27:00] built by tool@1.2.3 (v5.6:1)\n✘ [ERROR] Unexpected end\n    src/greet.ts:3:2:",
        "Error at {folder}/src/greet.ts:3:47",
    ],
)
def test_a_compilers_error_is_found_in_the_folder(tmp_path: Path, text: str) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "greet.ts").touch()
    assert place(text.replace("{folder}", str(tmp_path)), tmp_path) == f"{tmp_path}/src/greet.ts:3"


def test_a_file_that_is_not_there_is_no_place(tmp_path: Path) -> None:
    assert place("lib/gone.ts:3:1 at 10:30", tmp_path) == ""


def test_phps_error_lies_where_it_was_thrown(tmp_path: Path) -> None:
    text = (
        f"no oven\n#0 {tmp_path}/index.php(5): bake('pie')\n#1 {{main}}\nAt {tmp_path}/bake.php:3"
    )
    assert place(text, tmp_path) == f"{tmp_path}/bake.php:3"


def test_an_error_in_a_package_of_php_lies_where_own_code_called_it(tmp_path: Path) -> None:
    text = f"no oven\n#0 {tmp_path}/index.php(5): bake('pie')\n#1 {{main}}\nAt /usr/lib/bake.php:3"
    assert place(text, tmp_path) == f"{tmp_path}/index.php:5"
