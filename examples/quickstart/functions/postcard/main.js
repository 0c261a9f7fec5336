// Writes a postcard: GET /?to=Ada answers as text, POST {"to": "Ada", "text": "..."} as JSON.

const WIDTH = 44;

export default async ({ req, res, log }) => {
  const { to = "world", text = "Functions run here now: no cloud, no Docker." } =
    req.method === "POST" ? req.bodyJson : req.query;

  log(`A postcard for ${to}`);

  const card = draw([
    `Dear ${to},`,
    "",
    ...wrap(text, WIDTH),
    "",
    `with love from ${process.env.SENDER ?? "somewhere"},`,
    `Node.js ${process.versions.node}`,
  ]);

  return req.method === "POST" ? res.json({ to, card }) : res.text(card);
};

function wrap(text, width) {
  const lines = [""];
  for (const word of String(text).split(/\s+/)) {
    const line = `${lines.at(-1)} ${word}`.trim();
    if (line.length <= width) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines;
}

function draw(lines) {
  const width = Math.max(WIDTH, ...lines.map((line) => line.length));
  const edge = "─".repeat(width + 4);
  const rows = lines.map((line) => `│  ${line.padEnd(width)}  │`);
  return [`┌${edge}┐`, ...rows, `└${edge}┘`, ""].join("\n");
}
