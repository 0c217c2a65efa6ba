#include "sim/breaks.hpp"

namespace rr::sim {

Break of_fault(const Fault& f) {
  using What = Fault::What;
  Break b;
  b.after = f.after;
  switch (f.what) {
    case What::hang: b.after = 0; [[fallthrough]];
    case What::hang_mid: b.kind = Break::Kind::hang; break;
    case What::die_mid: b.kind = Break::Kind::die; break;
    case What::end_early: b.kind = Break::Kind::end; break;
    case What::error_mid:
      b.kind = Break::Kind::error;
      b.text = "an error was encountered while running the model: simulated failure";
      break;
    default: break;
  }
  return b;
}

Break of_engine(const Answer& a, bool chat_route) {
  const std::string reader = chat_route ? "llama-server chat response" : "llama-server response";
  Break b;
  b.after = a.after;
  b.status = a.status;
  b.kind = Break::Kind::error;
  switch (a.fault) {
    case EngineFault::none: b.kind = Break::Kind::none; break;
    case EngineFault::hang: b.kind = Break::Kind::hang; break;
    case EngineFault::eof: b.kind = Break::Kind::end; break;
    case EngineFault::status: b.text = a.text; break;
    case EngineFault::crash:
      b.text = a.after == 0 ? "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, "
                              "check ollama server logs for details"
                            : "an error was encountered while running the model: " + (a.text.empty() ? "unexpected EOF" : a.text);
      break;
    case EngineFault::error:
      if (chat_route) {
        b.text = "llama-server chat error: map[code:500 message:scripted error in the stream type:server_error]";
      } else {
        b.kind = Break::Kind::end;  // swallowed
      }
      break;
    case EngineFault::garble:
      b.text = "error unmarshalling " + reader + ": invalid character 'n' looking for beginning of object key string";
      break;
    case EngineFault::reset:
      b.text = "error reading " + reader + ": read tcp 127.0.0.1:50000->127.0.0.1:40000: read: connection reset by peer";
      break;
  }
  return b;
}

}  // namespace rr::sim
