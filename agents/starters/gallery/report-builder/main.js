// Write a Markdown report from rows of figures.
//
// Input   rows      a list of objects
//         group_by  the field that names the group of a row
//         measure   the field with its figure
//         title, unit
// Files   out/report.md
import { mkdir, writeFile } from "node:fs/promises";

import { document, heading, paragraph, table } from "./markdown.js";
import { Summary } from "./summary.js";

export async function main({ rows, group_by, measure, title = "Report", unit = "" }) {
  const summary = Summary.of(rows, group_by, measure);
  const format = (number) => `${number.toLocaleString("en-US", { minimumFractionDigits: 2 })}${unit && ` ${unit}`}`;

  const report = document(
    heading(1, title),
    paragraph(`${rows.length} rows in ${summary.groups.length} groups, **${format(summary.total)}** in total.`),
    table(
      [group_by, "rows", measure, "share"],
      summary.groups.map((group) => [group.name, group.count, format(group.total), percent(group.share)]),
      ["left", "right", "right", "right"],
    ),
    heading(2, "Highest"),
    paragraph(`**${summary.groups[0].name}** has ${percent(summary.groups[0].share)} of all.`),
  );

  await mkdir("out", { recursive: true });
  await writeFile("out/report.md", report);
  console.log(report);
  return {
    file: "out/report.md",
    total: summary.total,
    groups: summary.groups.map(({ name, total, share }) => ({ name, total, share })),
  };
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
