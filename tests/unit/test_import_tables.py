"""Tables as people really have them, and what is said of those that are broken."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from backprop_studio.data import Task, own
from backprop_studio.data.importing import ImportCancelled, Imported, table
from backprop_studio.data.importing.layout import Kind, Layout, Missing, Plan, Role
from backprop_studio.errors import ImportDataError

PLAIN = "x,y,kind\n1.5,2,a\n3,4,b\n5,-6e-1,a\n7,8,b\n"


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def take(path: Path, **changes: Missing) -> Imported:
    preview = table.inspect(path)
    assert preview.problem == ""
    return table.load(path, _with_missing(preview.plan, changes))


def _with_missing(plan: Plan, changes: dict[str, Missing]) -> Plan:
    columns = tuple(replace(c, missing=changes.get(c.name, c.missing)) for c in plan.columns)
    return replace(plan, columns=columns)


def refusal(path: Path, plan: Plan | None = None) -> str:
    with pytest.raises(ImportDataError) as caught:
        table.load(path, plan or table.inspect(path).plan)
    text = str(caught.value)
    assert len(text) < 2_000 and "\n" not in text
    return text.replace(str(path), "FILE")


MEND = "; mend it, or take the column as categories or classes."


def test_that_a_plain_table_becomes_features_and_classes(tmp_path: Path) -> None:
    made = take(write(tmp_path, PLAIN))
    dataset = made.dataset
    assert dataset.task is Task.CLASSIFICATION
    assert dataset.class_names == ("a", "b") and dataset.feature_names == ("x", "y")
    assert np.allclose(dataset.x, [[1.5, 2], [3, 4], [5, -0.6], [7, 8]])
    assert dataset.y.tolist() == [0, 1, 0, 1]
    assert made.class_counts == {"a": 2, "b": 2} and made.warnings == ()


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", ";").replace(".", ",").replace("-0", "-0").encode(),
        PLAIN.replace(",", "\t").replace(".", ",").encode(),
        PLAIN.replace(",", "|").encode(),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\n\n").encode() + b"\n , ,\n,,\n",
        PLAIN.replace("a", '"a"').replace("1.5", '"1.5"').encode(),
        PLAIN.rstrip().encode(),
    ],
    ids=[
        "bom", "crlf", "cr", "tab", "semicolon", "decimal comma", "tab, decimal comma", "bar",
        "utf-16", "utf-16-le without mark", "utf-16-be", "blank lines", "quotes", "no last newline",
    ],
)  # fmt: skip
def test_that_the_same_table_is_read_from_every_way_to_write_it(
    tmp_path: Path, content: bytes
) -> None:
    dataset = take(write(tmp_path, content)).dataset
    assert np.allclose(dataset.x, [[1.5, 2], [3, 4], [5, -0.6], [7, 8]])
    assert dataset.class_names == ("a", "b") and dataset.feature_names == ("x", "y")


def test_that_quoted_cells_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    content = 'n,what\n1,"one, ""two""\nthree"\n2,plain\n3,plain\n'
    dataset = take(write(tmp_path, content)).dataset
    assert dataset.class_names == ('one, "two"\\nthree', "plain")
    # Lines are counted as an editor counts them, also after a cell of two lines.
    path = write(tmp_path, content + "x,plain\n")
    plan = table.inspect(path).plan
    number = replace(plan.columns[0], kind=Kind.NUMBER)
    text = refusal(path, replace(plan, columns=(number, plan.columns[1])))
    assert text == "'FILE', row 6, column 'n': 'x' is not a number" + MEND


def test_that_letters_of_western_europe_are_read_without_utf_8(tmp_path: Path) -> None:
    dataset = take(write(tmp_path, "n,où\n1,café\n2,bar\n3,café\n".encode("cp1252"))).dataset
    assert dataset.class_names == ("bar", "café")


def test_that_a_table_without_a_header_loses_no_row(tmp_path: Path) -> None:
    path = write(tmp_path, "1,2,a\n3,4,b\n5,6,a\n")
    assert not table.inspect(path).plan.layout.header
    dataset = take(path).dataset
    assert dataset.size == 3 and dataset.feature_names == ("column 1", "column 2")


def test_that_names_that_come_twice_or_are_missing_are_told_apart(tmp_path: Path) -> None:
    dataset = take(write(tmp_path, "a,a,,t\n1,2,3,4.5\n2,3,4,5.5\n")).dataset
    assert dataset.feature_names == ("a", "a (2)", "column 3")
    assert dataset.task is Task.REGRESSION and dataset.y.tolist() == [[4.5], [5.5]]


def test_that_categories_become_one_column_each(tmp_path: Path) -> None:
    content = "size,colour,y\n1,red,0.5\n2,blue,1.5\n3,,2.5\n4, red ,3.5\n"
    dataset = take(write(tmp_path, content)).dataset
    assert dataset.feature_names == (
        "size", "colour = blue", "colour = red", "colour = missing",
    )  # fmt: skip
    assert dataset.x[:, 1:].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_what_becomes_of_missing_cells(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,y\n1,2,u\nNA,4,v\n3,?,u\n5,6,\n8,9,v\n")
    filled = take(path)
    assert filled.dataset.x.tolist() == [[1, 2], [4, 4], [3, 5], [8, 9]]
    assert [d.code for d in filled.warnings] == ["import-dropped", "import-filled", "import-filled"]
    assert filled.warnings[0].text.endswith("the first of them row 5.")
    dropped = take(path, a=Missing.DROP, b=Missing.DROP)
    assert dropped.dataset.x.tolist() == [[1, 2], [8, 9]]
    assert "missing: 3, the first of them row 3" in dropped.warnings[0].text


def test_that_digits_in_groups_are_numbers(tmp_path: Path) -> None:
    german = take(write(tmp_path, "a;y\n1.500,5;2,25\n2.000.000;3,5\n")).dataset
    assert german.x.ravel().tolist() == [1500.5, 2e6] and german.y.ravel().tolist() == [2.25, 3.5]
    english = take(write(tmp_path, 'a;y\n"1,500.5";2.25\n"2,000,000";3.5\n')).dataset
    assert english.x.ravel().tolist() == [1500.5, 2e6]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12%", 0.12),
        ("12.5 %", 0.125),
        ("$1,234.50", 1234.5),
        ("-$3", -3),
        ("7 €", 7),
        ("1 234.5", 1234.5),
        ("1\u202f234\u202f567", 1234567),
        ("1'234", 1234),
        ("\u22125", -5),
        ("#N/A", math.nan),
        ("missing", math.nan),
        ("1_000", None),
        ("٣", None),
        ("$", None),
        ("%", None),
        ("--5", None),
        ("$-5$", None),
    ],
)
def test_how_people_write_numbers(tmp_path: Path, cell: str, value: float | None) -> None:
    path = write(tmp_path, f'n,y\n"{cell}",a\n' + "0,b\n1,a\n2,b\n3,a\n4,b\n")
    found = table.inspect(path)
    assert found.plan.columns[0].kind is Kind.NUMBER
    if value is None:
        assert f"row 2, column 'n': '{cell}' is not a number" in refusal(path)
    else:
        mean = np.mean([0, 1, 2, 3, 4]) if math.isnan(value) else value
        assert take(path).dataset.x[0, 0] == np.float32(mean)


@pytest.mark.parametrize(
    "content",
    [
        "A report\n\na,b,y\n{rows}",
        "# made by hand, at noon\n# units: m\na,b,y\n{rows}",
        "sep=,\na,b,y\n{rows}",
    ],
)
def test_that_what_stands_above_a_table_is_skipped(tmp_path: Path, content: str) -> None:
    rows = "".join(f"{i},{i * i},{'uv'[i % 2]}\n" for i in range(9))
    path = write(tmp_path, content.format(rows=rows))
    assert table.inspect(path).plan.layout.skip > 0
    dataset = take(path).dataset
    assert dataset.feature_names == ("a", "b") and dataset.size == 9
    # A row that is wrong is told by its line in the file.
    path.write_text(path.read_text() + "oops,1,u\n")
    assert f"row {len(path.read_text().splitlines())}, column 'a'" in refusal(path)


def test_that_no_row_of_data_is_taken_for_a_title(tmp_path: Path) -> None:
    path = write(tmp_path, ",,5\n1,2,6\n3,4,7\n5,,8\n6,7,9\n")
    assert take(path).dataset.size == 5


@pytest.mark.parametrize(("header", "row"), [("a,y", ","), ("a,y,", ""), ("a,y,", ",")])
def test_that_a_delimiter_at_the_end_of_rows_is_no_column(
    tmp_path: Path, header: str, row: str
) -> None:
    path = write(tmp_path, header + "\n" + "".join(f"{i},{'uv'[i % 2]}{row}\n" for i in range(9)))
    dataset = take(path).dataset
    assert dataset.feature_names == ("a",) and dataset.size == 9
    assert dataset.class_names == ("u", "v")


def test_that_columns_between_spaces_are_read(tmp_path: Path) -> None:
    rows = "".join(f"  {i}   {i / 4:.2f} {i % 2} \n" for i in range(9))
    path = write(tmp_path, rows)
    layout = table.inspect(path).plan.layout
    assert layout.delimiter == " " and not layout.header
    dataset = take(path).dataset
    assert dataset.x.tolist() == [[i, i / 4] for i in range(9)]
    # Where anything else could separate cells, spaces belong to words.
    words = "name of it,y\n" + "".join(f"a red one,{i % 2}\n" for i in range(9))
    assert table.inspect(write(tmp_path, words)).plan.layout.delimiter == ","


def test_that_a_space_before_a_quoted_cell_does_not_matter(tmp_path: Path) -> None:
    rows = "".join(f'{i}, "{i * 2}", "u, {i % 2}"\n' for i in range(9))
    dataset = take(write(tmp_path, '"a", "b", "y"\n' + rows)).dataset
    assert dataset.feature_names == ("a", "b") and dataset.class_names == ("u, 0", "u, 1")


@pytest.mark.parametrize("day", ["2024-01-{d:02d}", "{d}.1.2024", "1/{d}/24", "2024-01-{d} 10:30"])
def test_that_dates_are_left_out(tmp_path: Path, day: str) -> None:
    rows = "".join(f"{day.format(d=i % 28 + 1)},{i},{i % 2}\n" for i in range(40))
    plan = table.inspect(write(tmp_path, "day,n,y\n" + rows)).plan
    assert [c.role for c in plan.columns] == [Role.IGNORE, Role.FEATURE, Role.TARGET]


@pytest.mark.parametrize("name", ["id", "ID", "CustomerID", "user_id", ""])
def test_that_numbers_that_only_count_rows_are_left_out(tmp_path: Path, name: str) -> None:
    rows = "".join(f"{i},{i % 7},{'uv'[i % 2]}\n" for i in range(40))
    plan = table.inspect(write(tmp_path, f"{name},n,y\n" + rows)).plan
    assert [c.role for c in plan.columns] == [Role.IGNORE, Role.FEATURE, Role.TARGET]
    # What comes twice tells something, and so does what has another name.
    plan = table.inspect(write(tmp_path, f"{name or 'n'},n,y\n1,2,u\n1,3,v\n2,4,u\n")).plan
    assert plan.columns[0].role is Role.FEATURE


def test_that_many_classes_are_known_by_the_name_of_the_target(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 60}\n" for i in range(240))
    assert table.inspect(write(tmp_path, "n,class\n" + rows)).plan.task is Task.CLASSIFICATION
    assert table.inspect(write(tmp_path, "n,age\n" + rows)).plan.task is Task.REGRESSION
    rows = "".join(f"{i},{i % 3}.0\n" for i in range(30))
    assert table.inspect(write(tmp_path, "n,y\n" + rows)).plan.task is Task.CLASSIFICATION


def test_that_classes_that_differ_in_capital_letters_only_are_a_warning(tmp_path: Path) -> None:
    rows = "".join(f"{i},{('Yes', 'yes ', 'no')[i % 3]}\n" for i in range(30))
    (told,) = take(write(tmp_path, "n,y\n" + rows)).warnings
    assert told.text == "Classes that differ in capital letters only: 'Yes', 'yes'."


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("cp1251", "кошка"), ("cp932", "猫の名"), ("gb18030", "小猫"), ("cp1250", "żółw")],
)
def test_that_other_scripts_are_read_in_the_encoding_that_is_chosen(
    tmp_path: Path, encoding: str, word: str
) -> None:
    content = "n,y\n" + "".join(f"{i},{word if i % 2 else 'x'}\n" for i in range(9))
    path = write(tmp_path, content.encode(encoding))
    plan = table.inspect(path, Layout(encoding=encoding)).plan
    assert word in table.load(path, plan).dataset.class_names


def test_that_a_number_of_classes_is_a_choice(tmp_path: Path) -> None:
    path = write(tmp_path, "a,y\n" + "".join(f"{i},{i % 3 + 8}\n" for i in range(12)))
    plan = table.inspect(path).plan
    assert plan.task is Task.CLASSIFICATION
    # By size, not by letter.
    assert table.load(path, plan).dataset.class_names == ("8", "9", "10")
    numbers = table.load(path, replace(plan, task=Task.REGRESSION)).dataset
    assert numbers.y[:3].tolist() == [[8], [9], [10]]


def test_that_a_column_that_names_rows_is_left_out(tmp_path: Path) -> None:
    rows = "".join(f"name{i},{i},{'ab'[i % 2]}\n" for i in range(80))
    plan = table.inspect(write(tmp_path, "who,n,t\n" + rows)).plan
    assert [c.role for c in plan.columns] == [Role.IGNORE, Role.FEATURE, Role.TARGET]


def test_that_the_target_is_found_by_its_name(tmp_path: Path) -> None:
    plan = table.inspect(write(tmp_path, "species,a,b\nu,1,2\nv,3,4\n")).plan
    assert plan.target == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1,2\n3,4,5\n6,7\n", "'FILE', row 3: it has 3 cells, and the first row has 2."),
        ("a,b\n1,2.5\n\n3\n", "'FILE', row 4: it has one cell, and the first row has 2."),
        ("a,y\n1,2.5\ninf,3.5\n", "'FILE', row 3, column 'a': 'inf' is infinite, and only"),
        ("a,y\n1,2.5\n1e39,3.5\n", "'FILE', row 3, column 'a': '1e39' is too large;"),
        ("a,y\n1,2.5\n1e999,3.5\n", "'FILE', row 3, column 'a': '1e999' is too large;"),
        ("a,y\n1,u\n2,u\n", "'FILE' cannot be imported: all rows are of one class, 'u';"),
        ("a,y\n1,u\n", "'FILE' cannot be imported: it has one row of data,"),
        ("a,y\n1,\n2,\n", "'FILE' cannot be imported: choose at least one column as a feature."),
        ("y\n1.5\n2.5\n", "'FILE' cannot be imported: it has a single column"),
        ('a,y\n1,"u\n2,v\n', "'FILE', row 2: a quotation mark is opened in this row and never"),
        ('a,y\n1,"u"v\n2,v\n', "'FILE', row 2: a quotation mark stands inside a quoted cell;"),
    ],
)  # fmt: skip
def test_that_what_is_wrong_is_told_with_its_row_and_column(
    tmp_path: Path, content: str, told: str
) -> None:
    assert refusal(write(tmp_path, content)).startswith(told)


def test_that_a_word_among_numbers_is_told_far_behind_the_preview(tmp_path: Path) -> None:
    lines = [f"{i},{i / 2}" for i in range(9000)]
    lines[8000] = "many,3.5"
    path = write(tmp_path, "a,y\n" + "\n".join(lines))
    assert refusal(path) == "'FILE', row 8002, column 'a': 'many' is not a number" + MEND


def test_that_the_preview_tells_of_a_broken_row_and_shows_those_before_it(tmp_path: Path) -> None:
    preview = table.inspect(write(tmp_path, "a,b\n1,2\n3,4\n5\n"))
    assert len(preview.rows) == 2 and "row 4" in preview.problem


def test_that_bytes_that_are_no_text_in_the_middle_are_told_with_their_row(tmp_path: Path) -> None:
    path = write(tmp_path, b"a,y\n1,2.5\n2,\xff3.5\n4,5.5\n")
    plan = replace(table.inspect(path).plan, layout=Layout())
    assert refusal(path, plan) == "'FILE', row 3: it is not text in UTF-8; choose another encoding."


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf\r\n", "it is empty"),
        (b"a,b\n", "it holds a header and no rows"),
        (b"PK\x03\x04rest", "it is a zip archive or a workbook"),
        (b"\x1f\x8brest", "it is compressed"),
        (b' {"a": [1, 2]}', "it is JSON"),
        (b"\xef\xbb\xbf<!DOCTYPE html>\n<p>", "it is a web page"),
        (b"\x89PNG\r\n", "it is a picture"),
        (bytes(range(256)) * 4, "it is not text"),
    ],
)
def test_that_what_is_no_table_is_refused_by_what_it_is(
    tmp_path: Path, content: bytes, told: str
) -> None:
    with pytest.raises(ImportDataError, match=told):
        table.inspect(write(tmp_path, content))


def test_that_pipes_folders_and_huge_files_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(4 * 2**30)
    for path, code in (
        (tmp_path / "pipe.csv", "file-not-regular"),
        (tmp_path, "file-not-regular"),
        (huge, "file-too-large"),
        (tmp_path / "none.csv", "file-missing"),
    ):
        with pytest.raises(ImportDataError) as caught:
            table.inspect(path)
        assert caught.value.code == code


def test_that_a_row_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    endless = "a,y\n" + "1," * 2_000_000
    # Cells of many lines that go on for ever.
    cells = 'a,y\n1,"' + 'x\n","' * 2_000_000
    for content in (endless, cells):
        with pytest.raises(ImportDataError, match="longer than a million characters"):
            table.inspect(write(tmp_path, content))


def test_that_too_many_categories_are_refused_by_column(tmp_path: Path) -> None:
    rows = "".join(f"w{i},{i / 2}\n" for i in range(1_500))
    path = write(tmp_path, "a,y\n" + rows)
    plan = table.inspect(path).plan
    used = replace(plan.columns[0], role=Role.FEATURE)
    text = refusal(path, replace(plan, columns=(used, plan.columns[1])))
    assert text.startswith("'FILE', column 'a': it has more than 1,000 different values")


def test_that_more_numbers_than_fit_are_refused_while_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "MAX_NUMBERS", 5)
    assert "the limit is 5" in refusal(write(tmp_path, PLAIN))


def test_that_a_feature_that_never_changes_is_a_warning(tmp_path: Path) -> None:
    made = take(write(tmp_path, "a,b,y\n1,7,u\n2,7,v\n3,7,v\n"))
    assert [d.code for d in made.warnings] == ["import-rare", "import-constant"]
    assert "'b'" in made.warnings[1].text and "'u'" in made.warnings[0].text


def test_that_words_among_numbers_are_told_with_row_and_column_when_they_make_categories(
    tmp_path: Path,
) -> None:
    rows = "".join(f"{i % 4},{i},{'uv'[i % 2]}\n" for i in range(20))
    made = take(write(tmp_path, "a,b,y\n" + rows + "oops,7,u\nagain,8,v\n" * 3))
    assert "a = oops" in made.dataset.feature_names
    assert [d.text for d in made.warnings] == [
        "Column 'a' is read as categories, not as numbers, because of 'oops' in row 22."
    ]
    words = take(write(tmp_path, "a,y\n" + "red,u\nblue,v\n3,u\n4,v\n" * 3))
    assert words.warnings == (), "as many words as numbers: that is what the column is"


def test_that_loading_tells_how_far_it_is_and_can_be_given_up(tmp_path: Path) -> None:
    path = write(tmp_path, "a,y\n" + "".join(f"{i},{i / 2}\n" for i in range(9_000)))
    plan = table.inspect(path).plan
    told: list[float] = []
    table.load(path, plan, lambda share: not told.append(share))
    assert told == sorted(told) and len(told) > 4 and told[-1] == 1.0
    with pytest.raises(ImportCancelled):
        table.load(path, plan, lambda share: share < 0.5)
