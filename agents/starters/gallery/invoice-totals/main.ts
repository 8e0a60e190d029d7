// Add up an invoice to the cent, and print it as a slip.
import { PricedLine, totals } from "./invoice.ts";
import type { Invoice, Totals } from "./types.ts";

const WIDTH = 44;

export function main(invoice: Invoice): Totals {
  if (!invoice.lines?.length) throw new RangeError("the invoice has no lines");
  const result = totals(invoice);
  print(invoice, result);
  return result;
}

function print(invoice: Invoice, result: Totals): void {
  const row = (left: string, right: string) => left.padEnd(WIDTH - right.length) + right;
  const rule = "─".repeat(WIDTH);
  console.log(`\x1b[1m${row(`Invoice ${invoice.number}`, invoice.currency)}\x1b[0m`);
  console.log(rule);
  invoice.lines.forEach((line, index) => {
    console.log(row(`${line.quantity} × ${line.text}`, new PricedLine(line, index + 1).net.toString()));
  });
  console.log(rule);
  for (const tax of result.taxes.filter(({ amount }) => Number(amount) > 0)) {
    console.log(`\x1b[2m${row(`${tax.rate_percent} % of ${tax.net}`, tax.amount)}\x1b[0m`);
  }
  console.log(`\x1b[32m${row("Total", result.gross)}\x1b[0m`);
}
