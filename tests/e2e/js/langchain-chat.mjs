// What every chat model of LangChain can be asked, whatever dialect it speaks.
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { failure, picture } from "./failure.mjs";

const user = (ask) => new HumanMessage(ask.prompt);
const words = (content) => typeof content === "string" ? content : content.filter(({ type }) => type === "text").map(({ text }) => text).join("");

export const chat_model = (at) => {
  const chat = async (url, ask) => ({ text: words((await at(url, ask).invoke([user(ask)])).content) });
  const image = async (url, ask) => {
    const answer = await at(url, ask).invoke([new HumanMessage({ content: [
      { type: "image_url", image_url: { url: picture(ask) } }, { type: "text", text: ask.prompt }] })]);
    return { text: words(answer.content), model: ask.model };
  };
  return {
    chat,
    stream: async (url, ask) => {
      let text = "", pieces = 0;
      for await (const piece of await at(url, ask).stream([user(ask)])) text += words(piece.content), pieces += 1;
      return { text, pieces };
    },
    tools: async (url, ask) => {
      const model = at(url, ask).bindTools([ask.tool]);
      const first = await model.invoke([user(ask)]);
      const then = await model.invoke([user(ask), first, new ToolMessage({ content: ask.result, tool_call_id: first.tool_calls[0].id })]);
      return { calls: first.tool_calls.map(({ name, args }) => ({ name, arguments: args })), after_tool: words(then.content) };
    },
    image,
    image_refused: (url, ask) => failure(image(url, ask)),
    cancel: async (url, ask) => {
      const stop = new AbortController();
      for await (const piece of await at(url, ask).stream([user(ask)], { signal: stop.signal })) {
        if (!words(piece.content)) continue;
        stop.abort();
        return { text: words(piece.content) };
      }
    },
    unknown_model: (url, ask) => failure(chat(url, ask)),
    unknown_role: (url, ask) => failure(chat(url, ask)),
  };
};
