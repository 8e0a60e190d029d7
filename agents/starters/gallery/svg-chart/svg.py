"""Just enough SVG. Text is escaped, so a label can never become markup."""

from xml.sax.saxutils import escape, quoteattr


class Picture:
    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, *, colour: str = "#0f766e", hint: str = "") -> None:
        box = _attributes(x=x, y=y, width=width, height=height, rx=3, fill=colour)
        self._parts.append(f"<rect {box}><title>{escape(hint)}</title></rect>")

    def line(self, x1: float, y1: float, x2: float, y2: float, *, colour: str) -> None:
        self._parts.append(f"<line {_attributes(x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour)}/>")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int = 12,
        anchor: str = "start",
        colour: str = "#0f172a",
        weight: str = "normal",
    ) -> None:
        look = _attributes(x=x, y=y, font_size=size, text_anchor=anchor, fill=colour, font_weight=weight)
        self._parts.append(f"<text {look}>{escape(text)}</text>")

    def source(self) -> str:
        size = _attributes(width=self.width, height=self.height, viewBox=f"0 0 {self.width} {self.height}")
        body = "\n  ".join(self._parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif">\n'
            f'  <rect width="100%" height="100%" fill="#ffffff"/>\n  {body}\n</svg>\n'
        )


def _attributes(**values: object) -> str:
    return " ".join(f"{name.replace('_', '-')}={quoteattr(_plain(value))}" for name, value in values.items())


def _plain(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
