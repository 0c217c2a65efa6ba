// Anthropic's SDK for JavaScript.
import Anthropic from "@anthropic-ai/sdk";
import { failure } from "./failure.mjs";

const at = (url, maxRetries = 0) => new Anthropic({ baseURL: url, apiKey: "local", maxRetries });
const user = (ask, more = {}) => ({ model: ask.model, max_tokens: 4000, messages: [{ role: "user", content: ask.prompt }], ...more });
const create = (url, body, retries) => at(url, retries).messages.create(body);
const tool_of = ({ function: { name, description, parameters } }) => ({ name, description, input_schema: parameters });
const of = (answer, type) => answer.content.filter((block) => block.type === type);

const whole = (answer) => {
  if (answer.stop_reason !== "end_turn" || !answer.usage.output_tokens) throw new Error(`it ended by ${answer.stop_reason}`);
  return { model: answer.model, text: of(answer, "text").map(({ text }) => text).join(""), thinking: of(answer, "thinking").map(({ thinking }) => thinking).join("") };
};
const chat = async (url, ask) => whole(await create(url, user(ask), ask.retries));
const image = async (url, ask) => whole(await create(url, user(ask, { messages: [{ role: "user", content: [
  { type: "text", text: ask.prompt }, { type: "image", source: { type: "base64", media_type: "image/png", data: ask.image } }] }] })));

export default {
  chat,
  stream: async (url, ask) => {
    let pieces = 0;
    const stream = at(url).messages.stream(user(ask)).on("text", () => { pieces += 1; });
    return { ...whole(await stream.finalMessage()), pieces };
  },
  tools: async (url, ask) => {
    const body = user(ask, { tools: [tool_of(ask.tool)] });
    const first = await create(url, body);
    if (first.stop_reason !== "tool_use") throw new Error(`it ended by ${first.stop_reason}`);
    const called = of(first, "tool_use");
    body.messages.push({ role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: called[0].id, content: ask.result }] });
    return { calls: called.map(({ name, input }) => ({ name, arguments: input })), after_tool: whole(await create(url, body)).text };
  },
  thinking: async (url, ask) => whole(await create(url, user(ask, { thinking: { type: "enabled", budget_tokens: 2000 } }))),
  image,
  image_refused: (url, ask) => failure(image(url, ask)),
  cancel: async (url, ask) => {
    const events = await create(url, user(ask, { stream: true }));
    for await (const event of events) {
      if (event.type !== "content_block_delta") continue;
      events.controller.abort();
      return { text: event.delta.text };
    }
  },
  unknown_model: (url, ask) => failure(chat(url, ask)),
  unknown_role: (url, ask) => failure(chat(url, ask)),
};
