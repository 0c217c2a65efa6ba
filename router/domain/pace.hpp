// How fast things go here: loads, prompts, answers. Learnt from what nodes report and from the gate's own loads; app/ keeps it
// across restarts in a file that may be lost without harm. Keys are "node/model"; seconds and tokens a second.
#pragma once

#include "domain/values.hpp"

#include <map>

namespace rr {

std::string pace_key(const NodeName&, const ModelName&);

struct Turn {  // one whole answer, as its node reports it
  NodeName node{};
  ModelName model{};
  Bytes file = 0;               // weights of the model
  RoleName role{};
  std::int64_t prompt_tokens = 0, output_tokens = 0;
  Duration prompt_time{}, output_time{};
  bool from_nothing = false;    // nothing of the prompt was cached: its time tells the rate
  double share = 1;             // models that were at work on the node meanwhile, itself included: each gets that part of the GPU
};

class Pace {
 public:
  void loaded(const NodeName&, const ModelName&, Bytes file, double seconds);  // mean of old and new
  void answered(const Turn&);                                // rates: EWMA 0.2 over turns long enough to tell; outputs: 0.1

  // Until a load was seen there: the file at the speed of the node's other loads, else at 1 GB/s, and the 2.5 s that every load takes.
  double load_s(const NodeName&, const ModelName&, Bytes file) const;
  // Until it ran there: its rate on another node, else what is typical of models of its size, times how fast the node is with what
  // it did run, compared with what is typical of that.
  double prefill_tps(const NodeName&, const ModelName&, Bytes file) const;
  double decode_tps(const NodeName&, const ModelName&, Bytes file) const;
  bool prefill_known(const NodeName&, const ModelName&) const;
  double mean_output(const RoleName&) const;                 // tokens; 250 until seen

  using Figures = std::map<std::string, double>;
  struct All { Figures load_s{}, prefill_tps{}, decode_tps{}, output{}, file{}; } all{};  // as kept in the file; `file` by model
};

// Tokens a second of a model whose weights take so many bytes, on the 64 GB mini (swap report, section 3: by size, because a size
// is always known).
struct Typical { double prefill_tps = 0, decode_tps = 0; };
constexpr double load_start_s = 2.5;  // what a load takes beside the reading
Typical typical(Bytes file);

}  // namespace rr
