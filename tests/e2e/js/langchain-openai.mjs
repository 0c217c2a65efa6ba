// LangChain's ChatOpenAI.
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { chat_model } from "./langchain-chat.mjs";

const configuration = (url) => ({ baseURL: `${url}/v1` });
export default {
  ...chat_model((url, ask, more) => new ChatOpenAI({ model: ask.model, apiKey: "local", maxRetries: 0, configuration: configuration(url), ...more })),
  embed: async (url, ask) => {
    const model = new OpenAIEmbeddings({ model: ask.model, apiKey: "local", maxRetries: 0, configuration: configuration(url) });
    return { sizes: (await model.embedDocuments(ask.input)).map((each) => each.length) };
  },
};
