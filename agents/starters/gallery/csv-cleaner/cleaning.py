"""What a clean table is: one rule per function."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime

DATE_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d")
NOTHING = {"", "-", "n/a", "na", "none", "null"}
NUMBER = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass
class Change:
    line: int
    kind: str
    what: str

    def as_dict(self) -> dict:
        return asdict(self)


def column_names(cells: list[str]) -> list[str]:
    """Names in snake_case; a second column of the same name gets a number."""
    names: list[str] = []
    for cell in cells:
        name = re.sub(r"\W+", "_", cell.strip().lower()).strip("_") or "column"
        same = sum(1 for other in names if other.rstrip("_0123456789") == name)
        names.append(f"{name}_{same + 1}" if same else name)
    return names


def clean_row(row: dict[str, str], line: int) -> tuple[dict[str, str], list[Change]]:
    """The row with clean cells, and an entry for each cell that changed or looks wrong."""
    clean: dict[str, str] = {}
    changes: list[Change] = []
    for column, cell in row.items():
        value = clean[column] = clean_cell(cell)
        if value != cell:
            changes.append(Change(line, "changed", f"{column}: {cell!r} → {value!r}"))
        if "mail" in column and value and not EMAIL.fullmatch(value):
            changes.append(Change(line, "warning", f"{column}: {value!r} is no address"))
    return clean, changes


def clean_cell(cell: str) -> str:
    text = " ".join(cell.split())
    if text.casefold() in NOTHING:
        return ""
    if "@" in text:
        return text.lower()
    if NUMBER.fullmatch(text):
        return plain_number(text)
    return as_date(text) or text


def plain_number(text: str) -> str:
    """1,250.50 → 1250.5"""
    whole, point, fraction = text.replace(",", "").partition(".")
    return f"{whole}.{fraction.rstrip('0')}".rstrip(".") if point else whole


def as_date(text: str) -> str | None:
    """The date in ISO form, or None when it is not a date. Days come before months."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
    return None
