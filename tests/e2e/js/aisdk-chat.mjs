// The AI SDK over chat.
import { aisdk } from "./aisdk.mjs";
export default aisdk("chat");
