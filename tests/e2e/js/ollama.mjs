// ollama-js: every call it has.
import { Ollama } from "ollama";

const at = (url) => new Ollama({ host: url });
const user = (ask, more = {}) => ({ model: ask.model, messages: [{ role: "user", content: ask.prompt, ...more }] });

const whole = (answer) => ({
  model: answer.model,
  text: answer.message?.content ?? answer.response,
  thinking: answer.message?.thinking,
  reason: answer.done_reason,
});

async function joined(stream) {
  let text = "", pieces = 0, last;
  for await (const piece of stream) {
    last = whole(piece);
    text += last.text;
    pieces += 1;
  }
  return { ...last, text, pieces };
}

async function failure(running) {
  try {
    await running;
  } catch (error) {
    return { status: error.status_code, error: error.message };
  }
  throw new Error("it did not fail");
}

const image = async (url, ask) => whole(await at(url).chat(user(ask, { images: [ask.image] })));
const chat = async (url, ask) => whole(await at(url).chat(user(ask)));
const unknown = (url, ask) => failure(chat(url, ask));
const names = ({ models }) => ({ names: models.map((model) => model.name) });

export default {
  version: (url) => at(url).version(),
  list: async (url) => names(await at(url).list()),
  ps: async (url) => names(await at(url).ps()),
  show: async (url, ask) => ({ names: (await at(url).show(ask)).capabilities }),
  chat,
  stream: async (url, ask) => joined(await at(url).chat({ ...user(ask), stream: true })),
  generate: async (url, ask) => whole(await at(url).generate(ask)),
  generate_stream: async (url, ask) => joined(await at(url).generate({ ...ask, stream: true })),
  insert: async (url, ask) => whole(await at(url).generate(ask)),
  tools: async (url, ask) => {
    const body = { ...user(ask), tools: [ask.tool] };
    const { message } = await at(url).chat(body);
    body.messages.push(message, { role: "tool", tool_name: "get_weather", content: ask.result });
    const then = await at(url).chat(body);
    return { calls: message.tool_calls.map(({ function: { name, arguments: given } }) => ({ name, arguments: given })), after_tool: then.message.content };
  },
  thinking: async (url, ask) => whole(await at(url).chat({ ...user(ask), think: true })),
  structured: async (url, ask) =>
    ({ object: JSON.parse((await at(url).chat({ ...user(ask), format: ask.schema })).message.content) }),
  image,
  image_refused: (url, ask) => failure(image(url, ask)),
  embed: async (url, ask) => ({ sizes: (await at(url).embed(ask)).embeddings.map((each) => each.length) }),
  cancel: async (url, ask) => {
    const client = at(url);
    const stream = (await client.chat({ ...user(ask), stream: true }))[Symbol.asyncIterator]();
    const { value } = await stream.next();
    client.abort();
    return whole(value);
  },
  preload: async (url, ask) => whole(await at(url).generate({ ...ask, prompt: "" })),
  unload: async (url, ask) => whole(await at(url).generate({ ...ask, prompt: "", keep_alive: 0 })),
  unknown_model: unknown,
  unknown_role: unknown,
};
