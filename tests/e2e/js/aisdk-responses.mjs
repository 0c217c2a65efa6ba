// The AI SDK over responses.
import { aisdk } from "./aisdk.mjs";
export default aisdk("responses");
