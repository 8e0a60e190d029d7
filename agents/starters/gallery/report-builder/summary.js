// Totals per group.

export class Summary {
  constructor(groups) {
    this.total = round(groups.reduce((sum, group) => sum + group.total, 0));
    this.groups = groups
      .map((group) => ({ ...group, total: round(group.total), share: this.total ? round(group.total / this.total, 4) : 0 }))
      // Largest first; groups of one size by name, so that equal rows give an equal report.
      .sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
  }

  static of(rows, groupBy, measure) {
    if (!Array.isArray(rows) || rows.length === 0) throw new TypeError("rows must be a list with something in it");
    const groups = new Map();
    rows.forEach((row, index) => {
      const figure = row[measure];
      if (typeof figure !== "number") throw new TypeError(`row ${index + 1} has no number in "${measure}"`);
      const name = String(row[groupBy] ?? "(none)");
      const group = groups.get(name) ?? { name, count: 0, total: 0 };
      groups.set(name, { name, count: group.count + 1, total: group.total + figure });
    });
    return new Summary([...groups.values()]);
  }
}

function round(number, digits = 2) {
  return Number(number.toFixed(digits));
}
