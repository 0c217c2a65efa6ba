// Vercel's AI SDK over one of its providers: chat completions (openai-compatible), responses (openai), messages (anthropic).
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateObject, generateText, jsonSchema, streamText, tool } from "ai";
import { failure } from "./failure.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;  // they go to standard output, where the answers go

const providers = {
  chat: (baseURL) => createOpenAICompatible({ name: "router", baseURL, apiKey: "local", supportsStructuredOutputs: true }),
  responses: (baseURL) => createOpenAI({ baseURL, apiKey: "local" }),
  messages: (baseURL) => createAnthropic({ baseURL, apiKey: "local" }),
};

export const aisdk = (dialect) => {
  const model = (url, ask) => providers[dialect](`${url}/v1`)(ask.model);
  const asked = (url, ask, more = {}) => ({ model: model(url, ask), prompt: ask.prompt, maxRetries: ask.retries ?? 0, ...more });
  const whole = (answer) => ({ text: answer.text, model: answer.response.modelId, reason: answer.finishReason, thinking: answer.reasoningText });
  const chat = async (url, ask) => whole(await generateText(asked(url, ask)));
  const image = async (url, ask) => whole(await generateText(asked(url, ask, { prompt: undefined, messages: [{ role: "user", content: [
    { type: "image", image: ask.image, mediaType: "image/png" }, { type: "text", text: ask.prompt }] }] })));
  const all = {
    chat,
    stream: async (url, ask) => {
      let text = "", pieces = 0, reason;
      for await (const part of streamText(asked(url, ask)).fullStream) {
        if (part.type === "error") throw part.error;
        if (part.type === "text-delta") text += part.text, pieces += 1;
        if (part.type === "finish") reason = part.finishReason;
      }
      return { text, pieces, reason };
    },
    tools: async (url, ask) => {
      const { name, description, parameters } = ask.tool.function;
      const tools = { [name]: tool({ description, inputSchema: jsonSchema(parameters) }) };
      const messages = [{ role: "user", content: ask.prompt }];
      const first = await generateText(asked(url, ask, { prompt: undefined, messages, tools }));
      const called = first.toolCalls;
      messages.push(...first.response.messages, { role: "tool", content: [{ type: "tool-result", toolCallId: called[0].toolCallId, toolName: name,
        output: { type: "text", value: ask.result } }] });
      const then = await generateText(asked(url, ask, { prompt: undefined, messages, tools }));
      return { calls: called.map(({ toolName, input }) => ({ name: toolName, arguments: input })), after_tool: then.text };
    },
    structured: async (url, ask) => ({ object: (await generateObject(asked(url, ask, { schema: jsonSchema(ask.schema) }))).object }),
    image,
    image_refused: (url, ask) => failure(image(url, ask)),
    embed: async (url, ask) => {
      const { embeddings } = await embedMany({ model: providers[dialect](`${url}/v1`).textEmbeddingModel(ask.model), values: ask.input, maxRetries: 0 });
      return { sizes: embeddings.map((each) => each.length) };
    },
    cancel: async (url, ask) => {
      const stop = new AbortController();
      for await (const text of streamText(asked(url, ask, { abortSignal: stop.signal })).textStream) {
        stop.abort();
        return { text };
      }
    },
    unknown_model: (url, ask) => failure(chat(url, ask)),
    unknown_role: (url, ask) => failure(chat(url, ask)),
  };
  return all;
};
