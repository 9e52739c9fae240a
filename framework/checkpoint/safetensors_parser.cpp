// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "checkpoint/safetensors_header.hpp"

namespace tenon::checkpoint {
namespace json = boost::json;
namespace {

struct Parsed {
  TensorEntry entry;
  bool has_dtype = false;
  bool has_shape = false;
  std::vector<std::uint64_t> offsets;
  bool has_offsets = false;
};

/// Handler of Boost.JSON's parser that takes the header's grammar and nothing else, so that what is not needed is
/// neither kept nor nested into.
class HeaderHandler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  using Error = json::error_code;

  std::vector<Parsed> tensors;
  std::map<std::string, std::string> metadata;
  std::string problem;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }

  bool on_object_begin(Error& error) {
    switch (where_) {
      case Where::outside:
        where_ = Where::top;
        return true;
      case Where::top:
        if (name_ == metadata_key) {
          where_ = Where::metadata;
        } else {
          where_ = Where::tensor;
          tensors.emplace_back().entry.name = name_;
        }
        return true;
      default:
        return unexpected("an object", error);
    }
  }
  bool on_object_end(std::size_t, Error& error) {
    if (where_ == Where::tensor) {
      const Parsed& tensor = tensors.back();
      if (!tensor.has_dtype) return refuse("it has no dtype", error);
      if (!tensor.has_shape) return refuse("it has no shape", error);
      if (!tensor.has_offsets) return refuse("it has no data_offsets", error);
    }
    where_ = where_ == Where::top ? Where::outside : Where::top;
    return true;
  }

  bool on_array_begin(Error& error) {
    if (where_ != Where::tensor) return unexpected("an array", error);
    if (field_ == "shape") return begin_list(Where::shape, tensors.back().has_shape, error);
    if (field_ == "data_offsets") return begin_list(Where::offsets, tensors.back().has_offsets, error);
    return unexpected("an array", error);
  }
  bool on_array_end(std::size_t size, Error& error) {
    if (where_ == Where::offsets && size != 2) return refuse("data_offsets must be two numbers", error);
    where_ = Where::tensor;
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, Error&) { return keep(part); }
  bool on_key(json::string_view part, std::size_t, Error& error) {
    keep(part);
    if (where_ == Where::top) {
      name_ = std::exchange(text_, {});
      field_.clear();
      if (!names_.insert(name_).second) return refuse("the name stands there twice", error);
      return true;
    }
    field_ = std::exchange(text_, {});
    if (where_ == Where::metadata && metadata.contains(field_)) return refuse("key '" + field_ + "' twice", error);
    if (where_ == Where::tensor && field_ != "dtype" && field_ != "shape" && field_ != "data_offsets")
      return refuse("unknown field '" + field_ + "'", error);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Error&) { return keep(part); }
  bool on_string(json::string_view part, std::size_t, Error& error) {
    keep(part);
    const std::string text = std::exchange(text_, {});
    if (where_ == Where::metadata) {
      metadata.emplace(field_, text);
      return true;
    }
    if (where_ != Where::tensor || field_ != "dtype") return unexpected("a text", error);
    Parsed& tensor = tensors.back();
    if (tensor.has_dtype) return refuse("dtype stands there twice", error);
    tensor.has_dtype = true;
    const auto dtype = dtype_from(text);
    if (!dtype) return refuse("unknown dtype '" + text + "'", error);
    tensor.entry.dtype = *dtype;
    return true;
  }

