// openai-node: chat completions, embeddings, models.
import OpenAI from "openai";
import { failure, picture } from "./failure.mjs";

const at = (url, maxRetries = 0) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "local", maxRetries });
const user = (ask, more = {}) => ({ model: ask.model, messages: [{ role: "user", content: ask.prompt }], ...more });
const create = (url, body, retries) => at(url, retries).chat.completions.create(body);

const whole = ({ model, choices: [{ message, finish_reason }] }) =>
  ({ model, text: message.content, thinking: message.reasoning, reason: finish_reason });
const chat = async (url, ask) => whole(await create(url, user(ask), ask.retries));
const image = async (url, ask) => whole(await create(url, { model: ask.model, messages: [{ role: "user", content: [
  { type: "image_url", image_url: { url: picture(ask) } }, { type: "text", text: ask.prompt }] }] }));

async function stream(url, ask) {
  let text = "", pieces = 0, model, reason, usage;
  for await (const piece of await create(url, user(ask, { stream: true, stream_options: { include_usage: true } }))) {
    model = piece.model;
    usage = piece.usage ?? usage;
    if (!piece.choices.length) continue;
    text += piece.choices[0].delta.content ?? "";
    reason = piece.choices[0].finish_reason ?? reason;
    pieces += 1;
  }
  if (!usage?.completion_tokens) throw new Error("no usage came");
  return { model, text, pieces, reason };
}

export default {
  list: async (url) => ({ names: (await at(url).models.list()).data.map(({ id }) => id) }),
  show: async (url, ask) => ({ names: [(await at(url).models.retrieve(ask.model)).id] }),
  chat,
  stream,
  generate: async (url, ask) => {
    const { model, choices: [{ text, finish_reason }] } = await at(url).completions.create({ model: ask.model, prompt: ask.prompt });
    return { model, text, reason: finish_reason };
  },
  generate_stream: async (url, ask) => {
    let text = "", pieces = 0, model, reason;
    for await (const piece of await at(url).completions.create({ model: ask.model, prompt: ask.prompt, stream: true })) {
      model = piece.model;
      text += piece.choices[0]?.text ?? "";
      reason = piece.choices[0]?.finish_reason ?? reason;
      pieces += 1;
    }
    return { model, text, pieces, reason };
  },
  insert: async (url, ask) => {
    const { model, choices: [{ text }] } = await at(url).completions.create({ model: ask.model, prompt: ask.prompt, suffix: ask.suffix });
    return { model, text };
  },
  tools: async (url, ask) => {
    const body = user(ask, { tools: [ask.tool] });
    const { message } = (await create(url, body)).choices[0];
    const calls = message.tool_calls.map(({ function: { name, arguments: given } }) => ({ name, arguments: JSON.parse(given) }));
    body.messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: ask.result });
    return { calls, after_tool: (await create(url, body)).choices[0].message.content };
  },
  thinking: async (url, ask) => whole(await create(url, user(ask, { reasoning_effort: "high" }))),
  structured: async (url, ask) => {
    const format = { type: "json_schema", json_schema: { name: "person", schema: ask.schema } };
    return { object: JSON.parse((await create(url, user(ask, { response_format: format }))).choices[0].message.content) };
  },
  image,
  image_refused: (url, ask) => failure(image(url, ask)),
  embed: async (url, ask) => {
    const { data } = await at(url).embeddings.create({ model: ask.model, input: ask.input });  // it asks for base64 and unpacks it
    return { sizes: data.map(({ embedding }) => embedding.length) };
  },
  cancel: async (url, ask) => {
    const pieces = await create(url, user(ask, { stream: true }));
    for await (const piece of pieces) {
      pieces.controller.abort();
      return { text: piece.choices[0].delta.content };
    }
  },
  unknown_model: (url, ask) => failure(chat(url, ask)),
  unknown_role: (url, ask) => failure(chat(url, ask)),
};
