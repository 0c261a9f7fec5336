// Writes to the customer when an order is baked: runs when a row of "orders" is updated.

import { appwrite } from "./appwrite.js";

export default async ({ req, res, log }) => {
  const { product, count, customer, status } = req.bodyJson;
  if (status !== "baked") {
    log(`Nothing to tell: the order is ${status}`);
    return res.empty();
  }
  await appwrite(req, "POST", "/messaging/messages/email", {
    messageId: "unique()",
    subject: "Your order is ready",
    content: `Come and get your ${count} ${product} while it is warm.`,
    users: [customer],
  });
  return res.empty();
};
