// What a client's call that must fail said: its status and its words.
export async function failure(running) {
  try {
    await running;
  } catch (error) {
    const cause = error.lastError ?? error;
    return { status: cause.status ?? cause.statusCode, error: cause.responseBody ?? cause.message };
  }
  throw new Error("it did not fail");
}

export const picture = (ask) => `data:image/png;base64,${ask.image}`;
