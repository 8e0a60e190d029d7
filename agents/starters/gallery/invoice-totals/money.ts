/** An amount in whole cents: adding 0.1 and 0.2 must give 0.3. */
export class Money {
  static readonly zero = new Money(0);

  private constructor(private readonly cents: number) {}

  /** From a number of units such as 19.99, rounded half up to the cent. */
  static of(units: number): Money {
    if (!Number.isFinite(units)) throw new RangeError(`${units} is not an amount`);
    // Through a decimal exponent, since 1.005 * 100 is 100.49999999999999.
    return new Money(Math.round(Number(`${units}e2`)));
  }

  static sum(amounts: Money[]): Money {
    return amounts.reduce((sum, amount) => sum.plus(amount), Money.zero);
  }

  plus(other: Money): Money {
    return new Money(this.cents + other.cents);
  }

  times(factor: number): Money {
    return Money.of(Number((this.cents * factor).toFixed(6)) / 100);
  }

  toString(): string {
    return (this.cents / 100).toFixed(2);
  }
}
