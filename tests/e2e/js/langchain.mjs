// LangChain's ChatOllama, Ollama and OllamaEmbeddings for JavaScript: every call they have.
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOllama, Ollama, OllamaEmbeddings } from "@langchain/ollama";

const at = (url, ask, more = {}) => new ChatOllama({ model: ask.model, baseUrl: url, maxRetries: 0, ...more });
const user = (ask) => new HumanMessage(ask.prompt);

const whole = (answer) => ({
  model: answer.response_metadata.model,
  text: answer.content,
  thinking: answer.additional_kwargs.reasoning_content,
  reason: answer.response_metadata.done_reason,
});

async function joined(stream) {
  let total, pieces = 0;
  for await (const piece of stream) {
    total = total ? total.concat(piece) : piece;
    pieces += 1;
  }
  return { ...whole(total), pieces };
}

async function failure(running) {
  try {
    await running;
  } catch (error) {
    return { status: error.status_code, error: error.message };
  }
  throw new Error("it did not fail");
}

const invoke = async (url, ask) => whole(await at(url, ask).invoke([user(ask)]));
const image = async (url, ask) => whole(await at(url, ask).invoke([new HumanMessage({ content: [
  { type: "image_url", image_url: `data:image/png;base64,${ask.image}` },  // it sends each part as a message of its own
  { type: "text", text: ask.prompt },
] })]));
const unknown = (url, ask) => failure(invoke(url, ask));

async function text(url, ask) {  // the plain model gives the text alone
  let pieces = 0;
  const model = new Ollama({ model: ask.model, baseUrl: url, maxRetries: 0 });
  const answer = await model.invoke(ask.prompt, { callbacks: [{ handleLLMNewToken() { pieces += 1; } }] });
  return { text: answer, pieces };
}

export default {
  list: async (url) => {  // it only looks whether its model is there, and would pull it when not
    const answer = await at(url, { model: "coder" }, { checkOrPullModel: true }).invoke("[[say:hi]]");
    const missing = await failure(at(url, { model: "no-such-model" }, { checkOrPullModel: true }).invoke("hi"));
    return { text: answer.content, ...missing };
  },
  chat: invoke,
  stream: async (url, ask) => joined(await at(url, ask).stream([user(ask)])),
  generate: text,
  generate_stream: text,
  tools: async (url, ask) => {
    const model = at(url, ask).bindTools([ask.tool]);
    const first = await model.invoke([user(ask)]);
    const [call] = first.tool_calls;
    const then = await model.invoke([user(ask), first, new ToolMessage({ content: ask.result, tool_call_id: call.id })]);
    return { calls: first.tool_calls.map(({ name, args }) => ({ name, arguments: args })), after_tool: then.content };
  },
  thinking: async (url, ask) => whole(await at(url, ask, { think: true }).invoke([user(ask)])),
  structured: async (url, ask) => ({ object: await at(url, ask).withStructuredOutput(ask.schema).invoke([user(ask)]) }),
  image,
  image_refused: (url, ask) => failure(image(url, ask)),
  embed: async (url, ask) => {
    const vectors = await new OllamaEmbeddings({ model: ask.model, baseUrl: url, maxRetries: 0 }).embedDocuments(ask.input);
    return { sizes: vectors.map((each) => each.length) };
  },
  cancel: async (url, ask) => {  // a stream() left by its signal is never read again; invoke() sees the signal at its next piece
    const leave = new AbortController();
    let first;
    const handleLLMNewToken = (token) => {
      first ??= token;
      leave.abort();
    };
    await at(url, ask).invoke([user(ask)], { signal: leave.signal, callbacks: [{ handleLLMNewToken }] }).catch(() => {});
    return { text: first };
  },
  unknown_model: unknown,
  unknown_role: unknown,
};
