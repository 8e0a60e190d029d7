/** An amount in whole cents: adding 0.1 and 0.2 must give 0.3. */
export class Money {
  static readonly zero = new Money(0);

  private constructor(private readonly cents: number) {}

  /** From a number of units such as 19.99, rounded half up to the cent. */
  static of(units: number): Money {
    if (!Number.isFinite(units)) throw new RangeError(`${units} is not an amount`);
    return new Money(rounded(units * 100));
  }

  static sum(amounts: Money[]): Money {
    return amounts.reduce((sum, amount) => sum.plus(amount), Money.zero);
  }

  plus(other: Money): Money {
    return new Money(this.cents + other.cents);
  }

  times(factor: number): Money {
    return new Money(rounded(this.cents * factor));
  }

  toString(): string {
    return (this.cents / 100).toFixed(2);
  }
}

/** Half up, on six decimals: 1.005 * 100 is 100.49999999999999 and means 100.5. */
function rounded(cents: number): number {
  return Math.round(Number(cents.toFixed(6)));
}
