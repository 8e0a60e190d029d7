const DAY_MS = 24 * 60 * 60 * 1000;

/** Working days: Monday to Friday without the holidays. Dates are ISO text, reckoned in UTC. */
export class Calendar {
  private readonly holidays: ReadonlySet<string>;
  private readonly days: string[] = [];

  constructor(
    private readonly start: string,
    holidays: string[] = [],
  ) {
    if (Number.isNaN(Date.parse(start))) throw new Error(`"${start}" is not a date like 2025-03-03`);
    this.holidays = new Set(holidays);
  }

  /** The date of the working day with this number; 0 is the first one at or after the start. */
  day(number: number): string {
    while (this.days.length <= number) this.days.push(this.next());
    return this.days[number];
  }

  private next(): string {
    const last = this.days.at(-1);
    let date = new Date(last ? Date.parse(last) + DAY_MS : Date.parse(this.start));
    while (!this.isWorking(date)) date = new Date(date.getTime() + DAY_MS);
    return iso(date);
  }

  private isWorking(date: Date): boolean {
    const weekday = date.getUTCDay();
    return weekday !== 0 && weekday !== 6 && !this.holidays.has(iso(date));
  }
}

function iso(date: Date): string {
  return date.toISOString().slice(0, 10);
}
