const KIB = 2 ** 10;
const MIB = 2 ** 20;

export const kibibytes = (bytes: number): string => `${(bytes / KIB).toFixed(1)} KiB`;

export const mebibytes = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

const thousands = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const count = (value: number): string => thousands.format(value);

/** 12,300 -> 12.3 k, 4,560,000 -> 4.56 M */
export function rate(perSecond: number): string {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)} M`;
  if (perSecond >= 1e3) return `${(perSecond / 1e3).toFixed(1)} k`;
  return perSecond.toFixed(0);
}
