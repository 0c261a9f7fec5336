// The API of Appwrite, called with the key that Appwrite gives to each call of a function.

export async function appwrite(req, method, path, body) {
  const answer = await fetch(process.env.APPWRITE_FUNCTION_API_ENDPOINT + path, {
    method,
    headers: {
      "content-type": "application/json",
      "x-appwrite-project": process.env.APPWRITE_FUNCTION_PROJECT_ID,
      "x-appwrite-key": req.headers["x-appwrite-key"],
    },
    body: body && JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${value.message}`);
  return value;
}
