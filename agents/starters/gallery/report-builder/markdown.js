// The few parts of Markdown that a report needs. Cells are escaped: a | in the data stays a character.

export function document(...blocks) {
  return `${blocks.join("\n\n")}\n`;
}

export function heading(level, text) {
  return `${"#".repeat(level)} ${text}`;
}

export function paragraph(text) {
  return text;
}

/** A table whose columns line up in the source as well. */
export function table(head, rows, align) {
  const cells = [head, ...rows].map((row) => row.map(escape));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => pad(cell, widths[column], align[column])).join(" | ")} |`;
  const rule = widths.map((width, column) => (align[column] === "right" ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [line(cells[0]), `| ${rule.join(" | ")} |`, ...cells.slice(1).map(line)].join("\n");
}

function pad(text, width, align) {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}

function escape(value) {
  return String(value).replaceAll("|", "\\|").replaceAll("\n", " ");
}
