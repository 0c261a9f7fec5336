// Greets whoever calls: asks the API for the caller's account, in the caller's name.

export default async ({ req, res }) => {
  const account = await fetch(`${process.env.APPWRITE_FUNCTION_API_ENDPOINT}/account`, {
    headers: {
      "x-appwrite-project": process.env.APPWRITE_FUNCTION_PROJECT_ID,
      "x-appwrite-jwt": req.headers["x-appwrite-user-jwt"],
    },
  });
  const { name } = await account.json();

  return res.text(`Hello ${name}!`);
};
