// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the loop's part of checkpoint.json has to be. A right checksum proves that the bytes are those that were
// written, not that this version wrote them.
#ifndef TENON_LOOP_DOCUMENT_MEMBERS_HPP
#define TENON_LOOP_DOCUMENT_MEMBERS_HPP

#include <boost/json/object.hpp>
#include <string>

namespace tenon::loop {

// Each names the first member of a checkpoint's document that a resume could not use, with its JSON pointer, for a
// person; empty where there is none. In a replay's and one of weights only, what full ones have is not looked at.

/// Of another type than a resume takes it for.
std::string member_of_other_type(const boost::json::object& document);
/// The same, and what checkpoints of either kind cannot be without.
std::string wrong_member_of_each_kind(const boost::json::object& document);
/// The same, and what nothing could be resumed without.
std::string wrong_member(const boost::json::object& document);

}  // namespace tenon::loop

#endif
