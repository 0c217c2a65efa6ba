// LangChain's ChatAnthropic.
import { ChatAnthropic } from "@langchain/anthropic";
import { chat_model } from "./langchain-chat.mjs";

export default chat_model((url, ask, more) => new ChatAnthropic({ model: ask.model, apiKey: "local", anthropicApiUrl: url, maxRetries: 0, maxTokens: 4000, ...more }));
