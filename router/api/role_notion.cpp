#include "api/role_notion.hpp"

#include "api/role_names.hpp"

#include <array>

namespace rr::api {
namespace {

// Between spaces, as fold_name writes them.
constexpr std::array<std::string_view, notions> names{
    " router selector dispatcher supervisor orchestrator coordinator triage classifier gateway 라우터 중계자 선택기 분류기 오케스트레이터 ",
    " architect planner designer 설계자 아키텍트 플래너 기획자 ",
    " coder developer programmer engineer implementer dev code coding 코더 개발자 프로그래머 구현자 ",
    " tester reviewer qa critic auditor verifier test review 테스터 리뷰어 검토자 검증자 ",
};
constexpr std::string_view embedding_names = " embedding embeddings embedder embed 임베딩 임베더 ";

bool among(std::string_view list, std::string_view name) {
  return list.find(" " + fold_name(name) + " ") != list.npos;
}

const RoleSettings* first_called(std::string_view list, const Settings& settings) {
  for (const RoleSettings& role : settings.roles)
    if (among(list, role.name)) return &role;
  for (const RoleSettings& role : settings.roles)
    for (const std::string& other : role.also_called)
      if (among(list, other)) return &role;
  return nullptr;
}

}  // namespace

std::string_view to_text(Notion notion) {
  constexpr std::array<std::string_view, notions + 1> words{"router", "architect", "coder", "tester", "none"};
  return words[static_cast<std::size_t>(notion)];
}

const RoleSettings* role_of(Notion notion, const Settings& settings) {
  return notion == Notion::none ? nullptr : first_called(names[static_cast<std::size_t>(notion)], settings);
}

const RoleSettings* embedding_role(const Settings& settings) { return first_called(embedding_names, settings); }

}  // namespace rr::api
