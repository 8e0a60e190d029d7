import { Money } from "./money.ts";
import { TaxClass } from "./types.ts";
import type { Invoice, InvoiceLine, TaxTotal, Totals } from "./types.ts";

const RATES: Record<TaxClass, number> = {
  [TaxClass.Standard]: 19,
  [TaxClass.Reduced]: 7,
  [TaxClass.None]: 0,
};

/** One line, checked, with its price after discount. */
export class PricedLine {
  readonly net: Money;

  constructor(
    readonly line: InvoiceLine,
    position: number,
  ) {
    const { quantity, unit_price, tax, discount_percent = 0 } = line;
    const refuse = (reason: string): never => {
      throw new RangeError(`line ${position}: ${reason}`);
    };
    if (!(quantity > 0)) refuse("the quantity must be more than zero");
    if (!(tax in RATES)) refuse(`"${tax}" is not a tax class; known are ${Object.keys(RATES).join(", ")}`);
    if (discount_percent < 0 || discount_percent > 100) refuse("a discount is between 0 and 100 percent");
    this.net = Money.of(unit_price).times(quantity).times(1 - discount_percent / 100);
  }
}

export function totals(invoice: Invoice): Totals {
  const lines = invoice.lines.map((line, index) => new PricedLine(line, index + 1));
  const net = Money.sum(lines.map((line) => line.net));
  const taxes = Object.values(TaxClass).map((tax) => ({ tax, ...taxOf(lines, tax) }));
  const gross = Money.sum([net, ...taxes.map(({ amount }) => amount)]);
  return {
    number: invoice.number,
    currency: invoice.currency,
    net: net.toString(),
    taxes: taxes.map(({ tax, base, amount }): TaxTotal => ({
      tax,
      rate_percent: RATES[tax],
      net: base.toString(),
      amount: amount.toString(),
    })),
    gross: gross.toString(),
  };
}

/** Tax is rounded once for each class, not for each line: that is what tax offices expect. */
function taxOf(lines: PricedLine[], tax: TaxClass): { base: Money; amount: Money } {
  const base = Money.sum(lines.filter(({ line }) => line.tax === tax).map(({ net }) => net));
  return { base, amount: base.times(RATES[tax] / 100) };
}
