// openai-node: the Responses API.
import OpenAI from "openai";
import { failure, picture } from "./failure.mjs";

const at = (url, maxRetries = 0) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "local", maxRetries });
const create = (url, body, retries) => at(url, retries).responses.create({ store: false, ...body });
const tool_of = ({ function: { name, description, parameters } }) => ({ type: "function", name, description, parameters });

const whole = (answer) => ({
  model: answer.model,
  text: answer.output_text,
  thinking: answer.output.filter(({ type }) => type === "reasoning").flatMap(({ summary }) => summary.map(({ text }) => text)).join(""),
});
const chat = async (url, ask) => whole(await create(url, { model: ask.model, input: ask.prompt }, ask.retries));
const image = async (url, ask) => whole(await create(url, { model: ask.model, input: [{ role: "user", content: [
  { type: "input_text", text: ask.prompt }, { type: "input_image", image_url: picture(ask), detail: "auto" }] }] }));

export default {
  chat,
  stream: async (url, ask) => {
    let text = "", pieces = 0, done;
    for await (const event of await create(url, { model: ask.model, input: ask.prompt, stream: true })) {
      if (event.type === "response.output_text.delta") text += event.delta, pieces += 1;
      if (event.type === "response.completed") done = event.response;
    }
    if (done?.status !== "completed" || !done.usage.output_tokens) throw new Error("it was not completed");
    return { model: done.model, text, pieces };
  },
  tools: async (url, ask) => {
    const input = [{ role: "user", content: ask.prompt }], tools = [tool_of(ask.tool)];
    const first = await create(url, { model: ask.model, input, tools });
    const called = first.output.filter(({ type }) => type === "function_call");
    input.push(...first.output, { type: "function_call_output", call_id: called[0].call_id, output: ask.result });
    const then = await create(url, { model: ask.model, input, tools });
    return { calls: called.map(({ name, arguments: given }) => ({ name, arguments: JSON.parse(given) })), after_tool: then.output_text };
  },
  thinking: async (url, ask) => whole(await create(url, { model: ask.model, input: ask.prompt, reasoning: { effort: "high" } })),
  structured: async (url, ask) => {
    const format = { type: "json_schema", name: "person", schema: ask.schema };
    return { object: JSON.parse((await create(url, { model: ask.model, input: ask.prompt, text: { format } })).output_text) };
  },
  image,
  image_refused: (url, ask) => failure(image(url, ask)),
  cancel: async (url, ask) => {
    const events = await create(url, { model: ask.model, input: ask.prompt, stream: true });
    for await (const event of events) {
      if (event.type !== "response.output_text.delta") continue;
      events.controller.abort();
      return { text: event.delta };
    }
  },
  unknown_model: (url, ask) => failure(chat(url, ask)),
  unknown_role: (url, ask) => failure(chat(url, ask)),
};
