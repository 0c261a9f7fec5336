// Greets whom the query names: GET /?name=Ada

export default async ({ req, res, log }) => {
  const name = req.query.name ?? "world";

  log(`Greeting ${name}`);

  return res.text(`Hello, ${name}!`);
};
