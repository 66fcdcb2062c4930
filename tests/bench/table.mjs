// The results of the bench as a text for people, and as a plot.

const round = (value) => (value >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 100) / 100));

function rowOfRatio(one) {
  const verdict = one.bar === undefined ? '' : one.ratio >= one.bar ? 'yes' : 'no';
  return [one.name, one.peer, round(one.ours) + one.unit, round(one.theirs) + one.unit, one.ratio.toFixed(2),
    `${one.lowest.toFixed(2)}–${one.highest.toFixed(2)}`, one.by_processor ? one.by_processor.toFixed(2) : '',
    one.p99_us ? `${one.p99_us}/${one.their_p99_us}` : '', one.bar === undefined ? '' : one.bar.toFixed(1), verdict];
}

function rowOfValue(one) {
  return [one.name, `${round(one.value)} ${one.unit}`, one.most === undefined ? '' : `${one.most} ${one.unit}`,
    one.most === undefined ? '' : one.value < one.most ? 'yes' : 'no'];
}

function lines(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => [...row[i]].length)));
  return all.map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ')
    .trimEnd()).join('\n');
}

export function table(about, results) {
  const ratios = results.filter((one) => one.ratio !== undefined), values = results.filter((one) => one.ratio === undefined);
  const parts = [
    `${about.keurmerk} beside nginx ${about.nginx}, node ${about.node}, ${about.openssl}\n` +
    `${about.date}, ${about.processor}, ${about.cores} cores, load ${about.load_before.toFixed(1)} before and ` +
    `${about.load_after.toFixed(1)} after; median of ${about.rounds} rounds of ${about.seconds} s`,
  ];
  if (ratios.length)
    parts.push(lines(['what', 'beside', 'keurmerk', 'the other', 'ratio', 'of all rounds', 'by processor time',
      'p99 µs', 'bar', 'met'], ratios.map(rowOfRatio)));
  if (values.length) parts.push(lines(['what', 'value', 'at most', 'met'], values.map(rowOfValue)));
  return `${parts.join('\n\n')}\n`;
}

// ---------------------------------------------------------------------------------------------------------------- plot

const WIDE = 640, HIGH = 360, LEFT = 70, RIGHT = 150, TOP = 20, BOTTOM = 50;
const series = [
  { key: 'cold_us', name: 'cold look-up, µs', colour: '#0b6e4f' },
  { key: 'search_us', name: 'search, µs', colour: '#a63446' },
  { key: 'start_ms', name: 'start, ms', colour: '#31518e' },
];

// Both axes by powers of ten: marks, and what one thing costs.
export function plot(points) {
  const values = points.flatMap((one) => series.map(({ key }) => one[key]));
  const low = Math.floor(Math.log10(Math.min(...values))), high = Math.ceil(Math.log10(Math.max(...values)));
  const first = Math.log10(points[0].marks), last = Math.log10(points.at(-1).marks);
  const x = (marks) => LEFT + ((Math.log10(marks) - first) / (last - first || 1)) * (WIDE - LEFT - RIGHT);
  const y = (value) => HIGH - BOTTOM - ((Math.log10(value) - low) / (high - low || 1)) * (HIGH - TOP - BOTTOM);
  const text = (at, down, words, anchor, colour = '#222') =>
    `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${words}</text>`;
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDE} ${HIGH}" width="${WIDE}" height="${HIGH}" ` +
    'font-family="sans-serif" font-size="13"><title>Cost by the number of marks</title>',
  `<rect width="${WIDE}" height="${HIGH}" fill="#fff"/>`];
  for (let power = low; power <= high; power++)
    out.push(`<path d="M${LEFT} ${y(10 ** power).toFixed(1)}H${WIDE - RIGHT}" stroke="#ddd"/>`,
      text(LEFT - 8, y(10 ** power) + 4, (10 ** power).toLocaleString('en'), 'end'));
  for (const { marks } of points) out.push(text(x(marks), HIGH - BOTTOM + 20, marks.toLocaleString('en'), 'middle'));
  out.push(text((LEFT + WIDE - RIGHT) / 2, HIGH - 10, 'marks in the register', 'middle'));
  // Names of lines that end close together stand apart.
  const ends = series.map((one) => ({ ...one, at: y(points.at(-1)[one.key]) })).sort((a, b) => a.at - b.at);
  ends.forEach((one, i) => {
    if (i && one.at < ends[i - 1].at + 16) one.at = ends[i - 1].at + 16;
  });
  for (const { key, name, colour, at } of ends) {
    const line = points.map((one) => `${x(one.marks).toFixed(1)} ${y(one[key]).toFixed(1)}`).join('L');
    out.push(`<path d="M${line}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...points.map((one) => `<circle cx="${x(one.marks).toFixed(1)}" cy="${y(one[key]).toFixed(1)}" r="3" fill="${colour}"/>`),
      text(WIDE - RIGHT + 10, at + 4, name, 'start', colour));
  }
  return `${out.join('\n')}\n</svg>\n`;
}