  bool on_number_part(json::string_view, Error& error) { return unexpected("a cut number", error); }
  bool on_int64(std::int64_t value, json::string_view digits, Error& error) {
    if (digits.starts_with('-')) return refuse("a negative number in " + field_, error);  // "-0" too
    return on_uint64(static_cast<std::uint64_t>(value), digits, error);
  }
  bool on_uint64(std::uint64_t value, json::string_view, Error& error) {
    if (where_ == Where::offsets) {
      if (tensors.back().offsets.size() == 2) return refuse("data_offsets must be two numbers", error);
      tensors.back().offsets.push_back(value);
      return true;
    }
    if (where_ != Where::shape) return unexpected("a number", error);
    if (value > std::numeric_limits<std::int64_t>::max()) return refuse("an extent above 2^63 - 1", error);
    tensors.back().entry.shape.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool on_double(double, json::string_view, Error& error) {
    return unexpected("a fractional or too large number", error);
  }
  bool on_bool(bool, Error& error) { return unexpected("true or false", error); }
  bool on_null(Error& error) { return unexpected("null", error); }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  enum class Where { outside, top, metadata, tensor, shape, offsets };

  bool keep(json::string_view part) {
    text_.append(part);
    return true;
  }
  bool begin_list(Where where, bool& seen, Error& error) {
    if (seen) return refuse(field_ + " stands there twice", error);
    seen = true;
    where_ = where;
    return true;
  }
  bool unexpected(const std::string& what, Error& error) {
    if (where_ == Where::outside) return refuse("the header is " + what + ", not an object", error);
    return refuse(what + (field_.empty() ? " in place of its description" : " in '" + field_ + "'"), error);
  }
  bool refuse(const std::string& what, Error& error) {
    problem =
        where_ == Where::outside ? what : (name_ == metadata_key ? name_ : "tensor '" + name_ + "'") + ": " + what;
    error = json::make_error_code(json::error::syntax);
    return false;
  }

  Where where_ = Where::outside;
  std::string text_;
  std::string name_;
  std::string field_;
  std::set<std::string, std::less<>> names_;
};

/// Sorted by place, the tensors must cover the data exactly.
void check_tiling(std::vector<Parsed>& tensors, std::uint64_t data_size) {
  std::sort(tensors.begin(), tensors.end(), [](const Parsed& a, const Parsed& b) {
    return std::tie(a.offsets[0], a.offsets[1], a.entry.name) < std::tie(b.offsets[0], b.offsets[1], b.entry.name);
  });
  std::uint64_t expected = 0;
  for (Parsed& tensor : tensors) {
    const auto refuse = [&](const std::string& what) {
      throw std::invalid_argument("tensor '" + tensor.entry.name + "': " + what);
    };
    const std::uint64_t begin = tensor.offsets[0];
    const std::uint64_t end = tensor.offsets[1];
    if (end < begin) refuse("its data ends before it begins");
    if (begin != expected) {
      refuse("its data begins at " + std::to_string(begin) + ", where the one before ends at " +
             std::to_string(expected));
    }
    try {
      tensor.entry.size = byte_size(tensor.entry.dtype, tensor.entry.shape);
    } catch (const std::invalid_argument& problem) {
      refuse(problem.what());
    }
    if (tensor.entry.size != end - begin) {
      refuse("dtype and shape need " + std::to_string(tensor.entry.size) + " bytes, data_offsets span " +
             std::to_string(end - begin));
    }
    if (end > data_size) {
      refuse("its data ends at " + std::to_string(end) + ", the file has " + std::to_string(data_size) +
             " bytes of data: it is cut short");
    }
    expected = end;
  }
  if (expected != data_size) {
    throw std::invalid_argument("the tensors have " + std::to_string(expected) + " bytes, the file has " +
                                std::to_string(data_size) + " bytes of data");
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t file_size) {
  SafetensorsHeader header;
  header.size = sizeof(std::uint64_t) + text.size();
  if (text.size() > largest_header || header.size > file_size)
    throw std::invalid_argument("a header of " + std::to_string(text.size()) + " bytes is too long for it");
  json::basic_parser<HeaderHandler> parser(json::parse_options{});
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  HeaderHandler& handler = parser.handler();
  if (!handler.problem.empty()) throw std::invalid_argument(handler.problem);
  if (!error && used < text.size()) error = json::make_error_code(json::error::extra_data);
  if (error) {
    throw std::invalid_argument("the header is not valid JSON at byte " + std::to_string(used) + ": " +
                                error.message());
  }
  check_tiling(handler.tensors, file_size - header.size);
  header.metadata = std::move(handler.metadata);
  header.tensors.reserve(handler.tensors.size());
  for (Parsed& tensor : handler.tensors) {
    tensor.entry.begin = header.size + tensor.offsets[0];
    header.tensors.push_back(std::move(tensor.entry));
  }
  return header;
}

}  // namespace tenon::checkpoint
