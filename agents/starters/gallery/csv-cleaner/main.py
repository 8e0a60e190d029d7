"""Clean a CSV table: tidy names, values and dates, drop duplicates, and say what was done.

Input   table      the table as text, its first line naming the columns
        unique_by  columns that together identify a row (default: the whole row)
        required   columns that must not be empty
Result  counts, the clean columns, and one entry for each thing that was changed or dropped
Files   out/clean.csv
"""

import csv
import io
from pathlib import Path

from cleaning import Change, clean_row, column_names
from console import bold, dim, green, yellow


def main(table: str, unique_by: list[str] | None = None, required: list[str] | None = None) -> dict:
    columns, rows = read(table)
    check_known(columns, [*(unique_by or []), *(required or [])])
    kept, changes = clean(rows, unique_by or columns, required or [])
    write(Path("out/clean.csv"), columns, kept)
    report(len(rows), len(kept), changes)
    return {
        "rows_read": len(rows),
        "rows_kept": len(kept),
        "columns": columns,
        "changes": [change.as_dict() for change in changes],
    }


def read(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The column names in snake_case, and each row as a mapping from them to its cells."""
    lines = list(csv.reader(io.StringIO(text)))
    if not lines:
        raise ValueError("the table is empty: it has not even a line of column names")
    columns = column_names(lines[0])
    # Short rows are filled up and long ones cut, as spreadsheets do.
    rows = [dict(zip(columns, [*cells, *[""] * len(columns)])) for cells in lines[1:]]
    return columns, rows


def check_known(columns: list[str], asked: list[str]) -> None:
    unknown = sorted(set(asked) - set(columns))
    if unknown:
        raise ValueError(f"no such column: {', '.join(unknown)}; the table has {', '.join(columns)}")


def clean(
    rows: list[dict[str, str]], unique_by: list[str], required: list[str]
) -> tuple[list[dict[str, str]], list[Change]]:
    kept: dict[tuple[str, ...], dict[str, str]] = {}
    changes: list[Change] = []
    for number, raw in enumerate(rows, start=2):  # line 1 names the columns
        row, found = clean_row(raw, number)
        missing = [column for column in required if not row[column]]
        key = tuple(row[column].casefold() for column in unique_by)
        if not any(row.values()):
            changes.append(Change(number, "dropped", "empty row"))
        elif missing:
            changes.append(Change(number, "dropped", f"nothing in {', '.join(missing)}"))
        elif key in kept:
            changes.append(Change(number, "dropped", "seen before"))
        else:
            changes += found
            kept[key] = row
    return list(kept.values()), changes


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def report(read_count: int, kept_count: int, changes: list[Change]) -> None:
    for change in changes:
        paint = yellow if change.kind == "dropped" else green
        print(f"{dim(f'line {change.line:>3}')}  {paint(f'{change.kind:<7}')}  {change.what}")
    print(bold(f"{kept_count} of {read_count} rows kept"))
