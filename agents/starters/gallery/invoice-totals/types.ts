/** What goes in and what comes out. */

export enum TaxClass {
  Standard = "standard",
  Reduced = "reduced",
  None = "none",
}

export interface InvoiceLine {
  text: string;
  quantity: number;
  unit_price: number;
  tax: TaxClass;
  discount_percent?: number;
}

export interface Invoice {
  number: string;
  currency: string;
  lines: InvoiceLine[];
}

export interface TaxTotal {
  tax: TaxClass;
  rate_percent: number;
  net: string;
  amount: string;
}

export interface Totals {
  number: string;
  currency: string;
  net: string;
  taxes: TaxTotal[];
  gross: string;
}
