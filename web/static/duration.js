// Seconds in words that fit on a line.

/** 3.24 → "3.2 s", 41 → "41 s", 80 → "1 min 20 s" */
export function inWords(seconds) {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest ? ` ${rest} s` : ""}`;
}
