// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/document_members.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <cstdint>
#include <string_view>

#include "checkpoint/format.hpp"
#include "loop/saved_json.hpp"
#include "tenon/json_text.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

enum class Is { object, array, some, text, flag, whole, small, number, real };
/// beside_value: where the same object has a "value".
enum class Where { everywhere, full, optional, beside_value };

/// `at` is a path in which `*` stands for each element of a list or member of an object.
struct Member {
  std::string_view at;
  Is is;
  Where where = Where::full;
};

using enum Is;
using enum Where;

/// Outer ones before what is in them.
constexpr Member members[] = {
    {"sequence", whole, everywhere},
    {"attempt", whole, optional},
    {"consistent", flag, everywhere},
    {"transformed", flag, optional},
    {"commit_point", object, everywhere},
    {"commit_point/epoch", whole, everywhere},
    {"commit_point/phase", text, everywhere},
    {"progress", object, everywhere},
    {"progress/step", whole, everywhere},
    {"progress/epochs", whole},
    {"progress/batches", whole},
    {"progress/optimizer_steps", whole},
    {"progress/samples", whole},
    {"progress/validations", whole},
    {"progress/seconds", real},
    {"holders", some, everywhere},
    {"holders/*", object, everywhere},
    {"holders/*/callback", text, everywhere},
    {"holders/*/ticket", whole, everywhere},
    {"holders/*/reason", text, optional},
    {"holders/*/monitor", text, optional},
    {"holders/*/score", real, optional},
    {"bests", object, optional},
    {"bests/*", whole, optional},
    {"task", text},
    {"seed", whole},
    {"position", object},
    {"position/epoch", whole},
    {"position/batch", whole},
    {"position/samples", whole},
    {"position/inside_epoch", flag},
    {"stopped", text, optional},
    {"next_ticket", whole},
    {"trainer", object},
    {"engine", object},
    {"callbacks", array},
    {"callbacks/*", object},
    {"callbacks/*/id", text},
    {"callbacks/*/plugin", text},
    {"callbacks/*/version", text},
    {"callbacks/*/options", object},
    {"callbacks/*/state_version", small, optional},
    {"metric_state", object},
    {"metric_state/all", array},
    {"metric_state/all/*", object},
    {"metric_state/all/*/name", text},
    {"metric_state/all/*/origin", number},
    {"metric_state/all/*/flags", small},
    {"metric_state/all/*/how", number},
    {"metric_state/all/*/evaluated_how", number},
    {"metric_state/all/*/goal", number},
    {"metric_state/all/*/loader_suffix", small},
    {"metric_state/all/*/value", real, optional},
    {"metric_state/all/*/step", whole, beside_value},
    {"metric_state/all/*/epoch", whole, beside_value},
    {"metric_state/all/*/overrides", flag, beside_value},
    {"metric_state/all/*/epoch_twin", text, optional},
    {"metric_state/all/*/loader", small, optional},
    {"metric_state/all/*/reduction", object, optional},
    {"metric_state/all/*/reduction/value", real},
    {"metric_state/all/*/reduction/weight", real},
    {"metric_state/reducing", array},
    {"metric_state/reducing/*", text},
    {"pending_stops", array},
    {"pending_stops/*", object},
    {"pending_stops/*/callback", text},
    {"pending_stops/*/ticket", whole},
    {"pending_stops/*/reason", text},
    {"pending_weights", array, optional},
    {"pending_weights/*", object},
    {"pending_weights/*/callback", text},
    {"pending_weights/*/ticket", whole},
    {"pending_weights/*/request", number},
    {"pending_weights/*/scope", number},
    {"pending_weights/*/when", number},
    {"pending_weights/*/from", text},
    {"pending_weights/*/reason", text},
    {"pending_weights/*/below_run", text, optional},
    {"pending_weights/*/copy", whole, optional},
    {"kept", array, optional},
    {"kept/*", object},
    {"kept/*/callback", text},
    {"kept/*/ticket", whole},
    {"kept/*/sequence", whole},
    {"kept/*/epoch", whole},
    {"kept/*/step", whole},
    {"kept/*/reason", text},
    {"tallies", object, optional},
    {"tallies/*", object},
    {"tallies/*/saved", whole},
    {"tallies/*/removed", whole},
    {"tallies/*/failed", whole},
    {"tallies/*/denied", whole},
    {"requests", object},
    {"requests/open", array},
    {"requests/open/*", object},
    {"requests/open/*/callback", text},
    {"requests/open/*/ticket", whole},
    {"requests/open/*/request", number},
    {"requests/open/*/folder", text, optional},
    {"requests/open/*/name", text, optional},
    {"requests/open/*/outcome", number, optional},
    {"requests/open/*/status", number, optional},
    {"requests/open/*/path", text, optional},
    {"requests/open/*/by", text, optional},
    {"requests/open/*/reason", text, optional},
    {"requests/releases", array},
    {"requests/releases/*", object},
    {"requests/releases/*/callback", text},
    {"requests/releases/*/held", whole},
    {"requests/releases/*/after", whole},
    {"requests/releases/*/reason", text, optional},
    {"requests/leaving", array, optional},
    {"requests/leaving/*", object},
    {"requests/leaving/*/callback", text},
    {"requests/leaving/*/held", whole},
    {"requests/leaving/*/reason", text},
    {"requests/leaving/*/folder", text},
    {"requests/leaving/*/name", text},
    {"requests/leaving/*/kind", number},
    {"requests/leaving/*/sequence", whole},
    {"requests/leaving/*/epoch", whole},
    {"requests/leaving/*/step", whole},
    {"requests/leaving/*/flags", small},
    {"requests/leaving/*/monitor", text},
    {"requests/leaving/*/score", real},
    {"requests/refs", array},
    {"requests/refs/*", object},
    {"requests/refs/*/callback", text},
    {"requests/refs/*/ref", text},
    {"requests/refs/*/ticket", whole},
    {"requests/bests", array},
    {"requests/bests/*", object},
    {"requests/bests/*/callback", text},
    {"requests/bests/*/ticket", whole},
    {"requests/released", array},
    {"requests/released/*", whole},
};

