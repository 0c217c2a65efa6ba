// node call.mjs CLIENT: for every line {"url":, "call":, "ask":} one line of what was said, or {"failed":}; ends when its input does.
import { createInterface } from "node:readline";

const { default: calls } = await import(`./${process.argv[2]}.mjs`);
for await (const line of createInterface({ input: process.stdin })) {
  const { url, call, ask } = JSON.parse(line);
  let said;
  try {
    said = await calls[call](url, ask);
  } catch (error) {
    said = { failed: String(error?.stack ?? error) };
  }
  console.log(JSON.stringify(said));
}
process.exit(0);
