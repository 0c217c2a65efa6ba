// One body of the Responses API as a native /api/chat body: of /v1/responses, and of clients that send it to /v1/chat/completions.
#pragma once

#include "api/dialects/native_chat.hpp"

namespace rr::api {

// input (a string, or messages, function_call and custom_tool_call with their outputs, reasoning), instructions, tools, tool_choice,
// text.format, reasoning.effort, temperature (1.0 when absent, as the shim's), top_p, max_output_tokens. 400: what is kept at OpenAI's
// (previous_response_id, conversation, background, prompt, an item or a file by its id).
Result<Pieces> responses_to_native(const Members&, const Ask&, const Edits&);

}  // namespace rr::api
