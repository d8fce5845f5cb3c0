// Whether two values of JSON say the same, in whatever order their names stand.

const isRecord = (value) => typeof value === "object" && value !== null;

export function isSame(one, other) {
  if (one === other) return true;
  if (!isRecord(one) || !isRecord(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => name in other && isSame(one[name], other[name]));
}