const char* words(Is is) {
  switch (is) {
    case object:
      return "an object";
    case array:
      return "a list";
    case some:
      return "a list of at least one";
    case text:
      return "a text";
    case flag:
      return "true or false";
    case real:
      return "a number";
    case whole:
    case small:
    case number:
      break;
  }
  return "a whole number of its range";
}

template <class Number>
bool fits(const json::value& value) {
  boost::system::error_code wrong;
  if (value.is_number()) value.to_number<Number>(wrong);
  return value.is_number() && !wrong;
}

bool is_real(const json::value& value) {
  if (value.is_number()) return true;
  const json::string* word = value.if_string();
  return word && (*word == "nan" || *word == "inf" || *word == "-inf");
}

bool is_so(const json::value& value, Is is) {
  switch (is) {
    case object:
      return value.is_object();
    case array:
      return value.is_array();
    case some:
      return value.is_array() && !value.get_array().empty();
    case text:
      return value.is_string();
    case flag:
      return value.is_bool();
    case whole:
      return fits<std::uint64_t>(value);
    case small:
      return fits<std::uint32_t>(value);
    case number:
      return fits<std::int32_t>(value);
    case real:
      break;
  }
  return is_real(value);
}

std::string shortened(const json::value& value) {
  constexpr std::size_t enough = 40;
  std::string all = json_text(value);
  return all.size() <= enough ? all : all.substr(0, enough) + "...";
}

class Check {
 public:
  enum class Misses { nothing, of_each_kind, all };
  Check(const json::object& document, Misses misses) : document_(document), misses_(misses) {
    const json::value* kind = document.if_contains("kind");
    is_full_ = kind && kind->is_string() && kind->get_string() == "full" && !document.contains("replay");
  }

  std::string run() {
    for (const Member& member : members) {
      if ((member.where == full || member.where == beside_value) && !is_full_) continue;
      look_in(document_, member.at, "", member);
      if (!problem_.empty()) break;
    }
    return problem_;
  }

 private:
  /// What is no object or list has been told of by the rule before.
  void look_in(const json::value& holder, std::string_view rest, const std::string& pointer, const Member& member) {
    if (holder.is_object()) {
      look_in(holder.get_object(), rest, pointer, member);
    } else if (holder.is_array() && rest.starts_with('*')) {
      std::size_t i = 0;
      for (const json::value& each : holder.get_array())
        look_at(each, behind(rest), pointer + "/" + std::to_string(i++), member);
    }
  }

  void look_in(const json::object& holder, std::string_view rest, const std::string& pointer, const Member& member) {
    const std::string_view key = rest.substr(0, rest.find('/'));
    if (key == "*") {
      for (const auto& [name, value] : holder) look_at(value, behind(rest), pointer + "/" + std::string(name), member);
      return;
    }
    const std::string at = pointer + "/" + std::string(key);
    if (const json::value* value = holder.if_contains(key)) return look_at(*value, behind(rest), at, member);
    if (behind(rest).empty() && is_missed(member, holder)) tell("it has no '" + at + "'");
  }

  void look_at(const json::value& value, std::string_view rest, const std::string& pointer, const Member& member) {
    if (!rest.empty()) return look_in(value, rest, pointer, member);
    const bool may_be_empty = member.is == some && misses_ == Misses::nothing;
    if (!is_so(value, may_be_empty ? array : member.is))
      tell("'" + pointer + "' is " + shortened(value) + ", and not " + words(member.is));
  }

  bool is_missed(const Member& member, const json::object& holder) const {
    if (misses_ == Misses::nothing || member.where == optional) return false;
    if (member.where == beside_value && !holder.contains("value")) return false;
    return misses_ == Misses::all || member.where == everywhere;
  }

  static std::string_view behind(std::string_view rest) {
    const std::size_t slash = rest.find('/');
    return slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  }

  void tell(const std::string& what) {
    if (problem_.empty()) problem_ = "'" + std::string(checkpoint::document_file) + "': " + what;
  }

  const json::object& document_;
  Misses misses_;
  bool is_full_ = false;
  std::string problem_;
};

}  // namespace

std::string member_of_other_type(const json::object& document) { return Check(document, Check::Misses::nothing).run(); }
std::string wrong_member_of_each_kind(const json::object& document) {
  return Check(document, Check::Misses::of_each_kind).run();
}
std::string wrong_member(const json::object& document) { return Check(document, Check::Misses::all).run(); }

}  // namespace tenon::loop
