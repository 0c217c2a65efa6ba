// The AI SDK over messages.
import { aisdk } from "./aisdk.mjs";
export default aisdk("messages");
