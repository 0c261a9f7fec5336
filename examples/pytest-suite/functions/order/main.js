// Takes an order: POST / with {"product": "rye", "count": 2}. Regulars pay a tenth less.

import { appwrite } from "./appwrite.js";

const TABLES = "/tablesdb/bakery/tables";

export default async ({ req, res, log }) => {
  const { product, count } = req.bodyJson;
  const customer = req.headers["x-appwrite-user-id"];

  const { price, left } = await appwrite(req, "GET", `${TABLES}/products/rows/${product}`);
  if (left < count) return res.json({ error: `Only ${left} left` }, 409);

  const { labels } = await appwrite(req, "GET", `/users/${customer}`);
  const total = Math.round(price * count * (labels.includes("regular") ? 0.9 : 1));
  await appwrite(req, "POST", `${TABLES}/orders/rows`, {
    rowId: "unique()",
    data: { product, count, customer, total, status: "open" },
  });
  log(`${count} ${product} for ${customer}`);
  return res.json({ total }, 201);
};
