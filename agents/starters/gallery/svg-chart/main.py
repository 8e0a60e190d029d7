"""Draw a bar chart as SVG.

Input   title  a line above the chart
        data   a list of {"label": text, "value": number ≥ 0}
        width, height  of the picture, in pixels
Files   out/chart.svg
"""

from pathlib import Path

from scale import nice_ticks
from svg import Picture


def main(data: list[dict], title: str = "", width: int = 640, height: int = 360) -> dict:
    if not data:
        raise ValueError("there is nothing to draw: data is empty")
    values = [float(row["value"]) for row in data]
    if min(values) < 0:
        raise ValueError("bars start at zero, so no value may be negative")

    progress(10, "choosing the scale")
    ticks = nice_ticks(max(values))
    picture = Picture(width, height)
    plot = Plot(picture, top=ticks[-1])

    picture.text(width / 2, 28, title, size=18, anchor="middle", weight="bold")
    for tick in ticks:
        plot.grid_line(tick)
    for index, row in enumerate(data):
        progress(20 + 70 * index / len(data), f"drawing {row['label']}")
        plot.bar(index, len(data), str(row["label"]), float(row["value"]))

    path = Path("out/chart.svg")
    path.parent.mkdir(exist_ok=True)
    path.write_text(picture.source(), encoding="utf-8")
    progress(100, "done")
    return {"file": str(path), "bars": len(data), "highest": max(values), "axis": ticks}


def progress(percent: float, message: str) -> None:
    """A line of this form moves the progress bar of the run."""
    print(f"::progress {percent:.0f} {message}", flush=True)


class Plot:
    """The area inside the axes: turns values into places on the picture."""

    LEFT, RIGHT, TOP, BOTTOM = 56, 16, 48, 36

    def __init__(self, picture: Picture, top: float) -> None:
        self.picture = picture
        self.top = top
        self.width = picture.width - self.LEFT - self.RIGHT
        self.height = picture.height - self.TOP - self.BOTTOM

    def y(self, value: float) -> float:
        return self.TOP + self.height * (1 - value / self.top)

    def grid_line(self, value: float) -> None:
        y = self.y(value)
        self.picture.line(self.LEFT, y, self.LEFT + self.width, y, colour="#cbd5e1")
        self.picture.text(self.LEFT - 8, y + 4, f"{value:g}", anchor="end", colour="#64748b")

    def bar(self, index: int, count: int, label: str, value: float) -> None:
        slot = self.width / count
        x = self.LEFT + slot * index + slot * 0.15
        self.picture.rect(x, self.y(value), slot * 0.7, self.y(0) - self.y(value), hint=f"{label}: {value:g}")
        self.picture.text(x + slot * 0.35, self.y(0) + 20, label, anchor="middle")
