#include "sim/schema.hpp"

#include <cmath>

namespace rr::sim {

namespace {

constexpr int deepest = 24;

class Instance {
 public:
  explicit Instance(const Json& root) : root_(root) {}

  Json of(const Json& s, int depth) const {
    if (!s.is_object()) return s.is_boolean() ? Json("text") : Json();
    if (depth > deepest) return Json();
    if (auto r = s.find("$ref"); r != s.end() && r->is_string()) return of(target(r->get<std::string>()), depth + 1);
    if (auto c = s.find("const"); c != s.end()) return *c;
    if (auto e = s.find("enum"); e != s.end() && e->is_array() && !e->empty()) return e->front();
    if (auto a = s.find("allOf"); a != s.end() && a->is_array()) return of(merged(s, *a), depth + 1);
    for (const char* word : {"anyOf", "oneOf"}) {
      if (auto a = s.find(word); a != s.end() && a->is_array() && !a->empty()) return of(a->front(), depth + 1);
    }
    return of_type(type(s), s, depth);
  }

 private:
  static std::string type(const Json& s) {
    auto t = s.find("type");
    if (t != s.end() && t->is_string()) return t->get<std::string>();
    if (t != s.end() && t->is_array()) {
      for (auto& one : *t) {
        if (one.is_string() && one != "null") return one.get<std::string>();
      }
      return "null";
    }
    if (s.contains("properties") || s.contains("required")) return "object";
    if (s.contains("items")) return "array";
    return "string";
  }

  Json of_type(const std::string& type, const Json& s, int depth) const {
    if (type == "object") {
      Json out = Json::object();
      const Json none = Json::object();
      auto p = s.find("properties");
      const Json& properties = p != s.end() && p->is_object() ? *p : none;
      auto r = s.find("required");
      if (r == s.end() || !r->is_array()) return out;
      for (auto& [name, schema] : properties.items()) {  // in the order of the schema
        if (std::find(r->begin(), r->end(), name) != r->end()) out[name] = of(schema, depth + 1);
      }
      for (auto& name : *r) {
        if (name.is_string() && !out.contains(name.get<std::string>())) out[name.get<std::string>()] = "text";
      }
      return out;
    }
    if (type == "array") {
      Json out = Json::array();
      auto items = s.find("items");
      auto prefix = s.find("prefixItems");
      const std::size_t n = std::min<std::size_t>(s.value("minItems", std::size_t{0}), 64);
      for (std::size_t i = 0; i < n; ++i) {
        if (prefix != s.end() && prefix->is_array() && i < prefix->size()) {
          out.push_back(of(prefix->at(i), depth + 1));
        } else {
          out.push_back(items != s.end() ? of(*items, depth + 1) : Json("text"));
        }
      }
      return out;
    }
    if (type == "boolean") return true;
    if (type == "null") return Json();
    if (type == "integer" || type == "number") return numeric(s, type == "integer");
    return text(s);
  }

  static Json numeric(const Json& s, bool whole) {
    double v = 1;
    auto bound = [&](const char* name) { return s.contains(name) && s.at(name).is_number() ? s.at(name).get<double>() : NAN; };
    if (const double m = bound("minimum"); m > v) v = m;
    if (const double m = bound("exclusiveMinimum"); m >= v) v = whole ? std::floor(m) + 1 : m + 0.5;
    if (const double m = bound("maximum"); m < v) v = m;
    if (const double m = bound("exclusiveMaximum"); m <= v) v = whole ? std::ceil(m) - 1 : m - 0.5;
    if (const double m = bound("multipleOf"); m > 0) v = std::ceil(v / m) * m;
    if (whole || v == std::floor(v)) return Json(static_cast<std::int64_t>(std::llround(std::ceil(v))));
    return v;
  }

  static Json text(const Json& s) {
    const std::string format = s.value("format", std::string());
    if (format == "date") return "2026-11-20";
    if (format == "date-time") return "2026-11-20T10:00:00Z";
    if (format == "time") return "10:00:00Z";
    if (format == "email") return "a@example.org";
    if (format == "uri" || format == "url") return "https://example.org/";
    if (format == "uuid") return "123e4567-e89b-42d3-a456-426614174000";
    if (format == "ipv4") return "127.0.0.1";
    std::string out = "text";
    const std::size_t least = std::min<std::size_t>(s.value("minLength", std::size_t{0}), 4096);
    while (out.size() < least) out += " text";
    if (s.contains("maxLength") && s.at("maxLength").is_number_unsigned()) {
      out.resize(std::min(out.size(), s.at("maxLength").get<std::size_t>()));
    }
    return out;
  }

  const Json& target(const std::string& ref) const {
    static const Json none;
    if (ref == "#") return root_;
    if (ref.rfind("#/", 0) != 0) return none;
    const Json::json_pointer at(ref.substr(1));
    return root_.contains(at) ? root_.at(at) : none;
  }

  Json merged(const Json& s, const Json& parts) const {
    Json out = s;
    out.erase("allOf");
    for (Json part : parts) {
      if (part.contains("$ref") && part["$ref"].is_string()) part = target(part["$ref"].get<std::string>());
      if (!part.is_object()) continue;
      for (auto& [name, value] : part.items()) {
        if (name == "properties" && out.contains(name)) {
          out[name].update(value);
        } else if (name == "required" && out.contains(name)) {
          for (auto& r : value) out[name].push_back(r);
        } else {
          out[name] = value;
        }
      }
    }
    return out;
  }

  const Json& root_;
};

}  // namespace

Json minimal_instance(const Json& schema) { return Instance(schema).of(schema, 0); }

}  // namespace rr::sim
