// What a request is about, before it is known which role of the YAML does that: four notions, and the names by which a role says
// that it is meant. A notion that no role is called by means no match.
//   router     router, selector, dispatcher, supervisor, orchestrator, triage, 라우터, 중계자, ...
//   architect  architect, planner, designer, 설계자, 아키텍트, 플래너, ...
//   coder      coder, developer, programmer, engineer, 코더, 개발자, 프로그래머, ...
//   tester     tester, reviewer, qa, critic, 테스터, 리뷰어, 검토자, ...
#pragma once

#include "domain/settings.hpp"

#include <optional>

namespace rr::api {

enum class Notion { router, architect, coder, tester, none };  // none: surely something else, such as a translator
constexpr int notions = 4;                                     // without none

std::string_view to_text(Notion);

// The first role whose own name is one of the notion's; else the first with such a name in `also_called`; else nullptr.
const RoleSettings* role_of(Notion, const Settings&);

// The same for a role that makes embeddings: embedding, embedder, embed, 임베딩.
const RoleSettings* embedding_role(const Settings&);

}  // namespace rr::api
