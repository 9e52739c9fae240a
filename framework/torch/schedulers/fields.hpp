// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A schedule's state as JSON, written and read by one list of its fields.
#ifndef TENON_TORCH_SCHEDULERS_FIELDS_HPP
#define TENON_TORCH_SCHEDULERS_FIELDS_HPP

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <tenon/scheduler.hpp>
#include <vector>

namespace tenon {

class FieldWriter final : public SchedulerFields {
 public:
  explicit FieldWriter(boost::json::object& to) : to_(to) {}
  void field(const char* name, double& value) override;
  void field(const char* name, std::int64_t& value) override { to_[name] = value; }
  void field(const char* name, bool& value) override { to_[name] = value; }
  void field(const char* name, std::string& value) override { to_[name] = value; }
  void field(const char* name, std::vector<double>& values) override;
  void field(const char* name, std::vector<std::int64_t>& values) override;

 private:
  boost::json::object& to_;
};

/// Throws std::invalid_argument for a field that is missing or of another kind, and for a list of another length than
/// the schedule's own.
class FieldReader final : public SchedulerFields {
 public:
  enum Purpose { check, read };  ///< check throws as read would, and changes nothing
  FieldReader(const char* scheduler, const boost::json::object& from, Purpose purpose)
      : scheduler_(scheduler), from_(from), purpose_(purpose) {}
  void field(const char* name, double& value) override;
  void field(const char* name, std::int64_t& value) override;
  void field(const char* name, bool& value) override;
  void field(const char* name, std::string& value) override;
  void field(const char* name, std::vector<double>& values) override;
  void field(const char* name, std::vector<std::int64_t>& values) override;

 private:
  const boost::json::value& at(const char* name) const;
  [[noreturn]] void refuse(const char* name, const std::string& what) const;
  double number(const char* name, const boost::json::value& value) const;
  const boost::json::array& list(const char* name, std::size_t expected) const;
  std::int64_t integer(const char* name, const boost::json::value& value) const;

  const char* scheduler_;
  const boost::json::object& from_;
  Purpose purpose_;
};

}  // namespace tenon

#endif
