// Settings being read, section by section. The sections are read in the order in which they name each other:
// nodes, models, roles, names of roles, the rest; then what can only be said of the whole.
#pragma once

#include "settings/cursor.hpp"

#include <map>

namespace rr::settings {

struct Draft {
  Settings settings;
  const Fold& fold;
  std::vector<std::string> node_names, role_names;   // also of entries with a mistake
  std::map<NodeName, Cursor> addresses;                                    // where a node says its first one
  std::map<RoleName, Cursor> names, nodes, models, keep_alives, required;   // where a role says them
};

void read_nodes(const Cursor& nodes, Draft&);
void read_models(const Cursor& models, Draft&);
void read_roles(const Cursor& roles, Draft&);
void read_required(const Cursor& required, Draft&);      // the list of roles
void read_default_role(const Cursor&, Draft&);
void read_substitutes(const Cursor& substitutes, Draft&);  // after the roles: their models may be among them
void read_names(const Cursor* also_called, Draft&);      // and whether any two names are one; nullptr: not said
void read_listen(const Cursor&, Draft&);
void read_guests(const Fields& top, Draft&);             // allowed_hosts, allowed_origins
void read_phrases(const Cursor& phrases, Draft&);
void read_doors(const Fields& top, Draft&);              // management, cloud, access_log
void read_swap(const Cursor& smart_swap, Draft&);
void read_times_and_limits(const Fields& top, Draft&);

void check_whole(Draft&);   // what can only be said of the whole; problems at the places of roles and models

std::string why_no_name(std::string_view word);          // of a role or node; "" = fine

}  // namespace rr::settings
